"""Seasons: tables of what each hour, weekday, week, month or day of the year adds to ln sales."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from tradewind.arrays import Floats32, Ints
from tradewind.models.pretrained.prior_settings import (
    DAY,
    HOUR,
    MONTH,
    OTHER,
    QUARTER,
    WEEK,
    Prior,
)
from tradewind.models.pretrained.prior_world import World

PLACES = 60
"""Columns of a table of the main season: no season is longer."""
HARMONICS = 6
YEAR_DAYS = 366
OFF_SEASON = 5.0
"""What is missing in ln sales where a product is not sold all year."""
CHRISTMAS = 350
"""Day of the year around which half of the yearly peaks lie."""


@lru_cache(maxsize=128)
def waves(period: int, harmonics: int, places: int) -> Floats32:
    """sin and cos of the first harmonics of a period, [2 · harmonics, places]."""
    angle = 2 * np.pi * np.arange(1, harmonics + 1)[:, None] * np.arange(places) / period
    return np.concatenate([np.sin(angle), np.cos(angle)]).astype(np.float32)


def seasons(prior: Prior, world: World, rng: np.random.Generator) -> tuple[Floats32, Floats32]:
    """What all seasons add to ln sales [B, T], and the size of the main one [B]."""
    table, size = main_table(prior, world, rng)
    every = np.ones(world.groups, bool)
    out = world.lookup(table, main_place(world, rng), every)
    yearly = world.is_family(DAY, WEEK)
    out += world.lookup(yearly_table(prior, world, rng), world.year_day, yearly)
    weekly = second_size(prior, world, rng)[:, None] * world.kin(rng, 7)
    out += world.lookup(weekly, world.weekday, world.is_family(HOUR))
    n, steps = out.shape
    rows = np.flatnonzero(rng.random(n) < prior.drift)
    growth = rng.normal(0, 0.6, (len(rows), 1)).astype(np.float32)
    out[rows] *= np.exp(growth * (np.arange(steps, dtype=np.float32) / steps - 0.5))
    return out, size


def main_place(world: World, rng: np.random.Generator) -> Ints:
    """The column of the main table of each step, [G, T]."""
    place = np.zeros((world.groups, world.steps), np.int64)
    for family, values in (
        (HOUR, world.hour + 24 * (world.weekday >= 5)),
        (DAY, world.weekday),
        (WEEK, world.year_day // 7),
        (MONTH, world.month),
        (QUARTER, world.month // 3),
        (
            OTHER,
            (np.arange(world.steps) + rng.integers(0, 60)) % np.maximum(world.season[:, :1], 1),
        ),
    ):
        mine = world.is_family(family)
        place[mine] = values[mine]
    return place


def main_table(prior: Prior, world: World, rng: np.random.Generator) -> tuple[Floats32, Floats32]:
    """Tables of the main season [B, 60] and their sizes [B]; siblings look alike.

    A group's kind: smooth (up to six harmonics), free (a number for each place), sharp (few places
    that stand out), or, of hours and days, a shop's (quiet nights; a Saturday's peak, a quiet
    Sunday).
    """
    n = len(world.group)
    smooth, free = world.kin(rng, 2 * HARMONICS), world.kin(rng, PLACES)
    own = rng.standard_normal((n, 24), dtype=np.float32)
    active = world.some(prior.season, rng)[world.group]
    size = np.exp(prior.season_size[0] + prior.season_size[1] * world.kin(rng))
    size = np.minimum(size, 1.5).astype(np.float32) * active
    table = np.zeros((n, PLACES), np.float32)
    kinds = rng.choice(4, world.groups, p=(0.4, 0.25, 0.1, 0.25))
    for g in range(world.groups):
        rows = slice(world.first[g], world.first[g + 1])
        m = int(world.season[g, 0])
        if m == 0:
            continue
        family, kind = world.family[g], kinds[g]
        if kind == 3 and family in (HOUR, DAY):
            table[rows] = (
                shop_hours(free[rows], rng) if family == HOUR else shop_week(free[rows], rng)
            )
            table[rows] *= active[rows, None]
        else:
            places = 24 if family == HOUR else m
            shape = smooth_shape(smooth[rows], m, rng) if kind in (0, 3) else free[rows].copy()
            if kind == 2:
                shape *= 2.5 * (rng.random(PLACES) < max(0.2, 1.5 / m))
            shape -= shape[:, :places].mean(axis=1, keepdims=True)
            shape /= shape[:, :places].std(axis=1, keepdims=True) + 0.05
            table[rows] = shape * size[rows, None]
        if family == HOUR:
            other_days = table[rows, :24] * rng.uniform(0.2, 1.0)
            table[rows, 24:48] = np.roll(other_days, rng.integers(0, 3), axis=1)
            table[rows, 24:48] += 0.2 * size[rows, None] * own[rows] + rng.normal(0, 0.3)
    return table, size


def smooth_shape(sizes: Floats32, m: int, rng: np.random.Generator) -> Floats32:
    """Sums of harmonics of period m with sizes [S, 12] that fall with their order, [S, 60]."""
    order = np.arange(1, HARMONICS + 1)
    most = min(int(rng.integers(1, HARMONICS + 1)), max(m // 2, 1))
    fall = np.where(order <= most, order ** -rng.uniform(0.5, 1.5), 0).astype(np.float32)
    shape: Floats32 = (sizes * np.tile(fall, 2)) @ waves(m, HARMONICS, PLACES)
    return shape


def shop_week(free: Floats32, rng: np.random.Generator) -> Floats32:
    """A shop's weekdays, Monday first: a peak at the end, Sunday near zero or not."""
    out = 0.15 * free
    out[:, rng.choice((0, 4, 5))] += rng.uniform(0.1, 0.6)
    out[:, 5] += rng.normal(0.1, 0.3)
    out[:, 6] += rng.choice((-rng.uniform(1.5, 6.0), rng.normal(0, 0.5)))
    return out


def shop_hours(free: Floats32, rng: np.random.Generator) -> Floats32:
    """A shop's hours: two peaks by day, next to nothing by night."""
    hour = np.arange(24)
    first, second = rng.uniform(9, 13), rng.uniform(15, 20)
    day = np.exp(-0.5 * ((hour - first) / 2) ** 2) + rng.uniform(0.3, 1.5) * np.exp(
        -0.5 * ((hour - second) / 2.5) ** 2
    )
    shut = (hour < rng.integers(5, 9)) | (hour > rng.integers(19, 23))
    out = 0.1 * free
    out[:, :24] += (rng.uniform(0.4, 1.5) * day - rng.uniform(1, 5) * shut).astype(np.float32)
    return out


def second_size(prior: Prior, world: World, rng: np.random.Generator) -> Floats32:
    """Size of the longer season of each series, [B]; 0 for those that have none."""
    size = np.exp(prior.second_size[0] + prior.second_size[1] * world.kin(rng))
    keep = rng.random(len(size)) < prior.second_season
    return np.asarray(np.minimum(size, 1.2) * keep, np.float32)


def yearly_table(prior: Prior, world: World, rng: np.random.Generator) -> Floats32:
    """What each day of the year adds, [B, 366]: three harmonics, in a third of groups a peak."""
    size = second_size(prior, world, rng)
    sizes = world.kin(rng, 6) / np.array([1, 2, 3, 1, 2, 3], np.float32)
    sizes *= (size / np.sqrt(np.square(sizes).sum(axis=1) / 2 + 1e-6))[:, None]
    table = sizes @ waves(365, 3, YEAR_DAYS)
    peaked = rng.random(world.groups) < 0.35
    where = np.where(
        rng.random(world.groups) < 0.5,
        CHRISTMAS + rng.normal(0, 6, world.groups),
        rng.uniform(0, 365, world.groups),
    )
    width = rng.uniform(3, 25, world.groups)
    height = rng.gamma(2, 0.4, world.groups) * peaked
    away = np.abs(np.arange(YEAR_DAYS) - where[:, None])
    away = np.minimum(away, 365 - np.minimum(away, 365))
    peak = (height[:, None] * np.exp(-0.5 * np.square(away / width[:, None]))).astype(np.float32)
    own = np.maximum(1 + 0.4 * world.kin(rng), 0) * (size > 0)
    table += peak[world.group] * own[:, None]
    first, days = rng.integers(0, 365, (world.groups, 1)), rng.integers(60, 240, (world.groups, 1))
    off = (np.arange(YEAR_DAYS) - first) % 365 >= days
    off &= world.some(prior.part_year, rng)[:, None]
    table -= (OFF_SEASON * off.astype(np.float32))[world.group]
    return np.asarray(table, np.float32)
