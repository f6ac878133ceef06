"""Croston and TSB against plain loops, and their quantiles against simulation."""

from __future__ import annotations

import numpy as np
import pytest

from tradewind.models.intermittent import TSB, Croston, compound_quantiles, croston, tsb


def sales(n: int = 5, steps: int = 60) -> np.ndarray:
    rng = np.random.default_rng(3)
    return np.where(rng.random((n, steps)) < 0.3, rng.poisson(4, (n, steps)) + 1.0, 0.0)


def test_croston_equals_a_plain_loop() -> None:
    y = sales()
    size, chance = croston(y, 0.1)
    for n in range(len(y)):
        z = p = 0.0
        since, started = 1, False
        for value in y[n]:
            if value > 0:
                z = z + 0.1 * (value - z) if started else value
                p = p + 0.1 * (since - p) if started else float(since)
                since, started = 1, True
            else:
                since += 1
        assert (size[n], chance[n]) == pytest.approx((z, 1 / p))


def test_tsb_equals_a_plain_loop() -> None:
    y = sales()
    size, chance = tsb(y, 0.1, 0.2)
    for n in range(len(y)):
        first = y[n][y[n] > 0][0]
        z, p = first, float(y[n, 0] > 0)
        seen_first = y[n, 0] > 0
        for value in y[n, 1:]:
            if value > 0:
                z = z + 0.2 * (value - z) if seen_first else z
                seen_first = True
            p += 0.1 * (float(value > 0) - p)
        assert (size[n], chance[n]) == pytest.approx((z, p))


def test_a_product_that_stopped_selling_fades_under_tsb_and_not_under_croston() -> None:
    y = np.concatenate([np.ones((1, 30)) * 5, np.zeros((1, 60))], axis=1)
    assert tsb(y, 0.1, 0.1)[1][0] < 0.01
    assert croston(y, 0.1)[1][0] == pytest.approx(1.0)


def test_unknown_periods_are_skipped() -> None:
    y = sales(1, 40)
    holes = np.insert(y, [5, 17], np.nan, axis=1)
    np.testing.assert_allclose(tsb(holes, 0.1, 0.1), tsb(y, 0.1, 0.1))
    np.testing.assert_allclose(croston(holes, 0.1), croston(y, 0.1))


def test_quantiles_are_those_of_a_sale_by_chance_and_then_a_size() -> None:
    rng = np.random.default_rng(0)
    sizes = rng.gamma(3, 2, (1, 400))
    levels = (0.3, 0.5, 0.7, 0.9)
    got = compound_quantiles(sizes, sizes.mean(axis=1), np.array([0.6]), levels)[0]
    drawn = np.where(rng.random(200_000) < 0.6, rng.choice(sizes[0], 200_000), 0.0)
    np.testing.assert_allclose(got, np.quantile(drawn, levels), rtol=0.03, atol=0.02)


def test_sizes_are_scaled_to_the_smoothed_size() -> None:
    y = np.array([[2.0, 4.0, 6.0]])
    one, two = (compound_quantiles(y, np.array([s]), np.ones(1), (0.5,)) for s in (4.0, 8.0))
    assert two[0, 0] == 2 * one[0, 0] == 8.0


@pytest.mark.parametrize("bad", [0.0, 1.0, -0.1])
def test_smoothing_lies_between_zero_and_one(bad: float) -> None:
    with pytest.raises(ValueError, match="alpha must be in"):
        Croston(alpha=bad)
    with pytest.raises(ValueError, match="beta must be in"):
        TSB(beta=bad)
