"""True mean demand of synthetic products, and counts drawn around it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tradewind.arrays import Floats, Ints
from tradewind.data.synthetic.prices import PricePlan
from tradewind.data.synthetic.settings import ShopSettings

WEEKDAYS = np.array([-0.10, -0.15, -0.12, -0.02, 0.15, 0.35, 0.10])
"""Monday to Sunday, for `weekly` = 0.2 (its standard deviation)."""
DIP_DAYS = 7
"""Days over which shoppers use up what they bought on promotion."""


@dataclass(frozen=True, slots=True)
class Traits:
    """What makes N series differ.

    category     [N]  index of its category
    level        [N]  units a day in the middle of its life
    elasticity   [N]  own price elasticity, negative
    growth       [N]  yearly change of ln demand
    launch       [N]  day of the first sale; 0 or before: always there
    fade         [N]  day from which it fades out; beyond the end: never
    dispersion   [N]  of the negative binomial
    """

    category: Ints
    level: Floats
    elasticity: Floats
    growth: Floats
    launch: Ints
    fade: Ints
    dispersion: Floats


def mean_demand(
    traits: Traits, plan: PricePlan, lifts: Floats, settings: ShopSettings, rng: np.random.Generator
) -> Floats:
    """Mean demand of each day, before the day's common surprise; nan before the launch.

    ln mean = ln level + trend + weekday + time of year + festivals + life
              + elasticity · ln(price / first regular price) − dip after a promotion

    lifts   [N, K]  what each festival adds to ln demand of each series
    →       [N, T]  units
    """
    steps = plan.price.shape[1]
    t = np.arange(steps)
    log = np.log(traits.level)[:, None] + traits.growth[:, None] * (t / 365 - steps / 730)
    season = yearly(settings, steps, rng) + weekly(settings, steps, rng)  # [C, T]
    log += season[traits.category]
    log += lifts @ plan.festival.astype(np.float64)
    log += traits.elasticity[:, None] * np.log(plan.price / plan.regular[:, :1])
    log -= dip(plan.depth, traits.elasticity)
    log += life(traits, steps)
    mean: Floats = np.exp(log, out=log)
    mean[t[None, :] < traits.launch[:, None]] = np.nan
    return mean


def yearly(settings: ShopSettings, steps: int, rng: np.random.Generator) -> Floats:
    """Time of year of each category: two harmonics with random phases, [C, T]."""
    c = settings.categories
    first = settings.start.timetuple().tm_yday
    angle = 2 * np.pi * (first + np.arange(steps)) / 365.25
    phase = rng.uniform(0, 2 * np.pi, (c, 2, 1))
    size = settings.yearly * np.sqrt(2) * rng.uniform(0.4, 1.3, (c, 2, 1)) * [[[0.9], [0.4]]]
    waves = size * np.cos(np.stack([angle, 2 * angle])[None] + phase)  # [C, 2, T]
    out: Floats = waves.sum(axis=1)
    return out


def weekly(settings: ShopSettings, steps: int, rng: np.random.Generator) -> Floats:
    """Day of the week of each category, [C, T]."""
    shape = WEEKDAYS * settings.weekly / WEEKDAYS.std()
    shape = shape * rng.uniform(0.3, 1.6, (settings.categories, 1))
    shape = shape + settings.weekly * rng.normal(0, 0.25, (settings.categories, 7))
    day = (settings.start.weekday() + np.arange(steps)) % 7
    out: Floats = shape[:, day]
    return out


def dip(depth: Floats, elasticity: Floats) -> Floats:
    """What is missing in ln demand in the week after a promotion, [N, T]."""
    after = np.zeros_like(depth)
    for lag in range(1, DIP_DAYS + 1):
        after[:, lag:] = np.maximum(after[:, lag:], depth[:, :-lag] * (1 - lag / (DIP_DAYS + 1)))
    out: Floats = np.where(depth > 0, 0.0, after * -elasticity[:, None] * 0.35)
    return out


def life(traits: Traits, steps: int) -> Floats:
    """Growth after a launch (slow at first, full after some 60 days) and the fading out, [N, T]."""
    t = np.arange(steps)[None, :]
    age = t - traits.launch[:, None]
    new = (traits.launch > 0)[:, None] & (age >= 0)
    rise = np.where(new, np.log1p(-0.85 * np.exp(-np.maximum(age, 0) / 25.0)), 0.0)
    fall = np.maximum(t - traits.fade[:, None], 0) / 90.0
    out: Floats = rise - fall
    return out


def surprises(
    settings: ShopSettings, category: Ints, steps: int, rng: np.random.Generator
) -> Floats:
    """ln of what all series, and those of one category, share that day, [N, T]; E exp is 1."""
    rho, size = settings.shock_persistence, settings.shock
    common = ar1(1, steps, rho, size, rng)
    own = ar1(settings.categories, steps, rho, size, rng)
    both = common + own - size**2  # each has half its variance subtracted: E exp = 1
    out: Floats = both[category]
    return out


def ar1(n: int, steps: int, rho: float, size: float, rng: np.random.Generator) -> Floats:
    """n stationary AR(1) paths with standard deviation `size`, [n, steps]."""
    noise = rng.normal(0, size, (n, steps))
    noise[:, 1:] *= np.sqrt(1 - rho**2)
    for t in range(1, steps):
        noise[:, t] += rho * noise[:, t - 1]
    return noise


def counts(mean: Floats, dispersion: Floats, rng: np.random.Generator) -> Floats:
    """Negative binomial counts with var = mean + dispersion · mean²; nan stays nan, [N, T]."""
    k = 1 / dispersion[:, None]
    rate = np.nan_to_num(mean) * rng.standard_gamma(k, mean.shape) / k
    drawn = rng.poisson(rate).astype(np.float64)
    drawn[np.isnan(mean)] = np.nan
    return drawn
