"""Phase-out: the last day of a product, and how much of each period it leaves."""

from __future__ import annotations

from datetime import datetime

import numpy as np
import polars as pl

from tradewind.data.phase_out import last_days, shares_left, sold_after, stopping
from tradewind.panel import Panel, dates_from

MONDAY = datetime(2026, 3, 2)


def shop(freq: str = "D", **static: object) -> Panel:
    """Four periods of A, which sold last in the third, and of B, which sells on."""
    ds = dates_from(MONDAY, 4, freq)
    frame = pl.DataFrame(
        {
            "unique_id": ["A"] * 4 + ["B"] * 4,
            "ds": np.tile(ds, 2),
            "y": [1.0, 2.0, 3.0, 0.0, 4.0, 4.0, 4.0, 4.0],
        }
    )
    told = pl.DataFrame({"unique_id": ["A", "B"], "product": ["A", "B"], **static})
    return Panel.from_frame(frame, freq, told)


def days(day: datetime) -> pl.DataFrame:
    return pl.DataFrame({"unique_id": ["A"], "product": ["A"], "last_order_date": [day]})


def test_a_date_counts_and_without_one_the_last_sale_of_what_is_discontinued() -> None:
    told = shop(status=["discontinued", "discontinued"], last_order_date=[None, MONDAY])
    assert last_days(told).rows() == [("A", "A", datetime(2026, 3, 4)), ("B", "B", MONDAY)]
    assert last_days(shop(status=["active", "planned"])).is_empty()
    assert last_days(shop()).is_empty()


def test_a_discontinued_product_of_a_weekly_panel_stops_with_its_last_week() -> None:
    told = shop("W-MON", status=["discontinued", "active"])
    assert last_days(told)["last_order_date"].to_list() == [datetime(2026, 3, 22)]


def test_the_last_week_counts_by_its_days() -> None:
    weeks = dates_from(MONDAY, 3, "W-MON")
    left = shares_left(days(datetime(2026, 3, 11)), ("A", "B"), weeks, "W-MON")
    assert np.allclose(left, np.array([[1, 3 / 7, 0], [1, 1, 1]]))
    april = dates_from(datetime(2026, 3, 1), 2, "MS")
    assert np.allclose(shares_left(days(datetime(2026, 4, 3)), ("A",), april, "MS"), [[1, 0.1]])


def test_the_last_day_itself_is_sold_and_every_hour_of_it() -> None:
    daily = dates_from(MONDAY, 3, "D")
    assert shares_left(days(datetime(2026, 3, 3)), ("A",), daily, "D").tolist() == [[1, 1, 0]]
    hours = dates_from(datetime(2026, 3, 2, 22), 4, "h")
    assert shares_left(days(MONDAY), ("A",), hours, "h").tolist() == [[1, 1, 0, 0]]


def test_what_stops_on_the_last_day_of_the_horizon_or_later_does_not_stop_in_it() -> None:
    for day, found in ((7, ["A"]), (8, [])):
        told = shop(last_order_date=[datetime(2026, 3, day), None])
        assert stopping(told, 3)["unique_id"].to_list() == found


def test_sales_after_the_last_order_date_are_told() -> None:
    told = sold_after(shop(last_order_date=[MONDAY, None]))
    assert told.counts() == {"sold_after_end": 2}
    assert told.entries.select("unique_id", "before", "note").row(0) == (
        "A",
        "2.0",
        "could be ordered until 2026-03-02",
    )
    assert sold_after(shop()).counts() == {}
