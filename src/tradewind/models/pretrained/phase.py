"""Where in the day, the week, the month and the year each period lies: one rule for all data."""

from __future__ import annotations

import numpy as np

from tradewind.arrays import Dates, Floats32
from tradewind.panel import every

PHASES = 8
"""sin and cos of the hour of the day, the weekday, the day of the month, the day of the year."""
MEANINGFUL = {
    "1h": (True, True, True, True),
    "1d": (False, True, True, True),
    "1w": (False, False, True, True),
    "1mo": (False, False, False, True),
    "3mo": (False, False, False, True),
    "1y": (False, False, False, False),
}
"""Interval → which of hour, weekday, day of month and day of year vary, and so are told."""
SEASONS = {
    "1h": (24, 168),
    "1d": (7, 364),
    "1w": (52, 0),
    "1mo": (12, 0),
    "3mo": (4, 0),
    "1y": (0, 0),
}


def seasons_of(freq: str) -> tuple[int, int]:
    """The main season of a frequency and a longer one, in steps; 0 is none.

    >>> seasons_of("D"), seasons_of("W-SUN")
    ((7, 364), (52, 0))
    """
    return SEASONS[every(freq)]


def calendar_phase(ds: Dates, freq: str) -> Floats32:
    """sin and cos of four clocks at period starts `ds` [...] of any time unit, [..., 8].

    In pairs: hour of the day, weekday (Monday is angle 0), day of the month, day of the year. A
    clock's angle is 2π · (elapsed part) / (its length), with the real lengths of month and year; a
    clock that says nothing at this frequency is 0, 0.

    >>> calendar_phase(np.array(["2024-01-01"], "datetime64[D]"), "MS")[0].tolist()
    [0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 1.0]
    """
    days = ds.astype("datetime64[D]")
    months, years = days.astype("datetime64[M]"), days.astype("datetime64[Y]")
    month_start, year_start = months.astype("datetime64[D]"), years.astype("datetime64[D]")
    month_days = ((months + 1).astype("datetime64[D]") - month_start).astype(np.float32)
    year_days = ((years + 1).astype("datetime64[D]") - year_start).astype(np.float32)
    hours = (ds.astype("datetime64[h]") - days).astype(np.float32)
    weekday = ((days.astype(np.int64) + 3) % 7).astype(np.float32)
    month_day = (days - month_start).astype(np.float32)
    year_day = (days - year_start).astype(np.float32)
    parts = (hours / 24, weekday / 7, month_day / month_days, year_day / year_days)
    out = np.zeros((*ds.shape, PHASES), np.float32)
    for k, (part, told) in enumerate(zip(parts, MEANINGFUL[every(freq)], strict=True)):
        if told:
            angle = np.float32(2 * np.pi) * part
            out[..., 2 * k] = np.sin(angle)
            out[..., 2 * k + 1] = np.cos(angle)
    return out
