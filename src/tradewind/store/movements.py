"""Movements of stock, append-only: receipts, sales, adjustments, transfers."""

from __future__ import annotations

import polars as pl

from tradewind.store.query import Connection, change, lent, select, shaped

CREATE = """
create table movements (
    moved_at timestamp not null, product varchar not null, channel varchar, location varchar,
    quantity double not null, movement varchar, reference varchar, number bigint not null,
    batch varchar
);
"""

TEXT = pl.String()
MOVEMENT: dict[str, pl.DataType] = {
    "moved_at": pl.Datetime("us"),
    **dict.fromkeys(("product", "channel", "location"), TEXT),
    "quantity": pl.Float64(),
    **dict.fromkeys(("movement", "reference"), TEXT),
}


def append(db: Connection, moved: pl.DataFrame, batch: str) -> int:
    """Add movements (quantity in pieces, below zero where something goes out); how many are new.

    Equal movements of one file all count, and each counts once however often it is loaded.
    """
    rows = shaped(moved, MOVEMENT).drop_nulls(["moved_at", "product", "quantity"])
    rows = rows.with_columns(pl.int_range(pl.len()).over(list(MOVEMENT)).alias("number"))
    same = " and ".join(f"m.{c} is not distinct from i.{c}" for c in rows.columns)
    listed = ", ".join(rows.columns)
    with lent(db, "incoming", rows):
        return change(
            db,
            f"""insert into movements ({listed}, batch) select {listed}, $1 from incoming i
                where not exists (select 1 from movements m where {same})""",
            batch,
        )


def table(db: Connection) -> pl.DataFrame:
    """Every movement, by time: product, channel, location, ds, quantity, movement, reference."""
    return select(
        db,
        """select product, channel, location, moved_at as ds, quantity, movement, reference
           from movements order by moved_at, product, channel, location, number""",
    )


def last_told(db: Connection) -> pl.DataFrame:
    """product, as_of: when its stock was last told, by a snapshot or a movement."""
    return select(
        db,
        """select product, max(told_at) as as_of from (
               select product, counted_at as told_at from stock
               union all select product, moved_at as told_at from movements
           ) group by product order by product""",
    )
