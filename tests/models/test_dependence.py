"""What a back-test's errors say about sums over steps and series."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import special

from tradewind.models.dependence import (
    dependence_of,
    fit_form,
    form,
    normal_scores,
    resized,
    usual_dependence,
)
from tradewind.task import DECILES


def scores(lasting: float, decay: float, common: float, shape: tuple[int, int, int]) -> np.ndarray:
    """Normal scores [W, N, h] with this dependence."""
    windows, n, h = shape
    rng = np.random.default_rng(4)
    root = np.linalg.cholesky(form(lasting, decay, h))
    shared = rng.standard_normal((windows, 1, h))
    own = rng.standard_normal((windows, n, h))
    mixed = np.sqrt(common) * shared + np.sqrt(1 - common) * own
    return np.asarray(mixed @ root.T)


def test_the_dependence_that_made_the_errors_is_found_again() -> None:
    found = dependence_of(scores(0.3, 0.6, 0.25, (60, 80, 6)))
    np.testing.assert_allclose(found.steps, form(0.3, 0.6, 6), atol=0.12)
    assert found.common == pytest.approx(0.25, abs=0.06)


def test_independent_errors_are_not_called_dependent() -> None:
    found = dependence_of(scores(0.0, 0.0, 0.0, (20, 200, 5)))
    np.testing.assert_allclose(found.steps, np.eye(5), atol=0.05)
    assert found.common < 0.03


def test_a_handful_of_errors_gives_a_smooth_form() -> None:
    found = dependence_of(scores(0.2, 0.7, 0.0, (1, 8, 10))).steps
    diagonals = [np.diag(found, k) for k in range(10)]
    assert max(d.std() for d in diagonals) < 0.1


def test_missing_scores_are_left_out() -> None:
    full = scores(0.3, 0.6, 0.2, (30, 60, 4))
    holes = np.where(np.random.default_rng(0).random(full.shape) < 0.2, np.nan, full)
    np.testing.assert_allclose(dependence_of(holes).steps, dependence_of(full).steps, atol=0.06)


def test_without_scores_the_usual_is_assumed_and_never_independence() -> None:
    found = dependence_of(np.full((2, 3, 4), np.nan))
    np.testing.assert_array_equal(found.steps, usual_dependence(4).steps)
    assert found.steps[0, 3] > 0.2


def test_the_form_is_fitted_exactly_where_it_holds() -> None:
    lasting, decay = fit_form(form(0.25, 0.4, 8), np.ones((8, 8)))
    assert (lasting, decay) == pytest.approx((0.25, 0.4), abs=1e-6)


def test_a_longer_horizon_keeps_what_was_learnt_and_is_a_correlation() -> None:
    learnt = dependence_of(scores(0.3, 0.6, 0.25, (20, 80, 6)))
    longer = resized(learnt, 15)
    np.testing.assert_allclose(longer.steps[:6, :6], learnt.steps, atol=0.05)
    np.testing.assert_allclose(np.diag(longer.steps), 1.0)
    assert np.linalg.eigvalsh(longer.steps).min() > -1e-9
    np.testing.assert_array_equal(resized(learnt, 3).steps, learnt.steps[:3, :3])


def test_normal_scores_undo_normal_quantiles() -> None:
    quantiles = 10 + 2 * special.ndtri(np.array(DECILES))
    y = np.array([6.0, 9.0, 10.0, 11.5, 14.0])
    got = normal_scores(y, np.broadcast_to(quantiles, (5, 9)), DECILES)
    np.testing.assert_allclose(got, (y - 10) / 2, atol=1e-9)


def test_an_outcome_on_a_shelf_of_quantiles_is_in_its_middle() -> None:
    quantiles = np.array([[0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 1.0, 2.0, 3.0]])
    got = normal_scores(np.array([0.0]), quantiles, DECILES)
    assert got[0] == pytest.approx(special.ndtri(0.3))


def test_cells_that_say_nothing_are_nan() -> None:
    flat = np.zeros((2, 9))
    assert np.isnan(normal_scores(np.array([0.0, 5.0]), flat, DECILES)).all()
    assert np.isnan(normal_scores(np.array([np.nan]), np.arange(9.0)[None], DECILES)).all()
