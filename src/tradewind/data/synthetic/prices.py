"""Price plans of synthetic products: regular prices that change now and then, and promotions."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import numpy as np

from tradewind.arrays import Bools, Floats, Ints
from tradewind.data.synthetic.settings import Festival

DEPTHS = (0.1, 0.15, 0.2, 0.25, 0.3, 0.4)


@dataclass(frozen=True, slots=True)
class PricePlan:
    """Planned prices of N series over T days.

    regular     [N, T]  price without promotion
    depth       [N, T]  price cut, share of the regular price; 0 off promotion
    price       [N, T]  what the customer pays
    festival    [K, T]  whether each festival is on
    """

    regular: Floats
    depth: Floats
    price: Floats
    festival: Bools


def price_plan(
    base: Floats, rate: float, festival: Bools, takes_part: Floats, rng: np.random.Generator
) -> PricePlan:
    """Prices of N series: `base` moved in steps, cut by own promotions and by festivals.

    base         [N]     regular price on the first day
    rate                 share of days on own promotion
    festival     [K, T]  days of each festival
    takes_part   [N, K]  price cut of each series at each festival, 0 for none
    """
    steps = festival.shape[1]
    moves = np.zeros((len(base), steps))
    row, step = np.nonzero(rng.random(moves.shape, dtype=np.float32) < 1 / 180)
    moves[row, step] = rng.normal(0.02, 0.06, len(row))
    moves[:, 0] = 0
    np.exp(np.cumsum(moves, axis=1, out=moves), out=moves)
    regular = charm(moves * base[:, None])
    depth = promotions(len(base), steps, rate, rng)
    for k in range(len(festival)):
        np.maximum(depth, takes_part[:, k, None] * festival[k], out=depth)
    return PricePlan(regular, depth, np.round(regular * (1 - depth), 2), festival)


def charm(price: Floats) -> Floats:
    """The nearest price ending in .99, at least 0.99.

    >>> charm(np.array([0.2, 7.6, 12.3]))
    array([ 0.99,  7.99, 11.99])
    """
    return np.maximum(np.round(price + 0.01), 1) - 0.01


def promotions(n: int, steps: int, rate: float, rng: np.random.Generator) -> Floats:
    """Depth of own promotions, [n, steps]: runs of 3 to 14 days that cover `rate` of all days."""
    starts = rng.random((n, steps), dtype=np.float32) < rate / (8.5 * max(1 - rate, 1e-9))
    out = np.zeros((n, steps))
    left: Ints = np.zeros(n, np.int64)
    now = np.zeros(n)
    for t in range(steps):
        begin = np.flatnonzero(starts[:, t] & (left == 0))
        left[begin] = rng.integers(3, 15, len(begin))
        now[begin] = rng.choice(DEPTHS, len(begin))
        out[:, t] = np.where(left > 0, now, 0.0)
        left -= left > 0
    return out


def festival_days(festivals: tuple[Festival, ...], start: datetime, steps: int) -> Bools:
    """Whether each festival is on, [K, steps]."""
    on = np.zeros((len(festivals), steps), np.bool_)
    years = range(start.year - 1, start.year + steps // 365 + 3)
    for k, festival in enumerate(festivals):
        for year in years:
            first = (festival.first_day(year) - start.date()).days
            on[k, max(first, 0) : max(first + festival.days, 0)] = True
    return on
