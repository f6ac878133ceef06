"""The synthetic retail world on which the network learns: series, their covariates, their gaps.

Everything is drawn in batches, with groups of siblings that share a calendar, holidays,
promotions, columns and, in part, their seasons, elasticities and trends. See docs/prior.md.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tradewind.arrays import Bools, Floats32, Ints
from tradewind.models.pretrained import prior_columns as columns
from tradewind.models.pretrained import prior_events as events
from tradewind.models.pretrained import prior_price as price
from tradewind.models.pretrained import prior_promotion as promotion
from tradewind.models.pretrained import prior_record as record
from tradewind.models.pretrained import prior_season as season
from tradewind.models.pretrained import prior_shown as shown
from tradewind.models.pretrained import prior_trend as trend
from tradewind.models.pretrained.layout import SIZE_UNIT, STATIC, USUAL_SIZE
from tradewind.models.pretrained.prior_columns import Column, Kinds
from tradewind.models.pretrained.prior_settings import FAMILIES, Prior
from tradewind.models.pretrained.prior_world import World, draw_world

__all__ = ["FAMILIES", "Prior", "Series", "sample"]

SHORTEST = 8
"""Fewest steps that can be drawn."""


@dataclass(frozen=True, slots=True)
class Series:
    """B synthetic series over T steps; siblings lie next to each other.

    y            [B, T]         sales as recorded; 0 where shut, sold out, or nothing is recorded
    observed     [B, T]         False in gaps and before the launch
    stockout     [B, T]         known to be sold out; about half of such spells are not known
    covariates   [B, T, SLOTS]  in their own units, 0 in empty slots
    kinds        [B, SLOTS]     0 empty, 1 known ahead, 2 seen only afterwards
    static       [B, STATIC]    noisy traits of the series, 0 where a group has none
    season       [B, 2]         main season and a longer one, in steps, 0 for none
    phase        [B, T, 8]      see `calendar_phase`; 0 without dates
    group        [B]            ascending
    count        [B]            y is whole numbers
    family       [B]            index in FAMILIES
    """

    y: Floats32
    observed: Bools
    stockout: Bools
    covariates: Floats32
    kinds: Kinds
    static: Floats32
    season: Ints
    phase: Floats32
    group: Ints
    count: Bools
    family: Ints


@dataclass(frozen=True, slots=True)
class Demand:
    """ln of mean sales relative to the level, what is shown of its causes, and its traits.

    log_sales   [B, T]
    columns     of the causes that a shop shows
    closing     when it is shut
    traits      [B, 6]  size of season and of the year's, elasticity, uplift, ln price, slope
    """

    log_sales: Floats32
    columns: list[Column]
    closing: events.Closing
    traits: Floats32


def sample(prior: Prior, n: int, steps: int, rng: np.random.Generator) -> Series:
    """Draw n series over `steps` steps."""
    if n < 1 or steps < SHORTEST:
        raise ValueError(f"n must be at least 1 and steps {SHORTEST}, they are {n} and {steps}")
    world = draw_world(prior, n, steps, rng)
    demand = draw_demand(prior, world, rng)
    first = trend.launches(prior, world, demand.log_sales, rng)
    left = record.noise(prior, world, rng)
    level = record.levels(prior, world, rng)
    visits = columns.views(prior, world, demand.log_sales + left, rng)
    y = record.multiplied(level, demand.log_sales, left)
    additive = np.flatnonzero(world.additive[world.group])
    y[additive] = record.added(level[additive], demand.log_sales[additive], left[additive], rng)
    count = record.make_counts(prior, world, y, rng)
    record.add_accidents(prior, world, y, count, rng)
    stockout, short = record.run_out(prior, world, y, rng)
    y[demand.closing.rows] *= ~demand.closing.closed
    observed = record.observe(prior, y.shape, rng)
    born = np.arange(steps) >= first[:, None]
    gap = ~world.some(prior.zeros_before, rng)[world.group]
    observed[gap] &= born[gap]
    y *= observed & born
    stocked = columns.availability(prior, world, short, rng)
    shown_columns = [*demand.columns, visits, stocked]
    covariates, kinds = columns.assemble(prior, world, shown_columns, rng)
    return Series(
        y=y,
        observed=observed,
        stockout=stockout & observed & born,
        covariates=covariates,
        kinds=kinds,
        static=static(prior, world, level, demand.traits, rng),
        season=world.season[world.group],
        phase=world.phase[world.group],
        group=world.group,
        count=count,
        family=world.family[world.group],
    )


def draw_demand(prior: Prior, world: World, rng: np.random.Generator) -> Demand:
    """Add up the causes of mean sales of every series."""
    log_sales = trend.trend(prior, world, rng)
    slope = log_sales[:, -1] - log_sales[:, 0]
    seasonal, season_size = season.seasons(prior, world, rng)
    log_sales += seasonal

    offers = promotion.promotions(prior, world, rng)
    uplifted, uplift = promotion.promotion_effect(prior, world, offers, rng)
    log_sales += uplifted
    depth = world.lookup(offers.depth, offers.event, offers.has)
    sharing, spilled = promotion.spill(prior, world, (depth > 0).astype(np.float32), rng)
    log_sales += spilled * sharing

    priced = price.prices(prior, world, offers, rng)
    log_sales[priced.rows] += price.price_effect(priced)

    kept = events.holidays(prior, world, rng)
    shut = events.closing(prior, world, kept, rng)
    spend_paths, spend_sizes, spend = columns.adverts(prior, world, rng)
    other_paths, other_sizes, others = columns.generics(prior, world, rng)
    shared = [
        events.holiday_effect(prior, world, kept, rng),
        events.paydays(prior, world, rng),
        events.surprises(prior, world, rng),
        (spend_paths, spend_sizes),
        (other_paths, other_sizes),
        (np.log(shut.open_days / events.OPEN_DAYS)[:, None], np.ones((len(log_sales), 1))),
    ]
    paths = np.concatenate([path for path, _ in shared], axis=1)
    sizes = np.concatenate([size for _, size in shared], axis=1).astype(np.float32)
    log_sales += world.spread(paths, sizes)

    seen = Column(
        offers.has & world.some(0.2, rng),
        sharing,
        np.zeros(world.groups, bool),
        np.arange(len(sharing)),
    )
    show = [
        *shown.price_columns(prior, world, priced, rng),
        *shown.promotion_columns(prior, world, offers, depth, rng),
        *shown.closing_columns(world, shut, rng),
        *shown.holiday_columns(world, kept, rng),
        spend,
        *others,
        seen,
    ]
    traits = np.zeros((len(log_sales), 6), np.float32)
    traits[:, 0], traits[:, 1] = season_size - 0.3, seasonal.std(axis=1) - 0.4
    traits[priced.rows, 2] = priced.elasticity + 1.8
    traits[:, 3], traits[:, 5] = uplift - 0.6, slope
    traits[priced.rows, 4] = (priced.usual - 2.5) / 1.3
    return Demand(log_sales, show, shut, traits)


def static(
    prior: Prior, world: World, level: Floats32, traits: Floats32, rng: np.random.Generator
) -> Floats32:
    """Noisy traits of each series, as a category, brand or price band would tell them, [B, STATIC].

    ln level, six traits, and a number of the group that says nothing; each group shows some of
    them, with noise of its own size, and half of the groups none.
    """
    n, g = len(level), world.groups
    group_number = rng.standard_normal((g, 1), dtype=np.float32)[world.group]
    told = np.concatenate(
        [(np.log(level)[:, None] - USUAL_SIZE) / SIZE_UNIT, traits, group_number], axis=1
    )
    blur = rng.uniform(0.1, 1.0, (g, STATIC)).astype(np.float32)[world.group]
    told += blur * rng.standard_normal((n, STATIC), dtype=np.float32)
    use = (rng.random((g, 1)) < prior.static) & (rng.random((g, STATIC)) < 0.7)
    return np.asarray(np.clip(told, -4, 4) * use[world.group], np.float32)
