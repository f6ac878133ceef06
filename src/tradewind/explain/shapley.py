"""Shapley values by exact enumeration: what each player adds, averaged over every order of entry.

Source: Shapley (1953), "A value for n-person games"; for forecasts, Štrumbelj & Kononenko (2014).
"""

from __future__ import annotations

from math import factorial

import numpy as np

from tradewind.arrays import Floats


def coalitions(players: int) -> list[tuple[bool, ...]]:
    """Every subset of players; number m holds player k where bit k of m is set.

    >>> coalitions(2)
    [(False, False), (True, False), (False, True), (True, True)]
    """
    return [tuple(bool(m >> k & 1) for k in range(players)) for m in range(1 << players)]


def shapley(values: Floats) -> Floats:
    """What each of K players adds, [K, …]: the sum is the value of all less the value of none.

        φ_k = Σ_S |S|! (K − 1 − |S|)! / K! · (v(S with k) − v(S)), over all S without k

    values   [2^K, …]   value of each subset, in the order of `coalitions`

    Two gloves on the left, one on the right: a pair is worth 1. The right one gets 2/3, each of the
    others 1/6 (Shapley & Shubik 1969).

    >>> pairs = np.array([0, 0, 0, 0, 0, 1, 1, 1.0])  # players: left, left, right
    >>> shapley(pairs).round(4).tolist()
    [0.1667, 0.1667, 0.6667]

    Raises ValueError where the number of values is not a power of two.
    """
    players = len(values).bit_length() - 1
    if len(values) != 1 << players:
        raise ValueError(f"{len(values)} values are not one for each subset of some players")
    subsets = np.arange(len(values))
    size = np.array([int(m).bit_count() for m in subsets])
    weights = np.array(
        [factorial(s) * factorial(players - 1 - s) / factorial(players) for s in range(players)]
    )
    out = np.zeros((players, *values.shape[1:]))
    for k in range(players):
        without = subsets[subsets >> k & 1 == 0]
        gain = values[without | 1 << k] - values[without]
        out[k] = np.tensordot(weights[size[without]], gain, axes=1)
    return out
