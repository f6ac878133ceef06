"""Phase-out: until which day a product can be ordered, and how much of each period that leaves."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import polars as pl

from tradewind.arrays import Dates, Floats
from tradewind.data.cleaning import Cleaning, cleaning_of
from tradewind.panel import Panel, every, next_ds

DAY = np.timedelta64(1, "D")
EMPTY: dict[str, pl.DataType] = {
    "product": pl.String(),
    "status": pl.String(),
    "last_order_date": pl.Datetime("us"),
}


def last_days(panel: Panel) -> pl.DataFrame:
    """unique_id, product, last_order_date (a day): the series that stop, and when.

    panel   its static table may hold product, last_order_date and status

    A discontinued product without a date stops with its last sale: on the last day of the last
    period with one.
    """
    missing = [pl.lit(None, t).alias(c) for c, t in EMPTY.items() if c not in panel.static.columns]
    static = panel.static.with_columns(missing).select("unique_id", *EMPTY)
    end = pl.col("ds").max().dt.offset_by(every(panel.freq)) - pl.duration(microseconds=1)
    sold = panel.frame.filter(pl.col("y") > 0).group_by("unique_id").agg(end.alias("last_sold"))
    ended = pl.when(pl.col("status") == "discontinued").then("last_sold")
    return (
        static.join(sold, on="unique_id", how="left", maintain_order="left")
        .select(
            "unique_id",
            pl.coalesce("product", "unique_id").alias("product"),
            pl.coalesce("last_order_date", ended).dt.truncate("1d").alias("last_order_date"),
        )
        .drop_nulls("last_order_date")
    )


def stopping(panel: Panel, h: int) -> pl.DataFrame:
    """`last_days` of the series that stop before the h periods after the panel are over."""
    end = next_ds(panel.end, panel.freq, h + 1)
    return last_days(panel).filter(pl.col("last_order_date") + pl.duration(days=1) < end)


def shares_left(days: pl.DataFrame, ids: Sequence[str], ds: Dates, freq: str) -> Floats:
    """Share of each period in which a series can be ordered, by days, [N, h] in [0, 1].

    days   `last_days`; a series that is not there does not stop
    ds     [h]   period starts

    A product whose last day is Wednesday has 3/7 of a week that begins on Monday.
    """
    told = dict(days.select("unique_id", "last_order_date").iter_rows())
    last: Dates = np.array([told.get(key) for key in ids], dtype="datetime64[us]")
    stop = np.append(ds[1:], np.datetime64(next_ds(ds[-1].item(), freq), "us"))
    left = ((last + DAY)[:, None] - ds) / (stop - ds)
    return np.where(np.isnat(last)[:, None], 1.0, np.clip(left, 0.0, 1.0))


def sold_after(panel: Panel) -> Cleaning:
    """The periods after the last order date of a product in which it sold all the same; kept."""
    if "last_order_date" not in panel.static.columns:
        return Cleaning()
    told = panel.static.select("unique_id", "last_order_date").drop_nulls()
    rows = panel.frame.filter(pl.col("y") > 0).join(told, on="unique_id", maintain_order="left")
    late = rows.filter(pl.col("ds") > pl.col("last_order_date"))
    note = pl.format(
        "could be ordered until {}", pl.col("last_order_date").dt.to_string("%Y-%m-%d")
    )
    return cleaning_of(
        "sold_after_end",
        late.select("unique_id", "ds", pl.col("y").alias("before"), note.alias("note")),
    )
