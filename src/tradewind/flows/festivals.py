"""Festivals of the horizon that the calendar does not enter: with them, and without."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import polars as pl

from tradewind.data.calendars import PLACES
from tradewind.features.festivals import FESTIVALS, MARKETS, peak_day
from tradewind.panel import Panel
from tradewind.task import FESTIVAL

YEAR = timedelta(days=364)
"""After which a festival of the shop's own comes again: the same weekday."""
ENTRY: dict[str, pl.DataType] = {
    "ds": pl.Datetime("us"),
    **dict.fromkeys((*PLACES, "name", "event"), pl.String()),
    "value": pl.Float64(),
}


@dataclass(frozen=True, slots=True)
class Festive:
    """A festival that the horizon touches and the calendar does not enter.

    start, end   its first and last day, as last time
    seen         its first day when the shop lived through it last; None: it never has
    past         entries of its earlier days, where the calendar has none
    ahead        entries of its days to come
    """

    event: str
    start: datetime
    end: datetime
    seen: datetime | None
    past: pl.DataFrame
    ahead: pl.DataFrame

    def to_dict(self) -> dict[str, Any]:
        """As plain values, for JSON."""
        return {"event": self.event, "start": self.start, "end": self.end, "seen": self.seen}


def unentered(calendar: pl.DataFrame, panel: Panel, end: datetime, country: str) -> list[Festive]:
    """The festivals from the panel's end to `end` without an entry there.

    calendar   entries of the shop (`store.calendar.table`)
    country    whose festivals the shop is taken to know, "" for only its own
    """
    own = calendar.filter(pl.col("name").str.starts_with(FESTIVAL))
    names = [*own["event"].drop_nulls().unique().sort(), *MARKETS.get(country, ())]
    span = (panel.start, panel.end, end)
    found = [_festive(own.filter(pl.col("event") == name), name, span) for name in names]
    unique = {one.event: one for one in found if one is not None}
    return [unique[name] for name in sorted(unique)]


def _festive(
    own: pl.DataFrame, event: str, span: tuple[datetime, datetime, datetime]
) -> Festive | None:
    """The festival, if it is touched and not entered."""
    start, now, end = span
    if len(own.filter(pl.col("ds").is_between(now, end, closed="right"))):
        return None
    past = own.filter(pl.col("ds") <= now)
    told = past if len(past) else _dated(event, start, now)
    if not told["name"].str.ends_with("_peak").any():
        coming, nothing = _dated(event, now + timedelta(days=1), end), pl.DataFrame(schema=ENTRY)
        if coming.is_empty():
            return None
        return Festive(event, *_span(coming), None, nothing, nothing)
    peak = _span(told.filter(pl.col("name").str.ends_with("_peak")))[1]
    last = told.filter(pl.col("ds").is_between(peak - YEAR / 2, peak + YEAR / 2))
    ahead = _again(last, event, now).filter(pl.col("ds").is_between(now, end, closed="right"))
    if ahead.is_empty():
        return None
    first: datetime = last["ds"].min()  # type: ignore[assignment]  # polars types it as any literal
    whole = _again(last, event, now)
    return Festive(
        event, *_span(whole), first, pl.DataFrame(schema=ENTRY) if len(past) else told, ahead
    )


def _again(last: pl.DataFrame, event: str, now: datetime) -> pl.DataFrame:
    """The days of last time, moved to the next time that does not lie wholly in the past."""
    moved = last
    while not (moved["ds"] > now).any():
        moved = moved.with_columns(pl.col("ds") + _step(moved, event))
    return moved


def _step(days: pl.DataFrame, event: str) -> timedelta:
    """From one time to the next: by the day of its peak where that is known, else 52 weeks."""
    if event not in FESTIVALS:
        return YEAR
    middle: datetime = days["ds"].median()  # type: ignore[assignment]  # polars types it as any literal
    years = np.array([middle.year, middle.year + 1])
    this, following = peak_day(FESTIVALS[event], years).astype("datetime64[us]").tolist()
    gap: timedelta = following - this
    return gap


def _dated(event: str, start: datetime, end: datetime) -> pl.DataFrame:
    """The phases between two days of a festival whose days are known, for all of the shop."""
    festival = FESTIVALS.get(event)
    rows: list[dict[str, object]] = []
    if festival is not None:
        years = np.arange(start.year - 1, end.year + 2)
        for peak in peak_day(festival, years).astype("datetime64[us]").tolist():
            days = [
                {"ds": peak + timedelta(days=k), "name": f"{FESTIVAL}{event}_{phase}"}
                for phase, (first, last) in festival.phases.items()
                for k in range(first, last + 1)
            ]
            inside = [day for day in days if start <= day["ds"] <= end]
            rows += inside
    table = pl.DataFrame(rows, {"ds": pl.Datetime("us"), "name": pl.String})
    absent = [pl.lit(None, pl.String).alias(c) for c in PLACES]
    return table.with_columns(
        pl.lit(event).alias("event"), pl.lit(1.0).alias("value"), *absent
    ).select(list(ENTRY))


def _span(entries: pl.DataFrame) -> tuple[datetime, datetime]:
    first, last = entries["ds"].min(), entries["ds"].max()
    assert isinstance(first, datetime)
    assert isinstance(last, datetime)
    return first, last
