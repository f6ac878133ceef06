"""Trained models: one folder a version, one of them promoted."""

from __future__ import annotations

import json
import re
import shutil
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from tradewind.errors import DataError, UnknownName
from tradewind.store.query import Connection, change, select, to_json, transaction

CREATE = """
create table models (
    name varchar not null, version integer not null, created_at timestamp not null,
    forecaster varchar not null, task varchar not null, digest varchar not null,
    metrics varchar not null, promoted_at timestamp, primary key (name, version)
);
"""

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


@dataclass(frozen=True, slots=True)
class Version:
    """One trained version of a model.

    forecaster    its settings, spelled out
    task          the question it was trained for
    digest        digest of the data it has seen
    metrics       scores of the back-test by name
    promoted_at   when it was last promoted; None if never, or if it was rolled back
    promoted      True for the one that forecasts now
    """

    name: str
    version: int
    created_at: datetime
    forecaster: str
    task: dict[str, Any]
    digest: str
    metrics: dict[str, float] = field(default_factory=dict)
    promoted_at: datetime | None = None
    promoted: bool = False


@dataclass(frozen=True, slots=True)
class Registry:
    """The versions of every model, as rows in the database and folders on the disk.

    The promoted version is the one promoted last; rolling back takes that mark away, so that
    the one before it is promoted again.
    """

    db: Connection
    root: Path

    def folder(self, name: str, version: int) -> Path:
        """Where the files of a version lie."""
        return self.root / name / str(version)

    def add(self, version: Version, write: Callable[[Path], None]) -> Version:
        """Keep a new version and return it with its number.

        `write` puts the files of the model into the folder it is given. They are written beside
        and renamed at the end: a version is there as a whole or not at all.
        """
        if not NAME.fullmatch(version.name):
            raise DataError(
                f"model name {version.name!r} must be letters, digits, '.', '_' or '-' "
                f"and start with a letter or digit"
            )
        self.root.mkdir(parents=True, exist_ok=True)
        number = 1 + max((v.version for v in self.versions(version.name)), default=0)
        place = self.folder(version.name, number)
        beside = Path(tempfile.mkdtemp(prefix=".writing-", dir=self.root))
        try:
            write(beside)
            (beside / "metrics.json").write_text(to_json(version.metrics), encoding="utf-8")
            (beside / "about.json").write_text(
                to_json({"created_at": version.created_at, "digest": version.digest})
            )
            place.parent.mkdir(exist_ok=True)
            if place.exists():  # left by a run that died between the rename and the row
                shutil.rmtree(place)
            beside.rename(place)
        except BaseException:
            shutil.rmtree(beside, ignore_errors=True)
            raise
        change(
            self.db,
            "insert into models values ($1, $2, $3, $4, $5, $6, $7, null)",
            version.name,
            number,
            version.created_at,
            version.forecaster,
            to_json(version.task),
            version.digest,
            to_json(version.metrics),
        )
        return self.find(version.name, number)

    def names(self) -> list[str]:
        """Names of all models, ascending."""
        return select(self.db, "select distinct name from models order by name")["name"].to_list()

    def versions(self, name: str | None = None) -> list[Version]:
        """Every version of one model or of all, oldest first."""
        rows = select(
            self.db,
            """select *, promoted_at is not null and promoted_at = max(promoted_at)
                      over (partition by name) as promoted
               from models where $1::varchar is null or name = $1 order by name, version""",
            name,
        )
        return [_version(row) for row in rows.iter_rows(named=True)]

    def find(self, name: str, version: int | None = None) -> Version:
        """A version, or the promoted one (the newest where none is). Raises UnknownName."""
        versions = self.versions(name)
        if not versions:
            raise UnknownName(f"no model {name!r}; there are {self.names() or 'none yet'}")
        if version is None:
            return next((v for v in versions if v.promoted), versions[-1])
        for found in versions:
            if found.version == version:
                return found
        raise UnknownName(
            f"model {name!r} has no version {version}; there are {[v.version for v in versions]}"
        )

    def promote(self, name: str, version: int, at: datetime) -> Version:
        """Let this version forecast from now on."""
        self.find(name, version)
        change(
            self.db,
            """update models set promoted_at = greatest($1,
                   (select max(promoted_at) + interval 1 microsecond from models where name = $2))
               where name = $2 and version = $3""",
            at,
            name,
            version,
        )
        return self.find(name)

    def rollback(self, name: str) -> Version:
        """Let the version promoted before this one forecast again. Raises DataError without one."""
        before = sorted(
            (v for v in self.versions(name) if v.promoted_at), key=lambda v: str(v.promoted_at)
        )
        if not self.versions(name):
            self.find(name)
        if len(before) < 2:
            raise DataError(
                f"model {name!r} has no version that was promoted before; "
                f"promote one with `tradewind models promote {name} VERSION`"
            )
        change(
            self.db,
            "update models set promoted_at = null where name = $1 and version = $2",
            name,
            before[-1].version,
        )
        return self.find(name)

    def delete(self, name: str, version: int) -> None:
        """Remove a version. Raises DataError for the promoted one."""
        found = self.find(name, version)
        if found.promoted:
            raise DataError(
                f"version {version} of {name!r} is promoted; promote another one or roll back first"
            )
        with transaction(self.db):
            change(self.db, "delete from models where name = $1 and version = $2", name, version)
            shutil.rmtree(self.folder(name, version), ignore_errors=True)

    def leftovers(self) -> list[Path]:
        """Folders without a row, left by runs that were stopped."""
        known = {self.folder(v.name, v.version) for v in self.versions()}
        half = [p for p in self.root.glob(".writing-*") if p.is_dir()]
        whole = [p for p in self.root.glob("*/*") if p.is_dir() and p not in known]
        return sorted(half + [p for p in whole if not p.parent.name.startswith(".")])


def _version(row: dict[str, Any]) -> Version:
    row["task"], row["metrics"] = json.loads(row["task"]), json.loads(row["metrics"])
    return Version(**row)
