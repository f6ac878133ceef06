"""Shapley values keep their axioms, and come out as worked by hand."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from tradewind.arrays import Floats
from tradewind.explain.shapley import coalitions, shapley

GAMES = arrays(np.float64, 16, elements=st.floats(-1e6, 1e6))


def test_three_causes_by_hand() -> None:
    """v: none 100, price 110, promotion 130, season 95, price+promotion 160, price+season 104,
    promotion+season 126, all 158. Price: 10/3 + (30 + 9)/6 + 32/3 = 20.5."""
    values = np.array([100, 110, 130, 160, 95, 104, 126, 158.0])
    np.testing.assert_allclose(shapley(values), [20.5, 41.5, -4.0])


@given(GAMES)
def test_what_is_added_is_the_whole_less_nothing(values: Floats) -> None:
    assert np.isclose(shapley(values).sum(), values[-1] - values[0], rtol=1e-9, atol=1e-6)


@given(GAMES)
def test_a_plain_loop_over_all_orders_says_the_same(values: Floats) -> None:
    total = np.zeros(4)
    for order in permutations(range(4)):
        m = 0
        for k in order:
            total[k] += values[m | 1 << k] - values[m]
            m |= 1 << k
    np.testing.assert_allclose(shapley(values), total / 24, rtol=1e-9, atol=1e-6)


@given(arrays(np.float64, 8, elements=st.floats(-1e6, 1e6)))
def test_a_dummy_adds_nothing_and_the_others_keep_theirs(values: Floats) -> None:
    with_dummy = np.concatenate([values, values])
    parts = shapley(with_dummy)
    assert parts[3] == 0
    np.testing.assert_allclose(parts[:3], shapley(values), rtol=1e-9, atol=1e-6)


@given(GAMES)
def test_two_that_do_the_same_get_the_same(values: Floats) -> None:
    swapped = [m & ~3 | (m & 1) << 1 | m >> 1 & 1 for m in range(16)]
    parts = shapley((values + values[swapped]) / 2)
    assert np.isclose(parts[0], parts[1], rtol=1e-9, atol=1e-6)


def test_coalitions_are_counted_as_the_values_are() -> None:
    assert coalitions(3)[5] == (True, False, True)
    assert shapley(np.array([[7.0, 8.0]])).shape == (0, 2)
    with pytest.raises(ValueError, match="3 values"):
        shapley(np.zeros(3))
