"""One way to ask the database and one way to hand it a table."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import duckdb
import polars as pl

Connection = duckdb.DuckDBPyConnection


def select(db: Connection, sql: str, *values: object) -> pl.DataFrame:
    """The rows of a query as a table; `$1`, `$2`, … in `sql` stand for `values`."""
    answer = db.sql(sql, params=list(values)) if values else db.sql(sql)
    table = pl.from_arrow(answer.to_arrow_table())
    assert isinstance(table, pl.DataFrame)
    return table


def change(db: Connection, sql: str, *values: object) -> int:
    """Carry out a statement and return how many rows it touched."""
    rows: list[Any] = db.execute(sql, list(values)).fetchall()
    return int(rows[0][0]) if rows else 0


BATCH = 122_880
"""Rows that a thread of the database takes at once: as many as it stores together."""


class _Lent:
    """A table as a stream of Arrow batches, begun anew for every query that reads it."""

    def __init__(self, table: pl.DataFrame) -> None:
        self.table: pl.DataFrame | None = table

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        assert self.table is not None, "the database reads a table after the block that lent it"
        batches = list(self.table.iter_slices(BATCH)) or [self.table]
        return pl.concat(batches, rechunk=False).__arrow_c_stream__(requested_schema)


@contextmanager
def lent(db: Connection, name: str, table: pl.DataFrame) -> Iterator[None]:
    """`table` can be selected from as `name` inside the block.

    The database keeps what is registered until its transaction ends: the table itself is taken
    from it at the end of the block.
    """
    held = _Lent(table)
    db.register(name, held)
    try:
        yield
    finally:
        db.unregister(name)
        held.table = None


@contextmanager
def transaction(db: Connection) -> Iterator[None]:
    """All of the block happens, or none of it."""
    db.execute("begin transaction").fetchall()
    try:
        yield
    except BaseException:
        db.execute("rollback").fetchall()
        raise
    db.execute("commit").fetchall()


def shaped(table: pl.DataFrame, columns: dict[str, pl.DataType]) -> pl.DataFrame:
    """`table` with exactly these columns; what is missing is null, what is more is left out."""
    return table.select(
        (pl.col(name) if name in table.columns else pl.lit(None)).cast(dtype).alias(name)
        for name, dtype in columns.items()
    )


def to_json(value: object) -> str:
    """JSON of settings and results; dates as ISO text, the characters of every language kept."""
    return json.dumps(value, ensure_ascii=False, default=str, sort_keys=True)
