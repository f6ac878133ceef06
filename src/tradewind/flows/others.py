"""load_other: stock, products, plans, purchase orders and what else is no sale."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import polars as pl

from tradewind.data.calendars import SCOPES, in_scope, planned
from tradewind.data.columns import Columns
from tradewind.data.movements import signed
from tradewind.data.others import parse_other
from tradewind.data.rates import checked
from tradewind.data.read import Source, read, source_name
from tradewind.data.snapshots import completed
from tradewind.flows.load import columns_of
from tradewind.flows.stock import disagreements
from tradewind.store import (
    Workspace,
    audit,
    bundles,
    calendar,
    launches,
    movements,
    products,
    rates,
    stock,
    supply,
)


@dataclass(frozen=True, slots=True)
class Understood:
    """A file that holds no sales, read and not yet kept."""

    source: str
    kind: str
    rows: pl.DataFrame
    columns: Columns

    def to_dict(self) -> dict[str, Any]:
        """What was recognised, as `flows.load.understood` tells it of sales."""
        first = self.rows.head(5)
        shown = [c for c in first.columns if first[c].null_count() < len(first)]
        return {
            "source": self.source,
            "kind": self.kind,
            "title": None,
            "lines": len(self.rows),
            "columns": columns_of(self.columns),
            "repairs": [],
            "sample": first.select(shown).to_dicts(),
        }


@dataclass(frozen=True, slots=True)
class Taken:
    """What a file brought: rows read, which header was taken for what, and rows written.

    disagreements   of stock: `ledger.disagreements` of all that is now in the workspace
    """

    source: str
    kind: str
    rows: int
    columns: Columns
    written: int
    disagreements: pl.DataFrame = field(default_factory=pl.DataFrame)

    def to_dict(self) -> dict[str, Any]:
        """As plain values, for JSON."""
        return {
            "source": self.source,
            "kind": self.kind,
            "rows": self.rows,
            "columns": columns_of(self.columns),
            "written": self.written,
            "disagreements": self.disagreements.to_dicts(),
        }


def load_other(
    shop: Workspace,
    kind: str,
    source: Source,
    *,
    mapping: Mapping[str, str] | None = None,
    table: str | None = None,
    at: datetime | None = None,
) -> Taken:
    """Read a file of this kind and keep it, all or nothing; the same again changes nothing.

    kind   "stock", "movements", "products", "calendar" (planned promotions and prices),
           "rates" (of exchange), "bundles", "launches" or "supply"

    Raises DataError naming row and column for what cannot be read.
    """
    return keep_other(shop, look_other(kind, source, mapping=mapping, table=table), at=at)


def look_other(
    kind: str,
    source: Source,
    *,
    mapping: Mapping[str, str] | None = None,
    table: str | None = None,
) -> Understood:
    """What a file of this kind holds; nothing is written. Raises as `load_other`."""
    name = source_name(source)
    rows, columns = parse_other(read(source, table=table), kind, name, mapping)
    return Understood(name, kind, rows, columns)


def keep_other(shop: Workspace, read: Understood, *, at: datetime | None = None) -> Taken:
    """Keep what was read, all or nothing. Raises as `load_other`."""
    at, name = at or datetime.now(), read.source
    kind, rows, columns = read.kind, read.rows, read.columns
    differ = pl.DataFrame()
    with shop.transaction() as db:
        if kind == "bundles":
            written = bundles.merge(db, rows)
        elif kind == "stock":
            written = stock.append(db, completed(rows), name)
            differ = disagreements(shop)
        elif kind == "movements":
            written = movements.append(db, signed(rows, name, columns.mapping), name)
            differ = disagreements(shop)
        elif kind == "products":
            written = products.merge(db, rows)
            if "channel_sku" in rows.columns:
                bundles.merge_listings(db, rows)
        elif kind == "rates":
            written = rates.merge(db, checked(rows.rename({"date": "ds"})))
        elif kind == "launches":
            written = launches.merge(db, rows)
            products.merge(db, rows)
        elif kind == "calendar":
            written = calendar.merge(db, planned(in_scope(rows, _named(shop), name), name))
        else:
            written = supply.merge(db, rows)
        audit.add(db, at, "tradewind", f"load {kind}", name, rows=len(rows), written=written)
    return Taken(name, kind, len(rows), columns, written, differ)


def _named(shop: Workspace) -> dict[str, list[str]]:
    """The shop's products, categories and brands."""
    goods = products.table(shop.db)
    return {c: goods[c].drop_nulls().unique().to_list() for c in SCOPES}
