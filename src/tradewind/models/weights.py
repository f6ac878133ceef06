"""Weights of an ensemble: the mixture of quantiles that served best, pulled to caution."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from tradewind.arrays import Floats, Ints

MOST_CELLS = 2_500
"""Cells that the weights of one block are learnt on; more are thinned evenly."""

LIGHTEST = 0.03
"""A member with less weight everywhere is left out: it would cost a fit and change nothing."""


@dataclass(frozen=True, slots=True)
class Cells:
    """What K members said of M outcomes.

    quantiles   [M, Q, K]
    y           [M]
    importance  [M]        1 / in-sample seasonal-naive MAE of the series
    step        [M]        0…h−1
    units                  series × cutoffs behind the cells: what can be learnt from
    windows                cutoffs behind the cells
    """

    quantiles: Floats
    y: Floats
    importance: Floats
    step: Ints
    units: int
    windows: int


def blocks(h: int, n_blocks: int) -> Ints:
    """The block of the horizon that each step belongs to, [h].

    >>> blocks(5, 2).tolist()
    [0, 0, 0, 1, 1]
    """
    return np.asarray(np.arange(h) * min(n_blocks, h) // h, dtype=np.int64)


FEW_SERIES, FEW_WINDOWS = 20.0, 10.0
"""Weights that served best are trusted by half with so many units, and with so many cutoffs."""


def learn_weights(
    cells: Cells, levels: Sequence[float], of_step: Ints, beliefs: Floats | None = None
) -> Floats:
    """Weights of K members in each block of the horizon, [B, K]; each row sums to one.

    Pooled weights minimise the scaled pinball loss of the averaged quantiles and are pulled
    towards a prior by inverse powers of each member's own loss, the more the fewer the units and
    the cutoffs: series of one cutoff share their surprises. Each block is pulled towards the
    pooled weights.

    of_step   [h]   block of each step
    beliefs   [K]   factor on each member's loss in the prior, None for 1

    Source: averaging quantiles after Vincent (1912), see Lichtendahl, Grushka-Cockayne & Winkler
    (2013); the shrinkage: this project.
    """
    losses = member_losses(cells, levels)
    prior = prior_weights(losses if beliefs is None else losses * beliefs)
    sure = cells.windows / (cells.windows + FEW_WINDOWS)
    trust = sure * cells.units / (cells.units + FEW_SERIES)
    pooled = trust * _best(cells, levels, prior) + (1 - trust) * prior
    block = of_step[cells.step]
    rows = []
    for b in range(int(of_step.max()) + 1):
        mine = _only(cells, block == b)
        trust = sure * mine.units / (mine.units + 5 * FEW_SERIES)
        best = _best(mine, levels, pooled) if len(mine.y) else pooled
        rows.append(trust * best + (1 - trust) * pooled)
    weights = np.stack(rows)
    weights[:, weights.max(axis=0) < LIGHTEST] = 0.0
    kept: Floats = weights / weights.sum(axis=1, keepdims=True)
    return kept


def member_losses(cells: Cells, levels: Sequence[float]) -> Floats:
    """Mean scaled pinball loss of each member, [K]."""
    e = cells.y[:, None, None] - cells.quantiles
    q = np.asarray(levels)[None, :, None]
    loss = 2 * np.maximum(q * e, (q - 1) * e).mean(axis=1)
    weighted: Floats = (loss * cells.importance[:, None]).mean(axis=0)
    return weighted


def prior_weights(losses: Floats) -> Floats:
    """Weights by inverse eighth power of the loss, [K]; a tenth less is twice the weight.

    >>> prior_weights(np.array([1.0, 1.1])).round(3).tolist()
    [0.682, 0.318]
    """
    best = max(float(losses.min()), 1e-12)
    weights = (np.maximum(losses, 1e-12) / best) ** -8.0
    normed: Floats = weights / weights.sum()
    return normed


def simplex_descent(
    cells: Cells, levels: Sequence[float], start: Floats, steps: int = 80
) -> Floats:
    """Weights on the simplex with the least scaled pinball loss, [K], by exponentiated gradient.

    The loss is convex; the best of all iterates is returned, so it is never worse than `start`.
    Source: Kivinen & Warmuth (1997). Products are written out: a threaded BLAS spends longer waking
    its threads than on arrays of this size.
    """
    members = len(start)
    said = np.ascontiguousarray(cells.quantiles.reshape(-1, members).T)  # [K, M·Q]
    outcome = np.repeat(cells.y, len(levels))
    share = np.repeat(cells.importance, len(levels)) / len(outcome)
    q = np.tile(np.asarray(levels), len(cells.y))
    weights = 0.9 * start + 0.1 / members
    best, least = start, np.inf
    for t in range(steps):
        e = outcome - (weights[:, None] * said).sum(axis=0)
        slope = np.where(e < 0, q - 1, q) * share
        loss = float((slope * e).sum())
        if loss < least:
            best, least = weights, loss
        gradient = -(said * slope).sum(axis=1)
        gradient -= gradient @ weights
        size = np.abs(gradient).max()
        if size <= 1e-12:
            break
        weights = weights * np.exp(-gradient / size / np.sqrt(t + 1.0))
        weights = weights / weights.sum()
    return best


def _best(cells: Cells, levels: Sequence[float], start: Floats) -> Floats:
    every = max(1, -(-len(cells.y) // MOST_CELLS))
    return simplex_descent(_only(cells, np.arange(len(cells.y)) % every == 0), levels, start)


def _only(cells: Cells, keep: np.ndarray[tuple[int], np.dtype[np.bool_]]) -> Cells:
    return replace(
        cells,
        quantiles=cells.quantiles[keep],
        y=cells.y[keep],
        importance=cells.importance[keep],
        step=cells.step[keep],
    )
