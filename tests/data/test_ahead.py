"""The shop's calendar as columns of the past and a plan for what comes."""

from __future__ import annotations

from datetime import datetime

import polars as pl

from tradewind.data.ahead import with_plans
from tradewind.panel import Panel, dates_from

START = datetime(2026, 1, 5)


def panel(freq: str = "D", steps: int = 3) -> Panel:
    frame = pl.DataFrame(
        {
            "unique_id": ["a"] * steps + ["b"] * steps,
            "ds": dates_from(START, steps, freq).tolist() * 2,
            "y": [1.0] * (2 * steps),
            "price": [10.0] * (2 * steps),
        }
    ).with_columns(pl.col("ds").cast(pl.Datetime("us")))
    static = pl.DataFrame({"unique_id": ["a", "b"], "product": ["a", "b"]})
    return Panel.from_frame(frame, freq, static)


def entries(*rows: tuple[int, str | None, str, float]) -> pl.DataFrame:
    return pl.DataFrame(
        [(datetime(2026, 1, day), product, None, None, name, v) for day, product, name, v in rows],
        {
            "ds": pl.Datetime("us"),
            **dict.fromkeys(("product", "channel", "location", "name"), pl.String),
            "value": pl.Float64,
        },
        orient="row",
    )


def test_an_entry_for_one_product_and_one_for_all_meet() -> None:
    made = with_plans(panel(), entries((6, "a", "promotion", 0.3), (6, None, "promotion", 0.1)), 2)
    told = made.frame.filter(pl.col("ds") == datetime(2026, 1, 6))
    assert told["promotion"].to_list() == [0.3, 0.1]
    assert made.frame["promotion"].sum() == 0.4


def test_what_is_planned_after_the_end_has_no_sales() -> None:
    made = with_plans(panel(), entries((9, "b", "promotion", 0.2), (9, "b", "price", 8.0)), 2)
    later = made.frame.filter(pl.col("y").is_null())
    assert later.rows() == [
        ("a", datetime(2026, 1, 8), None, 10.0, 0.0),
        ("a", datetime(2026, 1, 9), None, 10.0, 0.0),
        ("b", datetime(2026, 1, 8), None, 10.0, 0.0),
        ("b", datetime(2026, 1, 9), None, 8.0, 0.2),
    ]
    assert (
        panel().frame["price"].to_list()
        == made.frame.filter(pl.col("y").is_not_null())["price"].to_list()
    )


def test_a_price_that_is_not_entered_is_the_last_regular_one() -> None:
    sold = panel()
    regular = pl.when(pl.col("ds") < pl.col("ds").max()).then(11.0).otherwise(12.0)
    sold = Panel.from_frame(sold.frame.with_columns(regular_price=regular), "D", sold.static)
    made = with_plans(sold, entries((9, "b", "price", 8.0)), 2)
    later = made.frame.filter(pl.col("y").is_null())
    assert later["price"].to_list() == [12.0, 12.0, 12.0, 8.0]
    assert later["regular_price"].null_count() == 4


def test_a_name_without_an_entry_ahead_has_no_plan() -> None:
    made = with_plans(panel(), entries((6, "a", "display", 1.0), (8, "a", "promotion", 0.2)), 2)
    later = made.frame.filter(pl.col("y").is_null())
    assert later["display"].null_count() == len(later) == 4
    assert later["promotion"].to_list() == [0.2, 0.0, 0.0, 0.0]
    beyond = with_plans(panel(), entries((6, "a", "display", 1.0), (20, "a", "display", 1.0)), 2)
    assert beyond.end == panel().end


def test_days_become_the_week_they_lie_in() -> None:
    made = with_plans(
        panel("W-MON"),
        entries((7, "a", "promotion", 0.1), (9, "a", "promotion", 0.4), (14, "a", "price", 6.0)),
        1,
    )
    first = made.frame.filter(pl.col("unique_id") == "a")
    assert first["promotion"].to_list() == [0.4, 0.0, 0.0]
    assert first["price"].to_list() == [10.0, 10.0, 10.0]  # the sales' own price stands


def test_an_empty_calendar_changes_nothing() -> None:
    assert with_plans(panel(), entries(), 2).frame.equals(panel().frame)
