"""What last season says of the steps ahead: as it was, and grown by what changed since."""

from __future__ import annotations

import numpy as np

from tradewind.arrays import Bools, Floats32, Ints

NEWER, OLDER = 0.6, 0.4
"""Weights of the last season and of the one before it."""
SHRINK = 2.0
"""Observations without any change that are added to those of a change."""
LOOK = 192
"""Steps of the past, at most, over which a change is told."""


def season_ago(z: Floats32, seen: Bools, season: Ints, t: Ints) -> tuple[Floats32, Bools]:
    """The value one season before each step, rolled on over the horizon, and where there is one.

    Where that step was not seen, the same step a season earlier is taken.

    z   [B, T]
    t   [S]      steps asked for; T is the first of the horizon
    """
    steps = z.shape[1]
    t = t[None, :]
    m = np.maximum(season, 1)[:, None]
    back = np.where(t < steps, m, m * (1 + (t - steps) // m))
    value = np.zeros((len(z), t.shape[1]), np.float32)
    found = np.zeros(value.shape, np.bool_)
    for more in (0, 1):
        at = t - back - more * m
        ok = (at >= 0) & (season > 0)[:, None] & ~found
        at = np.maximum(at, 0)
        ok &= np.take_along_axis(seen, at, axis=1)
        value = np.where(ok, np.take_along_axis(z, at, axis=1), value)
        found |= ok
    return value, found


def grown(base: Floats32, seen: Bools, season: Ints, h: int, level: Floats32) -> Floats32:
    """Mean of the last two seasons' values, moved by the change from season to season, [B, h].

    base     [B, T]   z without what covariates did
    season   [B]      in steps, 0 is none
    level    [B]      taken where no season was seen

    The change is the mean of z_t − z_{t−m} over the newest steps, whose weight halves every quarter
    of a season: a seasonal random walk with drift (Hyndman & Athanasopoulos, Forecasting, 5.2).
    """
    steps = base.shape[1]
    m = np.maximum(season, 1)[:, None]
    newest = np.arange(max(steps - LOOK, 0), steps)[None, :]
    before = np.maximum(newest - m, 0)
    pairs = seen[:, newest[0]] & np.take_along_axis(seen, before, axis=1) & (newest >= m)
    weight = pairs * np.exp2((newest - steps + 1) / np.maximum(m / 4, 1)).astype(np.float32)
    change = base[:, newest[0]] - np.take_along_axis(base, before, axis=1)
    drift = (weight * change).sum(axis=1) / (weight.sum(axis=1) + SHRINK)
    ahead = np.arange(h)[None, :]
    total = np.zeros((len(base), h), np.float32)
    sure = np.zeros((len(base), h), np.float32)
    for more, share in enumerate((NEWER, OLDER)):
        seasons = 1 + ahead // m + more
        at = steps + ahead - seasons * m
        use = (at >= 0) & (season > 0)[:, None]
        at = np.maximum(at, 0)
        part = np.where(use & np.take_along_axis(seen, at, axis=1), np.float32(share), 0)
        total += part * (np.take_along_axis(base, at, axis=1) + drift[:, None] * seasons)
        sure += part
    mean = np.where(sure > 0, total / np.maximum(sure, 1e-6), level[:, None])
    return np.asarray(mean, np.float32)
