"""Presales: which of an order's days its demand counts on."""

from __future__ import annotations

import polars as pl

from tradewind.errors import DataError

DEMAND_DATES = {"order": "ordered_at", "deposit": "deposit_at", "balance": "balance_at"}
"""What a shop may count demand by, and the column that holds it."""


def check_demand_date(by: str | None) -> None:
    """Raise DataError for a day that demand cannot be counted on."""
    if by is not None and by not in DEMAND_DATES:
        raise DataError(f"demand date {by!r} is not one of {tuple(DEMAND_DATES)}")


def on_demand_date(lines: pl.DataFrame, by: str) -> pl.DataFrame:
    """The lines with `ordered_at` the time that demand counts on; as they are without presales.

    by   "order"; "deposit", the day on which a buyer decided; "balance", after which goods leave.
         A line without it keeps the time of its order

    A pot ordered and its deposit paid on 24 May, its balance on 16 June, is demand of 24 May by
    "deposit" and of 16 June by "balance".
    """
    column = DEMAND_DATES[by]
    if by == "order" or column not in lines.columns:
        return lines
    at = pl.coalesce(column, "ordered_at").alias("ordered_at")
    return lines.with_columns(at).sort("ordered_at", maintain_order=True)
