"""Age of a product: how long it has been observed, and how long it has lain still."""

from __future__ import annotations

import numpy as np

from tradewind.arrays import Floats, Ints
from tradewind.features.lags import Matrix


def age_steps(y: Matrix, series: Ints, origin: Ints) -> Floats:
    """Steps from the first observation of a series to the origin, [R]; nan before it."""
    seen = np.isfinite(y)
    first = np.where(seen.any(axis=1), seen.argmax(axis=1), y.shape[1])
    age = origin - first[series]
    return np.where(age >= 0, age, np.nan).astype(np.float64)


def steps_since_sold(y: Matrix, series: Ints, origin: Ints) -> Floats:
    """Steps from the last observation above zero to the origin, [R]; nan where there is none."""
    steps = np.arange(y.shape[1])
    last = np.maximum.accumulate(np.where(np.where(np.isfinite(y), y, 0.0) > 0, steps, -1), axis=1)
    found = last[series, origin]
    return np.where(found >= 0, origin - found, np.nan)
