"""The shop's calendar as columns of the past, and as a plan for the periods that come."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import polars as pl

from tradewind.arrays import Dates, Floats
from tradewind.data.calendars import PLACES
from tradewind.data.periods import period_start
from tradewind.panel import KEYS, Panel, dates_from, next_ds
from tradewind.task import FESTIVAL

CARRIED = ("price", "regular_price", "competitor_price")
"""Averaged over a period; where the calendar is silent, what the sales say stands."""
SPENT = ("ad_spend",)
"""Added up over the days of a period."""
CAPS = ("stock",)
"""Plans that bound what can be sold, and are no column of the panel."""


def with_plans(panel: Panel, calendar: pl.DataFrame, h: int) -> Panel:
    """The panel with a column for each name in the calendar, and h periods of what is planned.

    calendar   ds, name ("promotion", "price", "festival_618_peak", …), value, and product,
               category, brand, channel, location: an empty one means all. Entries of places that
               the series do not tell apart count for the whole series

    Of several entries in a period the strongest counts, of prices the mean, of spend the sum of its
    days; a phase of a festival counts its days. A promotion that is not in the calendar is 0; a
    price that is not there is the sales' own.

    The rows after the panel's end have no y. They hold the names with at least one entry there:
    every series in every period, a promotion that is not entered 0, a price that is not entered the
    last regular one. A name without an entry there has no plan and stays null: a shop that plans
    nothing yet will not do without promotions (docs/experiments.md, "Promotions ahead"). Phases of
    festivals always have one: a festival that is not entered does not take place.
    """
    told = calendar.filter(~pl.col("name").is_in(CAPS))
    if told.is_empty():
        return panel
    cells = by_period(by_day(panel.static, told), panel.freq)
    names = cells["name"].unique().sort().to_list()
    wide = cells.pivot("name", index=list(KEYS), values="value").select(*KEYS, *names)
    frame = panel.frame.join(
        wide, on=list(KEYS), how="left", suffix="_planned", maintain_order="left"
    )
    frame = frame.with_columns(_merged(panel, name) for name in names)
    frame = frame.select(*panel.frame.columns, *[n for n in names if n not in panel.frame.columns])
    later = _ahead(panel, wide, h)
    if later is None:
        return Panel(frame, panel.freq, panel.static)
    both = pl.concat([frame, later], how="diagonal_relaxed")
    return Panel.from_frame(both, panel.freq, panel.static)


def held_ahead(past: Panel, known: Panel | None, names: Sequence[str], h: int) -> Panel:
    """What is known of the h periods after `past` where some columns stay as they are.

    They are what the calendar takes where it has no entry: a price the last regular one of its
    series, else its last one; anything else 0, so that no promotion takes place.

    known   what is planned, which stays; the names have no plan in it
    """
    ds = dates_from(next_ds(past.end, past.freq), h, past.freq)
    grid = past.static.select("unique_id").join(pl.DataFrame({"ds": ds}), how="cross")
    later = grid.with_columns(pl.lit(None, pl.Float64).alias(name) for name in names)
    later = later.join(_last_prices(past), on="unique_id", how="left", maintain_order="left")
    later = later.select(*KEYS, *[_planned(name, later.columns) for name in names])
    if known is not None:
        rest = known.frame.drop(names, strict=False)
        later = rest.join(later, on=list(KEYS), how="right", maintain_order="right")
    static = past.static if known is None else known.static
    return Panel(later.select(*KEYS, pl.exclude(KEYS)), past.freq, static)


def stock_caps(static: pl.DataFrame, calendar: pl.DataFrame, ds: Dates, freq: str) -> Floats | None:
    """What each series can sell at most in each period, [N, h]; None where no stock is planned.

    A period is bounded where every day of it is: by the sum of its days.

    static   a row for each series, in its order
    ds       [h + 1]   periods, and the one after them
    """
    told = calendar.filter(pl.col("name").is_in(CAPS))
    if told.is_empty():
        return None
    days = by_day(static, told).with_columns(period_start("ds", freq).alias("period"))
    caps = days.group_by("unique_id", "period").agg(pl.col("value").sum(), pl.len().alias("days"))
    upper = np.full((len(static), len(ds) - 1), np.inf)
    row = {key: i for i, key in enumerate(static["unique_id"])}
    length = np.maximum((ds[1:] - ds[:-1]) // np.timedelta64(1, "D"), 1)
    for key, period, value, count in caps.iter_rows():
        step = int(np.searchsorted(ds, np.datetime64(period)))
        if step < len(length) and ds[step] == np.datetime64(period) and count == length[step]:
            upper[row[key], step] = value
    return upper


def by_day(static: pl.DataFrame, calendar: pl.DataFrame) -> pl.DataFrame:
    """unique_id, ds (a day), name, value: what the entries say of each series."""
    ids = _with_places(static)
    absent = [pl.lit(None, pl.String).alias(c) for c in PLACES if c not in calendar.columns]
    told = calendar.with_columns(absent)
    silent = [pl.col(c).is_null().alias(f"no_{c}") for c in PLACES]
    parts = [
        _joined(rows, [c for c, empty in zip(PLACES, no, strict=True) if not empty], ids)
        for no, rows in told.group_by(*silent)
    ]
    value = pl.col("value")
    is_price = pl.col("name").first().is_in(CARRIED)
    one = pl.when(is_price).then(value.mean()).otherwise(value.max()).alias("value")
    return pl.concat(parts).group_by(*KEYS, "name").agg(one)


def by_period(days: pl.DataFrame, freq: str) -> pl.DataFrame:
    """The same, a row for each period: prices averaged, spend and festivals' days added up."""
    name, value = pl.col("name").first(), pl.col("value")
    summed = name.is_in(SPENT) | name.str.starts_with(FESTIVAL)
    if freq == "h":  # what holds for a day holds for each of its hours; its spend is shared out
        hours = pl.DataFrame({"hour": range(24)})
        spent = pl.col("name").is_in(SPENT)
        days = days.join(hours, how="cross").with_columns(
            pl.col("ds") + pl.duration(hours=pl.col("hour")),
            pl.when(spent).then(value / 24).otherwise(value).alias("value"),
        )
    return (
        days.with_columns(period_start("ds", freq).alias("ds"))
        .group_by(*KEYS, "name")
        .agg(
            pl.when(name.is_in(CARRIED))
            .then(value.mean())
            .when(summed)
            .then(value.sum())
            .otherwise(value.max())
            .alias("value")
        )
    )


def _ahead(panel: Panel, wide: pl.DataFrame, h: int) -> pl.DataFrame | None:
    """The h periods after the panel's end for every series, or None where nothing is planned."""
    ds = dates_from(next_ds(panel.end, panel.freq), h, panel.freq)
    grid = panel.static.select("unique_id").join(pl.DataFrame({"ds": ds}), how="cross")
    later = grid.join(wide, on=list(KEYS), how="left", maintain_order="left")
    names = [
        n
        for n in wide.columns
        if n not in KEYS and (n.startswith(FESTIVAL) or later[n].null_count() < len(later))
    ]
    if not names:
        return None
    later = later.join(_last_prices(panel), on="unique_id", how="left", maintain_order="left")
    return later.select(*KEYS, *[_planned(n, later.columns) for n in names])


def _last_prices(panel: Panel) -> pl.DataFrame:
    """unique_id and the last of each kind of price that a series told."""
    return panel.frame.group_by("unique_id").agg(
        pl.col(c).drop_nulls().last().alias(f"{c}_last") for c in CARRIED if c in panel.frame
    )


def _planned(name: str, columns: list[str]) -> pl.Expr:
    """What is entered; where nothing is, no promotion, and the last regular price."""
    if name not in CARRIED:
        return pl.col(name).fill_null(0.0)
    regular = ["regular_price_last"] if name == "price" else []
    kept = [c for c in [*regular, f"{name}_last"] if c in columns]
    return pl.coalesce(name, *kept).alias(name)


def _with_places(static: pl.DataFrame) -> pl.DataFrame:
    if "product" not in static.columns:
        static = static.with_columns(pl.col("unique_id").alias("product"))
    missing = [pl.lit(None, pl.String).alias(c) for c in PLACES if c not in static.columns]
    return static.with_columns(missing).select("unique_id", *PLACES)


def _joined(rows: pl.DataFrame, places: list[str], ids: pl.DataFrame) -> pl.DataFrame:
    """Entries that name these places, with the series they speak of."""
    on = [c for c in places if ids[c].null_count() < len(ids)]
    entries = rows.select(*on, "ds", "name", "value")
    joined = entries.join(ids, on=on) if on else entries.join(ids, how="cross")
    return joined.select(*KEYS, "name", "value")


def _merged(panel: Panel, name: str) -> pl.Expr:
    if name not in panel.frame.columns:
        return pl.col(name) if name in CARRIED else pl.col(name).fill_null(0.0)
    planned = pl.col(f"{name}_planned")
    if name in CARRIED:
        return pl.coalesce(name, planned).alias(name)
    return pl.max_horizontal(name, planned).fill_null(0.0).alias(name)
