"""Returns come late: how long a channel's last days stay provisional."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta

import polars as pl

SHARE = 0.95
"""Of the returns that come, by when a day counts as settled."""
FEW = 20
"""A channel with fewer dated returns says nothing: 95 % of fewer than twenty are all of them."""


def with_return_days(lines: pl.DataFrame, returned_at: pl.Series | None = None) -> pl.DataFrame:
    """The lines with `return_days`, where any can be told: days from an order to its return.

    lines         canonical lines; with `order`, a return of its own (status "return", or a quantity
                  below zero) is held against the first sale of its order among these lines
    returned_at   when the goods of a returned line came back, beside `lines`

    Ordered on 1 May and returned on 9 May: 8.
    """
    days: list[pl.Series] = []
    if returned_at is not None:
        told = pl.when(lines["status"] == "returned").then(returned_at)
        days.append(pl.select((told.dt.date() - lines["ordered_at"].dt.date()).alias("d"))["d"])
    back = (lines["status"] == "return") | (lines["quantity"] < 0).fill_null(False)
    if "order" in lines.columns and back.any():
        days.append(_since_order(lines, back))
    if not days:
        return lines
    whole = pl.select(pl.coalesce(days).dt.total_days().cast(pl.Int32).alias("d"))["d"]
    return lines.with_columns(whole.set((whole < 0).fill_null(False), None).alias("return_days"))


def _since_order(lines: pl.DataFrame, back: pl.Series) -> pl.Series:
    """From the first sale of its order to each return; null elsewhere."""
    keys = ["channel", "location", "order"]
    table = lines.select(*keys, pl.col("ordered_at").dt.date().alias("day"), back.alias("back"))
    returns = table.with_row_index("place").filter("back")
    sold = (
        table.filter(~pl.col("back"))
        .join(returns.select(keys), on=keys, how="semi", nulls_equal=True)
        .group_by(keys)
        .agg(pl.col("day").min().alias("sold"))
    )
    found = returns.join(sold, on=keys, how="left", nulls_equal=True, maintain_order="left")
    empty = pl.Series([None] * len(lines), dtype=pl.Duration("us"))
    days = (found["day"] - found["sold"]).cast(pl.Duration("us"))
    return empty.scatter(found["place"], days)


def return_lags(returns: pl.DataFrame) -> dict[str, int]:
    """Channel → days from an order within which `SHARE` of the channel's returns came.

    returns   channel and return_days, a row for each dated return; "" stands for no channel

    Of 20 returns that came after 1, 2, … 20 days, 19 came within 19 days: 19. Channels with fewer
    than `FEW` are left out. The newest orders' late returns are not there yet, so that a young
    shop's lag is too short rather than too long.
    """
    ordered = pl.col("return_days").sort().get((pl.len() * SHARE).ceil().cast(pl.Int64) - 1)
    table = (
        returns.group_by(pl.col("channel").fill_null(""))
        .agg(ordered.alias("lag"), pl.len().alias("returns"))
        .filter(pl.col("returns") >= FEW)
        .sort("channel")
    )
    return dict(table.select("channel", "lag").iter_rows())


def provisional_from(lags: Mapping[str, int], last: date) -> date | None:
    """The first day that still waits for returns of any channel; None where nothing is known.

    last   the last day with sales. With a lag of 7 days and sales until 30 June, the 24th is the
           first of the last seven days
    """
    longest = max(lags.values(), default=0)
    return last - timedelta(days=longest - 1) if longest else None
