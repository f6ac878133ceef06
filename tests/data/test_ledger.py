"""Stock from snapshots and movements: levels and disagreements worked by hand."""

from __future__ import annotations

from datetime import datetime

import numpy as np
import polars as pl
import pytest

from tradewind.data.ledger import disagreements, history
from tradewind.data.snapshots import stale
from tradewind.data.stock_levels import stock_levels
from tradewind.errors import DataError

TEXT, NUMBER, MOMENT = pl.String(), pl.Float64(), pl.Datetime("us")
PLACE: dict[str, pl.DataType] = dict.fromkeys(("product", "channel", "location"), TEXT)
KEYS = pl.DataFrame({"series": [0, 1], "product": ["a", "b"]})


def day(number: float) -> datetime:
    """A moment of March 2026: 3 is the third at midnight, 3.5 at noon."""
    return datetime(2026, 3, int(number), int(24 * (number % 1)))


def counted(*rows: tuple[str, str | None, float, float, float]) -> pl.DataFrame:
    """Snapshots: product, location, day, on hand, can be sold."""
    table = [(p, None, place, day(at), there, free) for p, place, at, there, free in rows]
    names = {**PLACE, "ds": MOMENT, "on_hand": NUMBER, "stock": NUMBER}
    return pl.DataFrame(table, names, orient="row")


def moved(*rows: tuple[str, str | None, float, float]) -> pl.DataFrame:
    """Movements: product, location, day, quantity."""
    table = [(p, None, place, day(at), quantity) for p, place, at, quantity in rows]
    return pl.DataFrame(table, {**PLACE, "ds": MOMENT, "quantity": NUMBER}, orient="row")


def by_day(snapshots: pl.DataFrame, movements: pl.DataFrame, freq: str = "D") -> dict[int, float]:
    """Day of March → what could be sold of `a` at its end."""
    told = stock_levels(history(snapshots, movements), KEYS, ("product",), freq)
    return {ds.day: n for s, ds, n in told.sort("ds").iter_rows() if s == 0}


def test_a_level_is_the_last_snapshot_and_the_movements_after_it() -> None:
    # 100 lie there, 10 of them promised: 90 can be sold on the 1st, 84 on the 2nd and 3rd, 104 then
    snapshots = counted(("a", None, 1, 100, 90))
    movements = moved(("a", None, 2, -6), ("a", None, 4, 20), ("b", None, 5, 1))
    assert by_day(snapshots, movements) == {1: 90, 2: 84, 3: 84, 4: 104, 5: 104}


def test_a_later_snapshot_counts_in_place_of_what_the_ledger_expects() -> None:
    snapshots = counted(("a", None, 1, 100, 100), ("a", None, 3, 80, 80))
    movements = moved(("a", None, 2, -15), ("a", None, 4, -5))
    assert by_day(snapshots, movements) == {1: 100, 2: 85, 3: 80, 4: 75}


def test_a_snapshot_without_a_time_is_taken_at_the_end_of_its_day() -> None:
    movements = moved(("a", None, 1.5, -5), ("a", None, 2.25, -1))
    assert by_day(counted(("a", None, 1, 20, 20)), movements) == {1: 20, 2: 19}
    assert by_day(counted(("a", None, 1.25, 20, 20)), movements) == {1: 15, 2: 14}
    assert by_day(counted(("a", None, 1.5, 20, 20)), movements) == {1: 20, 2: 19}  # counted, too


def test_a_ledger_alone_starts_from_its_first_movement() -> None:
    none = counted()
    assert by_day(none, moved(("a", None, 2, 12), ("a", None, 4, -12))) == {2: 12, 3: 12, 4: 0}


def test_before_the_first_snapshot_the_movements_up_to_it_are_taken_back() -> None:
    movements = moved(("a", None, 2, -3), ("a", None, 4, -2))
    assert by_day(counted(("a", None, 5, 10, 10)), movements) == {2: 12, 3: 12, 4: 10, 5: 10}


def test_without_a_ledger_a_snapshot_speaks_for_its_own_day() -> None:
    assert by_day(counted(("a", None, 1, 9, 7), ("a", None, 4, 0, 0)), moved()) == {1: 7, 4: 0}


def test_places_are_summed_on_days_on_which_one_of_them_was_silent() -> None:
    movements = moved(("a", "SH", 1, 5), ("a", "BJ", 2, 7), ("a", "SH", 3, -5), ("a", "BJ", 3, 0))
    assert by_day(counted(), movements) == {1: 5, 2: 12, 3: 7}


def test_a_week_has_the_level_at_its_end() -> None:
    movements = moved(("a", None, 3, 8), ("a", None, 5, -3), ("a", None, 17, -1))
    assert by_day(counted(), movements, "W-MON") == {2: 5, 9: 5, 16: 4}


def test_movements_follow_the_places_that_the_stock_tells() -> None:
    whole = counted(("a", None, 1, 10, 10))
    assert by_day(whole, moved(("a", "SH", 2, -1), ("a", "BJ", 2, -2))) == {1: 10, 2: 7}
    with pytest.raises(DataError, match="tells locations apart and the movements name none"):
        history(counted(("a", "SH", 1, 10, 10)), moved(("a", None, 2, -1)))


def test_levels_equal_a_plain_walk_through_the_days() -> None:
    rng = np.random.default_rng(4)
    counts = {int(at): float(rng.integers(0, 30)) for at in (1, *rng.integers(2, 28, 6))}
    moves = [(int(at), float(rng.integers(-5, 6))) for at in (*rng.integers(1, 28, 60), 28)]
    level, slow = 0.0, {}
    for at in range(1, 29):
        level += sum(quantity for when, quantity in moves if when == at)
        level = counts.get(at, level)
        slow[at] = level
    snapshots = counted(*[("a", None, at, n + 2, n) for at, n in counts.items()])
    assert by_day(snapshots, moved(*[("a", None, *move) for move in moves])) == slow


def test_disagreements_are_listed_the_largest_first() -> None:
    # a: 100 − 10 − 5 = 85, counted 80; b: 40 + 12 = 52, counted 60; c agrees
    snapshots = counted(
        *(("a", None, 1, 100, 90), ("a", None, 4, 80, 70)),
        *(("b", None, 1, 40, 40), ("b", None, 4, 60, 60)),
        *(("c", None, 1, 5, 5), ("c", None, 4, 5, 1)),
    )
    movements = moved(("a", None, 2, -10), ("a", None, 3, -5), ("b", None, 3, 12))
    found = disagreements(snapshots, movements)
    assert found.select("product", "as_of", "counted", "expected", "difference").rows() == [
        ("b", day(4), 60, 52, 8),
        ("a", day(4), 80, 85, -5),
    ]


def test_nothing_is_expected_where_no_ledger_was_loaded() -> None:
    daily = counted(*[("a", None, at, 50 - at, 50 - at) for at in range(1, 10)])
    assert disagreements(daily, moved()).is_empty()
    told = disagreements(daily, moved(("a", None, 5, -1), ("a", None, 6, -1)))
    assert told["as_of"].to_list() == [day(7)]  # up to then sold 1 a day, as the ledger has it


def test_each_snapshot_is_held_against_the_one_before() -> None:
    snapshots = counted(("a", None, 1, 10, 10), ("a", None, 2, 7, 7), ("a", None, 3, 5, 5))
    movements = moved(("a", None, 2, -1), ("a", None, 3, -2))
    assert disagreements(snapshots, movements).select("as_of", "difference").rows() == [
        (day(2), -2)
    ]


def test_stock_is_old_by_whole_days_before_the_last_sale() -> None:
    told = pl.DataFrame({"product": ["a", "b", "c"], "as_of": [day(1), day(4.5), day(5)]})
    assert stale(told, day(8.75), 3)["product"].to_list() == ["a", "b"]
    assert stale(told, day(8), 4)["product"].to_list() == ["a"]
    assert stale(told, day(1), 0).is_empty()
    assert stale(told, None, 0).is_empty()
