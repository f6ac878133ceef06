"""AR(k): the arithmetic, the choice of the order, and what happens to short series."""

from __future__ import annotations

from datetime import datetime

import numpy as np
import polars as pl
import pytest
from scipy import special

from tradewind.models.ar import AR, continue_ar, fit_ar, psi_weights, residual_sd
from tradewind.panel import Panel, dates_from
from tradewind.task import DECILES, Task


def panel(y: list[float]) -> Panel:
    ds = dates_from(datetime(2024, 1, 1), len(y), "D")
    return Panel.from_frame(pl.DataFrame({"unique_id": "a", "ds": ds, "y": y}), "D")


def simulated(alpha: tuple[float, ...], steps: int, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    y = np.zeros(steps)
    for t in range(len(alpha), steps):
        y[t] = 2.0 + sum(a * y[t - i - 1] for i, a in enumerate(alpha)) + rng.normal()
    return y


def test_given_coefficients_make_218_of_120_110_130() -> None:
    """0.8·130 + 0.6·110 + 0.4·120: a text that our users know prints 129.2, which is a slip."""
    fitted = AR(coefficients=(0.8, 0.6, 0.4)).fit(panel([120.0, 110.0, 130.0]), Task(h=2))
    median = fitted.forecast(2, (0.5,)).median[0]
    assert median[0] == pytest.approx(0.8 * 130 + 0.6 * 110 + 0.4 * 120) == pytest.approx(218.0)
    assert median[1] == pytest.approx(0.8 * 218 + 0.6 * 130 + 0.4 * 110)


def test_the_coefficients_that_made_the_series_are_found() -> None:
    y = simulated((0.5, -0.3), 20_000)
    alpha, intercept, sd, _ = fit_ar(y[None], 2, True, 0.0)
    np.testing.assert_allclose(alpha[0], (0.5, -0.3), atol=0.03)
    assert intercept[0] == pytest.approx(2.0, abs=0.1)
    assert sd[0] == pytest.approx(1.0, abs=0.03)


def test_the_order_is_chosen_by_aic() -> None:
    orders = []
    for seed in range(20):
        alpha, _, _, _ = fit_ar(simulated((0.5, 0.0, 0.4), 800, seed)[None], 8, False, 0.0)
        orders.append(int((alpha[0] != 0).sum()))
    assert min(orders) >= 3
    assert np.median(orders) == 3


def test_fitting_together_equals_fitting_one_by_one_also_with_gaps() -> None:
    rng = np.random.default_rng(1)
    y = np.stack([simulated((0.6, 0.2), 120, k) for k in range(4)])
    y[rng.random(y.shape) < 0.05] = np.nan
    together = fit_ar(y, 5, False, 0.0)
    for k in range(4):
        for part, whole in zip(fit_ar(y[k : k + 1], 5, False, 0.0), together, strict=True):
            np.testing.assert_allclose(part[0], whole[k])


def test_gaps_leave_out_the_rows_they_touch() -> None:
    y = simulated((0.7,), 60)
    y[20] = np.nan
    rows = [t for t in range(1, 60) if np.isfinite(y[[t - 1, t]]).all()]
    table = np.stack([np.ones(len(rows)), y[[t - 1 for t in rows]]], axis=1)
    slow = np.linalg.lstsq(table, y[rows], rcond=None)[0]
    alpha, intercept, _, _ = fit_ar(y[None], 1, True, 0.0)
    np.testing.assert_allclose([intercept[0], alpha[0, 0]], slow, rtol=1e-6)


def test_ridge_pulls_the_coefficients_towards_zero() -> None:
    y = simulated((0.8,), 300)[None]
    plain, pulled = fit_ar(y, 1, True, 0.0)[0], fit_ar(y, 1, True, 1.0)[0]
    assert pulled[0, 0] == pytest.approx(plain[0, 0] / 2, abs=0.02)


def test_psi_weights_of_an_ar1_are_its_powers() -> None:
    np.testing.assert_allclose(psi_weights(np.array([[0.7]]), 5)[0], 0.7 ** np.arange(5))


def test_intervals_have_the_width_of_simulated_paths() -> None:
    alpha, intercept = np.array([[0.6, 0.3]]), np.array([0.0])
    rng = np.random.default_rng(0)
    ends = np.zeros((20_000, 2))
    for _ in range(6):
        new = ends @ np.array([0.3, 0.6]) + rng.normal(size=20_000)
        ends = np.stack([ends[:, 1], new], axis=1)
    spread = np.sqrt((psi_weights(alpha, 6) ** 2).sum())
    assert spread == pytest.approx(ends[:, 1].std(), rel=0.03)
    assert continue_ar(np.zeros((1, 4)), alpha, intercept, 6)[0, 5] == 0.0


def test_quantiles_are_normal_about_the_mean() -> None:
    y = (simulated((0.5,), 200) + 100).tolist()
    quantiles = AR(order=1).fit(panel(y), Task(h=3)).forecast(3, DECILES).quantiles[0, 0]
    scores = special.ndtri(np.array(DECILES))
    np.testing.assert_allclose(np.polyval(np.polyfit(scores, quantiles, 1), scores), quantiles)


def test_a_series_too_short_is_rescued_by_seasonal_naive() -> None:
    fitted = AR(order=3).fit(panel([5.0, 6.0, 7.0, 8.0]), Task(h=2))
    assert [r.unique_id for r in fitted.rescues] == ["a"]
    assert "seasonal naive" in fitted.rescues[0].reason
    assert np.isfinite(fitted.forecast(2, DECILES).quantiles).all()


def test_a_forecast_that_leaves_its_history_far_behind_is_not_believed() -> None:
    y = [2.0**k for k in range(14)]
    fitted = AR(order=1).fit(panel(y), Task(h=20))
    assert "left the range" in fitted.rescues[0].reason
    assert fitted.forecast(20, DECILES).quantiles.max() < 1e6


def test_one_step_errors_of_known_coefficients() -> None:
    sd = residual_sd(np.array([[1.0, 2.0, 3.0, 5.0]]), np.array([[1.0]]), np.zeros(1))
    assert sd[0] == pytest.approx(np.sqrt((1 + 1 + 4) / 3))


def test_impossible_settings_are_refused() -> None:
    with pytest.raises(ValueError, match="must not be negative"):
        AR(order=-1)
