"""Launches: products that have not sold yet, beside the sales that they are taken to be like."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
import polars as pl

from tradewind.arrays import Dates, Floats
from tradewind.data.ahead import with_plans
from tradewind.errors import DataError
from tradewind.panel import Panel, next_ds, unique_id

PLACES = ("channel", "location")
STALE = timedelta(days=28)
"""A launch that has not sold in four weeks says more by that than any sibling."""
KIN = "kin"
"""The static column that names whose sales a launch is lent."""
LENT = "\x1e"
"""Begins the key of a series that only lends; no product begins so."""


@dataclass(frozen=True, slots=True)
class Launching:
    """Launches beside what they are lent: the past of a product, or the mean of siblings.

    past      y of a launch is null throughout; what lends has the key LENT…
    known     the plans of the horizon, None where there are none
    series    a row for each launch: unique_id, product, places, name, category, brand, launched_at,
              like (null: siblings), siblings (how many lend), factor
    column    the target
    """

    past: Panel
    known: Panel | None
    series: pl.DataFrame
    column: str

    def open_share(self, ds: Dates) -> Floats:
        """Share of each period from the launch on, of each launch, [N, h].

        ds   [h + 1]   the periods of the horizon and the one after it
        """
        starts = self.series["launched_at"].to_numpy().astype("datetime64[us]")[:, None]
        begin, end = ds[:-1].astype("datetime64[us]"), ds[1:].astype("datetime64[us]")
        left = (end - np.maximum(begin, starts)) / (end - begin)
        share: Floats = np.clip(left, 0.0, 1.0)
        return share


def due(told: pl.DataFrame, products: pl.DataFrame, seen: Panel, end: datetime) -> pl.DataFrame:
    """The launches up to `end` that have not sold: what is told of each, and its product.

    told       product, launched_at, like, factor, price, channel (null: where its kin sell)
    products   the shop's products; one with a launched_at that `told` does not name is a launch too
    """
    facts = [c for c in ("product", "name", "category", "brand") if c in products.columns]
    dated = products.filter(pl.col("launched_at").is_not_null()).select("product", "launched_at")
    dated = dated.join(told, on="product", how="anti")
    both = pl.concat([told, dated], how="diagonal").join(
        products.select(facts), on="product", how="left", maintain_order="left"
    )
    sold = seen.static["product"] if "product" in seen.static.columns else seen.static["unique_id"]
    return both.filter(
        ~pl.col("product").is_in(sold.implode()),
        pl.col("launched_at").is_between(seen.end - STALE, end),
    ).sort("product")


def launching(
    panel: Panel, rows: pl.DataFrame, calendar: pl.DataFrame, column: str, h: int
) -> Launching | None:
    """What the launches of `due` are lent, with the plans of the horizon; None without a launch.

    A launch is like the product it names, in each place where that one sells; else like the mean of
    the products of its category, place by place; else of all. A planned price stands in the
    horizon, beside the past prices of the product it is like.

    Raises DataError where `like` names a product that has not sold.
    """
    if rows.is_empty():
        return None
    series, kin = _series(panel, rows)
    lenders = {key: f"{LENT}{k:06d}" for k, key in enumerate(dict.fromkeys(kin))}
    lent = pl.concat(
        [_mean(panel, ids, column).with_columns(_key(name)) for ids, name in lenders.items()]
    )
    own = []
    for row, ids in zip(series.iter_rows(named=True), kin, strict=True):
        past = lent.filter(pl.col("unique_id") == lenders[ids]).with_columns(
            _key(row["unique_id"]), pl.lit(None, pl.Float64).alias(column)
        )
        if "price" in past.columns and row["price"] is not None and row["like"] is None:
            past = past.with_columns(pl.lit(row["price"]).alias("price"))
        own.append(past)
    names = list(lenders.values())
    static = pl.concat(
        [
            series.with_columns(pl.Series(KIN, [lenders[ids] for ids in kin])),
            pl.DataFrame({"unique_id": names, KIN: names}),
        ],
        how="diagonal",
    )
    whole = Panel.from_frame(pl.concat([lent, *own]), panel.freq, static)
    end = next_ds(panel.end, panel.freq, h + 1) - timedelta(days=1)
    planned = with_plans(whole, pl.concat([calendar, _prices(series, end)], how="diagonal"), h)
    ahead = planned.after(panel.end)
    return Launching(planned.until(panel.end), ahead if len(ahead.frame) else None, series, column)


def _series(panel: Panel, rows: pl.DataFrame) -> tuple[pl.DataFrame, list[tuple[str, ...]]]:
    """A row for each launch and place, and the keys of the series that lend to each."""
    static = panel.static
    if "product" not in static.columns:
        static = static.with_columns(pl.col("unique_id").alias("product"))
    places = [c for c in PLACES if c in static.columns and static[c].null_count() < len(static)]
    found: list[dict[str, object]] = []
    kin: list[tuple[str, ...]] = []
    for row in rows.iter_rows(named=True):
        own = _lenders(static, row, places)
        for place, group in own.group_by(places, maintain_order=True) if places else [((), own)]:
            where = dict(zip(places, map(str, place), strict=True))
            key = unique_id(row["product"], where.get("channel"), where.get("location"))
            factor = 1.0 if row["factor"] is None else row["factor"]
            found.append(
                {**row, **where, "unique_id": key, "siblings": len(group), "factor": factor}
            )
            kin.append(tuple(group["unique_id"]))
    schema: dict[str, pl.DataType] = {
        "unique_id": pl.String(),
        **{name: pl.Series(dtype=dtype).dtype for name, dtype in rows.schema.items()},
        **dict.fromkeys(PLACES, pl.String()),
        "siblings": pl.Int64(),
        "factor": pl.Float64(),
    }
    table = pl.DataFrame(found, schema)
    return table.drop([c for c in PLACES if c not in places]), kin


def _lenders(static: pl.DataFrame, row: dict[str, object], places: Sequence[str]) -> pl.DataFrame:
    """The series that lend to a launch: those of `like`, else of its category, else all."""
    here = static
    if "channel" in places and row["channel"] is not None:
        here = here.filter(pl.col("channel") == row["channel"])
    if row["like"] is not None:
        found = here.filter(pl.col("product") == row["like"])
        if found.is_empty():
            raise DataError(
                f"launch {row['product']!r} is like {row['like']!r}, which has not sold"
                f"{'' if row['channel'] is None else ' on ' + str(row['channel'])}; name a product "
                f"that has, or leave like_sku empty for the mean of its category"
            )
        return found
    if row.get("category") is not None and "category" in here.columns:
        kin = here.filter(pl.col("category") == row["category"])
        if len(kin):
            return kin
    return here if len(here) else static


def _mean(panel: Panel, ids: Sequence[str], column: str) -> pl.DataFrame:
    """ds, the target and the numeric columns: the mean over these series, period by period."""
    numeric = [c for c, t in panel.frame.schema.items() if t.is_numeric() and c != column]
    rows = panel.frame.filter(pl.col("unique_id").is_in(list(ids)))
    means = rows.group_by("ds").agg(pl.col(c).cast(pl.Float64).mean() for c in [column, *numeric])
    return means.sort("ds")


def _key(name: str) -> pl.Expr:
    return pl.lit(name).alias("unique_id")


def _prices(series: pl.DataFrame, end: datetime) -> pl.DataFrame:
    """Planned prices of launches as entries of the calendar, a day each up to `end`."""
    priced = series.filter(pl.col("price").is_not_null())
    days = pl.datetime_ranges(pl.col("launched_at"), pl.lit(end), "1d", time_unit="us")
    places = [c for c in PLACES if c in priced.columns]
    return priced.select(
        days.alias("ds"), "product", *places, pl.lit("price").alias("name"), value="price"
    ).explode("ds")
