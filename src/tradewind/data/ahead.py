"""The shop's calendar as columns of the past, and as a plan for the periods that come."""

from __future__ import annotations

import polars as pl

from tradewind.data.periods import period_start
from tradewind.panel import KEYS, Panel, dates_from, next_ds

PLACE = ("product", "channel", "location")
CARRIED = ("price", "regular_price", "competitor_price")
"""Averaged over a period; where the calendar is silent, what the sales say stands."""


def with_plans(panel: Panel, calendar: pl.DataFrame, h: int) -> Panel:
    """The panel with a column for each name in the calendar, and h periods of what is planned.

    calendar   ds, name ("promotion", "display", "price", …), value, and product, channel, location:
               an empty one means all. Entries of places that the series do not tell apart count
               for the whole series

    Of several entries in a period the strongest counts, of prices the mean. A promotion that is
    not in the calendar is 0; a price that is not there is the sales' own.

    The rows after the panel's end have no y. They hold the names with at least one entry there:
    every series in every period, a promotion that is not entered 0, a price that is not entered the
    last regular one. A name without an entry there has no plan and stays null: a shop that plans
    nothing yet will not do without promotions (docs/experiments.md, "Promotions ahead").
    """
    if calendar.is_empty():
        return panel
    ids = _with_places(panel)
    told = calendar.with_columns(period_start("ds", panel.freq).alias("ds"))
    parts = [
        _joined(rows, [c for c, empty in zip(PLACE, silent, strict=True) if not empty], ids)
        for silent, rows in told.group_by(*[pl.col(c).is_null().alias(f"no_{c}") for c in PLACE])
    ]
    value = pl.col("value")
    cells = (
        pl.concat(parts)
        .group_by(*KEYS, "name")
        .agg(
            pl.when(pl.col("name").first().is_in(CARRIED))
            .then(value.mean())
            .otherwise(value.max())
            .alias("value")
        )
    )
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


def _ahead(panel: Panel, wide: pl.DataFrame, h: int) -> pl.DataFrame | None:
    """The h periods after the panel's end for every series, or None where nothing is planned."""
    ds = dates_from(next_ds(panel.end, panel.freq), h, panel.freq)
    grid = panel.static.select("unique_id").join(pl.DataFrame({"ds": ds}), how="cross")
    later = grid.join(wide, on=list(KEYS), how="left", maintain_order="left")
    names = [n for n in wide.columns if n not in KEYS and later[n].null_count() < len(later)]
    if not names:
        return None
    usual = panel.frame.group_by("unique_id").agg(
        pl.col(c).drop_nulls().last().alias(f"{c}_last") for c in CARRIED if c in panel.frame
    )
    later = later.join(usual, on="unique_id", how="left", maintain_order="left")
    return later.select(*KEYS, *[_planned(n, later.columns) for n in names])


def _planned(name: str, columns: list[str]) -> pl.Expr:
    """What is entered; where nothing is, no promotion, and the last regular price."""
    if name not in CARRIED:
        return pl.col(name).fill_null(0.0)
    regular = ["regular_price_last"] if name == "price" else []
    kept = [c for c in [*regular, f"{name}_last"] if c in columns]
    return pl.coalesce(name, *kept).alias(name)


def _with_places(panel: Panel) -> pl.DataFrame:
    static = panel.static
    if "product" not in static.columns:
        static = static.with_columns(pl.col("unique_id").alias("product"))
    missing = [pl.lit(None, pl.String).alias(c) for c in PLACE if c not in static.columns]
    return static.with_columns(missing).select("unique_id", *PLACE)


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
