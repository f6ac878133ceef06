"""Tables in databases: DuckDB files, a real PostgreSQL server, and words for absent ones."""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import duckdb
import polars as pl
import pytest

from tradewind.data.databases import is_url, read_url, safe_name
from tradewind.data.load import load_table
from tradewind.data.read import read
from tradewind.errors import DataError

PASSWORD = "s3cret@word"
URL_PASSWORD = "s3cret%40word"


def _binaries() -> Path | None:
    """The folder with initdb and postgres, None where they are not installed."""
    found = shutil.which("pg_config")
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    if found:
        told = subprocess.run([found, "--bindir"], capture_output=True, text=True, check=True)
        folders.insert(0, Path(told.stdout.strip()))
    return next((f for f in folders if (f / "initdb").exists() and (f / "postgres").exists()), None)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _another_user() -> dict[str, int]:
    """PostgreSQL refuses to run as root; whom to become instead."""
    if os.getuid() != 0:
        return {}
    names = {entry.pw_name: entry for entry in pwd.getpwall()}
    entry = names.get("postgres") or names["nobody"]
    return {"user": entry.pw_uid, "group": entry.pw_gid}


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    """A PostgreSQL server of our own; yields its URL without a database."""
    binaries = _binaries()
    if binaries is None:
        pytest.skip("no PostgreSQL server binaries (initdb, postgres) on this machine")
    user = _another_user()
    folder = Path(tempfile.mkdtemp(prefix="pg"))
    if user:
        os.chown(folder, user["user"], user["group"])
    secret = folder / "password"
    secret.write_text(PASSWORD)
    secret.chmod(0o644)
    data, port = folder / "data", _free_port()
    initdb = [binaries / "initdb", "-D", data, "-U", "shop", "-A", "scram-sha-256", "-E", "UTF8"]
    subprocess.run(
        [*map(str, initdb), "--pwfile", str(secret), "--locale=C", "--no-sync"],
        check=True, capture_output=True, cwd=folder, **user,  # type: ignore[call-overload]
    )  # fmt: skip
    command = [binaries / "postgres", "-D", data, "-p", port, "-k", folder, "-h", "127.0.0.1", "-F"]
    with (folder / "log").open("w") as log:
        process = subprocess.Popen(
            [str(c) for c in command], stdout=log, stderr=log, cwd=folder, **user  # type: ignore[call-overload]
        )  # fmt: skip
    try:
        _wait_for(port, process, folder / "log")
        yield f"postgresql://shop:{URL_PASSWORD}@127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(30)
        shutil.rmtree(folder, ignore_errors=True)


def _wait_for(port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    for _ in range(300):
        assert process.poll() is None, log.read_text()
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.1)
        else:
            time.sleep(0.5)  # it listens a moment before it lets anyone in
            return
    raise AssertionError(f"PostgreSQL did not come up: {log.read_text()}")


@pytest.fixture(scope="module")
def shop(server: str) -> str:
    """A database `shop` with a table of orders and a view; yields its URL."""
    _run(server, "create database shop")
    _run(
        f"{server}/shop",
        "create table orders (order_id bigint, line int, sku text, ordered_at timestamp, "
        "qty numeric(10, 2), price numeric(10, 2), status text)",
        "insert into orders values "
        "(1, 1, '商品A', '2024-03-01 10:00', 2, 9.50, 'paid'), "
        "(1, 2, 'B', '2024-03-01 10:00', 1, 3.25, '已取消'), "
        "(1234567890123456789, 1, 'B', '2024-03-02 11:30', 4, null, 'paid')",
        "create table stock as select 'B' as sku, date '2024-03-01' as date, 7 as stock",
    )
    return f"{server}/shop"


def _run(url: str, *statements: str) -> None:
    """Run statements through psql of the same installation."""
    binaries = _binaries()
    assert binaries is not None
    database = url if url.count("/") > 2 else f"{url}/postgres"
    for statement in statements:
        done = subprocess.run(
            [str(binaries / "psql"), database, "-v", "ON_ERROR_STOP=1", "-c", statement],
            capture_output=True,
            text=True,
            check=False,
            env={**os.environ, "PGCLIENTENCODING": "UTF8"},
        )
        assert done.returncode == 0, done.stderr


@pytest.mark.server
def test_a_table_of_a_postgresql_server_becomes_lines(shop: str) -> None:
    loaded = load_table(shop, table="orders")
    lines = loaded.lines
    assert lines["product"].to_list() == ["商品A", "B", "B"]
    assert lines["quantity"].to_list() == [2.0, 1.0, 4.0]
    assert lines["price"].to_list() == [9.5, 3.25, 3.25]
    assert lines["status"].to_list() == ["paid", "cancelled", "paid"]
    assert loaded.cleaning.counts() == {"cancelled": 1, "missing_price": 1}


@pytest.mark.server
def test_a_query_of_a_postgresql_server_is_read(shop: str) -> None:
    raw = read(shop, table="select sku, sum(qty) as qty from public.orders group by sku order by 1")
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
    assert "postgresql://shop@127.0.0.1" in str(caught.value)
    assert PASSWORD not in str(caught.value)
    assert URL_PASSWORD not in str(caught.value)


@pytest.mark.slow  # the driver tries again for half a minute
@pytest.mark.server
def test_a_wrong_password_is_told_without_it(shop: str) -> None:
    with pytest.raises(DataError) as caught:
        read(shop.replace(URL_PASSWORD, "wr0ngword"), table="orders")
    assert "password authentication failed" in str(caught.value)
    assert "wr0ngword" not in str(caught.value)


@pytest.mark.parametrize("scheme", ["postgresql", "mysql"])
def test_a_server_that_is_not_there_is_told_at_once(scheme: str) -> None:
    port = _free_port()
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
