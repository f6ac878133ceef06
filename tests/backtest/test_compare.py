"""Comparing models: the leaderboard, money, the horizon, calibration, and the bootstrap."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

import numpy as np
import polars as pl
import pytest

from tradewind.backtest.compare import (
    calibration_table,
    draw_weights,
    error_by_step,
    leaderboard,
    money_error,
    scaled_losses,
    window_mean,
)
from tradewind.backtest.run import Backtest, backtest
from tradewind.forecast import Forecast
from tradewind.models.naive import Average, SeasonalNaive
from tradewind.panel import Panel
from tradewind.task import Task

TASK = Task(h=4, n_windows=3)


@pytest.fixture
def run(shop: Panel) -> Backtest:
    """Two models and an oracle, whose forecasts are the truth itself."""
    got = backtest(shop, TASK, {"seasonal_naive": SeasonalNaive(), "average": Average()})
    oracle: Mapping[tuple[str, datetime], Forecast] = {
        ("oracle", cutoff): replace(
            got.forecasts["average", cutoff],
            quantiles=np.repeat(got.truths[cutoff][:, :, None], 9, axis=2),
        )
        for cutoff in got.cutoffs
    }
    return replace(got, models=(*got.models, "oracle"), forecasts={**got.forecasts, **oracle})


def test_the_baseline_has_no_skill_and_the_oracle_all(run: Backtest) -> None:
    board = {row["model"]: row for row in leaderboard(run).to_dicts()}
    assert board["seasonal_naive"]["skill"] == 0
    assert board["seasonal_naive"]["skill_low"] == board["seasonal_naive"]["skill_high"] == 0
    assert board["oracle"]["skill"] == 1
    assert (
        board["average"]["skill_low"] < board["average"]["skill"] < board["average"]["skill_high"]
    )


def test_skill_is_the_ratio_of_mean_sql(run: Backtest) -> None:
    board = {row["model"]: row for row in leaderboard(run).to_dicts()}
    expected = 1 - board["average"]["sql"] / board["seasonal_naive"]["sql"]
    assert board["average"]["skill"] == pytest.approx(expected)


def test_the_best_comes_first_and_everything_is_told(run: Backtest) -> None:
    told = replace(run, models=run.models[:2])
    board = leaderboard(told)
    assert board["sql"].is_sorted()
    assert board["windows"].to_list() == [3, 3]
    assert board["failures"].to_list() == [0, 0]
    sql = {m: run.totals.filter(model=m, metric="sql")["value"].to_numpy() for m in told.models}
    skill = 1 - sql["average"] / sql["seasonal_naive"]
    spread = dict(board.select("model", "spread").iter_rows())
    assert spread["average"] == pytest.approx(np.std(skill, ddof=1))


def test_a_model_that_skips_the_hard_window_gains_nothing(run: Backtest) -> None:
    """Its mean SQL may look better; its skill is taken on the windows that both answered."""
    sql = run.totals.filter(model="average", metric="sql").sort("value")
    hard = sql[-1, "cutoff"]
    forecasts = {k: f for k, f in run.forecasts.items() if k != ("average", hard)}
    skipped = (run.totals["model"] == "average") & (run.totals["cutoff"] == hard)
    lazy = replace(run, forecasts=forecasts, totals=run.totals.filter(~skipped))
    board = {row["model"]: row for row in leaderboard(lazy).to_dicts()}
    assert board["average"]["sql"] < sql["value"].mean()
    mine = sql.filter(pl.col("cutoff") != hard)["value"].to_numpy()
    base = run.totals.filter(pl.col("cutoff") != hard, model="seasonal_naive", metric="sql")
    expected = 1 - mine.mean() / base["value"].to_numpy().mean()
    assert board["average"]["skill"] == pytest.approx(expected)


def test_without_the_baseline_there_is_no_skill(run: Backtest) -> None:
    board = leaderboard(run, baseline="ets")
    assert board["skill"].null_count() == 3


def test_bias_and_money_equal_a_plain_loop(run: Backtest) -> None:
    excess, sold, money = 0.0, 0.0, 0.0
    prices = {"a": 1.0, "b": 2.0, "c": 3.0}
    for cutoff in run.cutoffs:
        forecast, truth = run.forecasts["average", cutoff], run.truths[cutoff]
        for n, key in enumerate(run.ids[cutoff]):
            for t in range(4):
                error = float(forecast.median[n, t] - truth[n, t])
                excess, sold = excess + error, sold + float(truth[n, t])
                money += abs(error) * prices[key]
    board = {row["model"]: row for row in leaderboard(run).to_dicts()}
    assert board["average"]["bias"] == pytest.approx(excess / sold)
    assert board["average"]["money_error"] == pytest.approx(money)
    assert money_error(run, "oracle") == 0


def test_without_a_price_there_is_no_money(shop: Panel) -> None:
    bare = Panel.from_frame(shop.frame.drop("price"), "D")
    run = backtest(bare, TASK, {"seasonal_naive": SeasonalNaive()})
    assert leaderboard(run)["money_error"].to_list() == [None]


def test_errors_by_step_average_to_the_error_of_all_steps(run: Backtest) -> None:
    table = error_by_step(run).filter(model="average")
    assert table["step"].to_list() == [1, 2, 3, 4]
    errors = [np.abs(run.truths[c] - run.forecasts["average", c].median) for c in run.cutoffs]
    np.testing.assert_allclose(table["mae"], np.concatenate(errors).mean(axis=0))


def test_calibration_is_the_share_at_or_below_each_quantile(run: Backtest) -> None:
    table = calibration_table(run).filter(model="average")
    assert table["level"].to_list() == list(TASK.levels)
    truth = np.concatenate([run.truths[c] for c in run.cutoffs])
    quantiles = np.concatenate([run.forecasts["average", c].quantiles for c in run.cutoffs])
    np.testing.assert_allclose(table["share"], (truth[:, :, None] <= quantiles).mean(axis=(0, 1)))


def test_the_mean_of_a_draw_equals_a_plain_loop() -> None:
    rng = np.random.default_rng(2)
    counts = rng.integers(0, 5, (6, 3)).astype(float)
    counts[:, 2] = 0  # a window in which nothing was scored
    sums = rng.gamma(2.0, 1.0, (6, 3)) * counts
    for series, windows in draw_weights(6, 3, rng, draws=20):
        got = window_mean(sums, counts, series, windows)
        for b in range(20):
            means, weights = [], []
            for w in range(3):
                steps = sum(series[b, n] * counts[n, w] for n in range(6))
                if steps:
                    means.append(sum(series[b, n] * sums[n, w] for n in range(6)) / steps)
                    weights.append(windows[b, w])
            if sum(weights):
                assert got[b] == pytest.approx(np.average(means, weights=weights))
            else:
                assert np.isnan(got[b])


def test_every_draw_has_as_many_series_and_windows_as_there_are() -> None:
    drawn = list(draw_weights(7, 4, np.random.default_rng(1), draws=150))
    assert sum(len(series) for series, _ in drawn) == 150
    for series, windows in drawn:
        assert (series.sum(axis=1) == 7).all()
        assert (windows.sum(axis=1) == 4).all()


def test_losses_by_series_and_window_add_up_to_sql(run: Backtest) -> None:
    sums, counts = scaled_losses(run, "average")
    sql = run.totals.filter(model="average", metric="sql")["value"].to_numpy()
    np.testing.assert_allclose(sums.sum(axis=0) / counts.sum(axis=0), sql)


def test_the_interval_covers_the_skill_of_fresh_shops() -> None:
    """Of 200 shops drawn from one law, the 80 % interval holds the true skill in about 80 %."""
    rng = np.random.default_rng(4)
    hit = 0
    for _ in range(200):
        ours, theirs = rng.gamma(4.0, 0.2, (2, 60, 1))  # true mean .8 each: no skill
        draws = [
            1
            - window_mean(ours, np.ones_like(ours), *w)
            / window_mean(theirs, np.ones_like(ours), *w)
            for w in draw_weights(60, 1, rng, draws=200)
        ]
        low, high = np.quantile(np.concatenate(draws), (0.1, 0.9))
        hit += bool(low <= 0 <= high)
    assert 140 <= hit <= 180
