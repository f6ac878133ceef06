"""Stock snapshots: what lay on the shelf at a moment."""

from __future__ import annotations

import polars as pl

from tradewind.store.query import Connection, change, lent, select, shaped

CREATE = """
create table stock (
    counted_at timestamp not null, product varchar not null, channel varchar, location varchar,
    on_hand double not null, batch varchar
);
"""

SELLABLE = """
alter table stock add column reserved double;
alter table stock add column sellable double;
"""
"""What is promised to orders already, and what can be sold, where a count tells them."""

COUNTS = ("on_hand", "reserved", "sellable")
TEXT = pl.String()
SNAPSHOT: dict[str, pl.DataType] = {
    "counted_at": pl.Datetime("us"),
    **dict.fromkeys(("product", "channel", "location"), TEXT),
    **dict.fromkeys(COUNTS, pl.Float64()),
}


def append(db: Connection, snapshots: pl.DataFrame, batch: str) -> int:
    """Add snapshots; how many are new.

    snapshots   counted_at, product, channel, location, and in pieces on_hand (what lies there),
                reserved (promised to orders) and sellable, where told

    A snapshot of the same moment and place replaces the stored one if it counts otherwise.
    """
    rows = shaped(snapshots, SNAPSHOT).drop_nulls(["counted_at", "product", "on_hand"])
    place = ["counted_at", "product", "channel", "location"]
    rows = rows.unique(place, keep="last", maintain_order=True)
    differs = " or ".join(f"s.{c} is distinct from i.{c}" for c in COUNTS)
    same = " and ".join(f"s.{c} is not distinct from i.{c}" for c in place)
    with lent(db, "incoming", rows):
        change(
            db,
            f"delete from stock s using incoming i where {same} and ({differs})",
        )
        return change(
            db,
            f"""insert into stock ({", ".join(SNAPSHOT)}, batch)
                select {", ".join(SNAPSHOT)}, $1 from incoming i
                where not exists (select 1 from stock s where {same})""",
            batch,
        )


def table(db: Connection) -> pl.DataFrame:
    """Every snapshot, by time: product, channel, location, ds, on_hand and stock, in pieces.

    stock   what could be sold: as told, else what lay there and was not reserved
    """
    return select(
        db,
        """select product, channel, location, counted_at as ds, on_hand,
                  coalesce(sellable, on_hand - coalesce(reserved, 0)) as stock from stock
           order by counted_at, product, channel, location""",
    )
