"""Prices against what is usual: the product's own regular price, and its category."""

from __future__ import annotations

import numpy as np

from tradewind.arrays import Floats, Ints
from tradewind.features.category import group_means
from tradewind.features.lags import Matrix


def regular_price(price: Matrix, steps: int) -> Floats:
    """Highest price of the last `steps` steps, itself included, [N, T]; nan where none is known.

    A discount is short and a regular price is what a product comes back to.

    >>> regular_price(np.array([[10.0, 8.0, 8.0, 8.0]]), steps=3)
    array([[10., 10., 10.,  8.]])
    """
    filled = np.where(np.isfinite(price), price, -np.inf)
    padded = np.pad(filled, ((0, 0), (steps - 1, 0)), constant_values=-np.inf)
    # max over steps by doubling spans: log2(steps) passes instead of one per step
    span, best = 1, padded
    while span * 2 <= steps:
        best = np.maximum(best[:, span:], best[:, :-span])
        span *= 2
    rest = steps - span
    highest = np.maximum(best[:, rest:], best[:, : best.shape[1] - rest]) if rest else best
    return np.where(np.isfinite(highest), highest, np.nan)


def relative_price(price: Matrix, steps: int) -> Floats:
    """log(price / regular price), [N, T]: 0 is regular, −0.22 a fifth off; nan where not known."""
    regular = regular_price(price, steps)
    sound = (price > 0) & (regular > 0)
    return np.where(sound, np.log(np.where(sound, price, 1) / np.where(sound, regular, 1)), np.nan)


def price_to_category(price: Matrix, groups: Ints) -> Floats:
    """log price minus the mean log price of the category at the same step, [N, T].

    groups   [N]   category of each series, 0 … G − 1
    """
    sound = price > 0
    logs = np.where(sound, np.log(np.where(sound, price, 1)), np.nan)
    return logs - group_means(logs, groups)[groups]
