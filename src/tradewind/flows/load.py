"""load: a table of sales, from any source, into the workspace."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

import polars as pl

from tradewind.data.cleaning import Cleaning
from tradewind.data.columns import Columns
from tradewind.data.load import Loaded as Read
from tradewind.data.load import load_table
from tradewind.data.read import Source, source_name
from tradewind.store import Workspace, audit, products, runs, sales, settings
from tradewind.store.runs import Run
from tradewind.store.sales import Appended


@dataclass(frozen=True, slots=True)
class Loaded:
    """What a load read, how it read it, and what became of the lines.

    lines      lines after the repairs
    columns    which header was taken for what, and why
    cleaning   every repair of these lines
    appended   new, changed, same and outdated lines
    summary    of all the sales now in the workspace
    """

    source: str
    lines: int
    columns: Columns
    cleaning: Cleaning
    appended: Appended
    new_products: int
    summary: dict[str, object]
    seconds: float

    def to_dict(self) -> dict[str, Any]:
        """As plain values, for JSON."""
        names = ("noun", "header", "examples", "why")
        return {
            "source": self.source,
            "lines": self.lines,
            "columns": [dict(zip(names, row, strict=True)) for row in self.columns.rows()],
            "repairs": repairs_of(self.cleaning),
            "appended": asdict(self.appended),
            "new_products": self.new_products,
            "workspace": self.summary,
            "seconds": self.seconds,
        }


def load(
    shop: Workspace,
    source: Source,
    *,
    mapping: Mapping[str, str] | None = None,
    table: str | None = None,
    at: datetime | None = None,
    **reading: str | None,
) -> Loaded:
    """Read sales lines and keep them. A load that fails changes nothing; the same again neither.

    source    path, database URL or data frame (`data.read.read`)
    mapping   corrects the guess of the columns: {"y": "qty"}
    table     of a database or workbook
    reading   date_order and kind, as `data.load.load_table` takes them

    Raises DataError naming row and column for what cannot be read.
    """
    start, at = time.perf_counter(), at or datetime.now()
    read = load_table(source, mapping=mapping, table=table, recorded_at=at, **reading)
    return keep(shop, read, source_name(source), at=at, start=start)


def keep(shop: Workspace, read: Read, name: str, *, at: datetime, start: float) -> Loaded:
    """Write repaired lines and what they say of their products, all or nothing."""
    run = runs.run_id(shop.db, "load", at)
    with shop.transaction() as db:
        appended = sales.append(db, read.lines, run)
        new_products = products.merge(db, read.lines)
        summary = sales.summary(db)
        seconds = time.perf_counter() - start
        counts = {**asdict(appended), "products": new_products}
        repairs = repairs_of(read.cleaning) if appended.new or appended.changed else []
        result = {"counts": counts, "repairs": repairs}
        runs.add(
            db, Run(run, "load", at, seconds=seconds, settings={"source": name}, result=result)
        )
        audit.add(db, at, "tradewind", "load", name, **counts)
        if "name" not in settings.get(db):
            settings.put(db, name=shop.path.name)
    return Loaded(
        source=name,
        lines=len(read.lines),
        columns=read.columns,
        cleaning=read.cleaning,
        appended=appended,
        new_products=new_products,
        summary=summary,
        seconds=seconds,
    )


def repairs_of(cleaning: Cleaning) -> list[dict[str, Any]]:
    """kind, count and one example of each kind of repair."""
    rows = []
    for kind, count in cleaning.counts().items():
        first = cleaning.entries.filter(pl.col("kind") == kind).head(1)
        rows.append({"kind": kind, "count": count, "example": _example(first)})
    return rows


def _example(entry: pl.DataFrame) -> str:
    """One repair in a line: "SKU-1 2024-03-01: 40000 → kept apart"."""
    if entry.is_empty():
        return ""
    unique_id, ds, before, after = entry.select("unique_id", "ds", "before", "after").row(0)
    where = " ".join(str(part) for part in (unique_id, f"{ds:%Y-%m-%d}" if ds else None) if part)
    change = " → ".join(part for part in (before, after) if part)
    return f"{where}: {change}" if change else where
