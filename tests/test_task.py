"""A window shows the past and the known future, and nothing else."""

from __future__ import annotations

from datetime import datetime, timedelta

import polars as pl
import pytest

from tradewind.errors import NotEnoughHistory, UnknownName
from tradewind.panel import Panel
from tradewind.task import Roles, Task

ROLES = Roles(known=("price",), past=("views",), static=("category",))


def panel(steps: int = 20) -> Panel:
    start = datetime(2024, 1, 1)
    days = [start + timedelta(days=d) for d in range(steps)]
    frame = pl.DataFrame(
        {
            "unique_id": ["a"] * steps,
            "ds": days,
            "y": range(steps),
            "price": [9.5] * steps,
            "views": range(steps),
            "stock": range(steps),
            "note": ["x"] * steps,
        }
    )
    static = pl.DataFrame({"unique_id": ["a"], "category": ["tea"]})
    return Panel.from_frame(frame, "D", static)


def test_a_window_hides_the_truth() -> None:
    window = Task(h=3, roles=ROLES).window(panel(), datetime(2024, 1, 10))
    assert window.past.end == datetime(2024, 1, 10)
    assert window.known.frame.columns == ["unique_id", "ds", "price"]
    assert window.known.frame["ds"].to_list() == [datetime(2024, 1, d) for d in (11, 12, 13)]
    assert "stock" in window.past.frame.columns
    assert "note" not in window.past.frame.columns


def test_tampering_with_the_future_changes_no_window() -> None:
    cutoff = datetime(2024, 1, 10)
    true = panel()
    lie = pl.when(pl.col("ds") > cutoff).then(-1.0)
    false = Panel.from_frame(
        true.frame.with_columns(
            y=lie.otherwise(pl.col("y")),
            views=lie.otherwise(pl.col("views")),
            stock=lie.otherwise(pl.col("stock")),
        ),
        "D",
        true.static,
    )
    task = Task(h=3, roles=ROLES)
    one, two = task.window(true, cutoff), task.window(false, cutoff)
    assert one.known.frame.equals(two.known.frame)
    assert one.past.frame.cast({"views": pl.Float64, "stock": pl.Float64}).equals(
        two.past.frame.cast({"views": pl.Float64, "stock": pl.Float64})
    )


def test_the_last_window_leaves_h_steps() -> None:
    cutoffs = Task(h=3, n_windows=2).cutoffs_of(panel())
    assert cutoffs == (datetime(2024, 1, 14), datetime(2024, 1, 17))
    assert len(Task(h=3).truth(panel(), cutoffs[-1])) == 3


def test_too_many_windows_are_refused() -> None:
    with pytest.raises(NotEnoughHistory, match="9 windows of 3 steps"):
        Task(h=3, n_windows=9).cutoffs_of(panel())


def test_a_role_without_a_column_is_named() -> None:
    with pytest.raises(UnknownName, match="'colour'"):
        list(Task(h=3, roles=Roles(known=("colour",))).windows(panel()))


@pytest.mark.parametrize("levels", [(0.5, 0.1), (0.0, 0.5), (0.5, 0.5)])
def test_levels_must_ascend_within_zero_and_one(levels: tuple[float, ...]) -> None:
    with pytest.raises(ValueError, match="ascend"):
        Task(h=1, levels=levels)
