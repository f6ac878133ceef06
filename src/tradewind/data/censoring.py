"""Which periods' sales were limited by stock."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from tradewind.arrays import Bools, Floats, Ints

CLOSED = 0.05
"""A shop that sells less than this share of its usual units on a day was closed."""


@dataclass(frozen=True, slots=True)
class Censoring:
    """When sales are taken to have been limited by stock.

    stock_is     "end": the stock column is what is left at the end of a period; sales were limited
                 where nothing is left. "start": it is what could be sold in the period; they were
                 limited where all of it was sold
    improbable   without a stock record: a run of zeros is a stock-out if its probability at the
                 product's own rate is below this
    longest      a longer run of zeros (periods) means that the product was not offered
    radius       periods before and after a run that tell the product's rate
    """

    stock_is: Literal["end", "start"] = "end"
    improbable: float = 1e-4
    longest: int = 60
    radius: int = 45


def limited_by_stock(y: Floats, stock: Floats, rule: Censoring) -> Bools:
    """Periods that ended with nothing left to sell, [N, T]; free where y or stock is nan."""
    limited: Bools = stock <= 0 if rule.stock_is == "end" else y >= stock
    limited &= ~np.isnan(y)
    return limited


def improbable_zeros(y: Floats, season: Ints, rule: Censoring) -> Bools:
    """Runs of zeros that the product's own rate hardly explains, [N, T].

    The chance of a zero is the largest of three shares of zeros outside the run: in the `radius`
    periods before it, in those after it (a product that fades out is not suspected), and on that
    weekday over the whole series; it is 1 on days when the shop was closed. No distribution is
    assumed, so products that often sell nothing are not suspected. Zeros before the first sale and
    after the last are never marked: there the product may not have been offered.

    y       [N, T]  units; nan where nothing was recorded
    season  [T]     place of each period in the week, from 0
    """
    known = ~np.isnan(y)
    zero = known & (y == 0)
    row, begin, end = _inner_runs(zero, known)
    length = end - begin
    before, after = (np.maximum(begin - rule.radius, 0), begin), (end, end + rule.radius)
    chance = np.maximum(_share(zero, known, row, before), _share(zero, known, row, after))
    keep = (length <= rule.longest) & (length * np.log(chance) < np.log(rule.improbable))
    row, begin, length, chance = row[keep], begin[keep], length[keep], chance[keep]

    run = np.repeat(np.arange(len(row)), length)
    if not len(run):
        return np.zeros(y.shape, np.bool_)
    first = np.cumsum(length) - length
    step = begin[run] + np.arange(len(run)) - first[run]
    weekly = _share_by_place(zero, known, season, (row, length), run, step)
    log = np.log(np.where(closed_days(y)[step], 1.0, np.maximum(chance[run], weekly)))
    rare = np.add.reduceat(log, first) < np.log(rule.improbable)
    out = np.zeros(y.shape, np.bool_)
    out[row[run], step] = rare[run]
    return out


def closed_days(y: Floats) -> Bools:
    """Days on which the whole shop sold next to nothing, [T]; told from ten series on."""
    if len(y) < 10:
        return np.zeros(y.shape[1], np.bool_)
    total = np.nansum(y, axis=0)
    closed: Bools = total < CLOSED * np.median(total)
    return closed


def _inner_runs(zero: Bools, known: Bools) -> tuple[Ints, Ints, Ints]:
    """Series, first period and end (exclusive) of each run of zeros between two sales."""
    change = np.diff(np.pad(zero, ((0, 0), (1, 1))).astype(np.int8), axis=1)
    row, begin = np.nonzero(change == 1)
    end = np.nonzero(change == -1)[1]
    sale = known & ~zero
    some = sale.any(axis=1)
    first = np.where(some, sale.argmax(axis=1), zero.shape[1])
    last = np.where(some, zero.shape[1] - 1 - sale[:, ::-1].argmax(axis=1), -1)
    inside = (begin > first[row]) & (end <= last[row])
    return row[inside], begin[inside], end[inside]


def _share(zero: Bools, known: Bools, row: Ints, span: tuple[Ints, Ints]) -> Floats:
    """Share of zeros among the known periods of each span (begin, end exclusive), never 0, [R]."""
    return (_count(zero, row, *span) + 0.5) / (_count(known, row, *span) + 1.0)


def _count(flags: Bools, row: Ints, begin: Ints, end: Ints) -> Ints:
    """How many flags are set in each span of its row, [R]."""
    steps = flags.shape[1]
    total = np.zeros((len(flags), steps + 1), np.int32)
    np.cumsum(flags, axis=1, out=total[:, 1:])
    upto = np.minimum(end, steps)
    return (total[row, upto] - total[row, begin]).astype(np.int64)


def _share_by_place(
    zero: Bools, known: Bools, season: Ints, runs: tuple[Ints, Ints], run: Ints, step: Ints
) -> Floats:
    """Share of zeros on the weekday of each period of each run, the run itself left out."""
    places = int(season.max()) + 1
    of_zero = np.stack([zero[:, season == k].sum(axis=1) for k in range(places)], axis=1)
    of_known = np.stack([known[:, season == k].sum(axis=1) for k in range(places)], axis=1)
    row, length = runs
    own = (length / places)[run]
    place = season[step]
    zeros = np.maximum(of_zero[row[run], place] - own, 0) + 0.5
    return np.minimum(zeros / (np.maximum(of_known[row[run], place] - own, 0) + 1.0), 1.0)
