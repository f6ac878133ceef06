"""Workspace: a folder with a database, trained models and reports, owned by one process."""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import Self

import duckdb

from tradewind.errors import DataError, WorkspaceBusy
from tradewind.store import schema
from tradewind.store.query import Connection, transaction
from tradewind.store.registry import Registry

DATABASE = "tradewind.duckdb"
CONFIG: dict[str, bool | int | float | str | list[str]] = {
    "preserve_insertion_order": "true",
    "memory_limit": "1GB",
}
"""Beyond its memory the database works on disk, beside its file: what it reads is ours to hold."""
OWNER = "tradewind.owner.json"


class Workspace:
    """A folder: tradewind.duckdb, models/, reports/. Close it, or use it in a `with` block.

    The database itself is locked by the system, so that a process that dies lets go of it; the
    owner file beside it only tells others who holds it. A block that makes a workspace and
    ends in an error before anything was kept in it leaves nothing behind.

    Raises WorkspaceBusy, naming the process, if another one holds it; DataError if the folder is
    not there and `create` is False, or was written by a newer version.
    """

    def __init__(self, path: str | Path, *, create: bool = True) -> None:
        self.path = Path(path).resolve()
        file = self.path / DATABASE
        self._made: tuple[Path, ...] = ()
        if not create and not file.exists():
            raise DataError(
                f"{self.path} is not a workspace (no {DATABASE}); "
                f"run `tradewind load FILE` or `tradewind demo` first, or name one with --workspace"
            )
        if not file.exists():
            folders = (self.reports, self.models, self.path, *self.path.parents)
            self._made = (file, *(f for f in folders if not f.exists()))
        try:
            for folder in (self.path, self.models, self.reports):
                folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise DataError(f"{self.path} cannot be a workspace: {error.strerror}") from error
        self.db = self._open(file)

    @property
    def models(self) -> Path:
        """Folder of trained models, one folder a version."""
        return self.path / "models"

    @property
    def reports(self) -> Path:
        """Folder of reports."""
        return self.path / "reports"

    @property
    def registry(self) -> Registry:
        """Trained models and their versions."""
        return Registry(self.db, self.models)

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """All of the block happens, or none of it."""
        with transaction(self.db):
            yield self.db

    def close(self) -> None:
        """Let go of the workspace."""
        self.db.close()
        (self.path / OWNER).unlink(missing_ok=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        unused = kind is not None and self._made and schema.is_empty(self.db)
        self.close()
        if unused:
            _remove(self._made)

    def _open(self, file: Path) -> Connection:
        db = _connect(file, self.path / OWNER)
        try:
            schema.check_version(db, file)
            have = schema.version_of(db)
            if 0 < have < len(schema.MIGRATIONS):
                db.close()
                schema.back_up(file, have)
                db = _connect(file, self.path / OWNER)
            if have < len(schema.MIGRATIONS):
                schema.migrate(db)
        except BaseException:
            db.close()
            raise
        owner = {"pid": os.getpid(), "command": " ".join(sys.argv)[:200]}
        (self.path / OWNER).write_text(json.dumps(owner), encoding="utf-8")
        return db


def _remove(made: tuple[Path, ...]) -> None:
    """Take away a new database and the folders made for it; one that holds other files stays."""
    database, *folders = made
    for file in (database, database.with_name(f"{database.name}.wal")):
        file.unlink(missing_ok=True)
    for folder in folders:
        with suppress(OSError):  # someone has put something there meanwhile
            folder.rmdir()


def _connect(file: Path, owner: Path) -> Connection:
    try:
        db = duckdb.connect(str(file), config=CONFIG)
    except duckdb.IOException as error:
        if "lock" in str(error).lower():
            raise WorkspaceBusy(_busy(file, owner, str(error))) from error
        raise DataError(f"{file} cannot be opened as a DuckDB database: {error}") from error
    # a bar would be drawn into what we print as JSON; in a notebook without ipywidgets it is off
    # already, and DuckDB refuses to hear of it
    if db.execute("select current_setting('enable_progress_bar')").fetchall() != [(False,)]:
        db.execute("set enable_progress_bar = false")
    return db


def _busy(file: Path, owner: Path, message: str) -> str:
    found = re.search(r"held in (.+?) \(PID (\d+)\)", message)
    pid, command = (int(found[2]), found[1]) if found else (0, "another process")
    try:
        written = json.loads(owner.read_text(encoding="utf-8"))
        if not pid or written["pid"] == pid:
            pid, command = written["pid"], written["command"]
    except (OSError, ValueError, KeyError):
        pass  # the owner file is only a nicer name: what DuckDB says stands
    return (
        f"{file.parent} is held by process {pid} ({command}); "
        f"wait until it ends, or stop it with `kill {pid}`"
    )
