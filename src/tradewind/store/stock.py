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

TEXT = pl.String()
SNAPSHOT: dict[str, pl.DataType] = {
    "counted_at": pl.Datetime("us"),
    **dict.fromkeys(("product", "channel", "location"), TEXT),
    "on_hand": pl.Float64(),
}


def append(db: Connection, snapshots: pl.DataFrame, batch: str) -> int:
    """Add snapshots (counted_at, product, channel, location, on_hand in pieces); how many are new.

    A snapshot of the same moment and place replaces the stored one if it counts otherwise.
    """
    rows = shaped(snapshots, SNAPSHOT).drop_nulls(["counted_at", "product", "on_hand"])
    place = ["counted_at", "product", "channel", "location"]
    rows = rows.unique(place, keep="last", maintain_order=True)
    same = " and ".join(f"s.{c} is not distinct from i.{c}" for c in place)
    with lent(db, "incoming", rows):
        change(
            db,
            f"delete from stock s using incoming i where {same} and s.on_hand <> i.on_hand",
        )
        return change(
            db,
            f"""insert into stock ({", ".join(SNAPSHOT)}, batch)
                select {", ".join(SNAPSHOT)}, $1 from incoming i
                where not exists (select 1 from stock s where {same})""",
            batch,
        )


def table(db: Connection) -> pl.DataFrame:
    """Every snapshot, by time: product, channel, location, ds, stock (pieces)."""
    return select(
        db,
        """select product, channel, location, counted_at as ds, on_hand as stock from stock
           order by counted_at, product, channel, location""",
    )
