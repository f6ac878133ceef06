"""What each period would have sold with enough stock: level, weekday, price, and the day itself."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy.signal import lfilter
from scipy.stats import nbinom

from tradewind.arrays import Bools, Floats, Ints

SHARP, NEAR, FAR = 2, 10, 60
"""Half-lives (periods) of the averages that make the level."""
LEVEL_VARIANCE = 0.02
"""How far the near level strays from the far one: variance of their ratio."""
PRICE_SD = 1.0
"""Standard deviation of a product's price effect around that of its category."""
ROUNDS = 3


@dataclass(frozen=True, slots=True)
class Observed:
    """Sales of n series over T periods.

    y         [n, T]  units; nan where nothing was recorded
    censored  [n, T]  y is only a lower bound of demand
    price     [n, T]  ln(price / regular price), or the promotion; 0 where unknown
    group     [n]     category, ascending from 0 without a gap
    season    [T]     place of each period in the week, from 0; all 0 where there is no week
    """

    y: Floats
    censored: Bools
    price: Floats
    group: Ints
    season: Ints


@dataclass(frozen=True, slots=True)
class Parts:
    """The factors of expected demand, each a multiple of the level.

    level, own, shared   [n, T]; `own` is weekday and price, `shared` what all saw on that day
    dispersion           [n]     demand has variance m + dispersion · m²
    """

    level: Floats
    own: Floats
    shared: Floats
    dispersion: Floats

    @property
    def mean(self) -> Floats:
        """Expected demand, [n, T]."""
        return self.level * self.own * self.shared


def expected_demand(seen: Observed) -> Parts:
    """Factors of the mean demand of each period, learnt where stock did not limit sales.

        mean = level · weekday · exp(β · price) · shared(category, period)

    The level is a two-sided average that leaves its own period out. `shared` is the ratio of what
    the free series of a category sold that day to what they were expected to sell, drawn to 1 as
    far as chance explains it. Days that sold out with sales enter later rounds with their expected
    demand given that it was at least the sales (expectation maximisation): leaving out the best
    days would bias the level down.
    """
    n, steps = seen.y.shape
    # units are 0 wherever the weight is 0
    weight = (~np.isnan(seen.y) & ~seen.censored).astype(np.float64)
    units = np.where(weight > 0, seen.y, 0.0)
    soldout = seen.censored & (np.nan_to_num(seen.y) > 0)
    ones = np.ones((n, steps))
    parts = Parts(level(units, weight), ones, ones, np.full(n, 0.2))
    beta = np.zeros(n)
    for _ in range(ROUNDS):
        week = weekday(units, weight, replace(parts, own=np.exp(beta[:, None] * seen.price)), seen)
        beta = price_effect(units, weight, replace(parts, own=week), seen, beta)
        own = week * np.exp(beta[:, None] * seen.price)
        parts = replace(parts, own=own)
        parts = replace(parts, shared=shared_factor(units, weight, parts, seen.group))
        factor = parts.own * parts.shared
        parts = replace(parts, level=level(units, weight * factor))
        parts = replace(parts, dispersion=dispersion(units, weight, parts.mean, seen.group))
        if soldout.any():
            who = np.nonzero(soldout)[0]
            units[soldout] = at_least(seen.y[soldout], parts.mean[soldout], parts.dispersion[who])
            weight[soldout] = 1.0
    parts = replace(parts, level=sharpened(units, weight, parts))
    return replace(parts, dispersion=dispersion(units, weight, parts.mean, seen.group))


def level(units: Floats, exposure: Floats) -> Floats:
    """Units per unit of exposure around each period, its own left out, [n, T].

    A near average is drawn to a far one, and the far one to the series' mean, the more so the
    fewer units they hold (the mean of a gamma posterior with Poisson counts).
    """
    total = exposure.sum(axis=1, keepdims=True)
    mean = units.sum(axis=1, keepdims=True) / np.maximum(total, 1e-9)
    prior = np.minimum(1 / (LEVEL_VARIANCE * np.maximum(mean, 1e-3)), 400.0)
    far = (around(units, FAR) + prior / 4 * mean) / (around(exposure, FAR) + prior / 4)
    near: Floats = (around(units, NEAR) + prior * far) / (around(exposure, NEAR) + prior)
    return near


def sharpened(units: Floats, weight: Floats, parts: Parts) -> Floats:
    """The level drawn to a sharper average as far as that predicts the left-out period, [n, T].

    The share is a least-squares coefficient per series, in [0, 1]: near 0 for sales that scatter
    around a smooth level, near 1 for sales whose ups and downs last a few days.
    """
    exposure = weight * parts.own * parts.shared
    sharp = (around(units, SHARP) + parts.level) / (around(exposure, SHARP) + 1.0)
    more = (sharp - parts.level) * exposure
    error = weight * (units - parts.mean)
    gain, size = (more * error).sum(axis=1), (more**2).sum(axis=1)
    share = np.clip(gain / np.maximum(size, 1e-9), 0.0, 1.0)[:, None]
    out: Floats = parts.level + share * (sharp - parts.level)
    return out


def around(values: Floats, half_life: float) -> Floats:
    """Sum of the other periods' values with weights that halve every `half_life`, [n, T].

    >>> around(np.array([[0.0, 4.0, 0.0]]), 1.0)
    array([[2., 0., 2.]])
    """
    keep = 0.5 ** (1 / half_life)
    before = lfilter([0.0, keep], [1.0, -keep], values, axis=1)
    after = lfilter([0.0, keep], [1.0, -keep], values[:, ::-1], axis=1)[:, ::-1]
    out: Floats = before + after
    return out


def weekday(units: Floats, weight: Floats, parts: Parts, seen: Observed) -> Floats:
    """Factor of the weekday, the category's drawn towards the series' own, [n, T]."""
    places = int(seen.season.max()) + 1
    if places == 1:
        return np.ones_like(units)
    at = (seen.season[:, None] == np.arange(places)).astype(np.float64)  # [T, places]
    sold, wanted = units @ at, (parts.mean * weight) @ at  # [n, places]
    pooled = _by_group(sold, seen.group) / np.maximum(_by_group(wanted, seen.group), 1e-9)
    usual = np.where(pooled > 0, pooled, 1.0)[seen.group]
    factor = usual * (sold + 30) / (wanted * usual + 30)
    out: Floats = factor[:, seen.season]
    return out


def price_effect(
    units: Floats, weight: Floats, parts: Parts, seen: Observed, start: Floats
) -> Floats:
    """β of exp(β · price) for each series: Poisson regression drawn to its category's β, [n]."""
    row, step = np.nonzero((np.abs(seen.price) > 1e-3) & (weight > 0))
    if not len(row):
        return start
    x, y, base = seen.price[row, step], units[row, step], parts.mean[row, step]
    spread = 1 + parts.dispersion[row] * base
    n, group = len(units), seen.group
    usual = np.zeros(int(group.max()) + 1)
    for _ in range(4):
        m = base * np.exp(usual[group[row]] * x)
        step_up = np.bincount(group[row], x * (y - m) / spread, len(usual))
        info = np.bincount(group[row], x * x * m / spread, len(usual)) + 1e-2
        usual = np.clip(usual + np.clip(step_up / info, -1, 1), -8, 8)
    beta: Floats = np.where(start == 0, usual[group], start)
    for _ in range(3):
        m = base * np.exp(beta[row] * x)
        pull = (usual[group] - beta) / PRICE_SD**2
        gain = np.bincount(row, x * (y - m) / spread, n) + pull
        info = np.bincount(row, x * x * m / spread, n) + 1 / PRICE_SD**2
        beta = np.clip(beta + np.clip(gain / info, -1, 1), -8, 8)
    return beta


def shared_factor(units: Floats, weight: Floats, parts: Parts, group: Ints) -> Floats:
    """What all series, and those of a category, sold relative to expectation that day, [n, T]."""
    if len(units) < 3:
        return np.ones_like(units)
    mean = parts.level * parts.own * weight
    noise = mean + parts.dispersion[:, None] * mean**2
    everyone = _ratio(units.sum(axis=0)[None], mean.sum(axis=0)[None], noise.sum(axis=0)[None])
    mean = mean * everyone
    own = _ratio(_by_group(units, group), _by_group(mean, group), _by_group(noise, group))
    out: Floats = everyone * own[group]
    return out


def _ratio(sold: Floats, mean: Floats, noise: Floats) -> Floats:
    """sold / mean, drawn to 1 by how much of its variance is chance, [G, T]."""
    extra = ((sold - mean) ** 2 - noise).sum(axis=1, keepdims=True)
    variance = np.maximum(extra, 0) / np.maximum((mean**2).sum(axis=1, keepdims=True), 1e-9)
    trust = mean**2 * variance / np.maximum(mean**2 * variance + noise, 1e-9)
    out: Floats = np.maximum(1 + trust * (sold / np.maximum(mean, 1e-9) - 1), 0.05)
    return out


def dispersion(units: Floats, weight: Floats, mean: Floats, group: Ints) -> Floats:
    """Overdispersion of each series by moments, drawn to its category's, [n], in [0.01, 5]."""
    extra = (weight * ((units - mean) ** 2 - mean)).sum(axis=1)
    square = (weight * mean**2).sum(axis=1)
    usual = np.clip(_by_group(extra, group) / np.maximum(_by_group(square, group), 1e-9), 0.01, 5)
    a = 60 * np.maximum(square / np.maximum(weight.sum(axis=1), 1), 1e-9)
    out: Floats = np.clip((extra + a * usual[group]) / (square + a), 0.01, 5.0)
    return out


def at_least(sold: Floats, mean: Floats, dispersion: Floats) -> Floats:
    """E[D | D ≥ sold] of a negative binomial demand, never below `sold`.

        E[D; D ≥ c] = m · P(D' ≥ c − 1),  D' with shape k + 1 instead of k = 1 / dispersion

    >>> at_least(np.array([0.0, 10.0]), np.array([4.0, 4.0]), np.array([1e-6, 1e-6])).round(2)
    array([ 4.  , 10.51])
    """
    c = np.ceil(sold)
    k = 1 / np.maximum(dispersion, 1e-9)
    m = np.maximum(mean, 1e-9)
    p = k / (k + m)
    biased, plain = nbinom.sf(c - 2, k + 1, p), nbinom.sf(c - 1, k, p)
    # far in the tail both vanish; there demand barely exceeds what was sold
    beyond = np.where(plain > 1e-12, m * biased / np.maximum(plain, 1e-300), c)
    out: Floats = np.maximum(sold, beyond)
    return out


def _by_group(values: Floats, group: Ints) -> Floats:
    """Sums of neighbouring rows with the same group, [G, …]."""
    begin = np.flatnonzero(np.diff(group, prepend=-1))
    out: Floats = np.add.reduceat(values, begin, axis=0)
    return out
