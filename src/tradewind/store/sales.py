"""Sales lines, append-only: a line that changes is written again, and the latest version counts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
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
PRESALE = ("deposit_at", "balance_at")
RARE = (*PRESALE, "return_days")
"""Columns that few shops have: the others need not carry them through their millions of lines."""
CONTENT = [c for c in LINE if c not in ("event_id", "recorded_at")]

PART = 1_000_000
"""Lines that are held against the stored ones at once: these fit into the database's memory."""

_JUDGED = pl.DataFrame(
    schema={"place": pl.UInt32, "version": pl.Int32, "differs": pl.Boolean, "later": pl.Boolean}
)


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
    parts = list(rows.iter_slices(PART))
    new = {c: f"i.{c}" if c in have else "null" for c in LINE}
    judged = [_judged(db, part, new) for part in parts]
    changed = pl.col("differs") & pl.col("later")
    counts = (
        pl.concat([_JUDGED, *judged])
        .select(
            changed.sum().alias("changed"),
            (~pl.col("differs")).sum().alias("same"),
            (pl.col("differs") & ~pl.col("later")).sum().alias("outdated"),
        )
        .row(0, named=True)
    )
    for part, told in zip(parts, judged, strict=True):
        version = pl.when(changed).then(pl.col("version") + 1).otherwise(0)
        _insert(db, part, (told.select("place", version), new), batch)
    return Appended(len(rows) - sum(map(len, judged)), **counts)


def _judged(db: Connection, part: pl.DataFrame, new: Mapping[str, str]) -> pl.DataFrame:
    """The lines that were there already: place in the part, version there, differs, later.

    new   what each column of a line is in SQL, of the incoming row `i`
    """
    differs = " or ".join(f"{new[c]} is distinct from s.{c}" for c in CONTENT)
    with lent(db, "incoming", part.with_row_index("place")):
        return select(
            db,
            f"""select i.place, s.version, {differs} as differs,
                       i.recorded_at > s.recorded_at as later
            from incoming i join current_sales s using (event_id)""",
        )


def _insert(
    db: Connection,
    part: pl.DataFrame,
    told: tuple[pl.DataFrame, Mapping[str, str]],
    batch: str,
) -> None:
    """Write the lines of a part, new ones as version 1.

    told   place and version of those that are known, 0 for what stays out; and the columns in SQL
    """
    versions, new = told
    version = pl.repeat(1, len(part), dtype=pl.Int32, eager=True).alias("version")
    version = version.scatter(versions["place"], versions["version"])
    rows = part.with_columns(version).filter(pl.col("version") > 0)
    if len(rows):
        names, values = ", ".join(LINE), ", ".join(new.values())
        with lent(db, "incoming", rows):
            change(
                db,
                f"""insert into sales ({names}, version, batch)
                    select {values}, i.version, $1 from incoming i""",
                batch,
            )


def lines(db: Connection, columns: Sequence[str] = ()) -> pl.DataFrame:
    """The latest version of every line, prices as amounts of money, by time of order.

    columns   those wanted, of `LINE`; amounts of money need the currency beside them. (): all,
              of RARE those in which any line tells something
    """
    columns = columns or [*(c for c in LINE if c not in RARE), *told(db, RARE)]
    rows = select(
        db, f"select {', '.join(columns)} from current_sales order by ordered_at, product, event_id"
    )
    return rows.with_columns(from_units(c) for c in MONEY if c in columns)


def told(db: Connection, columns: Sequence[str]) -> list[str]:
    """Those of the columns in which any line tells something, old versions included."""
    counts = select(db, f"select {', '.join(f'count({c}) as {c}' for c in columns)} from sales")
    return [c for c in columns if counts[0, c]]


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
