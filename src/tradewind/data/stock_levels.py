"""Stock snapshots, brought onto the series and periods of a panel."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from tradewind.data.periods import period_start
from tradewind.errors import DataError
from tradewind.panel import every

PART = 2000
"""Series whose levels are spread over their periods at once."""


def stock_levels(
    stock: pl.DataFrame, keys: pl.DataFrame, by: Sequence[str], freq: str
) -> pl.DataFrame:
    """series, ds, stock: the last level told in each period, in units.

    stock   product (and channel, location where told), ds, stock, and until where a ledger says
            that the level holds up to then, or to the next one. Levels of places that the series
            do not tell apart are summed over them
    """
    _need(stock, ("product", "ds", "stock"), "stock")
    places = [c for c in ("product", "channel", "location") if c in stock.columns]
    shared = [c for c in by if c in places]
    if len(shared) < len(by):
        raise DataError(f"series are made by {list(by)}, the stock table tells only {places}")
    at = stock.with_columns(pl.col("ds").cast(pl.Datetime("us")).alias("at"))
    at = at.with_columns(period_start("at", freq).alias("ds"))
    kept = [c for c in ("stock", "until") if c in stock.columns]
    last = at.group_by(*places, "ds").agg(pl.col(kept).sort_by("at").last())
    if "until" in kept:
        last = last.with_columns(_end(places, freq).alias("end"))
    mine = last.join(keys, on=shared, how="inner", nulls_equal=True)
    if "until" not in kept:
        return mine.group_by("series", "ds").agg(pl.col("stock").sum())
    held = pl.datetime_ranges("ds", "end", every(freq), closed="left", time_unit="us").alias("ds")
    spans, total = mine.select("series", "stock", held), pl.col("stock").sum()
    several = [  # every period of every series: a part at a time keeps that small
        part.explode("ds").group_by("series", "ds").agg(total)
        for (_,), part in spans.group_by(pl.col("series") % (1 + len(keys) // PART))
    ]
    return pl.concat(several) if several else spans.explode("ds")


def _end(places: Sequence[str], freq: str) -> pl.Expr:
    """The period before which a level ends to hold: the next one told, or after the ledger's."""
    step = every(freq)
    own = pl.col("ds").dt.offset_by(step)
    following = pl.col("ds").shift(-1).over(places, order_by="ds")
    held = pl.min_horizontal(following, period_start("until", freq).dt.offset_by(step))
    return pl.when(pl.col("until").is_null()).then(own).otherwise(pl.max_horizontal(own, held))


def _need(table: pl.DataFrame, columns: Sequence[str], name: str) -> None:
    if missing := [c for c in columns if c not in table.columns]:
        raise DataError(f"the {name} table lacks {missing}; it has {table.columns}")
