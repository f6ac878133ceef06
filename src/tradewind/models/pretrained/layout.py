"""Which steps each token of the network covers, and how far tokens lie apart."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from tradewind.arrays import Ints

SLOTS = 16
"""Covariates of a series, at most."""
STATIC = 8
"""Numbers that never change, of a series."""
USUAL_SIZE, SIZE_UNIT = 3.0, 2.0
"""The first of them is ln of mean sales, less the one, over the other."""
PATCH = 16
"""Inputs of one token: 16 steps, or the means of 16 runs of 4 steps in a coarse one."""
RUN = 4
"""Steps that a coarse token averages."""
RECENT = 128
"""Steps before the cutoff that are seen in fine tokens; older ones are seen in coarse tokens."""
DENSE = 128
"""Up to this context fine tokens overlap by half, so that short series have tokens enough."""
CONTEXTS = (32, 64, 128, 256, 512, 1024)
"""Context lengths; a series is padded to the least one that holds it, and cut to the last."""
AHEAD = 64
"""Steps forecast in one pass."""
BUCKETS = 58
"""Distances told apart: 28 on each side, none, and the one to the prefix token."""


@dataclass(frozen=True, slots=True)
class Layout:
    """Tokens of a context, oldest first in each kind; step 0 is the first after the cutoff.

    coarse     [Nc]      first step of each coarse token (64 steps each)
    fine       [Nf]      first step of each fine token (16 steps each)
    query      [Nq]      first step of each token of the horizon
    distance   [N, N]    bucket of the distance between two tokens, N = 1 + Nc + Nf + Nq
    place      [N]       bucket of each token's distance from the cutoff
    """

    coarse: Ints
    fine: Ints
    query: Ints
    distance: Ints
    place: Ints


def context_for(length: int) -> int:
    """The context that holds `length` steps; the longest one if none does.

    >>> context_for(100), context_for(5000)
    (128, 1024)
    """
    return next((c for c in CONTEXTS if c >= length), CONTEXTS[-1])


@lru_cache(maxsize=64)
def layout(context: int, queries: int) -> Layout:
    """The tokens of one of CONTEXTS and a horizon of `queries` patches.

    >>> [len(part) for part in (layout(512, 2).coarse, layout(512, 2).fine, layout(512, 2).query)]
    [6, 8, 2]
    """
    stride = PATCH // 2 if context <= DENSE else PATCH
    coarse = np.arange(-context, -RECENT, RUN * PATCH)
    fine = np.arange(-min(context, RECENT), -PATCH + 1, stride)
    query = np.arange(queries) * PATCH
    middle = np.concatenate([coarse + RUN * PATCH // 2, fine + PATCH // 2, query + PATCH // 2])
    size = 1 + len(middle)
    distance = np.full((size, size), BUCKETS - 1)
    distance[1:, 1:] = bucket(middle[:, None] - middle[None, :])
    place = np.concatenate([[BUCKETS - 1], bucket(middle)])
    return Layout(coarse, fine, query, distance.astype(np.int64), place.astype(np.int64))


def bucket(steps: Ints) -> Ints:
    """Bucket of a signed distance in steps: fine near zero, logarithmic far away.

    >>> bucket(np.array([0, 16, -16, 1088])).tolist()
    [28, 35, 21, 52]
    """
    size = np.rint(3 * np.log2(1 + np.abs(steps) / 4)).astype(np.int64)
    return np.asarray(28 + np.sign(steps) * np.minimum(size, 28), dtype=np.int64)
