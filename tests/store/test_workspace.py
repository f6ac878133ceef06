"""The workspace: who owns it, how its versions follow, and that a failure leaves no trace."""

from __future__ import annotations

import subprocess
import sys
from datetime import datetime
from pathlib import Path

import polars as pl
import pytest

from tradewind.errors import DataError, UnknownName, WorkspaceBusy
from tradewind.store import Workspace, audit, products, sales, schema, settings, stock, users
from tradewind.store.query import change, select

HOLD = """
import sys, time
from tradewind.store import Workspace
shop = Workspace(sys.argv[1])
print("held", flush=True)
time.sleep(60)
"""


def hold(path: Path) -> subprocess.Popen[str]:
    """A process that holds the workspace until it is killed."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(path)], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    return process


def test_every_table_is_there(tmp_path: Path) -> None:
    with Workspace(tmp_path) as shop:
        found = select(shop.db, "select table_name from information_schema.tables")["table_name"]
    wanted = {"sales", "products", "stock", "supply", "calendar", "runs", "forecasts"}
    wanted |= {"decisions", "overrides", "events", "models", "users", "audit"}
    assert wanted <= set(found)
    assert wanted <= set(schema.TABLES)
    assert (tmp_path / "models").is_dir()
    assert (tmp_path / "reports").is_dir()


def test_the_database_draws_no_progress_bar_into_what_we_print(tmp_path: Path) -> None:
    with Workspace(tmp_path) as shop:
        shown = select(shop.db, "select current_setting('enable_progress_bar') as shown")
    assert not shown[0, "shown"]


def refused(place: Path, kept: str = "", beside: str = "") -> None:
    """A block that makes or opens a workspace, keeps something or nothing, and ends in an error."""
    with Workspace(place) as shop:
        if kept:
            settings.put(shop.db, name=kept)
        if beside:
            (place / beside).write_text("mine")
        raise DataError("refused")


def test_a_new_workspace_that_kept_nothing_goes_with_its_error(tmp_path: Path) -> None:
    place = tmp_path / "deep" / "shop"
    with pytest.raises(DataError):
        refused(place)
    assert not list(tmp_path.iterdir())


def test_a_workspace_that_kept_something_stays_when_a_block_fails(tmp_path: Path) -> None:
    for kept in ("first", ""):
        with pytest.raises(DataError):
            refused(tmp_path, kept)
        with Workspace(tmp_path, create=False) as shop:
            assert settings.get(shop.db) == {"name": "first"}


def test_the_folder_of_a_refused_workspace_keeps_what_others_put_there(tmp_path: Path) -> None:
    with pytest.raises(DataError):
        refused(tmp_path / "shop", beside="notes.txt")
    assert [p.name for p in tmp_path.rglob("*")] == ["shop", "notes.txt"]


def test_the_error_names_the_process_that_holds_it_and_a_dead_one_is_taken_over(
    tmp_path: Path,
) -> None:
    process = hold(tmp_path)
    try:
        with pytest.raises(WorkspaceBusy, match=rf"held by process {process.pid} \(-c"):
            Workspace(tmp_path)
    finally:
        process.kill()
        process.communicate()
    assert (tmp_path / "tradewind.owner.json").exists()  # the dead one could not tidy up
    with Workspace(tmp_path) as shop:
        assert sales.summary(shop.db)["lines"] == 0


def test_an_older_workspace_migrates_after_a_back_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Workspace(tmp_path) as shop:
        settings.put(shop.db, freq="W")
    later = "alter table products add column colour varchar; create table extra (a integer);"
    monkeypatch.setattr(schema, "MIGRATIONS", (*schema.MIGRATIONS, later))
    with Workspace(tmp_path) as shop:
        assert schema.version_of(shop.db) == len(schema.MIGRATIONS)
        assert settings.get(shop.db) == {"freq": "W"}
        assert select(shop.db, "select colour from products").is_empty()
    before = len(schema.MIGRATIONS) - 1
    assert (tmp_path / f"tradewind.v{before}.backup.duckdb").stat().st_size > 0


def test_what_a_version_1_workspace_holds_is_still_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = schema.MIGRATIONS
    monkeypatch.setattr(schema, "MIGRATIONS", now[:1])
    with Workspace(tmp_path) as shop:
        change(
            shop.db,
            """insert into sales (event_id, version, recorded_at, ordered_at, product, quantity)
               values ('a', 1, '2026-01-02', '2026-01-01', 'P', 2), ('a', 2, '2026-01-03',
               '2026-01-01', 'P', 3)""",
        )
        change(shop.db, "insert into products (product, name) values ('P', 'Tea')")
        change(
            shop.db,
            "insert into stock (counted_at, product, on_hand) values ('2026-01-01', 'P', 7)",
        )
    monkeypatch.setattr(schema, "MIGRATIONS", now)
    with Workspace(tmp_path) as shop:
        kept = sales.lines(shop.db)
        assert products.table(shop.db)["name"].to_list() == ["Tea"]
        assert stock.table(shop.db).select("on_hand", "stock").rows() == [(7, 7)]
    assert kept.select("product", "quantity", "restockable").rows() == [("P", 3.0, None)]


def test_a_migration_that_fails_changes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Workspace(tmp_path) as shop:
        settings.put(shop.db, freq="W")
    released = schema.MIGRATIONS
    broken = "create table extra (a integer); select * from nowhere;"
    monkeypatch.setattr(schema, "MIGRATIONS", (*released, broken))
    with pytest.raises(Exception, match="nowhere"):
        Workspace(tmp_path)
    monkeypatch.setattr(schema, "MIGRATIONS", released)
    with Workspace(tmp_path) as shop:
        assert schema.version_of(shop.db) == len(released)
        assert settings.get(shop.db) == {"freq": "W"}


def test_a_newer_workspace_is_refused(tmp_path: Path) -> None:
    with Workspace(tmp_path) as shop:
        change(shop.db, "insert into schema_version values (99)")
    with pytest.raises(DataError, match=rf"schema version 99.*up to {len(schema.MIGRATIONS)}"):
        Workspace(tmp_path)


def test_a_folder_without_a_database_is_refused_unless_one_may_be_made(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="is not a workspace"):
        Workspace(tmp_path / "none", create=False)
    assert not (tmp_path / "none").exists()


def test_a_file_that_is_no_database_is_named(tmp_path: Path) -> None:
    (tmp_path / "tradewind.duckdb").write_text("not a database" * 1000)
    with pytest.raises(DataError, match=r"tradewind\.duckdb"):
        Workspace(tmp_path)


def write_half(shop: Workspace) -> None:
    with shop.transaction() as db:
        settings.put(db, freq="D")
        users.add(db, "Mei", "planner", datetime(2026, 1, 1))
        users.add(db, "Li", "king", datetime(2026, 1, 1))


def test_a_transaction_that_fails_leaves_no_trace(tmp_path: Path) -> None:
    with Workspace(tmp_path) as shop:
        with pytest.raises(UnknownName, match="no role"):
            write_half(shop)
        assert settings.get(shop.db) == {}
        assert users.table(shop.db).is_empty()


def test_the_trail_keeps_what_was_done(tmp_path: Path) -> None:
    with Workspace(tmp_path) as shop:
        audit.add(shop.db, datetime(2026, 1, 2), "Mei", "promote", "units-W", version=3)
        trail = audit.table(shop.db)
    assert trail.rows() == [
        (datetime(2026, 1, 2), "Mei", "promote", "units-W", '{"version": 3}'),
    ]
    assert isinstance(trail, pl.DataFrame)
