"""Sales lines, append-only: a line that changes is written again, and the latest version counts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from tradewind.store.money import from_units, to_units
from tradewind.store.query import Connection, change, lent, select, shaped

# No index: an index over tens of millions of event ids does not fit into memory beside the rest.
# `append` is the only writer, and its join keeps (event_id, version) unique.
VIEW = """
create view current_sales as
    select * from sales
    where version = 1 and event_id not in (select event_id from sales where version > 1)
    union all
    select * from sales where version > 1
    qualify row_number() over (partition by event_id order by version desc) = 1;
"""
"""The latest version of every line."""

CREATE = f"""
create table sales (
    event_id varchar not null, version integer not null, recorded_at timestamp not null,
    ordered_at timestamp not null, product varchar not null, channel varchar, location varchar,
    customer varchar, quantity double, price bigint, regular_price bigint,
    competitor_price bigint, currency varchar, status varchar, promotion double, stock double,
    views double, carts double, batch varchar
);
{VIEW}"""

RETURNS = f"""
drop view current_sales;
alter table sales add column restockable boolean;
{VIEW}"""
"""What a return says of its goods: whether they can be sold again."""

PRESALES = f"""
drop view current_sales;
alter table sales add column deposit_at timestamp;
alter table sales add column balance_at timestamp;
{VIEW}"""
"""When the deposit of a presale was paid, and when its balance."""

LAGS = f"""
drop view current_sales;
alter table sales add column return_days integer;
{VIEW}"""
"""How many days after its order a line came back."""

MONEY = ("price", "regular_price", "competitor_price")
TEXT = pl.String()
LINE: dict[str, pl.DataType] = {
    "event_id": TEXT,
    "recorded_at": pl.Datetime("us"),
    "ordered_at": pl.Datetime("us"),
    **dict.fromkeys(("product", "channel", "location", "customer"), TEXT),
    "quantity": pl.Float64(),
    **dict.fromkeys(MONEY, pl.Float64()),
    **dict.fromkeys(("currency", "status"), TEXT),
    **dict.fromkeys(("promotion", "stock", "views", "carts"), pl.Float64()),
    "restockable": pl.Boolean(),
    **dict.fromkeys(("deposit_at", "balance_at"), pl.Datetime("us")),
    "return_days": pl.Int32(),
}
RARE = ("deposit_at", "balance_at", "return_days")
"""Columns that few shops have: the others need not carry them through their millions of lines."""
CONTENT = [c for c in LINE if c not in ("event_id", "recorded_at")]


@dataclass(frozen=True, slots=True)
class Appended:
    """What became of the lines of a load.

    new        lines whose event id was not there
    changed    lines that differ from the stored one and were recorded later: the new version counts
    same       lines that were there already
    outdated   lines that differ but were not recorded later: left out
    """

    new: int
    changed: int
    same: int
    outdated: int

    def __add__(self, other: Appended) -> Appended:
        return Appended(
            self.new + other.new,
            self.changed + other.changed,
            self.same + other.same,
            self.outdated + other.outdated,
        )


def append(db: Connection, lines: pl.DataFrame, batch: str) -> Appended:
    """Add sales lines; the same lines again change nothing.

    lines   canonical sales lines, prices as amounts of money; of several lines with one event id
            the one recorded last counts
    batch   the load that brings them
    """
    have = {c: kind for c, kind in LINE.items() if c not in RARE or c in lines.columns}
    rows = shaped(lines, have).with_columns(to_units(c) for c in MONEY)
    if not rows["recorded_at"].is_sorted():
        rows = rows.sort("recorded_at", maintain_order=True)
    if rows["event_id"].hash().n_unique() < len(rows):  # different hashes prove different ids
        rows = rows.unique("event_id", keep="last", maintain_order=True)
    new = {c: f"i.{c}" if c in have else "null" for c in LINE}
    differs = " or ".join(f"{new[c]} is distinct from s.{c}" for c in CONTENT)
    listed = ", ".join(new.values())
    with lent(db, "incoming", rows):
        judged = f"""
            create temp table judged as
            select i.event_id, s.version, {differs} as differs,
                   i.recorded_at > s.recorded_at as later
            from incoming i join current_sales s using (event_id)
        """
        change(db, judged)
        counts = select(
            db,
            """select count(*) filter (differs and later) as changed,
                      count(*) filter (not differs) as same,
                      count(*) filter (differs and not later) as outdated from judged""",
        ).row(0, named=True)
        names = ", ".join([*LINE, "version", "batch"])
        later = f"""insert into sales ({names})
            select {listed}, j.version + 1, $1 from incoming i
            join judged j using (event_id) where j.differs and j.later"""
        fresh = f"""insert into sales ({names})
            select {listed}, 1, $1 from incoming i anti join judged j using (event_id)"""
        change(db, later, batch)
        added = change(db, fresh, batch)
        change(db, "drop table judged")
    return Appended(added, **counts)


def lines(db: Connection) -> pl.DataFrame:
    """The latest version of every line, prices as amounts of money, by time of order.

    Columns of RARE are there where any line has them.
    """
    counted = ", ".join(f"count({c}) as {c}" for c in RARE)
    filled = select(db, f"select {counted} from current_sales").row(0, named=True)
    names = ", ".join(c for c in LINE if filled.get(c, 1))
    rows = select(db, f"select {names} from current_sales order by ordered_at, product, event_id")
    return rows.with_columns(from_units(c) for c in MONEY)


def months(db: Connection, apart: Sequence[str]) -> pl.DataFrame:
    """channel, currency, month, lines, units and amount sold: to hold against the back office.

    apart   statuses of lines that are no demand
    """
    rows = select(
        db,
        """select channel, currency, strftime(ordered_at, '%Y-%m') as month,
                  count(*) as lines, sum(quantity) as units, sum(quantity * price) as amount
           from current_sales
           where not list_contains($1, coalesce(status, '')) and quantity > 0
           group by all order by month, channel nulls first, currency""",
        list(apart),
    )
    return rows.with_columns(from_units("amount"))


def returns(db: Connection) -> pl.DataFrame:
    """channel and return_days of every line that says when it came back."""
    return select(
        db, "select channel, return_days from current_sales where return_days is not null"
    )


def summary(db: Connection) -> dict[str, object]:
    """lines, products, first and last day, currencies."""
    row = select(
        db,
        """select count(*) as lines, count(distinct product) as products,
                  min(ordered_at) as first, max(ordered_at) as last,
                  string_agg(distinct currency, ', ') as currencies from current_sales""",
    )
    return row.row(0, named=True)
