"""The merchant's calendar: rows become entries by day, and what they cannot mean is refused."""

from __future__ import annotations

from datetime import datetime

import numpy as np
import polars as pl
import pytest

from tradewind.data.ahead import stock_caps, with_plans
from tradewind.data.calendars import in_scope, planned
from tradewind.data.others import parse_other
from tradewind.errors import DataError
from tradewind.panel import Panel, dates_from


def entries(**columns: list[str | None]) -> pl.DataFrame:
    rows, _ = parse_other(pl.DataFrame(columns), "calendar", "plan.csv")
    return planned(rows, "plan.csv")


def test_a_plan_becomes_one_entry_a_day_and_name() -> None:
    made = entries(
        product=["a", None],
        start=["2026-03-01", "2026-03-05"],
        end=["2026-03-03", None],
        promotion=["0.2", "0.1"],
        price=["8", None],
    )
    assert made.group_by("name").len().sort("name").rows() == [("price", 3), ("promotion", 4)]
    everywhere = made.filter(pl.col("product").is_null())
    assert everywhere.select("ds", "value").rows() == [(datetime(2026, 3, 5), 0.1)]


def test_a_festival_is_entered_by_phase_in_either_language() -> None:
    made = entries(
        活动=["双11", "双11", "Anniversary"],
        渠道=["tmall", "tmall", None],
        开始日期=["2026-10-24", "2026-11-11", "2026-05-02"],
        结束日期=["2026-10-25", None, None],
        类型=["预售", "爆发期", None],
        折扣=[None, "8折", None],
        状态=["计划", "已确认", None],
    )
    told = made.sort("ds", "name").select("ds", "name", "value", "status", "channel").rows()
    assert told == [
        (datetime(2026, 5, 2), "festival_Anniversary_peak", 1.0, None, None),
        (datetime(2026, 10, 24), "festival_double_11_presale", 1.0, "planned", "tmall"),
        (datetime(2026, 10, 25), "festival_double_11_presale", 1.0, "planned", "tmall"),
        (datetime(2026, 11, 11), "festival_double_11_peak", 1.0, "confirmed", "tmall"),
        (datetime(2026, 11, 11), "promotion", 0.2, "confirmed", "tmall"),
    ]


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"start": ["2026-03-05"], "end": ["2026-03-01"], "price": ["1"]}, "row 2, column 'end'"),
        ({"start": ["2026-03-05"], "product": ["a"]}, "row 2.*wanted a number"),
        ({"start": ["2026-03-05"], "event": ["618"], "kind": ["moon"]}, "'moon'; wanted one of"),
        ({"start": ["2026-03-05"], "price": ["1"], "status": ["maybe"]}, "planned or confirmed"),
        ({"start": ["2026-03-05"], "kind": ["presale"]}, "an event with one of its phases"),
    ],
)
def test_rows_that_mean_nothing_are_named(
    columns: dict[str, list[str | None]], message: str
) -> None:
    with pytest.raises(DataError, match=message):
        entries(**columns)


def test_a_scope_is_a_product_a_category_a_brand_or_all() -> None:
    rows = pl.DataFrame({"scope": ["p1", "Tea", "Nord", "全店", None]})
    known = {"product": ["p1"], "category": ["Tea"], "brand": ["Nord"]}
    assert in_scope(rows, known, "plan.csv").select("product", "category", "brand").rows() == [
        ("p1", None, None),
        (None, "Tea", None),
        (None, None, "Nord"),
        (None, None, None),
        (None, None, None),
    ]
    with pytest.raises(DataError, match=r"plan.csv row 2, column 'scope': 'Teaa'"):
        in_scope(pl.DataFrame({"scope": ["Teaa"]}), known, "plan.csv")


def two_series(freq: str, periods: int) -> Panel:
    ds = dates_from(datetime(2026, 6, 1), periods, freq)
    frame = pl.concat(pl.DataFrame({"unique_id": k, "ds": ds, "y": 5.0}) for k in ("a", "b"))
    static = pl.DataFrame({"unique_id": ["a", "b"], "category": ["Tea", "Rice"]})
    return Panel.from_frame(frame, freq, static)


def test_phases_count_their_days_and_spend_adds_up() -> None:
    made = entries(
        category=["Tea", None],
        start=["2026-06-17", "2026-06-15"],
        end=["2026-06-23", "2026-06-16"],
        event=["618", None],
        kind=["peak", "ads"],
        ad_spend=[None, "50"],
    )
    seen = with_plans(two_series("W-MON", 4), made, 2).frame
    phase = seen.filter(pl.col("unique_id") == "a")["festival_618_peak"].to_list()
    assert phase == [0, 0, 5, 2, 0, 0]
    assert seen.filter(pl.col("unique_id") == "b")["festival_618_peak"].to_list() == [0] * 6
    spend = seen.filter(pl.col("unique_id") == "b")["ad_spend"].to_list()
    assert spend == [0, 0, 100, 0, None, None]


def test_planned_stock_bounds_the_periods_that_it_covers_wholly() -> None:
    made = entries(
        product=["a", "a"],
        start=["2026-06-01", "2026-06-08"],
        end=["2026-06-07", "2026-06-09"],
        stock=["3", "0"],
    )
    static = two_series("W-MON", 1).static
    caps = stock_caps(static, made, dates_from(datetime(2026, 6, 1), 3, "W-MON"), "W-MON")
    assert caps is not None
    assert caps.tolist() == [[21.0, np.inf], [np.inf, np.inf]]
