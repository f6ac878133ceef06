"""Products: what they are called, where they belong, what they cost."""

from __future__ import annotations

import polars as pl

from tradewind.store.money import from_units, to_units
from tradewind.store.query import Connection, change, lent, select, shaped

CREATE = """
create table products (
    product varchar primary key, name varchar, category varchar, brand varchar, supplier varchar,
    unit_cost bigint, currency varchar, pack_size double, launched_at timestamp, successor varchar
);
"""

ITEMS = """
alter table products add column parent varchar;
alter table products add column status varchar;
alter table products add column last_order_date timestamp;
"""
"""The style that a variant belongs to, and whether and until when a product can be ordered."""

PART = 1_000_000
"""Rows worked on at once."""

TEXT = pl.String()
PRODUCT: dict[str, pl.DataType] = {
    **dict.fromkeys(("product", "name", "category", "brand", "supplier"), TEXT),
    "unit_cost": pl.Float64(),
    "currency": TEXT,
    "pack_size": pl.Float64(),
    "launched_at": pl.Datetime("us"),
    "successor": TEXT,
    **dict.fromkeys(("parent", "status"), TEXT),
    "last_order_date": pl.Datetime("us"),
}


def merge(db: Connection, products: pl.DataFrame) -> int:
    """Add products, and fill in what the table says of known ones; an empty cell erases nothing.

    products   product and any of name, category, brand, supplier, unit_cost (money), currency,
               pack_size, launched_at, successor, parent (the product that it is a variant of),
               status ("active", "discontinued", "planned"), last_order_date
    →          products that were added
    """
    parts = list(products.iter_slices(PART)) or [products]  # a load brings a row for each sale
    rows = _last_told(
        pl.concat(
            _last_told(shaped(part, PRODUCT).with_columns(to_units("unit_cost"))) for part in parts
        )
    )
    others = [c for c in PRODUCT if c != "product"]
    kept = ", ".join(f"{c} = coalesce(excluded.{c}, products.{c})" for c in others)
    before = select(db, "select count(*) as n from products")[0, "n"]
    with lent(db, "incoming", rows):
        change(
            db,
            f"""insert into products ({", ".join(PRODUCT)})
                select {", ".join(PRODUCT)} from incoming
                on conflict (product) do update set {kept}""",
        )
    after: int = select(db, "select count(*) as n from products")[0, "n"]
    return after - int(before)


def _last_told(rows: pl.DataFrame) -> pl.DataFrame:
    """One row a product, in order of appearance: the last that any row says of each column."""
    named = rows.filter(pl.col("product").is_not_null())
    return named.group_by("product", maintain_order=True).agg(pl.all().drop_nulls().last())


def table(db: Connection) -> pl.DataFrame:
    """Every product, by its name in the shop's files."""
    rows = select(db, f"select {', '.join(PRODUCT)} from products order by product")
    return rows.with_columns(from_units("unit_cost"))
