"""From mean sales to what the books say: noise, counts, outliers, stock-outs, gaps."""

from __future__ import annotations

import numpy as np

from tradewind.arrays import Bools, Floats32
from tradewind.models.pretrained.prior_settings import Prior
from tradewind.models.pretrained.prior_trend import recursion
from tradewind.models.pretrained.prior_world import World

LOWEST, HIGHEST = 0.05, 1e5
"""Range of mean sales."""
BIGGEST = 1e7
"""Largest mean of a count."""


def noise(prior: Prior, world: World, rng: np.random.Generator) -> Floats32:
    """What is left to chance on ln sales: AR(1), Normal or Student t with 3 degrees, [B, T]."""
    n = len(world.group)
    size = np.exp(prior.noise[0] + prior.noise[1] * world.kin(rng))
    size = np.minimum(size, 1.2).astype(np.float32)
    keep = (rng.uniform(-0.2, 0.8, n) * (rng.random(n) < prior.autocorrelated)).astype(np.float32)
    heavy = rng.binomial(n, prior.heavy_tails)  # the first ones; shuffled below
    out = rng.standard_normal((world.steps, n), dtype=np.float32)
    chi = 2 * rng.standard_gamma(1.5, (world.steps, heavy), dtype=np.float32)
    out[:, :heavy] /= np.sqrt(chi)  # t3 / √3: variance 1
    order = rng.permutation(n)
    out *= (size * np.sqrt(1 - keep**2))[order]
    recursion(out, keep[order], np.zeros(n, np.float32))
    paths = np.empty((n, world.steps), np.float32)
    paths[order] = out.T
    return np.clip(paths, -4, 4, out=paths)


def levels(prior: Prior, world: World, rng: np.random.Generator) -> Floats32:
    """Typical sales of each series, [B]."""
    level = np.exp(prior.level[0] + prior.level[1] * world.kin(rng))
    return np.asarray(np.clip(level, LOWEST, HIGHEST), np.float32)


def multiplied(level: Floats32, log_sales: Floats32, left: Floats32) -> Floats32:
    """level · exp(log_sales + left − the half of its variance), [B, T]."""
    spread = left.var(axis=1, keepdims=True)
    out = np.clip(log_sales, -6, 6)
    out += np.clip(left - 0.5 * spread, -4, 4)
    np.exp(out, out=out)
    out *= level[:, None]
    return out


def added(
    level: Floats32, log_sales: Floats32, left: Floats32, rng: np.random.Generator
) -> Floats32:
    """level · (offset + log_sales + left), [B, T]: half around zero, half well above it."""
    n = len(level)
    offset = np.where(rng.random(n) < 0.6, rng.normal(0, 3, n), rng.uniform(3, 9, n))
    out = np.clip(log_sales, -8, 8) + left + offset.astype(np.float32)[:, None]
    out *= level[:, None]
    return np.asarray(out, np.float32)


def make_counts(prior: Prior, world: World, mean: Floats32, rng: np.random.Generator) -> Bools:
    """Turn some of the series `mean` [B, T] into whole numbers, in place; which ones, [B].

    Small counts are Poisson with a gamma mean (var = mean + mean² / r), some sold in packs, some
    with extra zeros that come one by one or in spells. Others are only rounded.
    """
    n = len(mean)
    alike = world.some(prior.counts, rng)[world.group]
    mixed = world.some(0.3, rng)[world.group]
    small = np.where(mixed, rng.random(n) < prior.counts, alike) & ~world.additive[world.group]
    rows = np.flatnonzero(small)
    target = np.exp(prior.count_level[0] + prior.count_level[1] * world.kin(rng)[rows])
    rate = mean[rows]
    rate *= (np.clip(target, LOWEST, HIGHEST) / (rate.mean(axis=1) + 1e-9)).astype(np.float32)[
        :, None
    ]
    pack = np.where(rng.random(len(rows)) < 0.05, rng.choice((2, 6, 10, 12), len(rows)), 1)
    r = np.exp(rng.normal(1.2, 0.8, (len(rows), 1))).astype(np.float32)
    rate *= rng.standard_gamma(r, rate.shape, dtype=np.float32) / (r * pack[:, None])
    drawn = rng.poisson(np.minimum(rate, BIGGEST)).astype(np.float32)
    drawn *= pack[:, None]
    add_zeros(prior, drawn, rng)
    mean[rows] = drawn
    whole = (rng.random(world.groups) < prior.rounded)[world.group] & ~small
    whole &= ~world.additive[world.group]
    mean[whole] = np.rint(mean[whole])
    return small | whole


def add_zeros(prior: Prior, counts: Floats32, rng: np.random.Generator) -> None:
    """Extra zeros in a part of the series of `counts` [R, T], in place: single ones, or spells."""
    rows = np.flatnonzero(rng.random(len(counts)) < prior.zero_inflated)
    steps = counts.shape[1]
    draw = rng.random((len(rows), steps), dtype=np.float32)
    spells = np.flatnonzero(rng.random(len(rows)) < 0.3)
    for k, length in zip(spells, rng.integers(2, 7, len(spells)), strict=True):
        draw[k] = np.repeat(draw[k, : steps // length + 1], length)[:steps]
    counts[rows] *= draw > rng.uniform(*prior.zeros, (len(rows), 1)).astype(np.float32)


def add_accidents(
    prior: Prior, world: World, y: Floats32, count: Bools, rng: np.random.Generator
) -> None:
    """Outliers (2 to 6 times, or a fraction), and days on which returns exceed sales, in place."""
    n, steps = y.shape
    plain = world.additive[world.group]
    odd = np.flatnonzero(rng.random(n) < prior.outliers)
    hits = 1 + rng.poisson(0.004 * steps, len(odd))
    row, when = np.repeat(odd, hits), rng.integers(0, steps, hits.sum())
    factor = np.where(
        rng.random(len(row)) < 0.75, rng.uniform(2, 6, len(row)), rng.uniform(0, 0.5, len(row))
    )
    spread = y[odd].std(axis=1)
    jump = np.repeat(spread, hits) * rng.normal(0, 4, len(row))
    new = np.where(plain[row], y[row, when] + jump, y[row, when] * factor)
    y[row, when] = np.where(count[row], np.rint(new), new)
    back = np.flatnonzero((rng.random(n) < prior.returns) & ~plain & ~count)
    hits = 1 + rng.poisson(0.01 * steps, len(back))
    row, when = np.repeat(back, hits), rng.integers(0, steps, hits.sum())
    usual = np.repeat(y[back].mean(axis=1), hits)
    sent = -rng.uniform(0, 0.5, len(row)) * usual
    y[row, when] = sent


def run_out(
    prior: Prior, world: World, y: Floats32, rng: np.random.Generator
) -> tuple[Bools, Bools]:
    """Spells without stock, or with too little, in place; which are known, and all, [B, T]."""
    n, steps = y.shape
    known, short = np.zeros((2, n, steps), bool)
    rows = np.flatnonzero((rng.random(n) < prior.stockouts) & ~world.additive[world.group])
    row = np.repeat(rows, rng.integers(1, 5, len(rows)))
    start = rng.integers(0, steps, len(row))
    end = start + np.exp(rng.uniform(0, 3.2, len(row))).astype(np.int64)
    flagged = rng.random(len(row)) < prior.flagged
    nothing = flagged | (rng.random(len(row)) < 0.6)
    cap = np.where(nothing, 0, np.floor(rng.uniform(0.1, 0.8, len(row)) * y[row].mean(axis=1)))
    for r, a, b, most, told in zip(row, start, end, np.maximum(cap, 0), flagged, strict=True):
        np.clip(y[r, a:b], 0, most, out=y[r, a:b])
        short[r, a:b] = True
        known[r, a:b] |= told
    return known, short


def observe(prior: Prior, shape: tuple[int, int], rng: np.random.Generator) -> Bools:
    """Where anything is recorded, [B, T]: scattered gaps in some series, long ones in others."""
    n, steps = shape
    seen = np.ones(shape, bool)
    rows = np.flatnonzero(rng.random(n) < prior.gaps)
    lost = rng.random((len(rows), steps), dtype=np.float32)
    seen[rows] = lost >= np.exp(rng.uniform(-4.5, -1, (len(rows), 1)))
    for row in np.flatnonzero(rng.random(n) < prior.missing_runs):
        start = rng.integers(0, steps)
        seen[row, start : start + int(np.exp(rng.uniform(0.7, 4)))] = False
    return seen
