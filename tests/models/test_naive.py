"""What sold a season ago, and the recent average."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

import numpy as np
import polars as pl
import pytest

from tradewind.errors import UnknownName
from tradewind.models.history import filled, row_quantiles
from tradewind.models.naive import Average, SeasonalNaive, trailing_means
from tradewind.panel import Panel, dates_from
from tradewind.task import DECILES, Roles, Task


def panel(rows: Mapping[str, Sequence[float | None]], freq: str = "D") -> Panel:
    """One series a row, all ending at the same ds."""
    longest = max(len(y) for y in rows.values())
    ds = dates_from(datetime(2024, 1, 1), longest, freq)
    tables = [
        pl.DataFrame(
            {"unique_id": [key] * len(y), "ds": ds[longest - len(y) :], "y": y},
            schema_overrides={"y": pl.Float64},
        )
        for key, y in rows.items()
    ]
    return Panel.from_frame(pl.concat(tables), freq)


def test_the_median_is_the_value_one_season_before() -> None:
    week = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0]
    fitted = SeasonalNaive().fit(panel({"a": week * 3}), Task(h=10))
    np.testing.assert_array_equal(fitted.forecast(10, (0.5,)).median[0], [*week, 1, 2, 3])


def test_the_interval_is_the_series_own_seasonal_differences() -> None:
    rng = np.random.default_rng(0)
    y = np.cumsum(rng.normal(0, 1, 200)) + 50
    fitted = SeasonalNaive(season_length=1).fit(panel({"a": y.tolist()}), Task(h=4))
    got = fitted.forecast(4, DECILES).quantiles[0]
    steps = np.quantile(np.diff(y), DECILES)
    for ahead in range(4):
        slow = y[-1] + np.sqrt(ahead + 1) * (steps - np.median(np.diff(y)))
        np.testing.assert_allclose(got[ahead], slow)


def test_the_average_is_the_mean_of_the_last_periods() -> None:
    y = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0]
    fitted = Average(steps=4).fit(panel({"a": y}, "W-MON"), Task(h=3))
    np.testing.assert_allclose(fitted.forecast(3, (0.5,)).median[0], [6.5, 6.5, 6.5])


def test_four_weeks_is_28_days_where_days_are_counted() -> None:
    y = [100.0] * 12 + [1.0] * 28
    fitted = Average().fit(panel({"a": y}), Task(h=2))
    np.testing.assert_allclose(fitted.forecast(2, (0.5,)).median[0], [1.0, 1.0])


def test_trailing_means_equal_a_plain_loop() -> None:
    rng = np.random.default_rng(1)
    y = np.where(rng.random((3, 12)) < 0.3, np.nan, rng.gamma(2, 5, (3, 12)))
    fast = trailing_means(y, 4)
    for n in range(3):
        for t in range(12):
            seen = [v for v in y[n, max(0, t - 3) : t + 1] if not np.isnan(v)]
            assert fast[n, t] == pytest.approx(np.mean(seen)) if seen else np.isnan(fast[n, t])


def test_row_quantiles_equal_numpy() -> None:
    rng = np.random.default_rng(2)
    y = np.where(rng.random((5, 20)) < 0.3, np.nan, rng.normal(size=(5, 20)))
    np.testing.assert_allclose(row_quantiles(y, DECILES), np.nanquantile(y, DECILES, axis=1).T)


def test_gaps_are_filled_by_the_value_before_and_late_starts_by_the_first() -> None:
    nan = np.nan
    y = np.array([[nan, 2.0, nan, 4.0, nan], [nan] * 5])
    np.testing.assert_array_equal(filled(y), [[2, 2, 2, 4, 4], [0, 0, 0, 0, 0]])


@pytest.mark.parametrize("model", [SeasonalNaive(), Average()])
def test_short_series_are_rescued_and_counted(model: SeasonalNaive | Average) -> None:
    rows: dict[str, list[float | None]] = {
        "long": [float(k % 7) for k in range(60)],
        "short": [5.0],
        "void": [None, None, None],
    }
    fitted = model.fit(panel(rows), Task(h=5))
    assert {r.unique_id for r in fitted.rescues} == {"short", "void"}
    quantiles = fitted.forecast(5, DECILES).quantiles
    assert np.isfinite(quantiles).all()
    assert quantiles[1, 0, 8] > quantiles[1, 0, 0]


def test_only_a_target_of_the_task_is_forecast() -> None:
    past = panel({"a": [1.0, 2.0, 3.0]})
    fitted = SeasonalNaive().fit(past, Task(h=2, roles=Roles(targets=("y",))))
    with pytest.raises(UnknownName, match="'price'"):
        fitted.forecast(2, (0.5,), None, "price")


def test_a_longer_horizon_than_asked_for_in_the_task_is_answered() -> None:
    fitted = SeasonalNaive().fit(panel({"a": [1.0, 2.0] * 20}), Task(h=2))
    assert fitted.forecast(9, (0.1, 0.9)).quantiles.shape == (1, 9, 2)
