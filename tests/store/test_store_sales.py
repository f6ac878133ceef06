"""Sales lines: the same again changes nothing, a later version counts, money stays exact."""

from __future__ import annotations

import weakref
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import duckdb
import polars as pl
import pytest
from polars.testing import assert_frame_equal

from tradewind.store import Workspace, sales
from tradewind.store.query import Connection, lent, select, transaction
from tradewind.store.sales import Appended

DAY = datetime(2026, 3, 1)


@pytest.fixture
def db(tmp_path: Path) -> Iterator[Connection]:
    with Workspace(tmp_path) as shop:
        yield shop.db


def lines(count: int = 5, **changed: object) -> pl.DataFrame:
    table = pl.DataFrame(
        {
            "event_id": [f"e{i}" for i in range(count)],
            "recorded_at": [DAY] * count,
            "ordered_at": [datetime(2026, 2, 1 + i) for i in range(count)],
            "product": [f"茶{i % 2}" for i in range(count)],
            "customer": [None, *["c"] * (count - 1)],
            "quantity": [1.0 + i for i in range(count)],
            "price": [19.99] * count,
            "currency": ["CNY"] * count,
            "status": ["paid"] * count,
        }
    )
    return table.with_columns(pl.lit(v).alias(k) for k, v in changed.items())


def test_what_is_stored_comes_back(db: Connection) -> None:
    sent = lines()
    sales.append(db, sent, "one")
    assert_frame_equal(sales.lines(db).select(sent.columns), sent)


def test_the_same_lines_again_change_nothing(db: Connection) -> None:
    assert sales.append(db, lines(), "one") == Appended(5, 0, 0, 0)
    assert sales.append(db, lines(7), "two") == Appended(2, 0, 5, 0)
    assert sales.append(db, lines(7), "three") == Appended(0, 0, 7, 0)
    assert select(db, "select count(*) as n from sales")[0, "n"] == 7


def test_a_changed_line_recorded_later_counts_and_both_versions_stay(db: Connection) -> None:
    sales.append(db, lines(), "one")
    later = lines(1, quantity=9.0, recorded_at=datetime(2026, 3, 2))
    assert sales.append(db, later, "two") == Appended(0, 1, 0, 0)
    latest = later.with_columns(recorded_at=pl.lit(datetime(2026, 3, 3)), status=pl.lit("returned"))
    assert sales.append(db, latest, "three") == Appended(0, 1, 0, 0)
    now = sales.lines(db)
    assert len(now) == 5
    assert now.filter(pl.col("event_id") == "e0")["status"].to_list() == ["returned"]
    assert select(db, "select count(*) as n from sales")[0, "n"] == 7


def test_a_changed_line_that_is_not_later_is_left_out_and_counted(db: Connection) -> None:
    sales.append(db, lines(), "one")
    assert sales.append(db, lines(5, quantity=3.0), "two") == Appended(0, 0, 1, 4)
    assert sales.lines(db)["quantity"].sum() == 15


def test_of_two_versions_in_one_load_the_later_counts(db: Connection) -> None:
    both = pl.concat([lines(1, recorded_at=datetime(2026, 4, 1), quantity=8.0), lines(1)])
    assert sales.append(db, both, "one") == Appended(1, 0, 0, 0)
    assert sales.lines(db)["quantity"].to_list() == [8.0]


def test_a_load_in_parts_is_the_load_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    later, other = datetime(2026, 3, 2), pl.col("event_id").is_in(["e1", "e4", "e6"])
    quantity = pl.when(other).then(9.0).otherwise("quantity")
    recorded = pl.when(pl.col("event_id") == "e4").then(pl.lit(later)).otherwise("recorded_at")
    second = lines(9).with_columns(quantity.alias("quantity"), recorded.alias("recorded_at"))
    kept = []
    for part in (sales.PART, 2):
        monkeypatch.setattr(sales, "PART", part)
        with Workspace(tmp_path / str(part)) as shop, shop.transaction() as db:
            sales.append(db, lines(7), "one")
            assert sales.append(db, second, "two") == Appended(2, 1, 4, 2)
            kept.append(select(db, "select * from sales order by event_id, version"))
    assert_frame_equal(*kept)


def test_no_lines_change_nothing(db: Connection) -> None:
    assert sales.append(db, lines(1).clear(), "one") == Appended(0, 0, 0, 0)


def test_what_was_lent_is_let_go_of_before_the_transaction_ends(db: Connection) -> None:
    with transaction(db):
        table = lines(3)
        gone = weakref.ref(table)
        with lent(db, "incoming", table):
            assert select(db, "select sum(quantity) as n from incoming")[0, "n"] == 6
        del table
        assert gone() is None
        with pytest.raises(duckdb.CatalogException):
            select(db, "select * from incoming")


def test_only_the_columns_wanted_are_read_in_the_order_of_all(db: Connection) -> None:
    sales.append(db, lines(), "one")
    wanted = ["product", "quantity", "price", "currency"]
    assert_frame_equal(sales.lines(db, wanted), sales.lines(db).select(wanted))
    assert sales.told(db, ["stock", "price", "views"]) == ["price"]


@pytest.mark.parametrize(
    ("currency", "price", "units"),
    [("CNY", 19.99, 1999), ("JPY", 1980.0, 1980), ("KWD", 1.234, 1234)],
)
def test_money_is_whole_numbers_of_the_smallest_unit(
    db: Connection, currency: str, price: float, units: int
) -> None:
    sales.append(db, lines(1, currency=currency, price=price), "one")
    assert select(db, "select price from sales")[0, "price"] == units
    assert sales.lines(db)[0, "price"] == pytest.approx(price, abs=1e-12)


def test_the_summary_counts_lines_and_products(db: Connection) -> None:
    sales.append(db, lines(), "one")
    told = sales.summary(db)
    assert (told["lines"], told["products"], told["currencies"]) == (5, 2, "CNY")
    assert (told["first"], told["last"]) == (datetime(2026, 2, 1), datetime(2026, 2, 5))
