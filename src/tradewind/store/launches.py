"""Launches: products that are to come, and what they are taken to be like."""

from __future__ import annotations

import polars as pl

from tradewind.store.query import Connection, change, lent, select, shaped

CREATE = """
create table launches (
    product varchar not null, channel varchar, launched_at timestamp not null,
    like_product varchar, factor double, price double
);
"""

LAUNCH: dict[str, pl.DataType] = {
    **dict.fromkeys(("product", "channel"), pl.String()),
    "launched_at": pl.Datetime("us"),
    "like": pl.String(),
    **dict.fromkeys(("factor", "price"), pl.Float64()),
}
_INTO = ", ".join(LAUNCH).replace("like", "like_product")


def merge(db: Connection, launches: pl.DataFrame) -> int:
    """Keep launches in place of what was known of these products; how many came in.

    launches   product, launched_at and any of channel, like, factor, price
               (a plan, in the currency that the shop is forecast in, as those of the calendar)
    """
    rows = shaped(launches, LAUNCH)
    rows = rows.unique(["product", "channel"], keep="last", maintain_order=True)
    with lent(db, "incoming", rows.rename({"like": "like_product"})):
        change(db, "delete from launches where product in (select product from incoming)")
        return change(db, f"insert into launches ({_INTO}) select {_INTO} from incoming")


def table(db: Connection) -> pl.DataFrame:
    """Every launch: product, channel (null: all), launched_at, like, factor, price."""
    rows = select(db, f"select {_INTO} from launches order by product, channel")
    return rows.rename({"like_product": "like"})
