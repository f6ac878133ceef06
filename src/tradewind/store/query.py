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


@contextmanager
def lent(db: Connection, name: str, table: pl.DataFrame) -> Iterator[None]:
    """`table` can be selected from as `name` inside the block."""
    db.register(name, table.to_arrow(compat_level=pl.CompatLevel.newest()))  # text is not copied
    try:
        yield
    finally:
        db.unregister(name)


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
