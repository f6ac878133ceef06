"""Launches: products that have not sold yet are forecast by what they are like."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from tradewind.data.launches import launching
from tradewind.errors import DataError
from tradewind.flows.asked import Question
from tradewind.flows.forecast import Foretold, forecast
from tradewind.flows.load import load
from tradewind.flows.others import load_other
from tradewind.flows.trends import trends
from tradewind.panel import Panel, dates_from
from tradewind.store import Workspace, launches

DAYS, H = 84, 14
START = datetime(2024, 1, 1)
END = datetime(2024, 3, 24)
ASKED = Question(h=H, freq="D", preset="fast", n_windows=2, models=("average",))
RATES = {"slow1": 20, "slow2": 24, "fast1": 190, "fast2": 210}


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workspace]:
    """Two slow and two fast products, and three launches: like one, by category, and too old."""
    rng = np.random.default_rng(0)
    day = dates_from(START, DAYS, "D")
    sales = pl.concat(
        pl.DataFrame({"date": day, "product": name, "quantity": rng.poisson(rate, DAYS)})
        for name, rate in RATES.items()
    ).with_columns(
        pl.col("product").str.slice(0, 4).alias("category"),
        (10 + pl.col("date").dt.day() % 5).alias("price"),
    )
    with Workspace(tmp_path_factory.mktemp("launches")) as shop:
        load(shop, sales)
        load_other(
            shop,
            "launches",
            pl.DataFrame(
                {
                    "product": ["alike", "kindred", "forgotten"],
                    "launch_date": ["2024-03-28", "2024-03-20", "2023-12-01"],
                    "like_sku": ["fast1", None, "fast1"],
                    "factor": [0.5, None, None],
                    "price": [9.0, None, None],
                    "category": [None, "slow", None],
                }
            ),
        )
        yield shop


@pytest.fixture(scope="module")
def made(place: Workspace) -> Foretold:
    return forecast(place, ASKED)


def test_a_launch_sells_as_what_it_is_like_times_its_factor(made: Foretold) -> None:
    median = made.series.select(["alike"]).median[0]
    assert (median[:3] == 0).all(), "it is not on sale before 28 March"
    assert 0.5 * 150 < np.median(median[3:]) < 0.5 * 250


def test_without_a_like_the_category_stands_in(made: Foretold) -> None:
    assert 12 < np.median(made.series.select(["kindred"]).median) < 34


def test_a_launch_that_never_sold_is_forgotten_after_four_weeks(made: Foretold) -> None:
    assert "forgotten" not in made.series.ids


def test_levels_count_launches(place: Workspace) -> None:
    total = forecast(place, Question(**{**ASKED.to_dict(), "level": "category"}))
    slow = total.mean[list(total.forecast.ids).index("slow")].sum()
    members = [i for i, key in enumerate(total.series.ids) if key in ("slow1", "slow2", "kindred")]
    means = total.series.mean(400, np.random.default_rng(20_240_607))[members].sum()
    assert slow == pytest.approx(means)


def test_launches_are_told_and_tabled(made: Foretold) -> None:
    told = made.to_dict()
    assert [(one["product"], one["like"]) for one in told["launches"]] == [
        ("alike", "fast1"),
        ("kindred", None),
    ]
    assert {"alike", "kindred"} <= set(made.table["product"])
    assert {"alike", "kindred"} <= {row["product"] for row in told["summary"]}


def test_trends_leave_launches_out(place: Workspace) -> None:
    assert not {"alike", "kindred"} & set(trends(place, ASKED).named["product"])


def test_a_planned_price_is_the_forecast_price(place: Workspace) -> None:
    priced = forecast(place, Question(**{**ASKED.to_dict(), "target": "price"}))
    assert (priced.series.select(["alike"]).median == 9.0).all()


def test_the_same_launches_again_change_nothing(place: Workspace) -> None:
    before = launches.table(place.db)
    launches.merge(place.db, before)
    assert launches.table(place.db).equals(before)


def test_an_unknown_like_is_named(tmp_path: Path) -> None:
    ds = dates_from(START, 10, "D")
    panel = Panel.from_frame(pl.DataFrame({"unique_id": "a", "ds": ds, "y": 1.0}), "D")
    rows = pl.DataFrame(
        {
            "product": ["new"],
            "channel": [None],
            "launched_at": [END],
            "like": ["b"],
            "factor": [1.0],
            "price": [None],
        },
        schema_overrides={"channel": pl.String, "price": pl.Float64},
    )
    with pytest.raises(DataError, match="'new' is like 'b', which has not sold"):
        launching(panel, rows, pl.DataFrame(), "y", 3)
