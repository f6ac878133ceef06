"""Returns come late: their days are told, and the last days of a channel are provisional."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest

from tradewind.data.load import load_table
from tradewind.data.returns import FEW, provisional_from, return_lags
from tradewind.flows.asked import Question
from tradewind.flows.forecast import forecast
from tradewind.flows.load import load
from tradewind.store import Workspace

EXPORTS = Path(__file__).parent / "exports"
START = date(2025, 5, 1)


def lags_of(channel: str | None, days: range) -> pl.DataFrame:
    table = pl.DataFrame({"return_days": list(days)}, schema={"return_days": pl.Int32})
    return table.select(pl.lit(channel, pl.String).alias("channel"), "return_days")


@pytest.mark.parametrize(
    ("file", "days"),
    [("shopify.json", [None, None, 7, None]), ("amazon-settlement.txt", [None, 5])],
)
def test_a_return_is_held_against_its_order(file: str, days: list[int | None]) -> None:
    assert load_table(EXPORTS / file).lines["return_days"].to_list() == days


def test_a_returned_line_may_say_when_it_came_back(tmp_path: Path) -> None:
    file = tmp_path / "orders.csv"
    file.write_text(
        "order_id,date,sku,quantity,status,退款时间\n"
        "1,2025-05-01,A,1,returned,2025-05-09\n"
        "2,2025-05-01,A,1,paid,2025-05-03\n"  # the money of a part: not returned
        "3,2025-05-04,A,1,returned,\n"
        "4,2025-05-04,A,1,returned,2025-05-02\n",  # before it was ordered: a mistake
        encoding="utf-8",
    )
    assert load_table(file).lines["return_days"].to_list() == [8, None, None, None]


def test_the_lag_holds_95_of_100_returns() -> None:
    returns = [
        lags_of("Tmall", range(1, 21)),
        lags_of(None, range(1, 101)),
        lags_of("JD", range(1, FEW)),
    ]
    assert return_lags(pl.concat(returns)) == {"": 95, "Tmall": 19}
    assert return_lags(lags_of("JD", range(0))) == {}


def test_the_last_days_wait_for_the_slowest_channel() -> None:
    assert provisional_from({"": 3, "Tmall": 7}, date(2025, 6, 30)) == date(2025, 6, 24)
    assert provisional_from({"Tmall": 0}, date(2025, 6, 30)) is None
    assert provisional_from({}, date(2025, 6, 30)) is None


def test_a_load_and_a_forecast_say_what_is_provisional(tmp_path: Path) -> None:
    days = [START + timedelta(days=k) for k in range(60)]
    rows: list[tuple[object, ...]]
    rows = [(f"{k}", day, "A", "Tmall", 3, "paid", None) for k, day in enumerate(days)]
    rows += [
        (f"r{k}", day, "A", "Tmall", 1, "returned", day + timedelta(days=1 + k))
        for k, day in enumerate(days[:20])
    ]
    names = ["order_id", "date", "sku", "channel", "quantity", "status", "returned_at"]
    table = pl.DataFrame(rows, schema=names, orient="row")
    asked = Question(freq="D", h=7, n_windows=1, models=("average",))
    with Workspace(tmp_path) as shop:
        done = load(shop, table, at=datetime(2026, 1, 1))
        assert done.waiting == {"Tmall": 19}
        assert done.to_dict()["waiting_for_returns"] == {"Tmall": 19}
        made = forecast(shop, asked, at=datetime(2026, 1, 1))
    assert made.to_dict()["provisional_from"] == date(2025, 6, 11)  # 19 days up to 29 June
    assert made.seen.panel.frame["y"].sum() == 60 * 3 + 20  # demand is gross
