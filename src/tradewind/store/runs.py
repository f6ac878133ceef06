"""Runs: each load, back-test and forecast, with its settings, what it saw and what came of it."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from tradewind.errors import UnknownName
from tradewind.store.query import Connection, change, select, to_json

CREATE = """
create table runs (
    run_id varchar primary key, kind varchar not null, made_at timestamp not null,
    cutoff timestamp, digest varchar, seconds double, settings varchar, result varchar
);
"""


@dataclass(frozen=True, slots=True)
class Run:
    """One run of a flow.

    run_id     "forecast-20261124-071500-123456": kind and time
    cutoff     last ds that it saw
    digest     digest of the data that it saw
    settings   how to repeat it
    result     what came of it, as tables of plain values
    """

    run_id: str
    kind: str
    made_at: datetime
    cutoff: datetime | None = None
    digest: str = ""
    seconds: float = 0.0
    settings: dict[str, Any] = field(default_factory=dict)
    result: dict[str, Any] = field(default_factory=dict)


def run_id(db: Connection, kind: str, at: datetime) -> str:
    """A name for a run of this kind at this moment that no run has yet."""
    name = f"{kind}-{at:%Y%m%d-%H%M%S-%f}"
    taken = select(db, "select count(*) as n from runs where starts_with(run_id, $1)", name)[0, "n"]
    return f"{name}-{taken + 1}" if taken else name


def add(db: Connection, run: Run) -> None:
    """Keep a run."""
    change(
        db,
        "insert into runs values ($1, $2, $3, $4, $5, $6, $7, $8)",
        run.run_id,
        run.kind,
        run.made_at,
        run.cutoff,
        run.digest,
        run.seconds,
        to_json(run.settings),
        to_json(run.result),
    )


def find(db: Connection, name: str) -> Run:
    """The run of this name. Raises UnknownName."""
    return _one(db, "run_id = $1", name)


def latest(db: Connection, kind: str) -> Run | None:
    """The last run of this kind, None before the first."""
    try:
        return _one(db, "kind = $1", kind)
    except UnknownName:
        return None


def every(db: Connection, kind: str) -> list[Run]:
    """All runs of this kind, oldest first."""
    rows = select(db, "select * from runs where kind = $1 order by made_at", kind)
    return [_run(row) for row in rows.iter_rows(named=True)]


def count(db: Connection) -> int:
    """How many runs there are."""
    return int(select(db, "select count(*) as n from runs")[0, "n"])


def _one(db: Connection, condition: str, value: str) -> Run:
    rows = select(db, f"select * from runs where {condition} order by made_at desc limit 1", value)
    if not len(rows):
        raise UnknownName(f"no run {value!r} in this workspace")
    return _run(rows.row(0, named=True))


def _run(row: dict[str, Any]) -> Run:
    row["settings"], row["result"] = json.loads(row["settings"]), json.loads(row["result"])
    return Run(**row)
