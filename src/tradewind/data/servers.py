"""Rows of a PostgreSQL or MySQL server: the answer to one query, as a table."""

from __future__ import annotations

from urllib.parse import parse_qsl, unquote, urlsplit, urlunsplit

import polars as pl

from tradewind.errors import DataError

BATCH = 50_000  # rows of a MySQL answer that are Python objects at a time
TIME = "%Y-%m-%d %H:%M:%S%.f"
OFFSET = r"[+-]\d\d(:?\d\d)*$"
"""The end of a time with a zone: the server's wall clock stands before it."""
MYSQL_OPTIONS = ("ssl_ca", "ssl_cert", "ssl_key", "ssl_verify_cert", "ssl_verify_identity")

POSTGRESQL_KINDS = {
    16: "yes or no",
    **dict.fromkeys((20, 21, 23), "whole"),
    **dict.fromkeys((700, 701), "number"),
    1700: "decimal",
    1082: "date",
    **dict.fromkeys((1114, 1184), "time"),
}
"""Type oid of PostgreSQL (pg_type) → what we read it as; every other type stays text."""
MYSQL_KINDS = {
    **dict.fromkeys((1, 2, 3, 8, 9, 13), "whole"),
    **dict.fromkeys((4, 5), "number"),
    **dict.fromkeys((0, 246), "decimal"),
    **dict.fromkeys((10, 14), "date"),
    **dict.fromkeys((7, 12), "time"),
}
"""Field type of the MySQL protocol → what we read it as; every other type stays text."""


def ask_postgresql(url: str, query: str) -> pl.DataFrame:
    """The answer to a query, read-only: the server writes CSV, which is faster than rows.

    Raises psycopg.Error, whose text may hold the URL.
    """
    import psycopg

    plain = urlunsplit(urlsplit(url)._replace(scheme="postgresql"))
    query = query.strip().rstrip(";")
    with psycopg.connect(plain, client_encoding="utf8") as connection:
        connection.read_only = True
        with connection.cursor() as cursor:
            cursor.execute("set local datestyle = iso")
            cursor.execute(f"select * from (\n{query}\n) as asked limit 0".encode())
            fields = [(column.name, column.type_code) for column in cursor.description or ()]
            told_twice([name for name, _ in fields])
            with cursor.copy(f"copy (\n{query}\n) to stdout (format csv)".encode()) as copy:
                content = b"".join(copy)
    names = [name for name, _ in fields]
    schema = dict.fromkeys(names, pl.String())
    table = pl.DataFrame(schema=schema)
    if content:
        table = pl.read_csv(content, has_header=False, new_columns=names, infer_schema=False)
    return table.select(
        typed(table[name], POSTGRESQL_KINDS.get(code, "text")) for name, code in fields
    )


def ask_mysql(url: str, query: str) -> pl.DataFrame:
    """The answer to a query, read-only, over TLS where the server speaks it.

    Raises pymysql.MySQLError; DataError for a parameter of the URL that is not known.
    """
    import pymysql
    from pymysql.converters import encoders

    parts = urlsplit(url)
    options = dict(parse_qsl(parts.query))
    if unknown := [name for name in options if name not in MYSQL_OPTIONS]:
        raise DataError(
            f"parameter {unknown[0]!r} of the MySQL URL is not known; "
            f"there are {', '.join(MYSQL_OPTIONS)}"
        )
    connection = pymysql.connect(
        host=parts.hostname,
        port=parts.port or 3306,
        user=unquote(parts.username or ""),
        password=unquote(parts.password or ""),
        database=unquote(parts.path.strip("/")) or None,
        charset="utf8mb4",
        init_command="set session transaction read only",
        conv={**encoders, 16: lambda bits: str(int.from_bytes(bits))},  # cells stay text
        cursorclass=pymysql.cursors.SSCursor,
        **options,
    )
    with connection, connection.cursor() as cursor:
        cursor.execute(query)
        fields = [(str(field[0]), int(field[1])) for field in cursor.description]
        names = [name for name, _ in fields]
        told_twice(names)
        batches = [pl.DataFrame(schema=dict.fromkeys(names, pl.Null()))]
        while rows := cursor.fetchmany(BATCH):
            batches.append(pl.DataFrame(rows, names, orient="row", infer_schema_length=None))
    table = pl.concat(batches, how="vertical_relaxed")
    return table.select(typed(table[name], MYSQL_KINDS.get(code, "text")) for name, code in fields)


def told_twice(names: list[str]) -> None:
    """Raise DataError where two columns of an answer have one name."""
    if twice := [name for name in names if names.count(name) > 1]:
        raise DataError(f"the query has two columns named {twice[0]!r}; rename one with `as`")


def typed(column: pl.Series, kind: str) -> pl.Series:
    """Cells as the server calls them; all as text where one of them does not fit.

    A decimal without a point stays text, because it may be an order number longer than a float
    holds; a time with a zone keeps the wall clock of the session; bytes become text, or hex.
    """
    if column.dtype == pl.Binary:
        return _text_of(column)
    column = column.cast(pl.String)
    try:
        if kind == "whole":
            return column.cast(pl.Int64)
        if kind == "number" or (kind == "decimal" and _has_point(column)):
            return column.cast(pl.Float64)
        if kind == "date":
            return column.str.to_date("%Y-%m-%d")
        if kind == "time":
            return column.str.replace(OFFSET, "").str.to_datetime(TIME, time_unit="us")
    except pl.exceptions.PolarsError:
        return column  # a date of zeros, a number beyond 64 bits: for the parser to name the cell
    return column == "t" if kind == "yes or no" else column


def _has_point(column: pl.Series) -> bool:
    return bool(column.str.contains(".", literal=True).any())


def _text_of(column: pl.Series) -> pl.Series:
    try:
        return column.cast(pl.String)
    except pl.exceptions.PolarsError:
        return column.bin.encode("hex")
