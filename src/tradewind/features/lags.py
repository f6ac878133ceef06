"""Means, lags and spreads of what has been seen, for any list of (series, last step seen).

A row of a feature table is a triple: a series, the step last seen (`origin`), and the step asked
for (`at`). Every function here reads steps up to and including the origin, never beyond: that is
the law in tests/laws/test_features_look_back.py.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tradewind.arrays import Floats, Ints

Matrix = NDArray[np.float32] | Floats
"""[N, T], nan where there is no observation."""


@dataclass(frozen=True, slots=True)
class Sums:
    """Running sums of a matrix, so that the mean over any span is two look-ups.

    total    [N, T + stride]   sum of the observed values before each step, `stride` apart
    count    [N, T + stride]   how many they are
    stride                     1: every step; 7: only steps of the same weekday, and so on
    """

    total: Floats
    count: NDArray[np.int32]
    stride: int = 1

    @classmethod
    def of(cls, values: Matrix, stride: int = 1) -> Sums:
        """Running sums of `values` [N, T]; nan is skipped."""
        seen = np.isfinite(values)
        series, steps = values.shape
        total = np.zeros((series, steps + stride))
        count = np.zeros((series, steps + stride), dtype=np.int32)
        filled = np.where(seen, values, 0.0)
        for phase in range(min(stride, steps)):
            np.cumsum(filled[:, phase::stride], axis=1, out=total[:, phase + stride :: stride])
            np.cumsum(seen[:, phase::stride], axis=1, out=count[:, phase + stride :: stride])
        return cls(total, count, stride)

    @property
    def steps(self) -> int:
        """Steps of the matrix that was summed."""
        return int(self.total.shape[1]) - self.stride

    def mean(self, series: Ints, first: Ints, end: Ints, least: int = 1) -> Floats:
        """Mean over first ≤ step < end (stride 1), [R]; nan with fewer than `least` values."""
        first = np.clip(first, 0, self.steps)
        end = np.clip(end, first, self.steps)
        count = self.count[series, end] - self.count[series, first]
        total = self.total[series, end] - self.total[series, first]
        return np.where(count >= least, total / np.maximum(count, 1), np.nan)

    def phase_mean(self, series: Ints, origin: Ints, at: Ints, seasons: int) -> Floats:
        """Mean of the last `seasons` steps up to `origin` with the phase of `at`, [R]."""
        last = at - self.stride * -((origin - at) // self.stride)
        last = np.minimum(last, self.steps - 1)
        end = np.where(last >= 0, last + self.stride, last % self.stride)
        first = np.maximum(end - seasons * self.stride, last % self.stride)
        count = self.count[series, end] - self.count[series, first]
        total = self.total[series, end] - self.total[series, first]
        return np.where(count > 0, total / np.maximum(count, 1), np.nan)


def lagged(values: Matrix, series: Ints, origin: Ints, at: Ints) -> Floats:
    """The value at step `at`, [R]; nan after the origin and before the start."""
    inside = (at >= 0) & (at <= origin) & (at < values.shape[1])
    return np.where(inside, values[series, np.clip(at, 0, values.shape[1] - 1)], np.nan)


def trailing_mean(sums: Sums, series: Ints, origin: Ints, steps: int, back: int = 0) -> Floats:
    """Mean of the `steps` steps that end `back` steps before the origin (itself included), [R]."""
    return sums.mean(series, origin - back - steps + 1, origin - back + 1)


def mean_around(sums: Sums, series: Ints, origin: Ints, at: Ints, reach: int) -> Floats:
    """Mean over at ± reach, as far as it lies before or at the origin, [R]."""
    return sums.mean(series, at - reach, np.minimum(at + reach, origin) + 1)


def trailing_spread(sums: Sums, squares: Sums, series: Ints, origin: Ints, steps: int) -> Floats:
    """Standard deviation of the last `steps` steps, [R]; nan with fewer than three observations.

    sums, squares    running sums of the values and of their squares
    """
    first, end = origin - steps + 1, origin + 1
    mean = sums.mean(series, first, end, least=3)
    return np.sqrt(np.maximum(squares.mean(series, first, end, least=3) - mean**2, 0.0))
