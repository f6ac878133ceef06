"""The other tables: what goes in comes out, and what comes twice is there once."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from tradewind.decision import Decision, Reason
from tradewind.errors import UnknownName
from tradewind.event import Event
from tradewind.forecast import Forecast
from tradewind.panel import dates_from
from tradewind.store import (
    Workspace,
    calendar,
    decisions,
    events,
    forecasts,
    movements,
    overrides,
    products,
    runs,
    stock,
    supply,
    users,
)
from tradewind.store.query import Connection
from tradewind.store.runs import Run

DAY = datetime(2026, 3, 1)


@pytest.fixture
def db(tmp_path: Path) -> Iterator[Connection]:
    with Workspace(tmp_path) as shop:
        yield shop.db


def test_an_empty_cell_erases_nothing_of_a_known_product(db: Connection) -> None:
    first = pl.DataFrame(
        {"product": ["a", "b"], "name": ["Tea", "Cup"], "unit_cost": [1.25, 3.0]}
    ).with_columns(currency=pl.lit("USD"))
    assert products.merge(db, first) == 2
    second = pl.DataFrame(
        {"product": ["a", "c"], "name": [None, "Pot"], "category": ["Food", "Home"]}
    )
    assert products.merge(db, second) == 1
    assert products.table(db).select("product", "name", "category", "unit_cost").rows() == [
        ("a", "Tea", "Food", 1.25),
        ("b", "Cup", None, 3.0),
        ("c", "Pot", "Home", None),
    ]


def test_a_product_keeps_its_style_status_and_last_day(db: Connection) -> None:
    told = {"product": ["a"], "parent": ["S"], "status": ["discontinued"], "last_order_date": [DAY]}
    products.merge(db, pl.DataFrame(told))
    products.merge(db, pl.DataFrame({"product": ["a"], "name": ["Tea"]}))
    kept = products.table(db).select("parent", "status", "last_order_date", "name")
    assert kept.rows() == [("S", "discontinued", DAY, "Tea")]


def test_the_last_that_a_row_says_of_a_product_counts_across_parts(
    db: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(products, "PART", 2)
    told = pl.DataFrame(
        {
            "product": ["b", "a", None, "a", "b"],
            "name": ["Cup", "Tea", "Nothing", "Green tea", None],
            "unit_cost": [1.25, 300.0, 1.0, None, 2.5],
            "currency": ["USD", "JPY", None, "JPY", "USD"],
        }
    )
    assert products.merge(db, told) == 2
    table = products.table(db)
    assert table["name"].to_list() == ["Green tea", "Cup"]
    assert table["unit_cost"].to_list() == [300.0, 2.5]


def test_a_snapshot_of_the_same_moment_replaces_the_stored_one(db: Connection) -> None:
    counted = pl.DataFrame({"counted_at": [DAY, DAY], "product": ["a", "b"], "on_hand": [4.0, 5.0]})
    assert stock.append(db, counted, "one") == 2
    assert stock.append(db, counted, "two") == 0
    assert stock.append(db, counted.with_columns(on_hand=pl.lit(7.0)), "three") == 2
    assert stock.table(db)["stock"].to_list() == [7.0, 7.0]


def test_what_can_be_sold_is_as_told_else_what_is_not_reserved(db: Connection) -> None:
    told = pl.DataFrame(
        {
            "counted_at": [DAY] * 3,
            "product": ["a", "b", "c"],
            "on_hand": [9.0, 9.0, 9.0],
            "reserved": [2.0, 2.0, None],
            "sellable": [6.0, None, None],
        }
    )
    assert stock.append(db, told, "one") == 3
    assert stock.table(db)["stock"].to_list() == [6.0, 7.0, 9.0]
    assert stock.append(db, told, "two") == 0
    assert stock.append(db, told.with_columns(reserved=pl.lit(3.0)), "three") == 3
    assert stock.table(db)["stock"].to_list() == [6.0, 6.0, 6.0]


def test_equal_movements_of_a_file_all_count_and_a_file_counts_once(db: Connection) -> None:
    moved = pl.DataFrame(
        {"moved_at": [DAY] * 3, "product": ["a", "a", "b"], "quantity": [-1.0] * 3}
    )
    assert movements.append(db, moved, "one") == 3
    assert movements.append(db, moved, "two") == 0
    assert movements.append(db, moved.with_columns(reference=pl.lit("R1")), "three") == 3
    assert movements.table(db).group_by("product").agg(pl.col("quantity").sum()).sort(
        "product"
    ).rows() == [("a", -4.0), ("b", -2.0)]


def test_an_open_purchase_order_is_closed_when_it_arrives(db: Connection) -> None:
    placed = pl.DataFrame(
        {
            "order_id": ["o1"],
            "product": ["a"],
            "ordered_at": [DAY],
            "quantity": [24.0],
            "unit_cost": [0.5],
            "currency": ["USD"],
        }
    )
    supply.merge(db, placed)
    assert supply.table(db)["arrived_at"].to_list() == [None]
    supply.merge(db, placed.with_columns(arrived_at=pl.lit(datetime(2026, 3, 9))))
    assert supply.table(db).select("arrived_at", "unit_cost").rows() == [
        (datetime(2026, 3, 9), 0.5)
    ]


def test_a_plan_for_a_day_replaces_the_one_before(db: Connection) -> None:
    plan = pl.DataFrame(
        {"ds": [DAY, DAY], "product": ["a", None], "name": ["promotion"] * 2, "value": [0.2, 0.1]}
    )
    calendar.merge(db, plan)
    calendar.merge(db, plan.with_columns(value=pl.lit(0.3)))
    assert calendar.table(db).select("product", "value").sort("value", "product").rows() == [
        (None, 0.3),
        ("a", 0.3),
    ]


def test_a_stored_forecast_comes_back(db: Connection) -> None:
    made = Forecast(
        ids=("a", "b"),
        ds=dates_from(DAY, 3, "D"),
        levels=(0.1, 0.5, 0.9),
        quantiles=np.arange(18, dtype=np.float64).reshape(2, 3, 3),
    )
    means = np.arange(6, dtype=np.float64).reshape(2, 3)
    assert forecasts.add(db, "r1", made, "product", means) == 6
    read = forecasts.read(db, "r1")
    assert read.ids == made.ids
    assert read.levels == made.levels
    assert np.array_equal(read.ds, made.ds)
    assert np.array_equal(read.quantiles, made.quantiles)
    assert forecasts.means(db, "r1", "product")["mean"].to_list() == means.ravel().tolist()
    with pytest.raises(UnknownName, match="no forecast at level 'brand'"):
        forecasts.read(db, "r1", "brand")


def test_a_run_is_found_again_and_the_latest_counts(db: Connection) -> None:
    assert runs.latest(db, "forecast") is None
    for day in (1, 2):
        at = datetime(2026, 3, day)
        runs.add(db, Run(runs.run_id(db, "forecast", at), "forecast", at, settings={"h": day}))
    found = runs.latest(db, "forecast")
    assert found is not None
    assert found.settings == {"h": 2}
    assert runs.find(db, "forecast-20260301-000000-000000").settings == {"h": 1}
    again = runs.run_id(db, "forecast", datetime(2026, 3, 1))
    assert again == "forecast-20260301-000000-000000-2"
    with pytest.raises(UnknownName, match="no run 'x'"):
        runs.find(db, "x")


def test_decisions_and_events_come_back_whole(db: Connection) -> None:
    decision = Decision(
        "a",
        "order",
        24.0,
        "pieces",
        Reason("cover", {"days": 9.0}),
        {"fill_rate": 0.97},
        "r1",
        "d1",
    )
    decisions.add(db, DAY, [decision])
    assert decisions.read(db, "r1") == [decision]
    event = Event(DAY, "a", "price", 0.5, 12.0, "CNY", {"price": 3.5})
    events.add(db, [event])
    assert events.read(db) == [event]


def test_the_last_correction_of_a_cell_counts(db: Connection) -> None:
    cell = pl.DataFrame({"unique_id": ["a"], "ds": [DAY], "before": [4.0], "after": [6.0]})
    overrides.add(db, DAY, "Mei", "r1", cell)
    overrides.add(db, datetime(2026, 3, 2), "Li", "r1", cell.with_columns(after=pl.lit(8.0)))
    assert overrides.table(db, "r1").select("after", "who").rows() == [(8.0, "Li")]


def test_a_user_has_a_known_role(db: Connection) -> None:
    users.add(db, "Mei", "planner", DAY)
    users.add(db, "Mei", "admin", DAY)
    assert users.table(db).select("name", "role").rows() == [("Mei", "admin")]
    with pytest.raises(UnknownName, match="no role 'king'"):
        users.add(db, "Li", "king", DAY)
