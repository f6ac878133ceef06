"""Calendar columns: what the date alone says, for any frequency."""

from __future__ import annotations

import numpy as np

from tradewind.arrays import Dates, Floats
from tradewind.panel import every


def calendar_columns(ds: Dates, freq: str) -> dict[str, Floats]:
    """Columns of the calendar that can vary at this frequency, name → [T].

    Hours carry hour and weekday; days carry weekday, day of month, days to the month's end, week
    and day of the year; weeks carry the week of the year and the day of month they start; months
    and longer carry the month.

    >>> day = np.array(["2026-11-24"], dtype="datetime64[us]")
    >>> {k: float(v[0]) for k, v in calendar_columns(day, "D").items() if k in ("weekday", "day")}
    {'weekday': 1.0, 'day': 24.0}
    """
    days = ds.astype("datetime64[D]")
    months = days.astype("datetime64[M]")
    day = (days - months).astype(np.int64) + 1
    length = ((months + 1).astype("datetime64[D]") - months.astype("datetime64[D]")).astype(
        np.int64
    )
    year_day = (days - days.astype("datetime64[Y]")).astype(np.int64)
    month = months.astype(np.int64) % 12 + 1
    weekday = (days.astype(np.int64) + 3) % 7
    columns: dict[str, Floats] = {"month": month.astype(np.float64)}
    unit = every(freq)
    if unit == "1h":
        columns["hour"] = (ds - days).astype("timedelta64[h]").astype(np.float64)
    if unit in ("1h", "1d"):
        columns["weekday"] = weekday.astype(np.float64)
        columns["days_to_month_end"] = (length - day).astype(np.float64)
    if unit in ("1h", "1d", "1w"):
        columns["day"] = day.astype(np.float64)
        columns["year_day"] = year_day.astype(np.float64)
    return columns
