"""Prices, promotions, categories and age."""

from __future__ import annotations

import numpy as np

from tradewind.features.age import age_steps, steps_since_sold
from tradewind.features.category import codes_of, group_means
from tradewind.features.price import price_to_category, regular_price, relative_price
from tradewind.features.promotion import closed_values, known_at, steps_until_change

NAN = np.nan


def test_regular_price_equals_a_plain_loop() -> None:
    price = np.random.default_rng(1).gamma(3, 2, (2, 30))
    price[0, 4:12] = NAN
    for steps in (1, 2, 5, 8, 13):
        got = regular_price(price, steps)
        for t in range(30):
            span = price[:, max(0, t - steps + 1) : t + 1]
            best = np.where(np.isfinite(span), span, -np.inf).max(axis=1)
            np.testing.assert_array_equal(got[:, t], np.where(np.isfinite(best), best, NAN))


def test_a_fifth_off_is_minus_point_22() -> None:
    relative = relative_price(np.array([[10.0, 8.0]]), 28)
    np.testing.assert_allclose(relative, [[0.0, -0.2231]], atol=1e-4)


def test_a_price_at_its_category_s_mean_is_zero() -> None:
    got = price_to_category(np.array([[4.0], [4.0], [9.0]]), np.array([0, 0, 1]))
    np.testing.assert_allclose(got, 0.0)


def test_closed_values_are_those_under_which_nothing_sells() -> None:
    rng = np.random.default_rng(1)
    shut = (rng.random((5, 100)) < 0.2).astype(float)
    y = np.where(shut == 1, 0.0, rng.poisson(9, (5, 100)) + 1)
    assert closed_values(shut, y).tolist() == [1.0]
    assert closed_values(1 - shut, y).tolist() == [0.0]
    assert closed_values(shut, np.where(rng.random((5, 100)) < 0.7, 0.0, y)).tolist() == []


def test_the_next_change_is_known_only_within_the_horizon() -> None:
    flag = np.array([[0.0, 0, 0, 1, 1]])
    series, at = np.zeros(2, dtype=np.int64), np.array([1, 3])
    got = steps_until_change(flag, series, at, np.array([4, 4]))
    np.testing.assert_array_equal(got, [2, NAN])
    assert np.isnan(steps_until_change(flag, series[:1], at[:1], np.array([2])))[0]
    assert np.isnan(known_at(flag, series[:1], np.array([3]), np.array([2])))[0]


def test_group_means_equal_a_plain_loop() -> None:
    rng = np.random.default_rng(4)
    values = rng.normal(3, 1, (9, 5)).astype(np.float32)
    values[rng.random(values.shape) < 0.3] = NAN
    groups = np.array([4, 0, 0, 2, 4, 2, 0, 5, 5])  # nobody is in 1 and 3
    got = group_means(values, groups)
    for g in range(6):
        for t in range(5):
            own = [float(values[n, t]) for n in range(9) if groups[n] == g]
            own = [v for v in own if np.isfinite(v)]
            want = sum(own) / len(own) if own else NAN
            np.testing.assert_allclose(got[g, t], want, rtol=1e-12)


def test_codes_age_and_stillness() -> None:
    assert codes_of(["b", None, "a"]).tolist() == [1, -1, 0]
    y = np.array([[NAN, 2.0, 0.0, 0.0]])
    zero = np.zeros(1, dtype=np.int64)
    assert age_steps(y, zero, np.array([3])).tolist() == [2]
    assert steps_since_sold(y, zero, np.array([3])).tolist() == [2]
    np.testing.assert_array_equal(group_means(y, zero), y)
