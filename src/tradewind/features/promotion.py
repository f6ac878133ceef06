"""Promotions and other known columns: before, on and after the step asked for."""

from __future__ import annotations

import numpy as np

from tradewind.arrays import Floats, Ints
from tradewind.features.lags import Matrix


def known_at(values: Matrix, series: Ints, at: Ints, limit: Ints) -> Floats:
    """A known column at step `at`, [R]; nan beyond `limit`, the last step known ahead."""
    inside = (at >= 0) & (at <= limit) & (at < values.shape[1])
    return np.where(inside, values[series, np.clip(at, 0, values.shape[1] - 1)], np.nan)


def steps_since_change(values: Matrix) -> Floats:
    """Steps since a column last changed its value, [N, T]: 0 on the first step of a run.

    >>> steps_since_change(np.array([[0.0, 1, 1, 1, 0]]))
    array([[0., 0., 1., 2., 0.]])
    """
    filled = np.nan_to_num(values, nan=-1.0)
    steps = np.arange(values.shape[1])
    changed = np.ones(values.shape, dtype=bool)
    changed[:, 1:] = filled[:, 1:] != filled[:, :-1]
    start = np.maximum.accumulate(np.where(changed, steps, 0), axis=1)
    return (steps - start).astype(np.float64)


def steps_until_change(values: Matrix, series: Ints, at: Ints, limit: Ints) -> Floats:
    """Steps until a known column next changes, [R]; nan where no change is known up to `limit`."""
    filled = np.nan_to_num(values, nan=-1.0)
    width = values.shape[1]
    steps = np.arange(width)
    changes = np.zeros(values.shape, dtype=bool)
    changes[:, 1:] = filled[:, 1:] != filled[:, :-1]
    after = np.where(changes, steps, width + 1)
    following = np.minimum.accumulate(after[:, ::-1], axis=1)[:, ::-1]
    found = following[series, np.clip(at + 1, 0, width - 1)]
    known = (found <= limit) & (at + 1 < width)
    return np.where(known, found - at, np.nan)


def closed_values(values: Matrix, y: Matrix, support: int = 30) -> Floats:
    """Values of a known column under which y was (nearly) always zero, though not elsewhere, [K].

    Days on which a shop is shut sell nothing: no model needs to learn it, and no mean should
    count them. A value qualifies with `support` observations of which 99 % are zero, while under
    the column's other values fewer than half are.

    values, y    [N, T]   over the same steps
    """
    both = np.isfinite(values) & np.isfinite(y)
    found, inverse = np.unique(values[both], return_inverse=True)
    if not 2 <= len(found) <= 12:
        return np.zeros(0)
    zero = y[both] == 0
    count = np.bincount(inverse)
    zeros = np.bincount(inverse, weights=zero)
    elsewhere = (zeros.sum() - zeros) / np.maximum(count.sum() - count, 1)
    closed: Floats = found[(count >= support) & (zeros >= 0.99 * count) & (elsewhere < 0.5)]
    return closed.astype(np.float64)
