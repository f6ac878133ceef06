"""Calibration from hindsight: coverage of single days, and of sums over the horizon."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from scipy import special

from tradewind.forecast import Dependence, Forecast
from tradewind.models.calibration import fitted_to_sums, quantile_shifts, width_factors
from tradewind.models.conformal import Conformal
from tradewind.models.dependence import form
from tradewind.models.local import FittedLocal
from tradewind.models.naive import SeasonalNaive
from tradewind.models.protocol import Fitted
from tradewind.panel import Panel, dates_from, next_ds
from tradewind.task import DECILES, Task

TASK = Task(h=7)


def noisy_panel(n: int = 200, steps: int = 84) -> Panel:
    """Independent normal noise on a level; every second series four times as noisy."""
    rng = np.random.default_rng(0)
    sd = np.where(np.arange(n) % 2 == 0, 2.0, 8.0)
    y = 100 + sd[:, None] * rng.normal(size=(n, steps))
    ds = dates_from(datetime(2024, 1, 1), steps, "D")
    ids = np.repeat([f"s{k:03d}" for k in range(n)], steps)
    return Panel.from_frame(
        pl.DataFrame({"unique_id": ids, "ds": np.tile(ds, n), "y": y.ravel()}), "D"
    )


@dataclass(frozen=True)
class Squeezed:
    """A seasonal naive moved up by `up` and with intervals `by` times as wide as they should be."""

    by: float
    up: float = 0.0

    def fit(self, past: Panel, task: Task) -> Fitted:
        fitted = SeasonalNaive(season_length=1).fit(past, task)
        made = fitted.answers["y"]
        middle = made.median[:, :, None]
        wrong = middle + self.up + self.by * (made.quantiles - middle)
        squeezed: FittedLocal = replace(fitted, answers={"y": replace(made, quantiles=wrong)})
        return squeezed

    def restore(self, folder: Path, past: Panel, task: Task) -> Fitted:
        raise NotImplementedError


def coverage(forecast: Forecast, panel: Panel) -> float:
    y = panel.wide()[:, -7:]
    return float(((forecast.at((0.1,))[:, :, 0] <= y) & (y <= forecast.at((0.9,))[:, :, 0])).mean())


@pytest.mark.parametrize("by", [0.3, 1.0, 2.5])
def test_wrong_widths_are_put_right(by: float) -> None:
    panel = noisy_panel()
    past = panel.until(next_ds(panel.end, "D", -7))
    wrong = Squeezed(by).fit(past, TASK).forecast(7, DECILES)
    right = Conformal(Squeezed(by)).fit(past, TASK).forecast(7, DECILES)
    assert coverage(right, panel) == pytest.approx(0.8, abs=0.04)
    assert abs(coverage(wrong, panel) - 0.8) > 0.05


def test_a_lasting_bias_is_taken_out() -> None:
    panel = noisy_panel()
    past = panel.until(next_ds(panel.end, "D", -7))
    wrong = Squeezed(1.0, up=10.0).fit(past, TASK).forecast(7, DECILES)
    right = Conformal(Squeezed(1.0, up=10.0)).fit(past, TASK).forecast(7, DECILES)
    truth = panel.wide()[:, -7:]
    assert (wrong.median - truth).mean() > 8
    assert abs((right.median - truth).mean()) < 2.5


def test_a_bias_that_the_cutoffs_do_not_agree_about_is_left_alone() -> None:
    rng = np.random.default_rng(0)
    quantiles = np.broadcast_to(np.linspace(-1.2, 1.2, 9), (100, 4, 9)).copy()
    of_step = np.zeros(4, dtype=np.int64)
    steady = [(rng.normal(1.0, 0.9, (100, 4)), quantiles) for _ in range(3)]
    moody = [(rng.normal(b, 0.9, (100, 4)), quantiles) for b in (2.5, -2.0, 0.6)]
    assert quantile_shifts(steady, DECILES, of_step)[0, 4] > 0.25
    assert abs(quantile_shifts(moody, DECILES, of_step)[0, 4]) < 0.05


def test_a_small_shift_is_left_alone_and_a_clear_one_is_made() -> None:
    rng = np.random.default_rng(2)
    quantiles = np.broadcast_to(special.ndtri(DECILES), (4000, 4, 9)).copy()
    width = quantiles[0, 0, -1] - quantiles[0, 0, 0]
    made = {
        share: quantile_shifts(
            [(rng.normal(share * width, 1, (4000, 4)), quantiles) for _ in range(3)],
            DECILES,
            np.zeros(4, dtype=np.int64),
        )[0]
        for share in (0.02, 0.2)
    }
    assert np.abs(made[0.02]).max() < 0.005
    np.testing.assert_allclose(made[0.2], 0.2, atol=0.02)


def test_a_part_of_the_horizon_without_an_outcome_takes_the_shift_of_the_whole() -> None:
    rng = np.random.default_rng(3)
    quantiles = np.broadcast_to(special.ndtri(DECILES), (500, 4, 9)).copy()
    y = rng.normal(1.0, 1, (500, 4))
    y[:, 2:] = np.nan
    shifts = quantile_shifts([(y, quantiles)] * 2, DECILES, np.array([0, 0, 1, 1]))
    assert shifts[0, 4] > 0.25
    np.testing.assert_allclose(shifts[1], shifts[0], atol=1e-9)


def test_quantile_shifts_put_the_wanted_share_below_each_level() -> None:
    rng = np.random.default_rng(1)
    quantiles = np.broadcast_to(np.linspace(-0.3, 0.3, 9), (2000, 3, 9)).copy()
    made = [(rng.gamma(2, 1, (2000, 3)), quantiles) for _ in range(4)]
    shift = quantile_shifts(made, DECILES, np.zeros(3, dtype=np.int64))
    moved = quantiles + shift[0] * 0.6
    below = np.mean([(y[:, :, None] <= moved).mean(axis=(0, 1)) for y, _ in made], axis=0)
    np.testing.assert_allclose(below, DECILES, atol=0.03)


def test_noisy_series_are_given_more_width_only_if_they_are_so_at_every_cutoff() -> None:
    rng = np.random.default_rng(2)
    sd = np.where(np.arange(60) < 30, 0.6, 1.6)
    steady = rng.normal(0, sd[None, :, None], (4, 60, 7))
    factor = width_factors(steady)
    assert factor[30:].mean() / factor[:30].mean() > 1.8
    assert width_factors(rng.normal(size=(4, 60, 7))).std() < 0.08
    np.testing.assert_array_equal(width_factors(steady[:1]), 1.0)


@pytest.mark.parametrize("true_decay", [0.0, 0.9])
def test_the_dependence_is_fitted_to_the_sums(true_decay: float) -> None:
    rng = np.random.default_rng(3)
    root = np.linalg.cholesky(form(0.0, true_decay, 7) + 1e-9 * np.eye(7))
    ds = dates_from(datetime(2024, 1, 1), 7, "D")
    ids = tuple(f"s{k}" for k in range(100))
    quantiles = np.broadcast_to(np.quantile(rng.normal(size=100_000), DECILES), (100, 7, 9)).copy()
    said = Forecast(ids, ds, DECILES, quantiles)
    windows = [(said, rng.normal(size=(100, 7)) @ root.T) for _ in range(6)]
    start = Dependence(form(0.0, 0.5, 7), 0.0)
    fitted = fitted_to_sums(start, windows)
    variance, wanted = fitted.steps.sum(), form(0.0, true_decay, 7).sum()
    assert abs(variance - wanted) < abs(start.steps.sum() - wanted) / 2


def test_without_earlier_cutoffs_the_inner_forecast_is_passed_on_and_it_is_said() -> None:
    panel = noisy_panel(5, 2)
    fitted = Conformal(SeasonalNaive()).fit(panel, TASK)
    assert any("not calibrated" in r.reason for r in fitted.rescues)
    inner = SeasonalNaive().fit(panel, TASK).forecast(7, DECILES)
    np.testing.assert_array_equal(fitted.forecast(7, DECILES).quantiles, inner.quantiles)


def test_sales_stay_above_zero_after_calibration() -> None:
    rng = np.random.default_rng(0)
    ds = dates_from(datetime(2024, 1, 1), 70, "D")
    y = rng.poisson(0.7, 70 * 40).astype(float)
    ids = np.repeat([f"s{k}" for k in range(40)], 70)
    panel = Panel.from_frame(pl.DataFrame({"unique_id": ids, "ds": np.tile(ds, 40), "y": y}), "D")
    forecast = Conformal(SeasonalNaive()).fit(panel, TASK).forecast(7, DECILES)
    assert forecast.quantiles.min() >= 0
    assert (np.diff(forecast.quantiles, axis=2) >= 0).all()
