"""The shop's own calendar: promotions and events, past and planned."""

from __future__ import annotations

import polars as pl

from tradewind.store.query import Connection, change, lent, select, shaped

CREATE = """
create table calendar (
    ds timestamp not null, product varchar, channel varchar, location varchar,
    name varchar not null, value double not null
);
"""

EVENTS = """
alter table calendar add column event varchar;
alter table calendar add column status varchar;
alter table calendar add column category varchar;
alter table calendar add column brand varchar;
"""
"""What an entry belongs to, whether it is settled, and what else it may be for."""

TEXT = pl.String()
PLACE = ("product", "category", "brand", "channel", "location")
ENTRY: dict[str, pl.DataType] = {
    "ds": pl.Datetime("us"),
    **dict.fromkeys((*PLACE, "name"), TEXT),
    "value": pl.Float64(),
    **dict.fromkeys(("event", "status"), TEXT),
}


def merge(db: Connection, entries: pl.DataFrame) -> int:
    """Add entries or replace those of the same day, place and name; how many came in.

    entries   ds, name ("promotion", "price", "festival_618_peak", …), value; product, category,
              brand, channel and location where the entry is not for all of them; event, and status
              ("planned" or "confirmed") where they are told
    """
    rows = shaped(entries, ENTRY).drop_nulls(["ds", "name", "value"])
    place = ["ds", *PLACE, "name"]
    rows = rows.unique(place, keep="last", maintain_order=True)
    same = " and ".join(f"c.{c} is not distinct from i.{c}" for c in place)
    with lent(db, "incoming", rows):
        change(db, f"delete from calendar c using incoming i where {same}")
        return change(
            db,
            f"insert into calendar ({', '.join(ENTRY)}) select {', '.join(ENTRY)} from incoming",
        )


def table(db: Connection) -> pl.DataFrame:
    """Every entry, by day."""
    order = ", ".join(("ds", *PLACE, "name"))
    return select(db, f"select {', '.join(ENTRY)} from calendar order by {order}")
