"""Where the level of each series goes: slopes, wandering, breaks, launches, lives and ends."""

from __future__ import annotations

import numpy as np

from tradewind.arrays import Floats32, Ints
from tradewind.models.pretrained.prior_settings import (
    FAMILIES,
    MONTH,
    QUARTER,
    WEEK,
    YEAR,
    Prior,
)
from tradewind.models.pretrained.prior_world import World

SLOPE = np.array([0.05, 0.25, 1.0, 1.7, 3.0, 7.0, 0.6], np.float32)
"""Median slope by family, as a multiple of exp(-5.2) a step."""
WANDER = np.array([0.3, 0.6, 1.0, 1.0, 1.2, 1.6, 0.8], np.float32)
"""The same of the standard deviation of a step of the level, of exp(-3.6)."""
FADING = np.array([1.0, 1.0, 1.0, 0.3, 0.2, 0.2, 1.0], np.float32)
"""Factor by family on the chance that sales die: coarse records are of brands and whole shops."""
LASTING = np.array([1.0, 1.0, 0.8, 0.5, 0.4, 0.4, 1.0], np.float32)
"""The same on the chance that a slope dies out."""
FARTHEST = 4.0
"""Largest distance of the logarithm of the level from its start."""
assert len(SLOPE) == len(WANDER) == len(FADING) == len(LASTING) == len(FAMILIES)


def trend(prior: Prior, world: World, rng: np.random.Generator) -> Floats32:
    """ln of the level of each series relative to its typical one, [B, T]."""
    path = wander(prior, world, rng)
    np.clip(path, -FARTHEST, FARTHEST, out=path)
    add_breaks(prior, path, rng)
    n, steps = path.shape
    t = np.arange(steps, dtype=np.float32)
    family = world.family[world.group]
    lives = np.flatnonzero(rng.random(n) < prior.life_cycles * FADING[family])
    peak = rng.uniform(0.1, 1.2, (len(lives), 1)).astype(np.float32) * steps
    width = rng.uniform(0.1, 0.5, (len(lives), 1)).astype(np.float32) * steps
    path[lives] -= np.minimum(0.5 * np.square((t - peak) / width), FARTHEST)
    ends = np.flatnonzero(rng.random(n) < prior.declines * FADING[family])
    start = rng.uniform(0.4, 1.0, (len(ends), 1)).astype(np.float32) * steps
    speed = rng.uniform(2, 12, (len(ends), 1)).astype(np.float32) / steps
    path[ends] -= np.minimum(np.maximum(t - start, 0) * speed, 2 * FARTHEST)
    return path


def wander(prior: Prior, world: World, rng: np.random.Generator) -> Floats32:
    """A damped local linear trend, with slopes that siblings share in part, [B, T].

    slope ← damping · slope + Normal(0, slope_sd);  level ← level + slope + Normal(0, level_sd)
    """
    n, steps = len(world.group), world.steps
    family = world.family[world.group]
    size = np.exp(rng.normal(-5.2, 1.1, n)).astype(np.float32) * SLOPE[family]
    slope = prior.trend * size * world.kin(rng)
    upward = world.is_family(WEEK, MONTH, QUARTER, YEAR)[world.group]
    upward &= rng.random(n) < 2 * prior.growing - 1
    slope[upward] = np.abs(slope[upward])
    level_sd = np.exp(rng.normal(-3.6, 1.1, n)) * (rng.random(n) < 0.7)
    slope_sd = np.exp(rng.normal(-7.0, 1.1, n)) * (rng.random(n) < 0.4)
    level_sd = (prior.trend * level_sd * WANDER[family]).astype(np.float32)
    slope_sd = (prior.trend * slope_sd * SLOPE[family]).astype(np.float32)
    damps = rng.random(n) < prior.damped * LASTING[family]
    damping = np.where(damps, rng.uniform(0.8, 0.99, n), 1.0)
    damping = damping.astype(np.float32)
    turn = rng.standard_normal((steps, n), dtype=np.float32)
    turn *= slope_sd
    slopes = recursion(turn, damping, slope.astype(np.float32))
    common = rng.standard_normal((steps, world.groups), dtype=np.float32)
    share = np.sqrt(world.kinship[world.group])
    steps_up = rng.standard_normal((steps, n), dtype=np.float32)
    steps_up *= level_sd * np.sqrt(1 - share**2)
    steps_up += slopes
    steps_up += np.take(common, world.group, axis=1) * (level_sd * share)
    path = np.ascontiguousarray(steps_up.T)
    np.cumsum(path, axis=1, out=path)
    path -= path[:, [rng.integers(0, steps)]]
    return path


def recursion(push: Floats32, keep: Floats32, start: Floats32) -> Floats32:
    """x_t = keep · x_{t-1} + push_t for every column of push [T, B], in place, [T, B]."""
    x = start
    for row in push:
        row += keep * x
        x = row
    return push


def add_breaks(prior: Prior, path: Floats32, rng: np.random.Generator) -> None:
    """Up to three sudden changes of level in some series of `path` [B, T]; half of them pass."""
    n, steps = path.shape
    for _ in range(3):
        rows = np.flatnonzero(rng.random(n) < prior.breaks / 2)
        sizes = rng.normal(0, prior.break_size, len(rows))
        starts = rng.integers(0, steps, len(rows))
        ends = np.where(
            rng.random(len(rows)) < 0.5, steps, starts + 1 + rng.integers(0, steps, len(rows))
        )
        for row, size, start, end in zip(rows, sizes, starts, ends, strict=True):
            path[row, start:end] += size


def launches(prior: Prior, world: World, path: Floats32, rng: np.random.Generator) -> Ints:
    """Let some series of some groups start late, with a slow or a loud beginning.

    path [B, T] gets the ramp: ln(1 − c · exp(−age / τ)), or + c · exp(−age / τ) for a novelty.
    → the first step of each series, [B].
    """
    n, steps = path.shape
    new = world.some(prior.launches, rng)[world.group] & (rng.random(n) < prior.launch_share)
    first = np.where(new, rng.uniform(0.05, 0.95, n) * steps, 0).astype(np.int64)
    rows = np.flatnonzero(new)
    age = np.maximum(np.arange(steps) - first[rows, None], 0).astype(np.float32)
    fade = np.exp(-age / rng.uniform(2, 40, (len(rows), 1)).astype(np.float32))
    size = rng.uniform(0.2, 0.95, (len(rows), 1)).astype(np.float32)
    loud = rng.random((len(rows), 1)) < 0.3
    path[rows] += np.where(loud, 1.5 * size * fade, np.log1p(-size * fade))
    return first
