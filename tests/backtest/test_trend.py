"""Trends: the arithmetic of rising, staying and falling."""

from __future__ import annotations

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
        4,
        0.05,
        500,
        np.random.default_rng(1),
    )
    assert table["unique_id"].to_list() == ["s1", "s2", "s0"]
    assert table["direction"].to_list()[:2] == ["rise", "fall"]
    assert table["growth"].to_list() == pytest.approx([1.0, -0.5, 0.0], abs=0.02)
    assert np.allclose(table.select("p_rise", "p_flat", "p_fall").sum_horizontal(), 1)


def test_missing_periods_count_as_the_mean_of_the_others() -> None:
    history = past([1.0, 2.0, None, 4.0], [3.0])
    assert trend.before_of(history, ("s0", "s1"), "y", 3).tolist() == pytest.approx(
        [9.0, np.nan], nan_ok=True
    )


def test_what_never_sold_rises_without_a_growth_rate() -> None:
    table = trend.trends(
        np.zeros(1), ahead(np.array([[5.0] * 3])), 3, 0.05, 100, np.random.default_rng(1)
    )
    assert table.select("direction", "growth").row(0) == ("rise", None)


def test_a_span_longer_than_the_forecast_is_refused() -> None:
    with pytest.raises(DataError, match="span of 9 steps does not fit a forecast of 3"):
        trend.trends(
            np.ones(1), ahead(np.array([[5.0] * 3])), 9, 0.05, 10, np.random.default_rng(1)
        )


def test_outcomes_are_told_by_the_same_rule() -> None:
    came = trend.outcome(np.array([100.0, 100.0, 100.0]), np.array([111.0, 105.0, 80.0]), 0.1)
    assert came == ["rise", "flat", "fall"]
