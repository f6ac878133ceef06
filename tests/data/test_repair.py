"""What cannot be demand is set apart, and every change is on record."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import polars as pl
import pytest

from tradewind.data.cleaning import LISTED, Cleaning, cleaning_of
from tradewind.data.load import load_table
from tradewind.data.repair import Repairs, repair
from tradewind.errors import DataError

DAY = datetime(2024, 3, 1)


def lines(**columns: list[Any]) -> pl.DataFrame:
    n = len(next(iter(columns.values())))
    base: dict[str, list[Any]] = {
        "event_id": [str(i) for i in range(n)],
        "recorded_at": [None] * n,
        "ordered_at": [DAY + timedelta(days=i) for i in range(n)],
        "product": ["A"] * n,
        **{c: [None] * n for c in ("channel", "location", "customer")},
        "quantity": [1.0] * n,
        "price": [5.0] * n,
        "currency": [None] * n,
        "status": ["paid"] * n,
    }
    text = dict.fromkeys(("channel", "location", "customer", "currency"), pl.String)
    times = {c: pl.Datetime("us") for c in ("recorded_at", "ordered_at")}
    return pl.DataFrame(
        {**base, **columns}, schema_overrides={**text, **times, "price": pl.Float64}
    )


def test_clean_lines_stay_as_they_are() -> None:
    table = lines(quantity=[1.0, 2.0])
    mended, cleaning = repair(table)
    assert mended.equals(table)
    assert cleaning.counts() == {}


def test_exact_duplicates_are_kept_once() -> None:
    table = lines(event_id=["a", "a", "b"], ordered_at=[DAY] * 3)
    mended, cleaning = repair(table)
    assert mended["event_id"].to_list() == ["a", "b"]
    assert cleaning.counts() == {"exact_duplicate": 1}


def test_of_key_duplicates_the_latest_recorded_is_kept() -> None:
    recorded = [DAY + timedelta(days=9), DAY, None]
    table = lines(event_id=["a"] * 3, quantity=[3.0, 2.0, 1.0], recorded_at=recorded)
    mended, cleaning = repair(table)
    assert mended["quantity"].to_list() == [3.0]
    assert cleaning.counts() == {"key_duplicate": 2}
    told = cleaning.entries.select("before", "after").rows()
    assert sorted(told) == [("1 paid", "3 paid"), ("2 paid", "3 paid")]


def test_without_a_time_of_recording_the_last_line_is_kept() -> None:
    mended, _ = repair(lines(event_id=["a", "a", "b"], quantity=[1.0, 2.0, 7.0]))
    assert mended["quantity"].to_list() == [2.0, 7.0]


def test_cancelled_lines_and_returns_stay_apart_from_demand() -> None:
    table = lines(
        status=["paid", "cancelled", "returned", "pending", "paid", "odd"],
        quantity=[1.0, 1.0, 1.0, 1.0, -2.0, 1.0],
    )
    mended, cleaning = repair(table)
    assert mended["status"].to_list() == [
        *("paid", "cancelled", "returned", "pending", "return", "paid")
    ]
    assert cleaning.counts() == {
        "unknown_status": 1,
        "cancelled": 1,
        "pending": 1,
        "returned": 1,
        "negative_quantity": 1,
    }


def test_a_telephone_number_is_no_quantity() -> None:
    quantity = [1.0, 2.0, 1.0, 3.0, 2.0, 1.0, 13_800_138_000.0]
    mended, cleaning = repair(lines(quantity=quantity))
    assert mended["status"].to_list() == ["paid"] * 6 + ["absurd"]
    assert mended["quantity"].to_list() == quantity
    assert cleaning.entries["note"][0].startswith("above ")


def test_a_large_order_is_no_mistake() -> None:
    _, cleaning = repair(lines(quantity=[10.0, 20.0, 15.0, 30.0, 12.0, 1_400.0]))
    assert cleaning.counts() == {}
    _, cleaning = repair(
        lines(quantity=[10.0, 20.0, 15.0, 30.0, 12.0, 1_400.0]), Repairs(times=10.0, deviations=1.0)
    )
    assert cleaning.counts() == {"absurd_quantity": 1}


def test_missing_prices_come_from_before_then_from_after() -> None:
    table = lines(product=["A", "A", "A", "B", "B"], price=[None, 5.0, None, None, None])
    mended, cleaning = repair(table)
    assert mended["price"].to_list() == [5.0, 5.0, 5.0, None, None]
    assert cleaning.counts() == {"missing_price": 2}


def test_missing_prices_come_from_the_same_channel_first() -> None:
    table = lines(channel=["jd", "tmall", "jd", "pdd"], price=[4.0, 9.0, None, None])
    assert repair(table)[0]["price"].to_list() == [4.0, 9.0, 4.0, 4.0]


def test_a_line_without_a_quantity_is_left_out() -> None:
    mended, cleaning = repair(lines(quantity=[1.0, None]))
    assert len(mended) == 1
    assert cleaning.counts() == {"missing_quantity": 1}


def test_nothing_sold_is_an_error() -> None:
    with pytest.raises(DataError, match="cancelled"):
        repair(lines(status=["cancelled", "cancelled"]))


def test_repairing_twice_changes_nothing_more() -> None:
    table = lines(
        event_id=["a", "a", "b", "c"], quantity=[1.0, 2.0, -1.0, 4.0], price=[None, 1.0, 2.0, None]
    )
    once, _ = repair(table)
    assert repair(once)[0].equals(once)


def test_lists_are_capped_and_counts_are_exact() -> None:
    many = pl.DataFrame({"unique_id": ["A"] * (LISTED + 50)})
    cleaning = cleaning_of("outlier", many) + cleaning_of("outlier", many) + Cleaning()
    assert cleaning.counts() == {"outlier": 2 * (LISTED + 50)}
    assert len(cleaning.entries) == LISTED


def test_a_table_is_loaded_with_its_guess_and_its_repairs() -> None:
    frame = pl.DataFrame(
        {"商品": ["A", "A"], "日期": ["2024-03-01"] * 2, "销量": [2, 2], "other": [1, 2]}
    )
    loaded = load_table(frame)
    assert loaded.columns.header("quantity") == "销量"
    assert loaded.cleaning.counts() == {"exact_duplicate": 1}
    assert load_table(frame, mapping={"y": "other"}).lines["quantity"].to_list() == [1.0, 2.0]
    assert load_table(frame, kind="sales").lines["quantity"].sum() == 4.0
    assert load_table(frame, recorded_at=DAY).lines["recorded_at"].to_list() == [DAY]
