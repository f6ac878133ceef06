"""Covariates: what a shop shows of its world, in which slots, with useless columns among them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tradewind.arrays import Bools, Floats32, Ints
from tradewind.models.pretrained.layout import SLOTS
from tradewind.models.pretrained.prior_settings import Prior
from tradewind.models.pretrained.prior_world import World

Kinds = NDArray[np.int8]

EMPTY, KNOWN, PAST = 0, 1, 2
GENERICS = 4
"""Most generic covariates of a group."""


@dataclass(frozen=True, slots=True)
class Column:
    """One covariate of the groups that show it.

    shown    [G]
    values   [G, T], or [R, T] of the series `rows`, ascending
    past     [G]      seen only afterwards
    rows     [R]      None: the values are those of whole groups
    """

    shown: Bools
    values: Floats32
    past: Bools
    rows: Ints | None = None


def assemble(
    prior: Prior, world: World, columns: list[Column], rng: np.random.Generator
) -> tuple[Floats32, Kinds]:
    """Covariates [B, T, SLOTS] and their kinds [B, SLOTS], in slots that each group shuffles.

    Where a group shows more than SLOTS columns, the last ones are left out.
    """
    n, steps = len(world.group), world.steps
    slots = np.argsort(rng.random((world.groups, SLOTS)), axis=1)
    used = np.zeros(world.groups, np.int64)
    by_slot = np.zeros((n, SLOTS, steps), np.float32)
    kinds = np.zeros((n, SLOTS), np.int8)
    for column in columns:
        shown = column.shown & (used < SLOTS)
        late = shown & (rng.random(world.groups) < prior.late_columns)
        begins = np.where(late, rng.uniform(0, 0.8, world.groups) * steps, 0).astype(np.int64)
        for g in np.flatnonzero(shown):
            a, b = world.first[g], world.first[g + 1]
            slot = slots[g, used[g]]
            if column.rows is None:
                by_slot[a:b, slot] = column.values[g]
            else:
                i, j = np.searchsorted(column.rows, (a, b))
                by_slot[column.rows[i:j], slot] = column.values[i:j]
            if late[g]:
                by_slot[a:b, slot, : begins[g]] = 0
            kinds[a:b, slot] = PAST if column.past[g] else KNOWN
        used += shown
    return np.ascontiguousarray(by_slot.transpose(0, 2, 1)), kinds


def generics(
    prior: Prior, world: World, rng: np.random.Generator
) -> tuple[Floats32, Floats32, list[Column]]:
    """Temperature, fuel price, noise, counters, constants: paths, sizes, and their columns.

    → paths [G, 4, T] of about unit variance, sizes [B, 4] (0 for most), columns in units of their
    own.
    """
    g = world.groups
    count = np.minimum(rng.poisson(prior.generics, g), GENERICS)
    shown = np.arange(GENERICS) < count[:, None]
    which = np.argwhere(shown)
    paths = np.zeros((g, GENERICS, world.steps), np.float32)
    paths[which[:, 0], which[:, 1]] = generic(world, which[:, 0], rng)
    works = rng.random((g, GENERICS)) < prior.generic_effect
    hidden = rng.random((g, GENERICS)) < 0.1
    common = rng.normal(0, 0.25, (g, GENERICS))[world.group]
    sizes = common + 0.1 * world.kin(rng, GENERICS)
    sizes *= (works & shown)[world.group]
    unit = np.exp(rng.normal(0, 2, (g, GENERICS, 1))).astype(np.float32)
    offset = rng.normal(0, 4, (g, GENERICS, 1)) * (rng.random((g, GENERICS, 1)) < 0.6)
    values = unit * (paths + offset.astype(np.float32))
    past = rng.random((g, GENERICS)) < 0.3
    columns = [
        Column(shown[:, k] & ~hidden[:, k], values[:, k], past[:, k]) for k in range(GENERICS)
    ]
    return paths, sizes.astype(np.float32), columns


def generic(world: World, groups: Ints, rng: np.random.Generator) -> Floats32:
    """Weather, a random walk, noise, a switch, a counter, or a constant, for each of `groups` [K].

    → [K, T], about unit variance within the span
    """
    k, steps = len(groups), world.steps
    out = rng.standard_normal((k, steps), dtype=np.float32)
    kind = rng.choice(6, k, p=(0.25, 0.25, 0.2, 0.15, 0.1, 0.05))
    weather = kind == 0
    year_day = world.year_day[groups[weather]] - rng.integers(0, 365, (weather.sum(), 1))
    smooth = out[weather]
    smooth[:, 1:] += 0.7 * smooth[:, :-1]
    year = np.cos(year_day.astype(np.float32) * np.float32(2 * np.pi / 365.25))
    out[weather] = 1.2 * year + 0.35 * smooth
    for which in (kind == 1, kind == 3):
        walk = np.cumsum(out[which], axis=1)
        walk -= walk.mean(axis=1, keepdims=True)
        out[which] = walk / (walk.std(axis=1, keepdims=True) + 1e-3)
    switch = kind == 3
    out[switch] = 2 * (np.floor(out[switch] * rng.uniform(1, 4, (switch.sum(), 1))) % 2)
    out[kind == 4] = np.linspace(-1.7, 1.7, steps)
    out[kind == 5] = 1
    return out


def adverts(
    prior: Prior, world: World, rng: np.random.Generator
) -> tuple[Floats32, Floats32, Column]:
    """Advertising in bursts that works on: paths [G, 1, T], sizes [B, 1], the column of spend.

    stock ← keep · stock + spend, effect = size · ln(1 + stock)
    """
    g, steps = world.groups, world.steps
    has = world.some(prior.adverts, rng)
    burst = rng.random((g, steps)) < rng.uniform(0.02, 0.2, (g, 1))
    spend = burst * rng.gamma(2, 1, (g, steps)).astype(np.float32)
    keep = rng.uniform(0.3, 0.95, g).astype(np.float32)
    stock = spend.T.copy()
    for k in range(1, steps):
        stock[k] += keep * stock[k - 1]
    path = np.log1p(stock).T.astype(np.float32)
    size = rng.gamma(2, 0.12, g)[world.group] * np.maximum(1 + 0.4 * world.kin(rng), 0)
    size *= has[world.group]
    unit = np.exp(rng.normal(3, 2, (g, 1)))
    column = Column(has, (unit * spend).astype(np.float32), rng.random(g) < 0.4)
    return path[:, None], size[:, None].astype(np.float32), column


def views(prior: Prior, world: World, log_sales: Floats32, rng: np.random.Generator) -> Column:
    """Visits or searches: a noisy signal of ln sales up to three steps ahead, seen afterwards."""
    shown = world.some(prior.views, rng)
    rows = np.flatnonzero(shown[world.group])
    lead = rng.integers(0, 4, world.groups)[world.group[rows]]
    signal = log_sales[rows]
    for k in range(1, 4):
        mine = lead == k
        signal[mine, :-k] = signal[mine, k:]
    noise = rng.uniform(0.1, 0.6, (len(rows), 1)).astype(np.float32)
    signal = rng.uniform(0.4, 1.1, (len(rows), 1)).astype(np.float32) * signal
    signal += noise * rng.standard_normal(signal.shape, dtype=np.float32)
    unit = rng.normal(5, 1.5, (len(rows), 1)).astype(np.float32)
    counted = (rng.random(world.groups) < 0.7)[world.group[rows]]
    np.exp(np.clip(signal + unit, -8, 14), out=signal, where=counted[:, None])
    return Column(shown, signal, np.ones(world.groups, bool), rows)


def availability(prior: Prior, world: World, short: Bools, rng: np.random.Generator) -> Column:
    """Share of a period in which there was stock, seen afterwards; `short` [B, T] is out of it."""
    shown = world.some(prior.availability, rng)
    rows = np.flatnonzero(shown[world.group])
    missing = short[rows] * rng.uniform(0.4, 1, (len(rows), 1)).astype(np.float32)
    unit = rng.choice((1, 100), (world.groups, 1))[world.group[rows]]
    values = (unit * (1 - missing)).astype(np.float32)
    return Column(shown, values, np.ones(world.groups, bool), rows)
