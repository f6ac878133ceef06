"""load: a table of sales, from any source, into the workspace."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import polars as pl

from tradewind.data.cleaning import Cleaning
from tradewind.data.columns import Columns
from tradewind.data.exports.export import Export
from tradewind.data.items import unlisted
from tradewind.data.load import Loaded as Read
from tradewind.data.load import understand
from tradewind.data.parse import Reading
from tradewind.data.read import Source, source_name
from tradewind.data.read import read as read_table
from tradewind.data.statuses import NOT_SOLD
from tradewind.store import Workspace, audit, bundles, mappings, products, runs, sales, settings
from tradewind.store.mappings import SavedMapping
from tradewind.store.runs import Run
from tradewind.store.sales import Appended
from tradewind.store.workspace import DATABASE

SHOWN = ("ordered_at", "product", "quantity", "price", "currency", "channel", "location", "status")
"""Columns of a line that a sample shows."""


@dataclass(frozen=True, slots=True)
class Loaded:
    """What a load read, how it read it, and what became of the lines.

    lines      lines after the repairs
    columns    which header was taken for what, and why
    cleaning   every repair of these lines
    appended   new, changed, same and outdated lines
    summary    of all the sales now in the workspace
    months     units and money by channel and month, of all the sales now in the workspace
    unlisted   codes that no listing names, with units and money; none in a shop without listings
    export     the marketplace's export that it was recognised as, None for another table
    """

    source: str
    lines: int
    columns: Columns
    cleaning: Cleaning
    appended: Appended
    new_products: int
    summary: dict[str, object]
    months: pl.DataFrame
    unlisted: pl.DataFrame
    export: Export | None
    seconds: float

    def to_dict(self) -> dict[str, Any]:
        """As plain values, for JSON."""
        return {
            "source": self.source,
            "export": self.export.name if self.export else None,
            "lines": self.lines,
            "columns": columns_of(self.columns),
            "repairs": repairs_of(self.cleaning),
            "appended": asdict(self.appended),
            "new_products": self.new_products,
            "workspace": self.summary,
            "months": self.months.to_dicts(),
            "unlisted": self.unlisted.to_dicts(),
            "seconds": self.seconds,
        }


def load(
    shop: Workspace,
    source: Source,
    *,
    mapping: Mapping[str, str] | None = None,
    table: str | None = None,
    at: datetime | None = None,
    zone: str | None = None,
    **reading: str | None,
) -> Loaded:
    """Read sales lines and keep them. A load that fails changes nothing; the same again neither.

    source    path, database URL or data frame (`data.read.read`)
    mapping   corrects the guess of the columns: {"y": "qty"}
    table     of a database or workbook
    zone      time zone of the market, which the workspace remembers; needed once where times of day
              state no offset from UTC
    reading   date_order and kind, as `data.load.load_table` takes them

    Raises DataError naming row and column for what cannot be read.
    """
    start, at = time.perf_counter(), at or datetime.now()
    read = understand(
        read_table(source, table=table),
        source_name(source),
        mapping=mapping,
        reading=Reading(recorded_at=at, zone=zone, **reading),
        usual_zone=settings.get(shop.db).get("zone"),
    )
    return keep(shop, read, at=at, start=start, remember={"zone": zone})


@dataclass(frozen=True, slots=True)
class Remembered:
    """What a workspace knows of files: mappings by name, and the time zone of the market."""

    mappings: Mapping[str, SavedMapping] = field(default_factory=dict)
    zone: str | None = None


def look(
    source: Source,
    saved: Remembered,
    use: str | None = None,
    *,
    told: SavedMapping,
    at: datetime,
) -> tuple[Read, SavedMapping]:
    """What a source holds, read by what is told and by a saved mapping; nothing is written.

    saved   what the workspace remembers (`remembered`)
    use     the name of one; without it, one that was saved for a file with just these headers
    told    nouns, dates and table that are told now (`mapping_of`); they win over the saved ones

    Returns the lines, and the mapping they were read by. Raises DataError for what cannot be read,
    UnknownName for a mapping that is not there.
    """
    chosen = mappings.named(saved.mappings, use) if use else None
    table = told.table or (chosen.table if chosen else None)
    raw = read_table(source, table=table)
    chosen = chosen or mappings.for_headers(saved.mappings, raw.columns) or SavedMapping({}, ())
    by = SavedMapping(
        {**chosen.nouns, **told.nouns},
        raw.columns,
        told.dates or chosen.dates,
        table,
        told.zone or chosen.zone,
    )
    read = understand(
        raw,
        source_name(source),
        mapping=by.nouns,
        reading=Reading(date_order=by.dates, recorded_at=at, zone=by.zone),
        usual_zone=saved.zone,
    )
    return read, by


def mapping_of(
    nouns: Mapping[str, str], dates: str | None, table: str | None, zone: str | None
) -> SavedMapping:
    """What is told of a file whose headers nobody has seen yet."""
    return SavedMapping(nouns, (), dates, table, zone)


def remembered(path: Path) -> Remembered:
    """What the workspace at `path` knows of files; nothing where there is none yet."""
    if not (path / DATABASE).exists():
        return Remembered()
    with Workspace(path, create=False) as shop:
        return Remembered(mappings.all_of(shop.db), settings.get(shop.db).get("zone"))


def keep(
    shop: Workspace,
    read: Read,
    *,
    at: datetime,
    start: float,
    save: tuple[str, SavedMapping] | None = None,
    remember: Mapping[str, object] | None = None,
) -> Loaded:
    """Write repaired lines and what they say of their products, all or nothing.

    save       a name, and the mapping to remember by it
    remember   settings of the shop that were told; those that are None stay as they are
    """
    run = runs.run_id(shop.db, "load", at)
    with shop.transaction() as db:
        appended = sales.append(db, read.lines, run)
        new_products = products.merge(db, read.lines)
        summary, months = sales.summary(db), sales.months(db, NOT_SOLD)
        strangers = unlisted(read.lines, bundles.listings(db))
        seconds = time.perf_counter() - start
        counts = {**asdict(appended), "products": new_products}
        repairs = repairs_of(read.cleaning) if appended.new or appended.changed else []
        result = {"counts": counts, "repairs": repairs}
        runs.add(
            db, Run(run, "load", at, seconds=seconds, settings={"source": read.name}, result=result)
        )
        audit.add(db, at, "tradewind", "load", read.name, **counts)
        if save is not None:
            mappings.put(db, *save)
        settings.put(db, **{k: v for k, v in (remember or {}).items() if v is not None})
        if "name" not in settings.get(db):
            settings.put(db, name=shop.path.name)
    return Loaded(
        source=read.name,
        lines=len(read.lines),
        columns=read.columns,
        cleaning=read.cleaning,
        appended=appended,
        new_products=new_products,
        summary=summary,
        months=months,
        unlisted=strangers,
        export=read.export,
        seconds=seconds,
    )


def understood(read: Read) -> dict[str, Any]:
    """What was recognised and what will be repaired, before anything is written, for JSON."""
    shown = [c for c in SHOWN if c in read.lines.columns and read.lines[c].null_count() < 5]
    return {
        "source": read.name,
        "export": read.export.name if read.export else None,
        "title": read.export.title if read.export else None,
        "lines": len(read.lines),
        "columns": columns_of(read.columns),
        "repairs": repairs_of(read.cleaning),
        "sample": read.lines.select(shown).head(5).to_dicts(),
    }


def columns_of(columns: Columns) -> list[dict[str, str]]:
    """noun, header, examples and why, a row for each header."""
    names = ("noun", "header", "examples", "why")
    return [dict(zip(names, row, strict=True)) for row in columns.rows()]


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
