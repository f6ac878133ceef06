"""Every metric against a plain loop, against utilsforecast, and by its properties."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import polars as pl
import pytest
import utilsforecast.losses as theirs
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from tradewind import metrics
from tradewind.arrays import Floats

N, H, T, SEASON = 5, 6, 30, 7
LEVELS = (0.1, 0.25, 0.5, 0.9)


class Case:
    """Series with gaps; the last one is constant in the past, so it has no scale."""

    def __init__(self, seed: int = 3, gaps: bool = True) -> None:
        rng = np.random.default_rng(seed)
        self.past = rng.gamma(2.0, 5.0, (N, T))
        self.y = rng.gamma(2.0, 5.0, (N, H))
        self.y_hat = rng.gamma(2.0, 5.0, (N, H))
        self.quantiles = np.sort(rng.gamma(2.0, 5.0, (N, H, len(LEVELS))), axis=2)
        if gaps:
            self.past[0, :10] = np.nan
            self.past[1, 15] = np.nan
            self.past[4] = 3.0
            self.y[2, 1] = self.y[3, 4] = np.nan
        self.low, self.high = self.quantiles[:, :, 0], self.quantiles[:, :, -1]
        self.scale = metrics.seasonal_error(self.past, SEASON)
        self.square = metrics.seasonal_error(self.past, SEASON, squared=True)


def cells(y: Floats) -> list[tuple[int, int]]:
    return [(n, t) for n in range(len(y)) for t in range(y.shape[1]) if not math.isnan(y[n, t])]


def loss(y: float, quantile: float, level: float) -> float:
    error = y - quantile
    return level * error if error >= 0 else (level - 1) * error


def mean(values: list[float]) -> float:
    return sum(values) / len(values)


def test_seasonal_error_equals_a_plain_loop() -> None:
    past = Case().past
    for squared, power in ((False, 1), (True, 2)):
        got = metrics.seasonal_error(past, SEASON, squared=squared)
        for n in range(N):
            steps = [abs(past[n, t] - past[n, t - SEASON]) ** power for t in range(SEASON, T)]
            assert got[n] == pytest.approx(mean([s for s in steps if not math.isnan(s)]))


def test_point_metrics_equal_a_plain_loop() -> None:
    c = Case()
    errors = [c.y[n, t] - c.y_hat[n, t] for n, t in cells(c.y)]
    total = sum(abs(c.y[n, t]) for n, t in cells(c.y))
    assert metrics.mae(c.y, c.y_hat) == pytest.approx(mean([abs(e) for e in errors]))
    assert metrics.mse(c.y, c.y_hat) == pytest.approx(mean([e * e for e in errors]))
    assert metrics.rmse(c.y, c.y_hat) == pytest.approx(mean([e * e for e in errors]) ** 0.5)
    assert metrics.bias(c.y, c.y_hat) == pytest.approx(-mean(errors))
    assert metrics.wape(c.y, c.y_hat) == pytest.approx(sum(abs(e) for e in errors) / total)


def test_mase_equals_a_plain_loop() -> None:
    c = Case()
    ratios = [abs(c.y[n, t] - c.y_hat[n, t]) / c.scale[n] for n, t in cells(c.y) if c.scale[n] > 0]
    assert metrics.mase(c.y, c.y_hat, c.scale) == pytest.approx(mean(ratios))


def test_rmsse_equals_a_plain_loop() -> None:
    c = Case()
    roots = []
    for n in range(N - 1):  # the last one has no scale
        squares = [(c.y[n, t] - c.y_hat[n, t]) ** 2 for k, t in cells(c.y) if k == n]
        roots.append(math.sqrt(mean(squares) / c.square[n]))
    assert metrics.rmsse(c.y, c.y_hat, c.square) == pytest.approx(mean(roots))


def test_quantile_metrics_equal_a_plain_loop() -> None:
    c = Case()
    losses, scaled, total = [], [], 0.0
    for n, t in cells(c.y):
        total += abs(c.y[n, t])
        for k, level in enumerate(LEVELS):
            losses.append(loss(c.y[n, t], c.quantiles[n, t, k], level))
            if c.scale[n] > 0:
                scaled.append(2 * losses[-1] / c.scale[n])
    assert metrics.pinball(c.y, c.quantiles, LEVELS) == pytest.approx(mean(losses))
    assert metrics.sql(c.y, c.quantiles, LEVELS, c.scale) == pytest.approx(mean(scaled))
    expected = 2 * sum(losses) / len(LEVELS) / total
    assert metrics.wql(c.y, c.quantiles, LEVELS) == pytest.approx(expected)


def test_interval_metrics_equal_a_plain_loop() -> None:
    c = Case()
    inside, scores = [], []
    for n, t in cells(c.y):
        y, low, high = c.y[n, t], c.low[n, t], c.high[n, t]
        inside.append(1.0 if low <= y <= high else 0.0)
        score = high - low
        if y < low:
            score += 2 / 0.2 * (low - y)
        if y > high:
            score += 2 / 0.2 * (y - high)
        scores.append(score)
    assert metrics.coverage(c.y, c.low, c.high) == pytest.approx(mean(inside))
    assert metrics.winkler(c.y, c.low, c.high, nominal=0.8) == pytest.approx(mean(scores))


def test_calibration_equals_a_plain_loop() -> None:
    c = Case()
    got = metrics.calibration(c.y, c.quantiles)
    for k in range(len(LEVELS)):
        below = [float(c.y[n, t] <= c.quantiles[n, t, k]) for n, t in cells(c.y)]
        assert got[k] == pytest.approx(mean(below))


Pooled = Callable[[Case], metrics.Score]
POOLED: dict[str, tuple[Pooled, Pooled]] = {
    "mae": (lambda c: metrics.mae(c.y, c.y_hat), lambda c: metrics.mae(c.y, c.y_hat, 1)),
    "mse": (lambda c: metrics.mse(c.y, c.y_hat), lambda c: metrics.mse(c.y, c.y_hat, 1)),
    "bias": (lambda c: metrics.bias(c.y, c.y_hat), lambda c: metrics.bias(c.y, c.y_hat, 1)),
    "mase": (
        lambda c: metrics.mase(c.y, c.y_hat, c.scale),
        lambda c: metrics.mase(c.y, c.y_hat, c.scale, 1),
    ),
    "rmsse": (
        lambda c: metrics.rmsse(c.y, c.y_hat, c.square),
        lambda c: metrics.rmsse(c.y, c.y_hat, c.square, 1),
    ),
    "pinball": (
        lambda c: metrics.pinball(c.y, c.quantiles, LEVELS),
        lambda c: metrics.pinball(c.y, c.quantiles, LEVELS, 1),
    ),
    "sql": (
        lambda c: metrics.sql(c.y, c.quantiles, LEVELS, c.scale),
        lambda c: metrics.sql(c.y, c.quantiles, LEVELS, c.scale, 1),
    ),
    "coverage": (
        lambda c: metrics.coverage(c.y, c.low, c.high),
        lambda c: metrics.coverage(c.y, c.low, c.high, 1),
    ),
    "winkler": (
        lambda c: metrics.winkler(c.y, c.low, c.high, 0.8),
        lambda c: metrics.winkler(c.y, c.low, c.high, 0.8, 1),
    ),
}


@pytest.mark.parametrize("name", POOLED)
def test_without_gaps_the_pooled_score_is_the_mean_over_series(name: str) -> None:
    case = Case(gaps=False)
    pooled, by_series = POOLED[name]
    assert np.shape(by_series(case)) == (N,)
    assert pooled(case) == pytest.approx(np.mean(by_series(case)))


def test_shares_of_one_series_are_its_own() -> None:
    c = Case()
    for n in range(N):
        one = slice(n, n + 1)
        alone = metrics.wape(c.y[one], c.y_hat[one])
        assert np.asarray(metrics.wape(c.y, c.y_hat, axis=1))[n] == pytest.approx(alone)
        alone = metrics.wql(c.y[one], c.quantiles[one], LEVELS)
        assert np.asarray(metrics.wql(c.y, c.quantiles, LEVELS, 1))[n] == pytest.approx(alone)


def long(c: Case) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Forecasts and past in the long form that utilsforecast reads."""
    ids = np.repeat(np.arange(N), H)
    table = pl.DataFrame(
        {
            "unique_id": ids,
            "ds": np.tile(np.arange(T, T + H), N),
            "y": c.y.ravel(),
            "m": c.y_hat.ravel(),
            "m-lo-80": c.low.ravel(),
            "m-hi-80": c.high.ravel(),
        }
    ).with_columns(pl.Series(f"m-q{k}", c.quantiles[:, :, k].ravel()) for k in range(len(LEVELS)))
    past = pl.DataFrame(
        {
            "unique_id": np.repeat(np.arange(N), T),
            "ds": np.tile(np.arange(T), N),
            "y": c.past.ravel(),
        }
    )
    return table, past


def test_point_metrics_equal_utilsforecast() -> None:
    c = Case(gaps=False)
    table, past = long(c)
    pairs = [
        (metrics.mae(c.y, c.y_hat, 1), theirs.mae(table, ["m"])),
        (metrics.mse(c.y, c.y_hat, 1), theirs.mse(table, ["m"])),
        (metrics.rmse(c.y, c.y_hat, 1), theirs.rmse(table, ["m"])),
        (metrics.wape(c.y, c.y_hat, 1), theirs.wape(table, ["m"])),
        (metrics.bias(c.y, c.y_hat, 1), theirs.bias(table, ["m"])),
        (metrics.mase(c.y, c.y_hat, c.scale, 1), theirs.mase(table, ["m"], SEASON, past)),
        (metrics.rmsse(c.y, c.y_hat, c.square, 1), theirs.rmsse(table, ["m"], SEASON, past)),
    ]
    for ours, other in pairs:
        np.testing.assert_allclose(ours, other.sort("unique_id")["m"].to_numpy(), rtol=1e-9)


def test_distribution_metrics_equal_utilsforecast() -> None:
    c = Case(gaps=False)
    table, past = long(c)
    columns = [f"m-q{k}" for k in range(len(LEVELS))]
    levels = np.array(LEVELS)
    pinball = metrics.pinball(c.y, c.quantiles, LEVELS, 1)
    scaled = np.asarray(metrics.sql(c.y, c.quantiles, LEVELS, c.scale, 1)) / 2
    pairs = [
        (pinball, theirs.mqloss(table, {"m": columns}, levels)),
        (scaled, theirs.scaled_mqloss(table, {"m": columns}, levels, SEASON, past)),
        (
            metrics.wql(c.y, c.quantiles, LEVELS, 1),
            theirs.scaled_crps(table, {"m": columns}, levels),
        ),
        (metrics.coverage(c.y, c.low, c.high, 1), theirs.coverage(table, ["m"], 80)),
        (metrics.winkler(c.y, c.low, c.high, 0.8, 1), theirs.winkler_score(table, ["m"], 80)),
    ]
    for ours, other in pairs:
        np.testing.assert_allclose(ours, other.sort("unique_id")["m"].to_numpy(), rtol=1e-9)


matrices = hnp.arrays(np.float64, (3, 4), elements=st.floats(-1e3, 1e3))


@given(matrices, matrices)
def test_no_loss_is_negative_and_a_perfect_forecast_loses_nothing(y: Floats, q: Floats) -> None:
    stacked = np.sort(np.stack([q, q + 1, q + 2], axis=2), axis=2)
    perfect = np.repeat(y[:, :, None], 3, axis=2)
    levels = (0.1, 0.5, 0.9)
    assert metrics.pinball(y, stacked, levels) >= 0
    assert metrics.pinball(y, perfect, levels) == 0
    assert metrics.mae(y, q) >= 0
    assert metrics.mae(y, y) == 0
    assert metrics.coverage(y, y, y) == 1


@given(matrices, matrices)
def test_pinball_at_the_median_is_half_the_absolute_error(y: Floats, q: Floats) -> None:
    half = np.asarray(metrics.mae(y, q)) / 2
    assert metrics.pinball(y, q[:, :, None], (0.5,)) == pytest.approx(float(half))


@given(matrices, matrices, st.permutations(range(3)))
def test_the_order_of_series_does_not_matter(y: Floats, q: Floats, order: list[int]) -> None:
    scale = np.array([1.0, 2.0, np.nan])
    a = metrics.mase(y, q, scale)
    b = metrics.mase(y[order], q[order], scale[order])
    assert a == pytest.approx(b)
    assert metrics.rmse(y, q) == pytest.approx(metrics.rmse(y[order], q[order]))


@given(matrices, matrices, st.floats(0.1, 100))
def test_scaled_metrics_do_not_know_the_unit(y: Floats, q: Floats, unit: float) -> None:
    scale = np.array([1.0, 2.0, 3.0])
    assert metrics.mase(y * unit, q * unit, scale * unit) == pytest.approx(
        metrics.mase(y, q, scale), abs=1e-9
    )


def test_equal_quantiles_make_sql_the_mase() -> None:
    c = Case()
    flat = np.repeat(c.y_hat[:, :, None], 9, axis=2)
    levels = tuple(k / 10 for k in range(1, 10))
    assert metrics.sql(c.y, flat, levels, c.scale) == pytest.approx(
        metrics.mase(c.y, c.y_hat, c.scale)
    )


def test_a_missing_forecast_is_not_skipped() -> None:
    c = Case()
    c.y_hat[0, 0] = np.nan
    c.quantiles[0, 0, 0] = np.nan
    assert np.isnan(metrics.mae(c.y, c.y_hat))
    assert np.isnan(metrics.rmsse(c.y, c.y_hat, c.square))
    assert np.isnan(metrics.pinball(c.y, c.quantiles, LEVELS))
    assert np.isnan(metrics.coverage(c.y, c.low, c.high))


def test_nothing_to_score_is_nan() -> None:
    none, some = np.full((2, 3), np.nan), np.ones((2, 3))
    assert np.isnan(metrics.mae(none, some))
    assert np.isnan(metrics.wape(np.zeros((2, 3)), some))
    assert metrics.wape(np.zeros((2, 3)), some, floor=1.0) == 1.0
    assert np.isnan(metrics.seasonal_error(some, 7)).all()
    assert np.isnan(metrics.mase(some, some, np.array([np.nan, 0.0])))
