"""What covariates did to one series: ridge regression in closed form, many series at once."""

from __future__ import annotations

import numpy as np

from tradewind.arrays import Bools, Floats32

PULL_COVARIATE, PULL_SEASON, PULL_LEVEL = 2.0, 1.0, 1e-3
"""Ridge penalties, in observations at one standard deviation: how firmly each kind of coefficient
is drawn to zero. Season and level only keep the covariates from explaining what is theirs."""
ALONE = 160_000
"""Multiplications of a product that OpenBLAS still makes on the thread that asks."""


def effects(z: Floats32, seen: Bools, covariates: Floats32, waves: Floats32) -> Floats32:
    """Part of z that the covariates explain, over the past and the horizon, [B, T + H].

    z            [B, T]           normalised past
    seen         [B, T]           False where z is unknown
    covariates   [B, T + H, K]    about zero mean and unit size; 0 where there is none
    waves        [B, T + H, W]    the season's sines and cosines, and the trend

    Coefficients of each series: (XᵀX + Λ)⁻¹ Xᵀz over the steps that were seen, with X the
    covariates, the waves and a constant. Source: Hoerl & Kennard (1970).
    """
    steps = z.shape[1]
    past = np.concatenate(
        [
            covariates[:, :steps],
            waves[:, :steps],
            np.ones((*z.shape, 1), np.float32),
            z[:, :, None],
        ],
        axis=2,
    )
    past *= seen[:, :, None]
    k, w = covariates.shape[2], waves.shape[2]
    whole = squared(past)
    gram, right = whole[:, :-1, :-1], whole[:, :-1, -1:]
    pull = np.concatenate([[PULL_COVARIATE] * k, [PULL_SEASON] * w, [PULL_LEVEL]])
    gram[:, np.arange(k + w + 1), np.arange(k + w + 1)] += pull.astype(np.float32)
    slopes = np.linalg.solve(gram.astype(np.float64), right.astype(np.float64))[:, :k, 0]
    part: Floats32 = np.matmul(covariates, slopes.astype(np.float32)[:, :, None])[:, :, 0]
    return part


def squared(x: Floats32) -> Floats32:
    """XᵀX of each series, [B, K, K], from x [B, T, K], a span of steps after the other.

    A whole past at once is just large enough for BLAS to share out every small product to its own
    threads; they then wait for each other, and for the threads that ask: on a busy machine twenty
    times longer (docs/experiments.md, "Explaining in time").
    """
    size, steps, columns = x.shape
    total = np.zeros((size, columns, columns), np.float32)
    span = max(ALONE // (columns * (columns + 1)), 1)
    for first in range(0, steps, span):
        part = x[:, first : first + span]
        total += np.matmul(part.transpose(0, 2, 1), part)
    return total
