"""Snapshots: what one count of the stock tells, whichever of its three numbers are in the file."""

from __future__ import annotations

from datetime import datetime

import polars as pl


def completed(rows: pl.DataFrame) -> pl.DataFrame:
    """The snapshots with what lies there: on_hand as told, else what can be sold and is reserved.

    rows   any of on_hand, reserved, sellable (pieces), of each row on_hand or sellable
    """
    numbers = ("on_hand", "reserved", "sellable")
    missing = [pl.lit(None, pl.Float64).alias(c) for c in numbers if c not in rows.columns]
    there = pl.coalesce("on_hand", pl.col("sellable") + pl.col("reserved").fill_null(0.0))
    return rows.with_columns(missing).with_columns(there.alias("on_hand"))


def stale(told: pl.DataFrame, last_sale: datetime | None, days: int) -> pl.DataFrame:
    """product, as_of: the products whose stock was told last more than `days` days before the
    last day with sales, the oldest first; none where nothing is sold yet.

    told   product, as_of (when its stock was told last)
    """
    if last_sale is None:
        return told.clear()
    day = pl.col("as_of").dt.truncate("1d")
    age = pl.lit(last_sale).cast(pl.Datetime("us")).dt.truncate("1d") - day
    return told.filter(age > pl.duration(days=days)).sort("as_of", "product")
