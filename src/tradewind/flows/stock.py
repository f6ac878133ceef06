"""stock: what the shop's snapshots and movements say together, and whether to trust it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import polars as pl

from tradewind.data import ledger
from tradewind.data.snapshots import stale
from tradewind.store import Workspace, movements, sales, settings
from tradewind.store import stock as snapshots

STOCK_DAYS = 3
"""Days after which stock is old, where the workspace remembers no other number."""


@dataclass(frozen=True, slots=True)
class Age:
    """How old the stock is.

    days    stock told more days than this before the last day with sales is old
    stale   product, as_of: whose stock is old, the oldest first
    known   products whose stock was ever told
    """

    days: int
    stale: pl.DataFrame
    known: int

    @property
    def oldest(self) -> datetime | None:
        """When the oldest of what is old was told."""
        return self.stale["as_of"][0] if len(self.stale) else None

    def to_dict(self) -> dict[str, Any]:
        """As plain values, for JSON."""
        return {"days": self.days, "products": len(self.stale), "oldest": self.oldest}


def levels(shop: Workspace) -> pl.DataFrame | None:
    """`ledger.history` of the workspace; None where no stock was ever told."""
    counted, moved = snapshots.table(shop.db), movements.table(shop.db)
    if counted.is_empty() and moved.is_empty():
        return None
    return ledger.history(counted, moved)


def disagreements(shop: Workspace) -> pl.DataFrame:
    """`ledger.disagreements` of the workspace."""
    return ledger.disagreements(snapshots.table(shop.db), movements.table(shop.db))


def age(shop: Workspace) -> Age:
    """How old the stock of each product is, against the last day with sales."""
    days = int(settings.get(shop.db).get("stock_days", STOCK_DAYS))
    told, last = movements.last_told(shop.db), sales.summary(shop.db)["last"]
    sold = last if isinstance(last, datetime) else None
    return Age(days, stale(told, sold, days), len(told))


def remember_days(shop: Workspace, days: int) -> None:
    """Stock older than so many days counts as old from now on."""
    with shop.transaction() as db:
        settings.put(db, stock_days=days)
