"""Tables in databases: DuckDB files, real PostgreSQL and MariaDB servers, and absent ones."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path
from urllib.parse import urlsplit

import duckdb
import polars as pl
import psycopg
import pymysql
import pytest

from tradewind.data.databases import is_url, read_url, safe_name
from tradewind.data.load import load_table
from tradewind.data.read import read
from tradewind.data.servers import ask_mysql, typed
from tradewind.errors import DataError

PASSWORD = "s3cret@word"
URL_PASSWORD = "s3cret%40word"


def _postgresql(url: str, *statements: str) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        for statement in statements:
            connection.execute(statement.encode())


def _mysql(url: str, *statements: str) -> None:
    parts = urlsplit(url)
    connection = pymysql.connect(
        host=parts.hostname,
        port=parts.port or 0,
        user=parts.username,
        password=PASSWORD,
        database="shop",
        autocommit=True,
    )
    with connection, connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)


ORDERS = (
    "create table orders (order_id {whole}, line int, sku {text}, ordered_at {time}, "
    "qty numeric(10, 2), price numeric(10, 2), status {text})",
    "insert into orders values "
    "(1, 1, '商品A', '2024-03-01 10:00:00', 2, 9.50, 'paid'), "
    "(1, 2, 'B', '2024-03-01 10:00:00', 1, 3.25, '已取消'), "
    "(1234567890123456789, 1, 'B', '2024-03-02 11:30:00', 4, null, 'paid')",
    "create table stock as select 'B' as sku, date '2024-03-01' as date, 7 as stock",
)


@pytest.fixture(scope="module", params=["postgresql", "mysql"])
def shop(request: pytest.FixtureRequest) -> str:
    """URL of a database with tables of orders and of stock, on either server."""
    server: str = request.getfixturevalue(request.param)
    if request.param == "postgresql":
        kinds = {"whole": "bigint", "text": "text", "time": "timestamp"}
        _postgresql(f"{server}/postgres", "create database shop")
        _postgresql(f"{server}/shop", *[line.format(**kinds) for line in ORDERS])
        return f"{server}/shop"
    kinds = {"whole": "bigint", "text": "varchar(20)", "time": "datetime"}
    _mysql(server, *[line.format(**kinds) for line in ORDERS])
    return server


@pytest.mark.server
def test_a_table_of_a_server_becomes_lines(shop: str) -> None:
    loaded = load_table(shop, table="orders", zone="Asia/Shanghai")
    lines = loaded.lines
    assert lines["product"].to_list() == ["商品A", "B", "B"]
    assert lines["quantity"].to_list() == [2.0, 1.0, 4.0]
    assert lines["price"].to_list() == [9.5, 3.25, 3.25]
    assert lines["status"].to_list() == ["paid", "cancelled", "paid"]
    assert loaded.cleaning.counts() == {"cancelled": 1, "missing_price": 1}


@pytest.mark.server
def test_a_query_of_a_server_is_read(shop: str) -> None:
    raw = read(shop, table="select sku, sum(qty) as qty from orders group by sku order by 1")
    assert raw["qty"].cast(pl.Float64).to_list() == [5.0, 2.0]
    assert read(shop, table="stock")["stock"].to_list() == [7]


@pytest.mark.server
def test_two_tables_and_none_named_lists_them(shop: str) -> None:
    with pytest.raises(DataError, match=r"2 tables; name one of \['orders', 'stock'\]"):
        read(shop)


@pytest.mark.server
@pytest.mark.parametrize("table", ["gone", "select nothing from orders"])
def test_a_wrong_table_is_told_without_the_password(shop: str, table: str) -> None:
    with pytest.raises(DataError) as caught:
        read(shop, table=table)
    assert "://shop@127.0.0.1" in str(caught.value)
    assert PASSWORD not in str(caught.value)
    assert URL_PASSWORD not in str(caught.value)


@pytest.mark.server
def test_a_wrong_password_is_told_without_it(shop: str) -> None:
    with pytest.raises(DataError) as caught:
        read(shop.replace(URL_PASSWORD, "wr0ngword"), table="orders")
    assert re.search("password authentication failed|Access denied", str(caught.value))
    assert "wr0ngword" not in str(caught.value)


@pytest.mark.server
def test_types_of_a_postgresql_server_are_kept(postgresql: str) -> None:
    asked = (
        "select 7::smallint as a, 1.5::float8 as b, 2.50::numeric(5, 2) as c, true as d, "
        "date '2024-03-01' as e, timestamptz '2024-03-01 10:00:00.5+00' as f, '' as g, "
        "null::text as h, 12345678901234567890::numeric as i, E'x,\"\n%s' as j;"
    )
    table = read(f"{postgresql}/postgres", table=asked)
    when = datetime(2024, 3, 1, 10, 0, 0, 500_000)
    assert table.row(0)[:5] == (7, 1.5, 2.5, True, date(2024, 3, 1))
    assert table.row(0)[6:] == ("", None, "12345678901234567890", 'x,"\n%s')
    assert isinstance(table[0, "f"], datetime)
    assert (table[0, "f"].minute, table[0, "f"].microsecond) == (when.minute, when.microsecond)


@pytest.mark.server
def test_types_of_a_mysql_server_are_kept(mysql: str) -> None:
    _mysql(mysql, "create table flags (flags bit(3))", "insert into flags values (b'101')")
    asked = (
        "select 7 as a, 1.5e0 as b, 2.50 as c, true as d, date '2024-03-01' as e, "
        "timestamp '2024-03-01 10:00:00.5' as f, '' as g, null as h, flags as i, x'00ff' as j, "
        "18446744073709551615 as k, '100%' as l from flags"
    )
    table = read(mysql, table=asked)
    assert table.row(0) == (
        *(7, 1.5, 2.5, 1, date(2024, 3, 1), datetime(2024, 3, 1, 10, 0, 0, 500_000)),
        *("", None, "5", "00ff", "18446744073709551615", "100%"),
    )


@pytest.mark.server
def test_a_server_is_only_read(postgresql: str) -> None:
    server = f"{postgresql}/postgres"
    spoil = "create function spoil() returns int language sql as 'delete from kept returning a'"
    _postgresql(server, "create table kept as select 1 as a", spoil)
    with pytest.raises(DataError, match="read-only transaction"):
        read(server, table="select spoil() as a")
    assert read(server, table="kept")["a"].to_list() == [1]


@pytest.mark.server
def test_two_columns_of_one_name_and_no_rows_are_told(shop: str) -> None:
    with pytest.raises(DataError, match="two columns named 'a'"):
        read(shop, table="select 1 as a, 2 as a")
    with pytest.raises(DataError, match="no rows below"):
        read(shop, table="select sku, qty from orders where line > 99")


def test_a_parameter_of_a_mysql_url_that_is_not_known_is_told() -> None:
    with pytest.raises(DataError, match="parameter 'sslmode' of the MySQL URL"):
        ask_mysql("mysql://me@127.0.0.1/shop?sslmode=require", "select 1")


@pytest.mark.parametrize(
    ("cells", "kind", "dtype"),
    [
        (["2024-03-01", "0000-00-00"], "date", pl.String()),
        (["2024-03-01 10:00:00+08", None], "time", pl.Datetime("us")),
        (["infinity"], "time", pl.String()),
        (["12", "13"], "decimal", pl.String()),
        (["12", "1.5"], "decimal", pl.Float64()),
        (["12"], "whole", pl.Int64()),
    ],
)
def test_cells_that_do_not_fit_stay_text(
    cells: list[str | None], kind: str, dtype: pl.DataType
) -> None:
    column = typed(pl.Series(cells), kind)
    assert column.dtype == dtype
    if dtype == pl.String:
        assert column.to_list() == cells


@pytest.mark.parametrize("scheme", ["postgresql", "mysql"])
def test_a_server_that_is_not_there_is_told_at_once(
    scheme: str, free_port: Callable[[], int]
) -> None:
    port = free_port()
    began = time.monotonic()
    with pytest.raises(DataError) as caught:
        read(f"{scheme}://me:{URL_PASSWORD}@127.0.0.1:{port}/shop", table="orders")
    assert time.monotonic() - began < 6
    assert f"no server answers at 127.0.0.1:{port}" in str(caught.value)
    assert "s3cret" not in str(caught.value)


def test_the_name_of_a_url_has_no_password_and_no_parameters() -> None:
    assert is_url("mysql://h/d")
    assert not is_url("C:\\sales.csv")
    named = safe_name("mysql://me:pw@db.example:3307/shop?password=pw")
    assert named == "mysql://me@db.example:3307/shop"


def test_a_url_without_a_host_or_with_a_broken_port_is_refused() -> None:
    with pytest.raises(DataError, match="names no host"):
        read_url("mysql:///shop", None)
    with pytest.raises(DataError, match="port"):
        read_url("mysql://h:abc/shop", None)


def test_the_only_table_of_a_duckdb_file_needs_no_name(tmp_path: Path) -> None:
    path = tmp_path / "shop.duckdb"
    with duckdb.connect(str(path)) as connection:
        connection.execute(
            "create table sales as select 'A' as sku, date '2024-03-01' as date, 2 as qty"
        )
    assert load_table(path).lines["quantity"].to_list() == [2.0]
    assert read(path, table="select qty + 1 as qty from sales")["qty"].to_list() == [3]


def test_a_table_in_a_schema_of_a_duckdb_file_is_found(tmp_path: Path) -> None:
    path = tmp_path / "shop.duckdb"
    with duckdb.connect(str(path)) as connection:
        connection.execute("create schema raw")
        connection.execute('create table raw."my sales" as select 1 as a')
    assert read(path).columns == ["a"]
    assert read(path, table="raw.my sales")["a"].to_list() == [1]
