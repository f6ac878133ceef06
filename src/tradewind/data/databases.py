"""Tables in databases: a DuckDB file, or PostgreSQL and MySQL through a URL."""

from __future__ import annotations

import re
import socket
from pathlib import Path
from urllib.parse import unquote, urlsplit

import duckdb
import polars as pl

from tradewind.data.servers import ask_mysql, ask_postgresql
from tradewind.errors import DataError

PORTS = {"postgresql": 5432, "postgres": 5432, "mysql": 3306}
SYSTEM = ("pg_catalog", "information_schema", "mysql", "performance_schema", "sys")
CONNECT_SECONDS = 5.0


def is_url(source: str) -> bool:
    """Whether `source` names a database server rather than a file."""
    return "://" in source


def safe_name(source: str) -> str:
    """A URL without its password and parameters, fit for messages.

    >>> safe_name("postgresql://me:secret@db.example/shop")
    'postgresql://me@db.example/shop'
    """
    parts = urlsplit(source)
    user = f"{parts.username}@" if parts.username else ""
    port = f":{_port(source)}" if _port(source) else ""
    return f"{parts.scheme}://{user}{parts.hostname or ''}{port}{parts.path}"


def read_duckdb(path: Path, table: str | None) -> pl.DataFrame:
    """One table, view or query of a DuckDB file, opened for reading only."""
    try:
        connection = duckdb.connect(str(path), read_only=True)
    except duckdb.Error as error:
        raise DataError(f"{path.name} cannot be opened as a DuckDB file: {error}") from None
    with connection:
        try:
            names = connection.execute(
                "select case when table_schema = 'main' then table_name "
                "else table_schema || '.' || table_name end from information_schema.tables "
                "where table_catalog = current_database() order by 1"
            ).fetchall()
            chosen = _chosen(path.name, [str(n[0]) for n in names], table)
            result: pl.DataFrame = connection.sql(_query(chosen, '"')).pl()
        except duckdb.Error as error:
            raise DataError(f"{path.name}, table {table!r}: {error}") from None
    return result


def read_url(url: str, table: str | None) -> pl.DataFrame:
    """One table or query of a PostgreSQL or MySQL server.

    Raises DataError, never showing the password, if the scheme is another one, nobody answers at
    the address, or the server refuses.
    """
    scheme = urlsplit(url).scheme.split("+")[0]
    name = safe_name(url)
    if scheme not in PORTS:
        raise DataError(
            f"{name}: databases of kind {scheme!r} are not read; there are {sorted(PORTS)}"
        )
    _knock(url, name, PORTS[scheme])
    quote = "`" if scheme == "mysql" else '"'
    if table is None:
        listing = (
            "select table_schema, table_name from information_schema.tables "
            f"where table_schema not in {SYSTEM} order by 1, 2"
        )
        found = _ask(url, listing, name).rows()
        home = unquote(urlsplit(url).path.strip("/")) if scheme == "mysql" else "public"
        names = [str(t) if s == home else f"{s}.{t}" for s, t in found]
        table = _chosen(name, names, None)
    return _ask(url, _query(table, quote), name)


def _chosen(name: str, tables: list[str], table: str | None) -> str:
    if table is not None:
        if not _is_query(table) and table not in tables:
            raise DataError(f"{name} has no table {table!r}; it has {tables}")
        return table
    if not tables:
        raise DataError(f"{name} has no tables")
    if len(tables) > 1:
        raise DataError(f"{name} has {len(tables)} tables; name one of {tables}")
    return tables[0]


def _is_query(table: str) -> bool:
    return re.match(r"\s*(select|with)\s", table, flags=re.IGNORECASE) is not None


def _query(table: str, quote: str) -> str:
    if _is_query(table):
        return table
    parts = [f"{quote}{p.replace(quote, quote * 2)}{quote}" for p in table.split(".")]
    return f"select * from {'.'.join(parts)}"


def _port(url: str) -> int | None:
    try:
        return urlsplit(url).port
    except ValueError:
        raise DataError("the port in the database URL is not a number") from None


def _knock(url: str, name: str, port: int) -> None:
    """Fail within seconds where nobody listens; the driver itself would retry for half a minute."""
    host = urlsplit(url).hostname
    if not host:
        raise DataError(f"{name} names no host; write scheme://user:password@host:port/database")
    try:
        socket.create_connection((host, _port(url) or port), timeout=CONNECT_SECONDS).close()
    except OSError as error:
        raise DataError(
            f"{name}: no server answers at {host}:{_port(url) or port} ({error}); "
            f"check the address, and that the server runs"
        ) from None


def _ask(url: str, query: str, name: str) -> pl.DataFrame:
    """The answer of the server, or its words of refusal."""
    import psycopg
    import pymysql

    mysql = urlsplit(url).scheme.startswith("mysql")
    try:
        return ask_mysql(url, query) if mysql else ask_postgresql(url, query)
    except psycopg.Error as error:
        said = str(error)
    except pymysql.MySQLError as error:
        said = str(error.args[-1]) if error.args else type(error).__name__
    raise DataError(f"{name}: {_without_password(' '.join(said.split()), url)}")


def _without_password(message: str, url: str) -> str:
    message = message.replace(url, safe_name(url))
    password = urlsplit(url).password
    for secret in {password, unquote(password)} if password else set():
        message = message.replace(secret, "***")
    return message
