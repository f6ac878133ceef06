"""A festival that the calendar does not enter is told, and forecast both ways."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from tradewind.features.festivals import FESTIVALS
from tradewind.flows.asked import Question
from tradewind.flows.backtest import models_of
from tradewind.flows.festivals import unentered
from tradewind.flows.forecast import forecast
from tradewind.flows.load import load
from tradewind.flows.others import load_other
from tradewind.flows.shop import see
from tradewind.models.hindsight import Memory
from tradewind.models.uplift import Uplift
from tradewind.panel import Panel, dates_from
from tradewind.store import Workspace, calendar

START, DAYS = datetime(2025, 5, 1), 400
ASKED = Question(h=28, freq="D", preset="fast", n_windows=1, models=("average",), country="CN")
PLAN = {"event": ["618"], "from": ["2025-06-18"], "to": ["2025-06-20"], "kind": ["peak"]}


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Workspace]:
    """Thirteen months to 4 June 2026, five times as much from 18 to 20 June 2025."""
    rng = np.random.default_rng(0)
    day = dates_from(START, DAYS, "D")
    rate = np.full(DAYS, 100.0)
    rate[48:51] = 500.0
    sales = pl.concat(
        pl.DataFrame({"date": day, "product": f"p{k}", "quantity": rng.poisson(rate)})
        for k in range(6)
    )
    with Workspace(tmp_path) as shop:
        load(shop, sales)
        yield shop


def test_both_cases_are_forecast(place: Workspace) -> None:
    load_other(place, "calendar", pl.DataFrame(PLAN))
    made = forecast(place, ASKED).to_dict()
    [case] = made["festivals"]
    assert (case["event"], case["seen"]) == ("618", datetime(2025, 6, 18))
    assert (case["start"], case["end"]) == (datetime(2026, 6, 18), datetime(2026, 6, 20))
    assert case["without"] == pytest.approx(6 * 28 * 100, rel=0.03)
    assert case["with"] - case["without"] == pytest.approx(6 * 3 * 400, rel=0.15)
    assert sum(row["with"] for row in case["products"]) == pytest.approx(case["with"])
    expected = sum(row["expected"] for row in made["summary"])
    assert expected == pytest.approx(case["without"], rel=0.01), "nothing is entered: without it"


def test_an_entry_settles_it(place: Workspace) -> None:
    again = {**PLAN, "from": ["2026-06-16"], "to": ["2026-06-18"], "status": ["planned"]}
    load_other(place, "calendar", pl.DataFrame(PLAN))
    load_other(place, "calendar", pl.DataFrame(again))
    made = forecast(place, ASKED)
    assert made.to_dict()["festivals"] == []
    daily = made.mean.sum(axis=0)
    on = [
        t for t, ds in enumerate(made.forecast.ds) if "2026-06-16" <= str(ds)[:10] <= "2026-06-18"
    ]
    assert daily[on].mean() / daily[0] == pytest.approx(5, rel=0.15)


def test_the_days_of_a_known_festival_need_no_calendar(place: Workspace) -> None:
    [case] = forecast(place, ASKED).to_dict()["festivals"]
    assert case["event"] == "618"
    assert case["with"] > case["without"] + 3000


def test_without_a_country_and_a_calendar_no_festival_is_known(place: Workspace) -> None:
    asked = Question(**{**ASKED.to_dict(), "country": ""})
    assert forecast(place, asked).to_dict()["festivals"] == []


def test_one_that_was_never_lived_through_is_said_to_be_unknown() -> None:
    ds = dates_from(datetime(2026, 1, 1), 90, "D")
    panel = Panel.from_frame(pl.DataFrame({"unique_id": "a", "ds": ds, "y": 1.0}), "D")
    none = pl.DataFrame(schema=calendar.ENTRY)
    [one] = unentered(none, panel, datetime(2026, 6, 10), "CN")
    assert (one.event, one.seen) == ("618", None)
    assert unentered(none, panel, datetime(2026, 5, 20), "CN") == []


def test_a_festival_of_ones_own_comes_again_on_the_same_weekday() -> None:
    ds = dates_from(datetime(2025, 1, 1), 400, "D")
    panel = Panel.from_frame(pl.DataFrame({"unique_id": "a", "ds": ds, "y": 1.0}), "D")
    entry = {"ds": [datetime(2025, 3, 1)], "event": ["Anniversary"], "value": [1.0]}
    own = pl.DataFrame({**entry, "name": ["festival_Anniversary_peak"]})
    own = pl.concat([pl.DataFrame(schema=calendar.ENTRY), own], how="diagonal")
    [one] = unentered(own, panel, datetime(2026, 3, 10), "")
    assert one.start == datetime(2026, 2, 28)
    assert one.start.weekday() == datetime(2025, 3, 1).weekday()


def test_phases_follow_each_other() -> None:
    for festival in FESTIVALS.values():
        (a, b), (c, d), (e, f) = festival.phases.values()
        assert (b + 1, d + 1) == (c, e)
        assert a <= b
        assert e <= f


def test_planned_stock_bounds_units_and_nothing_else(place: Workspace) -> None:
    plan = {"product": ["p0"], "from": ["2026-06-05"], "to": ["2026-06-11"], "stock": ["7"]}
    before = forecast(place, ASKED).series
    load_other(place, "calendar", pl.DataFrame(plan))
    after = forecast(place, ASKED).series
    assert after.select(["p0"]).quantiles[0, :7].max() == 7
    late, early = (made.select(["p0"]).quantiles[:, 7:] for made in (after, before))
    assert np.array_equal(late, early)
    assert np.array_equal(after.select(["p1"]).quantiles, before.select(["p1"]).quantiles)
    demand = Question(**{**ASKED.to_dict(), "target": "demand"})
    assert forecast(place, demand).series.select(["p0"]).median[0, :7].min() > 50


def test_a_plan_of_advertising_is_told(place: Workspace) -> None:
    plan = {"from": ["2026-06-10"], "kind": ["ads"], "ad_spend": ["100"]}
    load_other(place, "calendar", pl.DataFrame(plan))
    assert forecast(place, ASKED).to_dict()["planned"] == ["ad_spend"]


def test_members_and_not_their_ensemble_are_told_of_festivals(place: Workspace) -> None:
    load_other(place, "calendar", pl.DataFrame(PLAN))
    asked = Question(**{**ASKED.to_dict(), "models": ()}).settled(place)
    memory = Memory()
    models = models_of(place, asked, see(place, asked), memory)
    assert isinstance(models["trees"], Uplift)
    assert not isinstance(models["seasonal_naive"], Uplift)
    members = models["ensemble"].inner.members  # type: ignore[attr-defined]
    assert models["trees"] in members, "what it said at earlier cutoffs serves the ensemble, too"
