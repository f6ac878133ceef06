"""Schema versions of the workspace, and how one becomes the next."""

from __future__ import annotations

import shutil
from pathlib import Path

from tradewind.errors import DataError
from tradewind.store import (
    audit,
    bundles,
    calendar,
    decisions,
    events,
    forecasts,
    launches,
    movements,
    overrides,
    products,
    rates,
    registry,
    runs,
    sales,
    settings,
    stock,
    supply,
    users,
)
from tradewind.store.query import Connection, change, select, transaction

ROOMS = (
    sales, products, stock, supply, calendar, runs, forecasts,
    decisions, overrides, events, registry, users, audit, settings,
)  # fmt: skip

MIGRATIONS: tuple[str, ...] = (
    "\n".join(room.CREATE for room in ROOMS),
    sales.RETURNS,
    rates.CREATE,
    bundles.CREATE,
    launches.CREATE,
    calendar.EVENTS,
    products.ITEMS,
    stock.SELLABLE,
    movements.CREATE,
    sales.PRESALES,
    sales.LAGS,
)
"""SQL that leads from version i to i + 1; the first one starts from nothing.

Once released, an entry never changes, and neither does the CREATE it is made of: a later release
appends `alter table …` here.
"""

TABLES = tuple(
    room.__name__.split(".")[-1].replace("registry", "models")
    for room in (*ROOMS, rates, bundles, launches, movements)
)


def version_of(db: Connection) -> int:
    """Schema version of an open database; 0 where there is none yet."""
    found = select(
        db,
        "select count(*) as n from information_schema.tables where table_name = 'schema_version'",
    )[0, "n"]
    return int(select(db, "select max(version) as v from schema_version")[0, "v"]) if found else 0


def is_empty(db: Connection) -> bool:
    """Whether no table holds a row."""
    return not any(select(db, f"select 1 from {name} limit 1").height for name in TABLES)


def check_version(db: Connection, file: Path) -> None:
    """Raise DataError if the workspace was written by a newer Tradewind."""
    have, know = version_of(db), len(MIGRATIONS)
    if have > know:
        raise DataError(
            f"{file} has schema version {have}; this Tradewind knows versions up to {know}. "
            f"Install the newer Tradewind that wrote it, or open a back-up copy"
        )


def back_up(file: Path, version: int) -> Path:
    """Copy the (closed) database beside itself, named after its version."""
    copy = file.with_name(f"{file.stem}.v{version}.backup.duckdb")
    shutil.copy2(file, copy)
    return copy


def migrate(db: Connection) -> None:
    """Bring an open database to the newest version, in one transaction."""
    with transaction(db):
        change(db, "create table if not exists schema_version (version integer primary key)")
        have = version_of_or_zero(db)
        for version, sql in enumerate(MIGRATIONS[have:], start=have + 1):
            for statement in db.extract_statements(sql):
                db.execute(statement).fetchall()
            change(db, "insert into schema_version values ($1)", version)


def version_of_or_zero(db: Connection) -> int:
    """Version written in the table, 0 where the table is empty."""
    return int(select(db, "select coalesce(max(version), 0) as v from schema_version")[0, "v"])
