"""Trends: the arithmetic of rising, staying and falling."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import numpy as np
import polars as pl
import pytest

from tradewind.arrays import Floats
from tradewind.backtest import trend
from tradewind.errors import DataError
from tradewind.forecast import Forecast
from tradewind.panel import Panel, dates_from

START = datetime(2026, 1, 5)


def past(*series: list[float | None]) -> Panel:
    frame = pl.concat(
        pl.DataFrame(
            {
                "unique_id": [f"s{k}"] * len(y),
                "ds": dates_from(START, len(y), "D"),
                "y": pl.Series(y, dtype=pl.Float64),
            }
        )
        for k, y in enumerate(series)
    )
    return Panel.from_frame(frame, "D")


def ahead(median: Floats, spread: float = 1.0) -> Forecast:
    quantiles = median[:, :, None] + spread * np.array([-1.0, 0.0, 1.0])
    ids = tuple(f"s{k}" for k in range(len(median)))
    return Forecast(
        ids, dates_from(datetime(2026, 2, 1), median.shape[1], "D"), (0.1, 0.5, 0.9), quantiles
    )


def test_shares_equal_a_plain_loop() -> None:
    rng = np.random.default_rng(1)
    totals, before = rng.gamma(3, 30, (4, 50)), rng.gamma(3, 30, 4)
    for n, row in enumerate(trend.shares(totals, before, 0.1)):
        count = {"rise": 0, "flat": 0, "fall": 0}
        for total in totals[n]:
            growth = total / before[n] - 1
            count["rise" if growth > 0.1 else "fall" if growth < -0.1 else "flat"] += 1
        assert np.allclose(row, np.array(list(count.values())) / 50)


def test_the_largest_likely_change_comes_first() -> None:
    history = past([10.0] * 8, [10.0] * 8, [10.0] * 8)
    table = trend.trends(
        trend.before_of(history, ("s0", "s1", "s2"), "y", 4),
        ahead(np.array([[10.0] * 4, [20.0] * 4, [5.0] * 4])),
        trend.Call(4, paths=500),
        np.random.default_rng(1),
    )
    assert table["unique_id"].to_list() == ["s1", "s2", "s0"]
    assert table["direction"].to_list() == ["rise", "fall", "unclear"]
    assert table["growth"].to_list() == pytest.approx([1.0, -0.5, 0.0], abs=0.02)
    assert np.allclose(table.select("p_rise", "p_flat", "p_fall").sum_horizontal(), 1)


def test_missing_periods_count_as_the_mean_of_the_others() -> None:
    history = past([1.0, 2.0, None, 4.0], [3.0])
    assert trend.before_of(history, ("s0", "s1"), "y", 3).tolist() == pytest.approx(
        [9.0, np.nan], nan_ok=True
    )


def test_what_sold_nothing_before_is_not_called_and_has_no_growth_rate() -> None:
    table = trend.trends(
        np.zeros(1),
        ahead(np.array([[5.0] * 3])),
        trend.Call(3, paths=100),
        np.random.default_rng(1),
    )
    assert table.select("direction", "growth", "p_rise").row(0) == ("unclear", None, 1.0)


def test_a_span_longer_than_the_forecast_is_refused() -> None:
    with pytest.raises(DataError, match="span of 9 steps does not fit a forecast of 3"):
        trend.trends(
            np.ones(1), ahead(np.array([[5.0] * 3])), trend.Call(9), np.random.default_rng(1)
        )


def test_outcomes_are_told_by_the_same_rule() -> None:
    came = trend.outcome(np.array([100.0, 100.0, 100.0]), np.array([111.0, 105.0, 80.0]), 0.1)
    assert came == ["rise", "flat", "fall"]


def test_only_what_is_sure_enough_is_called_and_that_comes_first() -> None:
    history = past([10.0] * 8, [1000.0] * 8, [10.0] * 8)
    before = trend.before_of(history, ("s0", "s1", "s2"), "y", 4)
    medians = np.array([[20.0] * 4, [1060.0] * 4, [10.0] * 4])
    spread = np.array([2.0, 100.0, 0.1])[:, None, None] * np.array([-1.0, 0.0, 1.0])
    forecast = replace(ahead(medians), quantiles=medians[:, :, None] + spread)
    told = trend.trends(before, forecast, trend.Call(4, paths=2000), np.random.default_rng(1))
    chance = dict(zip(told["unique_id"], told["probability"], strict=True))
    for p, direction in told.select("probability", "direction").iter_rows():
        assert (p >= 0.8) == (direction != "unclear")
    assert 0.5 < chance["s1"] < 0.8 <= chance["s0"]
    # the one that is unclear grows by 240 units, the one that is called by 40
    assert told["unique_id"].to_list() == ["s0", "s1", "s2"]
    assert trend.counted(told) == {"rise": 1, "flat": 1, "fall": 0, "unclear": 1}


def test_a_call_needs_more_than_half_and_a_band_of_no_negative_width() -> None:
    for sure in (0.5, 1.1):
        with pytest.raises(DataError, match=r"more than 0\.5 and at most 1"):
            trend.Call(4, sure=sure)
    with pytest.raises(DataError, match="must not be negative"):
        trend.Call(4, flat=-0.1)
