"""Holidays, paydays, closed days and shared surprises: what a whole group goes through."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tradewind.arrays import Bools, Floats32, Ints
from tradewind.models.pretrained.prior_settings import DAY, HOUR, MONTH, OTHER, WEEK, Prior
from tradewind.models.pretrained.prior_world import World

HOLIDAYS = 6
"""Most holidays that a group keeps."""
SPAN = 14
"""Days before and after a holiday within which it may be felt."""
OPEN_DAYS = 7


@dataclass(frozen=True, slots=True)
class Holidays:
    """The holidays of each group.

    on       [G, H, T]  share of a period that a holiday takes: 1 on its days
    before   [G, H, T]  1 right before, falling with the distance; after: likewise
    kept     [G, H]     which of the H are holidays of the group at all
    """

    on: Floats32
    before: Floats32
    after: Floats32
    kept: Bools


def holidays(prior: Prior, world: World, rng: np.random.Generator) -> Holidays:
    """Fixed and moving holidays, in their dates of every year, one to 14 days long."""
    g = world.groups
    dated = world.is_family(HOUR, DAY, WEEK, MONTH, OTHER) & world.some(prior.holidays, rng)
    kept = dated[:, None] & (np.arange(HOLIDAYS) < rng.integers(1, HOLIDAYS + 1, (g, 1)))
    k, h = np.nonzero(kept)
    begin, end = world.begin[k].astype(np.int32), world.end[k].astype(np.int32)
    starts = event_days(prior, world, k, rng).astype(np.int32)
    length = rng.choice((1, 1, 1, 2, 3, 14), (len(k), 1)).astype(np.int32)
    fall = rng.uniform(1, 6, (2, len(k), 1)).astype(np.float32)
    this_year = world.year[k] - world.year[k, :1] + 1
    nearest_other = this_year + np.where(world.year_day[k] < 183, -1, 1)
    on, before, after = (np.zeros((g, HOLIDAYS, world.steps), np.float32) for _ in range(3))
    for year in (this_year, nearest_other):
        first = np.take_along_axis(starts, year, axis=1)
        last = first + length
        inside = np.maximum(np.minimum(end, last) - np.maximum(begin, first), 0)
        on[k, h] += inside / (end - begin).astype(np.float32)
        for path, away, days in ((before, first - end, fall[0]), (after, begin - last, fall[1])):
            near = (away >= 0) & (away < SPAN)
            path[k, h] += near * np.exp(np.float32(-1) * np.abs(away).astype(np.float32) / days)
    return Holidays(np.minimum(on, 1), before, after, kept)


def event_days(prior: Prior, world: World, k: Ints, rng: np.random.Generator) -> Ints:
    """First days of K holidays of the groups k [K], days since 1970, [K, Y].

    Y runs from the year before a group's first one. A moving holiday shifts by up to 25 days:
    freely, as the moon (11 days earlier each year, then back by 30), or to one weekday.
    """
    span = int(np.max(world.year[k, -1] - world.year[k, 0], initial=0)) + 3
    year = world.year[k, :1] - 1 + np.arange(span)
    january = (year - 1970).astype("datetime64[Y]").astype("datetime64[D]").astype(np.int64)
    usual = january + rng.integers(0, 365, (len(k), 1))
    free = rng.integers(-25, 26, year.shape)
    moon = (rng.integers(0, 30, (len(k), 1)) - 11 * year) % 30 - 15
    weekday = -(usual + rng.integers(0, 7, (len(k), 1))) % 7
    moves = rng.random((len(k), 1)) < prior.moving
    way = rng.choice(3, (len(k), 1), p=(0.25, 0.5, 0.25))
    shift = np.where(moves, np.choose(way, (free, moon, weekday)), 0)
    return np.asarray(usual + shift, np.int64)


def holiday_effect(
    prior: Prior, world: World, kept: Holidays, rng: np.random.Generator
) -> tuple[Floats32, Floats32]:
    """Paths [G, 3H, T] and sizes [B, 3H] whose product is what holidays add to ln sales.

    A holiday has a sign in its group (up, or down), a size that siblings share in part, and often
    a rise or a dip on the days before and after.
    """
    g, n = world.groups, len(world.group)
    shape, scale = prior.holiday_size
    common = rng.gamma(shape / 2, scale, (g, HOLIDAYS))
    size = common[world.group] + rng.gamma(shape / 2, scale, (n, HOLIDAYS))
    down = np.where(rng.random((g, HOLIDAYS)) < prior.holiday_down, -1.5, 1.0) * kept.kept
    size = np.minimum(size, 2.5) * down[world.group]
    lead = rng.normal(0.2, 0.5, (g, HOLIDAYS)) * (rng.random((g, HOLIDAYS)) < 0.5)
    lag = rng.normal(-0.2, 0.4, (g, HOLIDAYS)) * (rng.random((g, HOLIDAYS)) < 0.5)
    sizes = np.concatenate(
        [size, np.abs(size) * lead[world.group], np.abs(size) * lag[world.group]], axis=1
    )
    paths = np.concatenate([kept.on, kept.before, kept.after], axis=1)
    return paths, sizes.astype(np.float32)


def paydays(prior: Prior, world: World, rng: np.random.Generator) -> tuple[Floats32, Floats32]:
    """A bump on and after the 1st, 10th, 15th, 25th or last day of the month: path and sizes.

    → paths [G, 1, T], sizes [B, 1]
    """
    paid = world.is_family(DAY, HOUR) & world.some(prior.paydays, rng)
    day = rng.choice((1, 10, 15, 25, 31), (world.groups, 1))
    due = np.minimum(day, world.month_days)
    since = (world.month_day - due) % world.month_days
    length = rng.uniform(0.7, 4, (world.groups, 1))
    path = np.where(paid[:, None], np.exp(-since / length), 0).astype(np.float32)
    common = rng.gamma(2, 0.12, world.groups)[world.group]
    size = common * np.maximum(1 + 0.4 * world.kin(rng), 0)
    return path[:, None], size[:, None].astype(np.float32)


def surprises(prior: Prior, world: World, rng: np.random.Generator) -> tuple[Floats32, Floats32]:
    """AR(1) shocks that a group shares: paths [G, 1, T] with sizes [B, 1]."""
    t, g = world.steps, world.groups
    keep = (rng.uniform(0, 0.9, g) * (rng.random(g) < 0.6)).astype(np.float32)
    path = rng.standard_normal((t, g), dtype=np.float32)
    path *= np.sqrt(1 - keep**2)
    for k in range(1, t):
        path[k] += keep * path[k - 1]
    size = np.exp(rng.normal(-2.4, 0.7, g)) * (rng.random(g) < prior.shocks)
    own = np.maximum(1 + 0.5 * world.kin(rng), 0)
    sizes = (np.minimum(size, 0.5)[world.group] * own)[:, None]
    return np.ascontiguousarray(path.T)[:, None], sizes.astype(np.float32)


@dataclass(frozen=True, slots=True)
class Closing:
    """When series are shut.

    closed     [R, T]  of the series `rows` [R], which may close; the others never do
    open_days  [G, T]  days of the week on which a shop of weekly data is open; 7 elsewhere
    """

    rows: Ints
    closed: Bools
    open_days: Floats32


def closing(prior: Prior, world: World, kept: Holidays, rng: np.random.Generator) -> Closing:
    """Weekly closing days, holidays, nights, and renovations of weeks, of the shops.

    Hours close by night; weeks lose a share of their days to holidays, and are wholly shut only
    for renovation.
    """
    g = world.groups
    shuts = kept.kept & (rng.random((g, HOLIDAYS)) < prior.holiday_closing)
    holiday = (kept.on * shuts[:, :, None]).max(axis=1)  # [G, T]
    day_off = np.where(rng.random(g) < 0.7, 6, rng.integers(0, 7, g))
    weekly = (rng.random(g) < 0.6)[:, None] & (world.weekday == day_off[:, None])
    opens, shuts_at = rng.integers(5, 11, (g, 1)), rng.integers(17, 24, (g, 1))
    night = (world.hour < opens) | (world.hour >= shuts_at)
    daily = world.is_family(DAY, HOUR)[:, None] & ((holiday > 0) | weekly)
    shut = (daily | (world.is_family(HOUR)[:, None] & night)) & world.shop[:, None]
    weeks = (world.shop & world.is_family(WEEK))[:, None]
    closed_days = np.rint(OPEN_DAYS * holiday)
    open_days = np.where(weeks, np.maximum(OPEN_DAYS - closed_days, 1), OPEN_DAYS)
    rows = np.flatnonzero(world.shop[world.group])
    closed = shut[world.group[rows]]
    for k in np.flatnonzero(rng.random(len(rows)) < prior.renovations):
        start = rng.integers(0, world.steps)
        closed[k, start : start + rng.integers(7, 90)] = True
    return Closing(rows, closed, open_days.astype(np.float32))
