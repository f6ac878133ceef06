"""Arithmetic on flat columns against plain loops."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from tradewind.data.grid import as_rows, carried, row_medians
from tradewind.data.lives import Sales, ended, outliers, rhythm
from tradewind.data.totals import promoted, weighted_means

RNG = np.random.default_rng(7)


def ragged(n: int) -> tuple[np.ndarray[tuple[int], np.dtype[np.int64]], int]:
    offset = np.concatenate([[0], np.cumsum(RNG.integers(1, 30, n))]).astype(np.int64)
    return offset, int(offset[-1])


def test_row_medians_equal_those_of_numpy() -> None:
    matrix = RNG.normal(size=(50, 31))
    matrix[RNG.random(matrix.shape) < 0.4] = np.nan
    matrix[:, 0] = 1.0
    assert row_medians(matrix) == pytest.approx(np.nanmedian(matrix, axis=1))
    assert np.isnan(row_medians(np.full((1, 3), np.nan))).all()


def test_carried_equals_a_plain_loop() -> None:
    offset, size = ragged(40)
    values = RNG.normal(size=size)
    values[RNG.random(size) < 0.6] = np.nan
    out = values.copy()
    for a, b in itertools.pairwise(offset):
        for steps in (range(a + 1, b), range(b - 2, a - 1, -1)):
            for i in steps:
                if np.isnan(out[i]):
                    out[i] = out[i - 1 if steps.step > 0 else i + 1]
    assert np.array_equal(carried(values, offset), out, equal_nan=True)


def test_rows_end_together_and_come_back() -> None:
    offset, size = ragged(12)
    flat = RNG.normal(size=size)
    matrix, alive = as_rows(flat, offset, 3, 9)
    assert np.array_equal(matrix[alive], flat[offset[3] : offset[9]])
    assert alive[:, -1].all()


def test_outliers_equal_a_plain_loop() -> None:
    offset, size = ragged(60)
    y = RNG.poisson(3, size).astype(np.float64) * np.where(RNG.random(size) < 0.1, 60.0, 1.0)
    expected = np.zeros(size, dtype=np.bool_)
    for a, b in itertools.pairwise(offset):
        sold = [i for i in range(a, b) if y[i] > 0]
        if len(sold) < 8:
            continue
        logs = np.log1p(y[sold])
        middle = np.median(logs)
        spread = 1.4826 * np.median(np.abs(logs - middle))
        bound = 5 * max(spread, 1 / np.sqrt(np.exp(middle)))
        for i in sold:
            expected[i] = abs(np.log1p(y[i]) - middle) > bound
    assert expected.any()
    assert np.array_equal(outliers(y, offset), expected)


def test_rhythm_equals_a_plain_loop() -> None:
    offset, size = ragged(40)
    y = (RNG.random(size) < 0.3).astype(np.float64)
    y[offset[:-1]] = 1.0
    sales = rhythm(y, offset)
    for n, (a, b) in enumerate(itertools.pairwise(offset)):
        sold = [i - a for i in range(a, b) if y[i] > 0]
        pauses = [v - u for u, v in itertools.pairwise(sold)]
        told = (sales.last[n], sales.tail[n], sales.count[n], sales.pause[n])
        assert told == (sold[-1], b - a - 1 - sold[-1], len(sold), max(pauses, default=0))


def test_means_equal_plain_loops() -> None:
    place = RNG.integers(0, 20, 200)
    values, units = RNG.gamma(2, 5, 200), RNG.integers(0, 2, 200).astype(np.float64)
    values[RNG.random(200) < 0.2] = np.nan
    depth = RNG.random(200)
    means, shares = weighted_means(place, values, units, 21), promoted(place, depth, units, 21)
    for p in range(21):
        told = [(values[i], units[i]) for i in range(200) if place[i] == p and values[i] >= 0]
        weight = sum(q for _, q in told)
        mean = sum(v * q for v, q in told) / weight if weight else np.nan
        if told and not weight:
            mean = sum(v for v, _ in told) / len(told)
        assert means[p] == pytest.approx(mean, nan_ok=True)
        here = [(depth[i], units[i]) for i in range(200) if place[i] == p]
        weight = sum(q for _, q in here)
        deepest = max((d for d, _ in here), default=0.0)
        share = sum(d * q for d, q in here) / weight if weight else deepest
        assert shares[p] == pytest.approx(share)


@pytest.mark.parametrize(
    ("last", "tail", "count", "pause", "over"),
    [
        (59, 27, 60, 1, False),
        (59, 28, 60, 1, True),
        (180, 79, 10, 20, False),
        (180, 160, 10, 20, True),
        (100, 100, 50, 80, False),
        (0, 83, 1, 0, False),
        (0, 84, 1, 0, True),
    ],
)
def test_a_series_ends_by_its_rhythm(
    last: int, tail: int, count: int, pause: int, over: bool
) -> None:
    sales = Sales(*(np.array([v]) for v in (last, tail, count, pause)))
    assert ended(sales, "D")[0] == over
