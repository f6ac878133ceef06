"""Lives of series: when they sold, whether they ended, and which periods stand out."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tradewind.arrays import Bools, Floats, Ints
from tradewind.data.grid import as_rows, blocks, row_medians

DEVIATIONS = 5.0
"""A period stands out if ln(1 + y) lies this many robust deviations from the series' median."""

NORMAL_MAD = 1.4826
FEWEST_SALES = 8
"""Periods with sales that a series needs before any of them can stand out."""

PAUSES = 8.0
"""A series has ended if its last pause is this many times its mean pause between sales …"""

SHORTEST = {"h": 336, "D": 28, "W": 8, "MS": 4, "QS": 3, "YS": 2}
"""… and at least so many periods long, and half again as long as any pause before it."""


@dataclass(frozen=True, slots=True)
class Sales:
    """The selling rhythm of N series, in periods.

    last    the last period with a sale, counted from the first, [N]
    tail    periods without a sale after it, [N]
    count   periods with a sale, [N]
    pause   the longest step from one sale to the next, [N]; 0 where there was one sale only
    """

    last: Ints
    tail: Ints
    count: Ints
    pause: Ints


def rhythm(y: Floats, offset: Ints) -> Sales:
    """The rhythm of series that lie one after another in y; each begins with a sale.

    offset   [N + 1]   where each series begins, and the end
    """
    sold = np.flatnonzero(y > 0)
    begins = np.searchsorted(sold, offset[:-1])
    count = np.diff(np.append(begins, len(sold)))
    last = sold[begins + count - 1]
    steps = np.diff(sold, prepend=sold[:1])
    steps[begins] = 0
    pause = np.maximum.reduceat(steps, begins)
    return Sales(last - offset[:-1], offset[1:] - 1 - last, count, pause)


def ended(sales: Sales, freq: str) -> Bools:
    """Whether each series has stopped selling, judged by its own rhythm, [N].

    With sales in a share 1/r of its periods at random, a pause of 8 r has probability about e⁻⁸.
    A series with fewer than three sales has no rhythm: it needs three times the shortest tail.
    """
    shortest = SHORTEST[freq.split("-")[0]]
    mean = (sales.last + 1) / sales.count
    bound = np.maximum(np.maximum(PAUSES * mean, 1.5 * sales.pause), shortest)
    bound = np.where(sales.count < 3, np.maximum(bound, 3 * shortest), bound)
    result: Bools = sales.tail >= bound
    return result


def outliers(y: Floats, offset: Ints) -> Bools:
    """Whether y is far above or below what its series usually sells, [len(y)]; zeros never are.

    |ln(1 + y) − median| > 5 · max(1.4826 · MAD, 1 / √(1 + median y)), over the periods with sales;
    the second term is the deviation that mere counting (Poisson) gives ln y.

    y        flat columns of N series, one after another
    offset   [N + 1]   where each series begins, and the end
    """
    marked = np.zeros(len(y), dtype=np.bool_)
    for start, stop in blocks(offset):
        matrix, alive = as_rows(y, offset, start, stop)
        log = np.log1p(np.where(matrix > 0, matrix, np.nan))
        middle = row_medians(log)
        distance = np.abs(log - middle[:, None])
        spread = row_medians(distance) * NORMAL_MAD
        counting = np.exp(-middle / 2)  # median of ln(1 + y) = ln(1 + median y)
        enough = (~np.isnan(log)).sum(axis=1) >= FEWEST_SALES
        bound = np.where(enough, DEVIATIONS * np.maximum(spread, counting), np.inf)
        marked[offset[start] : offset[stop]] = (distance > bound[:, None])[alive]
    return marked
