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
    edge         periods next to a run, on either side, that tell whether sales had faded
    faded        … below this share of their level within `radius`; and a category has faded if its
                 other products sold less than this share during the run
    """

    stock_is: Literal["end", "start"] = "end"
    improbable: float = 1e-4
    longest: int = 28
    radius: int = 45
    edge: int = 7
    faded: float = 0.5

    @classmethod
    def usual(cls, freq: str) -> Censoring:
        """The rule for a frequency: no stock-out lasts longer than four weeks (a month)."""
        spans = {"h": (672, 1092, 168), "D": (28, 45, 7), "W": (4, 13, 3)}
        longest, radius, edge = spans.get(freq.split("-")[0], (1, 6, 1))
        return cls(longest=longest, radius=radius, edge=edge)


@dataclass(frozen=True, slots=True)
class Setting:
    """What surrounds the sales of N series over T periods.

    season   [T]   place of each period in the week, from 0
    group    [N]   category of each series, as a number
    year           periods in a year; 0 where it is not known
    """

    season: Ints
    group: Ints
    year: int = 0


def limited_by_stock(y: Floats, stock: Floats, rule: Censoring) -> Bools:
    """Periods that ended with nothing left to sell, [N, T]; free where y or stock is nan."""
    limited: Bools = stock <= 0 if rule.stock_is == "end" else y >= stock
    limited &= ~np.isnan(y)
    return limited


def improbable_zeros(y: Floats, around: Setting, rule: Censoring) -> Bools:
    """Runs of zeros that the product's own rate hardly explains, [N, T].

    The chance of a zero is the largest of three shares of zeros outside the run: in the `radius`
    periods before it, in those after it, and on that weekday over the whole series; it is 1 on days
    when the shop was closed. No distribution is assumed, so products that often sell nothing are
    not suspected. Stock ends at once and for one product: a run is a season where sales had faded
    at either end of it, where the category faded during it, or where half of the same periods a
    year before or after had no sale. Zeros before the first sale and after the last are never
    marked: there the product may not have been offered.

    y   [N, T]   units; nan where nothing was recorded
    """
    known = ~np.isnan(y)
    zero = known & (y == 0)
    runs = _inner_runs(zero, known)
    runs = runs.part(runs.length <= rule.longest)
    chance = _chance(zero, known, runs, rule.radius)
    rare = runs.length * np.log(chance) < np.log(rule.improbable)
    runs, chance = runs.part(rare), chance[rare]
    season = _in_season(zero, known, runs, around.year)
    season |= _faded(y, runs, rule) | _category_faded(y, runs, around.group, rule)
    runs, chance = runs.part(~season), chance[~season]
    out = np.zeros(y.shape, np.bool_)
    if not len(runs.row):
        return out
    length = runs.length
    run = np.repeat(np.arange(len(length)), length)
    first = np.cumsum(length) - length
    step = runs.begin[run] + np.arange(len(run)) - first[run]
    weekly = _share_by_place(zero, known, around.season, (runs.row, length), run, step)
    log = np.log(np.where(closed_days(y)[step], 1.0, np.maximum(chance[run], weekly)))
    still = np.add.reduceat(log, first) < np.log(rule.improbable)
    out[runs.row[run], step] = still[run]
    return out


def closed_days(y: Floats) -> Bools:
    """Days on which the whole shop sold next to nothing, [T]; told from ten series on."""
    if len(y) < 10:
        return np.zeros(y.shape[1], np.bool_)
    total = np.nansum(y, axis=0)
    closed: Bools = total < CLOSED * np.median(total)
    return closed


@dataclass(frozen=True, slots=True)
class _Runs:
    """Runs of zeros: series, first period and end (exclusive), [R]."""

    row: Ints
    begin: Ints
    end: Ints

    @property
    def length(self) -> Ints:
        return self.end - self.begin

    def part(self, keep: Bools) -> _Runs:
        return _Runs(self.row[keep], self.begin[keep], self.end[keep])

    def beside(self, reach: int) -> tuple[tuple[Ints, Ints], tuple[Ints, Ints]]:
        """The spans (begin, end exclusive) of `reach` periods before and after each run."""
        return (np.maximum(self.begin - reach, 0), self.begin), (self.end, self.end + reach)


def _inner_runs(zero: Bools, known: Bools) -> _Runs:
    """Each run of zeros between two sales."""
    change = np.diff(np.pad(zero, ((0, 0), (1, 1))).astype(np.int8), axis=1)
    row, begin = np.nonzero(change == 1)
    end = np.nonzero(change == -1)[1]
    sale = known & ~zero
    some = sale.any(axis=1)
    first = np.where(some, sale.argmax(axis=1), zero.shape[1])
    last = np.where(some, zero.shape[1] - 1 - sale[:, ::-1].argmax(axis=1), -1)
    inside = (begin > first[row]) & (end <= last[row])
    return _Runs(row[inside], begin[inside], end[inside])


def _chance(zero: Bools, known: Bools, runs: _Runs, radius: int) -> Floats:
    """The larger share of zeros before and after each run, [R]."""
    before, after = runs.beside(radius)
    chance: Floats = np.maximum(
        _share(zero, known, runs.row, before), _share(zero, known, runs.row, after)
    )
    return chance


def _in_season(zero: Bools, known: Bools, runs: _Runs, year: int) -> Bools:
    """Whether half of the same periods a year before or after had no sale either, [R]."""
    out = np.zeros(len(runs.row), np.bool_)
    for shift in (-year, year) if year else ():
        span = np.maximum(runs.begin + shift, 0), np.maximum(runs.end + shift, 0)
        told = _count(known, runs.row, *span)
        out |= (told > 0) & (2 * _count(zero, runs.row, *span) >= told)
    return out


def _faded(y: Floats, runs: _Runs, rule: Censoring) -> Bools:
    """Whether sales next to a run, before or after it, lay far below those around it, [R]."""
    total, known = _running(np.nan_to_num(y)), _running(~np.isnan(y))
    mean = [
        [_span(total, runs.row, s) / np.maximum(_span(known, runs.row, s), 1) for s in spans]
        for spans in (runs.beside(rule.edge), runs.beside(rule.radius))
    ]
    out: Bools = np.minimum(*mean[0]) < rule.faded * np.maximum(*mean[1])
    return out


def _category_faded(y: Floats, runs: _Runs, group: Ints, rule: Censoring) -> Bools:
    """Whether the other products of the category sold far less during a run than around it, [R]."""
    sold = np.nan_to_num(y)
    _, code = np.unique(group, return_inverse=True)
    total = np.zeros((int(code.max(initial=-1)) + 1, y.shape[1]))
    np.add.at(total, code, sold)
    of_all, of_one = _running(total), _running(sold)

    def others(span: tuple[Ints, Ints]) -> Floats:
        begin, end = span[0], np.minimum(span[1], y.shape[1])
        units = _span(of_all, code[runs.row], span) - _span(of_one, runs.row, span)
        mean: Floats = units / np.maximum(end - begin, 1)
        return mean

    before, after = runs.beside(rule.longest)
    out: Bools = others((runs.begin, runs.end)) < rule.faded * np.minimum(
        others(before), others(after)
    )
    return out


def _share(zero: Bools, known: Bools, row: Ints, span: tuple[Ints, Ints]) -> Floats:
    """Share of zeros among the known periods of each span (begin, end exclusive), never 0, [R]."""
    return (_count(zero, row, *span) + 0.5) / (_count(known, row, *span) + 1.0)


def _count(flags: Bools, row: Ints, begin: Ints, end: Ints) -> Ints:
    """How many flags are set in each span of its row, [R]."""
    return _span(_running(flags), row, (begin, end)).astype(np.int64)


def _running(values: Floats | Bools) -> Floats:
    """Sums of each row up to and without each period, [N, T + 1]."""
    total = np.zeros((len(values), values.shape[1] + 1))
    np.cumsum(values, axis=1, out=total[:, 1:])
    return total


def _span(total: Floats, row: Ints, span: tuple[Ints, Ints]) -> Floats:
    """Sum over each span (begin, end exclusive) of its row, from running sums, [R]."""
    last = total.shape[1] - 1
    out: Floats = total[row, np.minimum(span[1], last)] - total[row, np.minimum(span[0], last)]
    return out


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
