"""statsforecast's models behind a guard, a bounded history and processes."""

from __future__ import annotations

from datetime import datetime

import numpy as np
import polars as pl
import pytest

from tradewind.models.classical import ETS, Theta
from tradewind.models.engine import Job, fit_all, fit_one, run, seasonal_index
from tradewind.models.sane import is_wild
from tradewind.panel import Panel, dates_from
from tradewind.task import DECILES, Task


def panel(rows: list[np.ndarray], freq: str) -> Panel:
    ds = dates_from(datetime(2021, 1, 4), len(rows[0]), freq)
    tables = [pl.DataFrame({"unique_id": f"s{k}", "ds": ds, "y": y}) for k, y in enumerate(rows)]
    return Panel.from_frame(pl.concat(tables), freq)


def weekly(years: int, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    t = np.arange(52 * years)
    return np.asarray(
        200 * np.exp(0.4 * np.sin(2 * np.pi * t / 52)) * rng.lognormal(0, 0.05, len(t))
    )


@pytest.mark.parametrize("model", [ETS(), Theta()])
def test_a_weekly_season_is_found(model: ETS | Theta) -> None:
    season = np.tile([20.0, 30.0, 40.0, 50.0, 60.0, 90.0, 100.0], 12)
    y = season + np.random.default_rng(0).normal(0, 1, len(season))
    median = model.fit(panel([y], "D"), Task(h=7)).forecast(7, (0.5,)).median[0]
    np.testing.assert_allclose(median, season[:7], atol=4)


@pytest.mark.parametrize("model", [ETS(), Theta()])
def test_a_year_of_weeks_is_taken_out_before_fitting(model: ETS | Theta) -> None:
    y = weekly(4)
    past, truth = y[:-13], y[-13:]
    fitted = model.fit(panel([past], "W-MON"), Task(h=13, season=1))
    error = np.abs(fitted.forecast(13, (0.5,)).median[0] - truth).mean()
    flat = np.abs(past[-1] - truth).mean()
    assert error < 0.5 * flat


def test_the_index_of_a_long_season_is_the_season_that_was_put_in() -> None:
    index, multiplicative = seasonal_index(weekly(4), 52)
    assert multiplicative
    true = np.exp(0.4 * np.sin(2 * np.pi * np.arange(52) / 52))
    np.testing.assert_allclose(index, true / true.mean(), atol=0.06)


def test_no_index_without_two_seasons_and_none_from_noise() -> None:
    assert len(seasonal_index(weekly(1), 52)[0]) == 0
    noise = np.random.default_rng(0).normal(100, 10, 160)
    assert seasonal_index(noise, 52)[0].std() < seasonal_index(weekly(3), 52)[0].std() / 4


def test_processes_give_the_same_as_this_one() -> None:
    rng = np.random.default_rng(0)
    series = [rng.poisson(20, 40 + 5 * k).astype(float) for k in range(5)]
    job = Job("theta", "STM", 7, 6)
    apart = run(job, series, workers=2, seconds_each=10.0)
    np.testing.assert_allclose(apart, fit_all(job, series))


def test_a_model_that_cannot_be_fitted_is_nan_and_a_rescue() -> None:
    assert np.isnan(fit_one(Job("ets", "MMM", 7, 3), np.array([0.0, 1.0, -2.0] * 10))).all()
    y = np.array([0.0, 1.0, -2.0] * 10)
    fitted = ETS(model="MMM").fit(panel([y], "D"), Task(h=3))
    assert "could not fit" in fitted.rescues[0].reason
    assert np.isfinite(fitted.forecast(3, DECILES).quantiles).all()


def test_only_the_last_observations_are_fitted() -> None:
    rng = np.random.default_rng(1)
    old, new = rng.normal(1000, 5, 400), rng.normal(50, 5, 60)
    both, alone = np.concatenate([old, new]), new
    long = Theta(steps=60).fit(panel([both], "D"), Task(h=5)).forecast(5, DECILES)
    short = Theta(steps=60).fit(panel([alone], "D"), Task(h=5)).forecast(5, DECILES)
    np.testing.assert_allclose(long.quantiles, short.quantiles)


def test_wild_forecasts_are_told_from_sane_ones() -> None:
    y = np.array([[10.0, 20.0, 15.0]] * 3)
    quantiles = np.array([[[12.0, 15.0, 18.0]], [[12.0, 2e13, 3e13]], [[12.0, np.nan, 18.0]]])
    assert is_wild(y, quantiles, (0.1, 0.5, 0.9)).tolist() == [False, True, True]


def test_constant_series_are_not_sent_to_the_models() -> None:
    fitted = ETS().fit(panel([np.full(60, 5.0)], "D"), Task(h=3))
    np.testing.assert_array_equal(fitted.forecast(3, DECILES).quantiles, 5.0)
    assert fitted.rescues == ()
