"""Periods: the start of the hour, day, week or month that a moment lies in."""

from __future__ import annotations

from datetime import datetime, timedelta

import polars as pl

from tradewind.errors import DataError
from tradewind.panel import every, next_ds

WEEKDAYS = ("MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN")
USUAL = 0.5
"""A weekday is a selling day of the shop if at least this share of its weeks has lines on it."""


def anchored(freq: str) -> str:
    """The frequency with its anchor: weeks begin on Monday unless said otherwise.

    >>> anchored("W"), anchored("W-SUN"), anchored("D")
    ('W-MON', 'W-SUN', 'D')
    """
    every(freq)
    name, _, anchor = freq.partition("-")
    if name == "W" and anchor and anchor not in WEEKDAYS:
        raise DataError(f"frequency {freq!r}: weeks begin on one of {WEEKDAYS}, e.g. 'W-MON'")
    return "W-MON" if freq == "W" else freq


def period_start(column: str, freq: str) -> pl.Expr:
    """Start of the period a moment lies in; a week of "W-SUN" begins on Sunday."""
    at = pl.col(column)
    if freq.startswith("W"):
        days = f"{WEEKDAYS.index(anchored(freq).split('-')[1])}d"
        return at.dt.offset_by(f"-{days}").dt.truncate("1w").dt.offset_by(days)
    return at.dt.truncate(every(freq))


def partial_periods(days: pl.Series, freq: str) -> list[datetime]:
    """First and last period where the data cover them in part; only for weeks, months and longer.

    days   every distinct day with a line, ascending

    A period is partial if a day on which the shop usually sells lies in it before the first day (or
    after the last one). Days that are a whole period apart are totals of periods: none is partial.
    """
    if freq in ("D", "h") or len(days) < 2:
        return []
    first, last = days[0], days[-1]
    shortest = int(days.diff().dt.total_days().min() or 1)  # type: ignore[arg-type]  # polars types min as any literal
    if shortest >= {"W": 7, "MS": 28, "QS": 89, "YS": 365}[freq.split("-")[0]]:
        return []
    weeks = max(1.0, ((last - first).days + 1) / 7)
    weekday = days.dt.weekday().value_counts()
    usual = set(weekday.filter(pl.col("count") >= USUAL * weeks)[weekday.columns[0]].to_list())
    ends = pl.DataFrame({"at": [first, last]}, schema={"at": pl.Datetime("us")})
    opening, closing = ends.select(period_start("at", freq))["at"].to_list()
    before = _weekdays(opening, first)
    after = _weekdays(last + timedelta(days=1), next_ds(closing, freq))
    partial = [opening] if before & usual else []
    return [*partial, closing] if after & usual and closing not in partial else partial


def _weekdays(start: datetime, stop: datetime) -> set[int]:
    """ISO weekdays (1 = Monday) of the days from start up to, not including, stop."""
    return {(start + timedelta(days=k)).isoweekday() for k in range(min((stop - start).days, 7))}
