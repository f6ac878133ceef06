"""load: a table of sales, from any source, into the workspace."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl

from tradewind.data.cleaning import Cleaning
from tradewind.data.columns import Columns
from tradewind.data.exports import recognised
from tradewind.data.exports.export import Export
from tradewind.data.items import together, unlisted
from tradewind.data.load import Loaded as Read
from tradewind.data.load import understand
from tradewind.data.parse import Reading
from tradewind.data.presales import check_demand_date
from tradewind.data.read import Source, source_name
from tradewind.data.read import read as read_table
from tradewind.data.returns import return_lags
from tradewind.data.statuses import NOT_SOLD
from tradewind.errors import DataError
from tradewind.store import Workspace, audit, bundles, mappings, products, runs, sales, settings
from tradewind.store.mappings import SavedMapping
from tradewind.store.runs import Run
from tradewind.store.sales import Appended
from tradewind.store.workspace import DATABASE

MOMENT = timedelta(microseconds=1)
"""By so much each of several files counts as told after the one before it."""
Found = tuple[str, pl.DataFrame, Export | None]
SHOWN = ("ordered_at", "product", "quantity", "price", "currency", "channel", "location", "status")
"""Columns of a line that a sample shows."""


@dataclass(frozen=True, slots=True)
class Part:
    """What was read of one source, and how.

    lines      lines after the repairs
    columns    which header was taken for what, and why
    cleaning   every repair of these lines
    export     the marketplace's export that it was recognised as, None for another table
    """

    source: str
    lines: int
    columns: Columns
    cleaning: Cleaning
    export: Export | None

    def to_dict(self) -> dict[str, Any]:
        """As plain values, for JSON."""
        return {
            "source": self.source,
            "export": self.export.name if self.export else None,
            "lines": self.lines,
            "columns": columns_of(self.columns),
            "repairs": repairs_of(self.cleaning),
        }


@dataclass(frozen=True, slots=True)
class Loaded:
    """What a load read, and what became of the lines.

    parts      what was read, source by source
    appended   new, changed, same and outdated lines
    summary    of all the sales now in the workspace
    months     units and money by channel and month, of all the sales now in the workspace
    unlisted   codes that no listing names, with units and money; none in a shop without listings
    waiting    channel → last days that still wait for returns (`data.returns.return_lags`)
    """

    parts: tuple[Part, ...]
    appended: Appended
    new_products: int
    summary: dict[str, object]
    months: pl.DataFrame
    unlisted: pl.DataFrame
    waiting: dict[str, int]
    seconds: float

    @property
    def lines(self) -> int:
        """Lines after the repairs, of all sources."""
        return sum(part.lines for part in self.parts)

    @property
    def cleaning(self) -> Cleaning:
        """Every repair, of all sources."""
        return sum((part.cleaning for part in self.parts), Cleaning())

    def to_dict(self) -> dict[str, Any]:
        """As plain values, for JSON."""
        return {
            "files": [part.to_dict() for part in self.parts],
            "lines": self.lines,
            "repairs": repairs_of(self.cleaning),
            "appended": asdict(self.appended),
            "new_products": self.new_products,
            "workspace": self.summary,
            "months": self.months.to_dicts(),
            "unlisted": self.unlisted.to_dicts(),
            "waiting_for_returns": self.waiting,
            "seconds": self.seconds,
        }


def load(  # noqa: PLR0913  # what files cannot say of themselves
    shop: Workspace,
    *sources: Source,
    mapping: Mapping[str, str] | None = None,
    table: str | None = None,
    at: datetime | None = None,
    zone: str | None = None,
    demand_date: str | None = None,
    date_order: str | None = None,
    kind: str | None = None,
) -> Loaded:
    """Read sales lines and keep them. A load that fails changes nothing; the same again neither.

    sources       paths, database URLs or data frames (`data.read.read`), kept all together or not
                  at all; of a line that two of them tell the later one counts
    mapping       corrects the guess of the columns: {"y": "qty"}
    table         of a database or workbook
    zone          time zone of the market, which the workspace remembers; needed once where times of
                  day state no offset from UTC
    demand_date   "order", "deposit" or "balance": the day that presales count on from now on, which
                  the workspace remembers (`data.presales`)
    date_order, kind   as `data.load.load_table` takes them

    Raises DataError naming row and column for what cannot be read.
    """
    start, at = time.perf_counter(), at or datetime.now()
    check_demand_date(demand_date)
    tables = _tables(sources, table, one_by_one=bool(mapping or table))
    told = [mapping_of(mapping or {}, date_order, table, zone)] * len(tables)
    usual = settings.get(shop.db).get("zone")
    reads = _understood(tables, told, at=at, usual_zone=usual, kind=kind)
    remember = {"zone": zone, "demand_date": demand_date}
    return keep(shop, reads, at=at, start=start, remember=remember)


@dataclass(frozen=True, slots=True)
class Remembered:
    """What a workspace knows of files: mappings by name, and the time zone of the market."""

    mappings: Mapping[str, SavedMapping] = field(default_factory=dict)
    zone: str | None = None


def look(
    sources: Sequence[Source],
    saved: Remembered,
    use: str | None = None,
    *,
    told: SavedMapping,
    at: datetime,
) -> list[tuple[Read, SavedMapping]]:
    """What sources hold, read by what is told and by saved mappings; nothing is written.

    saved   what the workspace remembers (`remembered`)
    use     the name of a mapping; without it, one that was saved for a file with just these headers
    told    nouns, dates and table that are told now (`mapping_of`); they win over the saved ones

    Returns the lines of each, and the mapping they were read by. Raises DataError for what cannot
    be read, UnknownName for a mapping that is not there.
    """
    named = mappings.named(saved.mappings, use) if use else None
    table = told.table or (named.table if named else None)
    tables = _tables(sources, table, one_by_one=bool(told.nouns or told.table or use))
    by = [_told_of(raw.columns, saved, named, told) for _, raw, _ in tables]
    return list(zip(_understood(tables, by, at=at, usual_zone=saved.zone), by, strict=True))


def _told_of(
    headers: Sequence[str], saved: Remembered, named: SavedMapping | None, told: SavedMapping
) -> SavedMapping:
    """How a file with these headers is to be read: by what is told now, else by what is saved."""
    chosen = named or mappings.for_headers(saved.mappings, headers) or SavedMapping({}, ())
    return SavedMapping(
        {**chosen.nouns, **told.nouns},
        headers,
        told.dates or chosen.dates,
        told.table or (named.table if named else None),
        told.zone or chosen.zone,
    )


def _understood(
    tables: list[Found],
    told: Sequence[SavedMapping],
    *,
    at: datetime,
    usual_zone: str | None,
    kind: str | None = None,
) -> list[Read]:
    """The lines of each table, read by what is told of it.

    tables   emptied, so that no table is held beside its lines
    """
    names = [(name, export) for name, _, export in tables]
    raws = [raw for _, raw, _ in tables]
    tables.clear()
    reads: list[Read] = []
    for (name, export), by in zip(names, told, strict=True):
        now = at + len(reads) * MOMENT
        reading = Reading(date_order=by.dates, kind=kind, recorded_at=now, zone=by.zone)
        reads.append(
            understand(
                raws.pop(0),
                name,
                mapping=by.nouns,
                reading=reading,
                usual_zone=usual_zone,
                export=export,
            )
        )
    return reads


def _tables(sources: Sequence[Source], table: str | None, *, one_by_one: bool) -> list[Found]:
    """The tables at the sources, by name, each with the export that it was recognised as.

    one_by_one   what is told holds for one file only
    """
    if one_by_one and len(sources) > 1:
        raise DataError(
            "a mapping, or the table of a workbook or database, is told of one file: load these "
            "one by one, or save a mapping for each (--save-mapping) and load them together then"
        )
    return recognised([(source_name(one), read_table(one, table=table)) for one in sources])


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
    reads: Sequence[Read],
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
    run, names = runs.run_id(shop.db, "load", at), ", ".join(read.name for read in reads)
    parts = tuple(
        Part(read.name, len(read.lines), read.columns, read.cleaning, read.export) for read in reads
    )
    with shop.transaction() as db:
        appended, new_products = Appended(0, 0, 0, 0), 0
        for read in reads:
            appended += sales.append(db, read.lines, run)
            new_products += products.merge(db, read.lines.drop("status"))  # that of orders
        summary, months = sales.summary(db), sales.months(db, NOT_SOLD)
        strangers = together(unlisted(read.lines, bundles.listings(db)) for read in reads)
        waiting = return_lags(sales.returns(db))
        seconds = time.perf_counter() - start
        counts = {**asdict(appended), "products": new_products}
        cleaning = sum((part.cleaning for part in parts), Cleaning())
        repairs = repairs_of(cleaning) if appended.new or appended.changed else []
        result = {"counts": counts, "repairs": repairs}
        told = {"source": names}
        runs.add(db, Run(run, "load", at, seconds=seconds, settings=told, result=result))
        audit.add(db, at, "tradewind", "load", names, **counts)
        if save is not None:
            mappings.put(db, *save)
        settings.put(db, **{k: v for k, v in (remember or {}).items() if v is not None})
        if "name" not in settings.get(db):
            settings.put(db, name=shop.path.name)
    return Loaded(parts, appended, new_products, summary, months, strangers, waiting, seconds)


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
