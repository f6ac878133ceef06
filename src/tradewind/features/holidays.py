"""Public holidays of any country, and how far each period lies from them."""

from __future__ import annotations

from datetime import date

import numpy as np

from tradewind.arrays import Bools, Dates, Floats
from tradewind.errors import UnknownName
from tradewind.features.periods import days_of_periods

FAR_DAYS = 14
"""Distances beyond this are all the same."""


def holiday_columns(ds: Dates, freq: str, country: str) -> dict[str, Floats]:
    """Columns of a country's holidays, name → [T].

    holiday               days of the period that are public holidays
    work_on_weekend       weekend days of the period that are worked (China's make-up days)
    days_to_holiday       from the period's start to the next holiday, at most 14
    days_since_holiday    from the last holiday to the period's start, at most 14

    country   ISO 3166, e.g. "DE", "US", "CN"

    Raises UnknownName for a country whose holidays are not known.

    >>> new_year = np.array(["2026-01-01"], dtype="datetime64[us]")
    >>> float(holiday_columns(new_year, "D", "DE")["holiday"][0])
    1.0
    """
    days, owner = days_of_periods(ds, freq)
    first = days.min() - np.timedelta64(FAR_DAYS, "D")
    grid = np.arange(first, days.max() + np.timedelta64(FAR_DAYS + 1, "D"))
    free, worked = _days_off(grid, country)
    place = (days - first).astype(np.int64)
    start = (ds.astype("datetime64[D]") - first).astype(np.int64)
    step = np.arange(len(grid))
    last = np.maximum.accumulate(np.where(free, step, -FAR_DAYS))
    following = np.minimum.accumulate(np.where(free, step, len(grid) + FAR_DAYS)[::-1])[::-1]
    return {
        "holiday": np.bincount(owner, weights=free[place], minlength=len(ds)),
        "work_on_weekend": np.bincount(owner, weights=worked[place], minlength=len(ds)),
        "days_to_holiday": np.minimum(following[start] - start, FAR_DAYS).astype(np.float64),
        "days_since_holiday": np.minimum(start - last[start], FAR_DAYS).astype(np.float64),
    }


def _days_off(grid: Dates, country: str) -> tuple[Bools, Bools]:
    """Which days are public holidays, and which are weekend days that are worked, [D] each."""
    import holidays

    dates: list[date] = grid.astype("datetime64[D]").astype(object).tolist()
    years = range(dates[0].year, dates[-1].year + 1)
    try:
        found = holidays.country_holidays(country, years=years)
    except NotImplementedError as unknown:
        raise UnknownName(
            f"no holidays of country {country!r}; give an ISO 3166 code such as 'DE', 'US' or 'CN'"
        ) from unknown
    free = np.array([day in found for day in dates], dtype=np.bool_)
    worked = np.zeros(len(dates), dtype=np.bool_)
    if country == "CN":
        worked = np.array([_is_make_up_day(day) for day in dates], dtype=np.bool_)
    return free & ~worked, worked


def _is_make_up_day(day: date) -> bool:
    """A weekend day worked to make up for a long holiday; False in years without a decree yet."""
    import chinese_calendar

    try:
        return day.weekday() >= 5 and bool(chinese_calendar.is_workday(day))
    except NotImplementedError:  # the State Council has not decreed that year yet
        return False
