"""How a shop writes down its holidays, closed days, promotions and prices: their columns."""

from __future__ import annotations

import numpy as np

from tradewind.arrays import Bools, Floats32, Ints
from tradewind.models.pretrained.prior_columns import Column
from tradewind.models.pretrained.prior_events import Closing, Holidays
from tradewind.models.pretrained.prior_price import Prices, shown_price
from tradewind.models.pretrained.prior_promotion import TYPES, Promotions
from tradewind.models.pretrained.prior_settings import WEEK, Prior
from tradewind.models.pretrained.prior_world import World

HOLIDAY_FLAGS = 3
"""Most holidays with a flag of their own."""


def holiday_columns(world: World, kept: Holidays, rng: np.random.Generator) -> list[Column]:
    """A flag for each of the first holidays, one flag for all, a code, or nothing at all."""
    way = rng.choice(4, world.groups, p=(0.35, 0.3, 0.2, 0.15))
    known = np.zeros(world.groups, bool)
    on = kept.on * kept.kept[:, :, None]
    whole = rng.random(world.groups) < 0.7  # a flag, not a share of the week
    on[whole] = on[whole] > 0
    any_day = on.max(axis=1)
    which = np.where(any_day > 0, 1 + on.argmax(axis=1), 0)
    has = kept.kept.any(axis=1)
    single = [Column(kept.kept[:, h] & (way == 0), on[:, h], known) for h in range(HOLIDAY_FLAGS)]
    return [
        *single,
        Column(has & (way == 1), any_day, known),
        Column(has & (way == 2), which.astype(np.float32), known),
    ]


def closing_columns(world: World, shut: Closing, rng: np.random.Generator) -> list[Column]:
    """Whether a shop is open (1) or not (0), and the open days of a week."""
    known = np.zeros(world.groups, bool)
    shown = world.shop & (rng.random(world.groups) < 0.9)
    weekly = world.is_family(WEEK)
    open_now = 1 - shut.closed.astype(np.float32)
    days = np.where(shut.closed, 0, shut.open_days[world.group[shut.rows]])
    values = np.where(weekly[world.group[shut.rows]][:, None], days, open_now)
    return [Column(shown, values.astype(np.float32), known, shut.rows)]


def promotion_columns(
    prior: Prior, world: World, events: Promotions, depth: Floats32, rng: np.random.Generator
) -> list[Column]:
    """A flag (or the days of the week), a flag for each kind, a code, or the depth.

    depth   [B, T]   price cut of the running event, 0 outside
    """
    known = np.zeros(world.groups, bool)
    rows = np.arange(len(world.group))
    way = rng.choice(4, world.groups, p=(0.45, 0.2, 0.15, 0.2))  # flag, kinds, code, depth
    has = events.has & world.some(prior.promotion_shown, rng)
    also_depth = rng.random(world.groups) < 0.25
    kind = np.take_along_axis(events.kind, events.event, axis=1)
    flag = (depth > 0).astype(np.float32)
    unit = np.where(
        world.is_family(WEEK) & (rng.random(world.groups) < 0.4),
        rng.integers(3, 8, world.groups),
        1,
    ).astype(np.float32)
    unit[way == 2] = 1
    columns = [
        Column(has & (way == 0), flag * unit[world.group, None], known, rows),
        Column(has & ((way == 3) | also_depth), depth, known, rows),
    ]
    code, by_kind = has & (way == 2), has & (way == 1)
    columns.append(Column(code, on_groups(world, flag, 1 + kind, code), known, rows))
    for k in range(TYPES):
        mine = by_kind & (events.kinds > k)
        columns.append(Column(mine, on_groups(world, flag, kind == k, mine), known, rows))
    return columns


def on_groups(world: World, flag: Floats32, factor: Ints | Bools, which: Bools) -> Floats32:
    """flag [B, T] · factor [G, T] of its group, in the groups `which` [G]; 0 elsewhere, [B, T]."""
    out = np.zeros_like(flag)
    for g in np.flatnonzero(which):
        rows = slice(world.first[g], world.first[g + 1])
        np.multiply(flag[rows], factor[g], out=out[rows])
    return out


def price_columns(
    prior: Prior, world: World, priced: Prices, rng: np.random.Generator
) -> list[Column]:
    """The price, mostly known ahead, and a competitor's, mostly seen afterwards."""
    has = np.zeros(world.groups, bool)
    has[world.group[priced.rows]] = True
    rival = np.zeros(world.groups, bool)
    rival[world.group[priced.rows[priced.rivalry > 0]]] = True
    shown = has & (rng.random(world.groups) < prior.price_shown)
    past, rival_past = rng.random((2, world.groups)) < np.array([[0.12], [0.8]])
    usual = np.exp(priced.usual[:, None] + priced.rival)
    return [
        Column(shown, shown_price(priced, world, rng), past, priced.rows),
        Column(rival, usual, rival_past, priced.rows),
    ]
