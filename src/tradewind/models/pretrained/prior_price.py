"""Prices: steps, everyday variation, discounts, competitors, and what they do to sales."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tradewind.arrays import Bools, Floats32, Ints
from tradewind.models.pretrained.prior_promotion import LARGEST, Promotions
from tradewind.models.pretrained.prior_settings import Prior
from tradewind.models.pretrained.prior_world import World


@dataclass(frozen=True, slots=True)
class Prices:
    """Prices of the series `rows` [R] that have one.

    regular      [R, T]   ln of the regular price relative to the first one
    paid         [R, T]   the same of the price paid, discount included
    usual        [R]      ln of the first price, in money
    elasticity   [R]      0 or negative
    rival        [R, T]   ln of a competitor's price relative to its first one
    rivalry      [R]      cross elasticity, 0 where there is no competitor
    """

    rows: Ints
    regular: Floats32
    paid: Floats32
    usual: Floats32
    elasticity: Floats32
    rival: Floats32
    rivalry: Floats32


def prices(prior: Prior, world: World, promotions: Promotions, rng: np.random.Generator) -> Prices:
    """Draw the prices of the groups that have them."""
    priced = world.some(prior.price, rng)
    rows = np.flatnonzero(priced[world.group])
    group = world.group[rows]
    regular = regular_price(prior, world, rows, rng)
    off = np.log1p(-np.minimum(promotions.depth, 0.95))
    lowered = priced & promotions.has & promotions.cut
    paid = regular + world.lookup(off, promotions.event, lowered)[rows]
    shape, scale = prior.elasticity
    inert = rng.random(world.groups) < prior.price_inert
    elasticity = rng.gamma(shape / 2, scale, world.groups)[group]
    elasticity = -(elasticity + rng.gamma(shape / 2, scale, len(rows))) * ~inert[group]
    rivals = rng.random(world.groups) < prior.competitors
    rival = np.zeros_like(regular)
    watched = np.flatnonzero(rivals[group])
    rival[watched] = regular_price(prior, world, rows[watched], rng)
    rival[watched] += 0.4 * (regular[watched])
    return Prices(
        rows=rows,
        regular=regular,
        paid=paid,
        usual=(2.5 + 1.3 * world.kin(rng))[rows].astype(np.float32),
        elasticity=elasticity.astype(np.float32),
        rival=rival,
        rivalry=(rivals[group] * rng.gamma(2, 0.4, len(rows))).astype(np.float32),
    )


def regular_price(prior: Prior, world: World, rows: Ints, rng: np.random.Generator) -> Floats32:
    """ln price relative to the first one: a few steps, often dearer over time, daily variation.

    → [R, T]
    """
    n, steps = len(rows), world.steps
    out = np.zeros((n, steps), np.float32)
    changes = 1 + rng.poisson(rng.gamma(1.0, steps / 80, n))
    which = np.repeat(np.arange(n), changes)
    when = rng.integers(0, steps, len(which))
    drift = rng.normal(0.01, 0.02, n)[which]
    np.add.at(out, (which, when), drift + rng.normal(0, prior.price_step, len(which)))
    np.cumsum(out, axis=1, out=out)
    free = np.flatnonzero((rng.random(world.groups) < prior.everyday)[world.group[rows]])
    if len(free):
        size = np.exp(rng.normal(-3.0, 0.6, (len(free), 1))).astype(np.float32)
        out[free] += size * rng.standard_normal((len(free), steps), dtype=np.float32)
    return np.clip(out, -1.5, 1.5, out=out)


def price_effect(prices: Prices) -> Floats32:
    """elasticity · ln price + cross elasticity · ln rival's price, [R, T]."""
    effect = prices.elasticity[:, None] * prices.paid
    if (prices.rivalry > 0).any():
        effect += prices.rivalry[:, None] * prices.rival
    return np.clip(effect, -LARGEST, LARGEST, out=effect)


def shown_price(prices: Prices, world: World, rng: np.random.Generator) -> Floats32:
    """The price as the shop writes it, [R, T]: ln price, money, or relative to the first price."""
    group = world.group[prices.rows]
    way = rng.choice(3, world.groups, p=(0.35, 0.45, 0.2))[group]
    regular_only: Bools = (rng.random(world.groups) < 0.1)[group]
    out = np.where(regular_only[:, None], prices.regular, prices.paid)
    relative = np.flatnonzero(way == 2)
    out[way != 2] += prices.usual[way != 2, None]
    np.exp(out, out=out, where=(way > 0)[:, None])
    out[relative] = np.round(out[relative], 3)
    return out
