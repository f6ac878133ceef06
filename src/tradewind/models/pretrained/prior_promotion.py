"""Promotions and prices: events that siblings share, what they do, and what is left afterwards."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tradewind.arrays import Bools, Floats32, Ints
from tradewind.models.pretrained.prior_settings import DAY, HOUR, MONTH, QUARTER, WEEK, YEAR, Prior
from tradewind.models.pretrained.prior_world import World

TYPES = 3
"""Most kinds of promotion in a group."""
LARGEST = 3.5
"""Largest effect of a price or promotion on ln sales."""
DIP_STEPS = 3.0
"""What is missing after a promotion falls as exp(−steps / 3)."""


@dataclass(frozen=True, slots=True)
class Promotions:
    """Promotion events of each group, and which series take part in them.

    has      [G]       groups with promotions
    event    [G, T]    number of the event that runs, 0 for none; last: the one that ended last
    age      [G, T]    steps since the running event began
    since    [G, T]    steps since the last one ended, 1 right after; 0 while one runs
    kind     [G, E]    of each event, 0 to TYPES − 1; kinds [G]: how many there are
    depth    [B, E]    price cut of a series in an event, a share; 0 where it takes no part
    cut      [G]       whether prices are lowered, or a sticker alone says it
    """

    has: Bools
    event: Ints
    last: Ints
    age: Ints
    since: Ints
    kind: Ints
    kinds: Ints
    depth: Floats32
    cut: Bools


def promotions(prior: Prior, world: World, rng: np.random.Generator) -> Promotions:
    """Draw the events of each group and who takes part."""
    has = world.some(prior.promotion, rng) & ~world.is_family(YEAR)
    start, length = schedule(prior, world, rng)
    start &= has[:, None]
    t = np.arange(world.steps)
    last_start = np.maximum.accumulate(np.where(start, t, -1), axis=1)
    number = np.cumsum(start, axis=1)
    runs = np.take_along_axis(length, np.maximum(last_start, 0), axis=1)
    age = t - last_start
    on = (number > 0) & (age < runs)
    events = int(number.max()) + 1
    kinds = rng.integers(1, TYPES + 1, world.groups)
    kind = rng.integers(0, TYPES, (world.groups, events)) % kinds[:, None]
    return Promotions(
        has=has,
        event=np.where(on, number, 0),
        last=np.where(on, 0, number),
        age=age,
        since=np.where(on | (number == 0), 0, age - runs + 1),
        kind=kind,
        kinds=kinds,
        depth=depths(prior, world, events, rng),
        cut=rng.random(world.groups) < prior.cuts,
    )


def schedule(prior: Prior, world: World, rng: np.random.Generator) -> tuple[Bools, Ints]:
    """When events start and how long they would run, [G, T] each.

    By chance at each step, or in a fixed cycle: five days (a week) of every 2, 3 or 4 weeks.
    """
    g, steps = world.groups, world.steps
    low, high = np.log(prior.promotion_rate)
    rate = np.exp(rng.uniform(low, high, (g, 1)))
    longest = np.full(g, prior.promotion_days[1])
    longest[world.is_family(HOUR)] = 48
    longest[world.is_family(WEEK)] = 4
    longest[world.is_family(MONTH, QUARTER)] = 1
    shortest = np.minimum(prior.promotion_days[0], longest)
    typical = rng.integers(shortest, longest + 1)  # a group's longest
    length = rng.integers(shortest[:, None], typical[:, None] + 1, (g, steps))
    steady = rng.random(g) < 0.4
    length[steady] = typical[steady, None]
    start = rng.random((g, steps)) < rate
    by_cycle = world.is_family(DAY, WEEK) & (rng.random(g) < prior.alternating)
    cycle = 7 * rng.choice((2, 2, 3, 4), g)[:, None]
    place = (world.begin - world.weekday + 7 * rng.integers(0, 4, (g, 1))) % cycle
    monday = (world.weekday == rng.integers(0, 7, (g, 1))) | world.is_family(WEEK)[:, None]
    start = np.where(by_cycle[:, None], (place == 0) & monday, start)
    length[by_cycle] = np.where(world.is_family(WEEK), 1, 5)[by_cycle, None]
    return start, length


def depths(prior: Prior, world: World, events: int, rng: np.random.Generator) -> Floats32:
    """Price cut of each series in each event, [B, events]; 0 where it takes no part.

    In half of the groups all take part in everything, in the others each series by chance. A cut
    is the event's own, the same for all, in half of the groups to the next 5 %.
    """
    g, n = world.groups, len(world.group)
    depth = rng.uniform(*prior.depth, (g, events))
    steady = rng.random(g) < 0.4
    depth[steady] = depth[steady, :1]
    neat = rng.random(g) < 0.5
    depth[neat] = np.maximum(np.rint(20 * depth[neat]) / 20, 0.05)
    share = np.where(rng.random(g) < 0.5, 1.0, rng.uniform(0.15, 0.8, g))
    part = rng.random((n, events), dtype=np.float32) < share.astype(np.float32)[world.group, None]
    out = depth.astype(np.float32)[world.group] * part
    out[:, 0] = 0
    return out


def promotion_effect(
    prior: Prior, world: World, promotions: Promotions, rng: np.random.Generator
) -> tuple[Floats32, Floats32]:
    """What promotions add to ln sales [B, T], and the mean uplift of each series [B].

    The uplift is gamma, with a part that siblings share; in half of the groups it is in proportion
    to the cut (and as large on average). It may wear off during the event, and leave a dip behind.
    """
    g, n = world.groups, len(world.group)
    shape, scale = prior.uplift
    common = rng.gamma(shape / 2, scale, g)[world.group]
    works = (rng.random(g) >= prior.idle)[world.group]
    uplift = ((common + rng.gamma(shape / 2, scale, n)) * works).astype(np.float32)
    factor = np.exp(rng.normal(-0.08, 0.4, (g, TYPES)))
    factor[promotions.kinds == 1] = 1
    by_depth = (rng.random(g) < 0.5)[world.group, None]
    depth = promotions.depth
    size = np.where(by_depth, depth / np.float32(sum(prior.depth) / 2), depth > 0)
    kind_factor = np.take_along_axis(factor, promotions.kind, axis=1).astype(np.float32)
    table = size * uplift[:, None] * kind_factor[world.group]
    np.minimum(table, LARGEST, out=table)
    effect = world.lookup(table, promotions.event, promotions.has)
    fade = np.where(rng.random(g) < prior.fading, rng.uniform(0.02, 0.3, g), 0)
    wear = np.where(promotions.event > 0, np.exp(-fade[:, None] * promotions.age), 1)
    dips = rng.random(n) < prior.dip
    left = (dips * rng.uniform(0.1, 0.6, n)).astype(np.float32)
    shape_after = np.where(promotions.since > 0, np.exp(-promotions.since / DIP_STEPS), 0)
    dipping = promotions.has & (np.add.reduceat(dips, world.first[:-1]) > 0)
    after = world.lookup(table, promotions.last, dipping)
    for k in np.flatnonzero(promotions.has):
        rows = slice(world.first[k], world.first[k + 1])
        if fade[k] > 0:
            effect[rows] *= wear[k].astype(np.float32)
        if dipping[k]:
            effect[rows] -= after[rows] * left[rows, None] * shape_after[k].astype(np.float32)
    return effect, uplift


def spill(
    prior: Prior, world: World, promoted: Floats32, rng: np.random.Generator
) -> tuple[Floats32, Floats32]:
    """Share of the other siblings on promotion, [B, T], and what it adds to ln sales, [B, 1].

    promoted   [B, T]   1 where a series is on promotion
    Mostly they take sales away, in a quarter of groups they bring some.
    """
    size = np.diff(world.first)
    others = np.maximum(size - 1, 1).astype(np.float32)[world.group, None]
    share = (world.total(promoted)[world.group] - promoted) / others
    strength = rng.gamma(2, 0.2, world.groups) * world.some(prior.cannibals, rng)
    sign = np.where(rng.random(world.groups) < 0.25, 1.0, -1.0)
    own = np.maximum(1 + 0.5 * world.kin(rng), 0)
    effect = ((strength * sign)[world.group] * own)[:, None]
    return share, np.clip(effect, -1.5, 1.5).astype(np.float32)
