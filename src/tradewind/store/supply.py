"""Purchase orders, open and past: how long suppliers take and what is on its way."""

from __future__ import annotations

import polars as pl

from tradewind.store.money import from_units, to_units
from tradewind.store.query import Connection, change, lent, select, shaped

CREATE = """
create table supply (
    order_id varchar not null, product varchar not null, supplier varchar, location varchar,
    ordered_at timestamp not null, expected_at timestamp, arrived_at timestamp,
    quantity double not null, unit_cost bigint, currency varchar,
    primary key (order_id, product)
);
"""

TEXT = pl.String()
ORDER: dict[str, pl.DataType] = {
    **dict.fromkeys(("order_id", "product", "supplier", "location"), TEXT),
    **dict.fromkeys(("ordered_at", "expected_at", "arrived_at"), pl.Datetime("us")),
    **dict.fromkeys(("quantity", "unit_cost"), pl.Float64()),
    "currency": TEXT,
}


def merge(db: Connection, orders: pl.DataFrame) -> int:
    """Add purchase orders or bring known ones up to date; how many rows came in.

    orders   order_id, product, ordered_at, quantity (pieces) and any of supplier, location,
             expected_at, arrived_at (null while open), unit_cost (money), currency
    """
    rows = shaped(orders, ORDER).with_columns(to_units("unit_cost"))
    rows = rows.unique(["order_id", "product"], keep="last", maintain_order=True)
    with lent(db, "incoming", rows):
        return change(
            db,
            f"""insert or replace into supply ({", ".join(ORDER)})
                select {", ".join(ORDER)} from incoming""",
        )


def table(db: Connection) -> pl.DataFrame:
    """Every purchase order, by the day it was placed; arrived_at is null while it is open."""
    rows = select(
        db, f"select {', '.join(ORDER)} from supply order by ordered_at, order_id, product"
    )
    return rows.with_columns(from_units("unit_cost"))
