"""A forecast is quantiles, with paths whose sums can be trusted."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import numpy as np
import pytest
from scipy import special

from tradewind.errors import UnknownName
from tradewind.forecast import Dependence, Forecast
from tradewind.panel import dates_from
from tradewind.task import DECILES

DS = dates_from(datetime(2024, 1, 1), 4, "D")


def normal(
    mean: float, sd: float, *, n: int = 3, rho: float = 0.5, common: float = 0.0
) -> Forecast:
    """N(mean, sd²) at every step, with correlation rho^|i−j| between steps."""
    marginal = mean + sd * special.ndtri(np.array(DECILES))
    steps = rho ** np.abs(np.subtract.outer(np.arange(4), np.arange(4)))
    return Forecast(
        tuple(f"s{k}" for k in range(n)),
        DS,
        DECILES,
        np.broadcast_to(marginal, (n, 4, 9)).copy(),
        dependence=Dependence(steps, common),
    )


def test_paths_have_the_marginals_they_come_from() -> None:
    paths = normal(10, 2).paths(20_000, np.random.default_rng(0))
    quantiles = np.moveaxis(np.quantile(paths, DECILES, axis=2), 0, 2)
    np.testing.assert_allclose(quantiles, normal(10, 2).quantiles, atol=0.1)


def test_paths_have_the_dependence_they_are_given() -> None:
    paths = normal(0, 1, rho=0.7, common=0.3).paths(20_000, np.random.default_rng(0))
    over_steps = np.atleast_2d(np.corrcoef(paths[0]))
    assert over_steps[0, 1] == pytest.approx(0.7, abs=0.03)
    assert over_steps[0, 3] == pytest.approx(0.7**3, abs=0.03)
    assert np.atleast_2d(np.corrcoef(paths[:, 0]))[0, 1] == pytest.approx(0.3, abs=0.03)


def test_sums_over_the_horizon_have_the_variance_of_the_copula() -> None:
    rho = 0.6
    totals = normal(0, 1, rho=rho).totals(40_000, np.random.default_rng(0))
    steps = rho ** np.abs(np.subtract.outer(np.arange(4), np.arange(4)))
    np.testing.assert_allclose(totals.var(axis=1), steps.sum(), rtol=0.05)


def test_aggregated_means_add_up() -> None:
    forecast = normal(5, 1, n=6)
    groups = ["x", "x", "y", "y", "z", "z"]
    by_group = forecast.aggregate(groups, 200, np.random.default_rng(3))
    total = by_group.aggregate(["all"] * 3, 200, np.random.default_rng(4))
    rng = np.random.default_rng(5)
    np.testing.assert_allclose(by_group.paths(200, rng).sum(axis=0), total.paths(200, rng)[0])


def test_aggregate_equals_a_plain_loop_over_paths() -> None:
    forecast = normal(5, 1, n=4, common=0.4)
    groups = ["y", "x", "y", "x"]
    paths = forecast.paths(50, np.random.default_rng(9))
    fast = forecast.aggregate(groups, 50, np.random.default_rng(9))
    for row, name in enumerate(fast.ids):
        slow = sum(paths[k] for k in range(4) if groups[k] == name)
        np.testing.assert_allclose(fast.quantiles[row], np.quantile(slow, DECILES, axis=1).T)


def test_counts_have_whole_paths_that_keep_the_mean() -> None:
    marginal = np.broadcast_to(np.linspace(0.2, 1.8, 9), (1, 4, 9)).copy()
    base = Forecast(("a",), DS, DECILES, marginal, whole=True, lower=0.0)
    paths = base.paths(20_000, np.random.default_rng(0))
    assert (paths == np.rint(paths)).all()
    assert paths.min() >= 0
    assert paths.mean() == pytest.approx(1.0, abs=0.03)


def test_levels_in_between_and_beyond_are_on_the_normal_scale() -> None:
    forecast = normal(10, 2)
    wanted = 10 + 2 * special.ndtri(np.array([0.05, 0.25, 0.975]))
    np.testing.assert_allclose(forecast.at((0.05, 0.25, 0.975))[0, 0], wanted)


def test_a_frame_lists_every_level() -> None:
    frame = normal(10, 2).to_frame()
    assert frame.columns == ["unique_id", "ds", *[f"q{q:g}" for q in DECILES]]
    assert len(frame) == 12


def test_an_unknown_series_is_named() -> None:
    with pytest.raises(UnknownName, match="'nobody'"):
        normal(10, 2).select(["nobody"])


def test_shapes_are_checked() -> None:
    with pytest.raises(ValueError, match="quantiles have shape"):
        Forecast(("a",), DS, DECILES, np.zeros((1, 3, 9)))


def test_means_of_members_add_up_to_the_mean_of_their_group() -> None:
    forecast = Forecast(
        ("a", "b", "c"),
        dates_from(datetime(2026, 1, 1), 4, "D"),
        (0.1, 0.5, 0.9),
        np.sort(np.random.default_rng(3).gamma(2, 5, (3, 4, 3)), axis=2),
        dependence=Dependence(np.eye(4) * 0.5 + 0.5, 0.2),
    )
    members = forecast.mean(200, np.random.default_rng(1))
    group = forecast.aggregate(["x", "x", "y"], 200, np.random.default_rng(1))
    sums = group.mean(200, np.random.default_rng(2))
    assert np.allclose(sums, [members[0] + members[1], members[2]])


SHARES = np.array([[1.0, 1.0, 3 / 7, 0.0], [1.0] * 4, [0.0] * 4])


@pytest.mark.parametrize("own", [False, True])
@pytest.mark.parametrize("whole", [False, True])
def test_a_forecast_cut_to_shares_agrees_in_quantiles_paths_and_sums(
    own: bool, whole: bool
) -> None:
    marginal = np.sort(np.random.default_rng(3).gamma(2, 5, (3, 4, 9)), axis=2)
    base = Forecast(("a", "b", "c"), DS, DECILES, marginal, whole=whole, lower=0.0)
    if own:
        base = replace(base, sampler=base.paths)
    cut = base.scaled(SHARES)
    assert np.allclose(cut.quantiles, marginal * SHARES[:, :, None])
    assert (np.diff(cut.quantiles, axis=2) >= 0).all()
    paths = cut.paths(20_000, np.random.default_rng(1))
    assert not paths[0, 3].any()
    assert not paths[2].any()
    wanted = base.paths(20_000, np.random.default_rng(1)).mean(axis=2) * SHARES
    assert np.allclose(paths.mean(axis=2), wanted, atol=0.02 if whole else 1e-9)
    assert not whole or (paths == np.rint(paths)).all()
    total = cut.aggregate(["t"] * 3, 500, np.random.default_rng(2))
    sums = total.mean(500, np.random.default_rng(2))
    assert np.allclose(sums, cut.mean(500, np.random.default_rng(2)).sum(axis=0))


def test_shares_follow_their_series() -> None:
    base = normal(10, 2)
    cut = replace(base, sampler=base.paths).scaled(SHARES).select(["s2", "s0"])
    paths = cut.paths(10, np.random.default_rng(0))
    assert not paths[0].any()
    assert paths[1, 0].all()


def test_no_more_can_be_sold_than_the_cap() -> None:
    plain = Forecast(
        ("a", "b"),
        np.array(["2026-01-01", "2026-01-02"], "datetime64[us]"),
        (0.1, 0.5, 0.9),
        np.array([[[1.0, 5, 9], [2, 6, 10]], [[1, 5, 9], [2, 6, 10]]]),
    )
    capped = plain.capped(np.array([[4.0, np.inf], [np.inf, 0.0]]))
    assert capped.quantiles[0, 0].tolist() == [1, 4, 4]
    assert capped.quantiles[1, 1].tolist() == [0, 0, 0]
    assert np.array_equal(capped.quantiles[0, 1], plain.quantiles[0, 1])
    paths = capped.paths(500, np.random.default_rng(0))
    assert paths[0, 0].max() == 4
    assert paths[1, 1].max() == 0
    assert paths[0, 1].max() > 10
    total = capped.aggregate(["all", "all"], 500, np.random.default_rng(0))
    same = paths.sum(axis=0)
    assert total.quantiles[0, 0, 2] == pytest.approx(np.quantile(same[0], 0.9))
    assert capped.capped(np.full((2, 2), 2.0)).upper.max() == 2.0  # type: ignore[union-attr]
    assert capped.select(["b"]).upper.tolist() == [[np.inf, 0.0]]  # type: ignore[union-attr]
