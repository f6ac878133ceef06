"""Exchange rates, by day."""

from __future__ import annotations

import polars as pl

from tradewind.store.query import Connection, change, lent, select, shaped

CREATE = """
create table rates (
    ds timestamp not null, from_currency varchar not null, to_currency varchar not null,
    rate double not null
);
"""

RATE: dict[str, pl.DataType] = {
    "ds": pl.Datetime("us"),
    "from_currency": pl.String(),
    "to_currency": pl.String(),
    "rate": pl.Float64(),
}


def merge(db: Connection, rates: pl.DataFrame) -> int:
    """Add rates, or replace those of the same day and currencies; how many came in."""
    rows = shaped(rates, RATE).drop_nulls()
    place = ["ds", "from_currency", "to_currency"]
    rows = rows.unique(place, keep="last", maintain_order=True)
    same = " and ".join(f"r.{c} = i.{c}" for c in place)
    with lent(db, "incoming", rows):
        change(db, f"delete from rates r using incoming i where {same}")
        return change(
            db, f"insert into rates ({', '.join(RATE)}) select {', '.join(RATE)} from incoming"
        )


def table(db: Connection) -> pl.DataFrame:
    """Every rate, by day."""
    return select(
        db, f"select {', '.join(RATE)} from rates order by ds, from_currency, to_currency"
    )
