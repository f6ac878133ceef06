"""The shape of the trees' errors: quantiles of error / size, and apart where sales are few."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tradewind.arrays import Bools, Floats, Ints
from tradewind.models.field import Single
from tradewind.models.trees_scale import Scale

GRID: Floats = np.concatenate(
    [[0.001, 0.0025, 0.005], np.arange(1, 100) / 100, [0.995, 0.9975, 0.999]]
)
"""Levels at which the errors' quantiles are kept."""
COARSE = 0.25
"""A question is coarse where half the way to the next possible sale exceeds so much of an error."""
GROUPS, PER_GROUP = 5, 200
"""Most groups of coarse errors by size, and the fewest errors of one."""


@dataclass(frozen=True, slots=True)
class Grain:
    """How far apart the values lie that a series can take.

    unit    [N]   1 where all values are whole, else 0: any value can follow
    first   [N]   smallest |y| beside 0 of a series that has had 0; its size where it had only 0,
                  its unit where it never had 0
    """

    scale: Scale
    unit: Single
    first: Single

    def none(self, y: Floats, series: Ints) -> Bools:
        """Where y [R] or [R, L] is nearer to 0 than to the first sale."""
        first = self.first[series].reshape(-1, *[1] * (y.ndim - 1))
        out: Bools = np.abs(y) < first / 2
        return out

    def half(self, z: Floats, series: Ints) -> Floats:
        """Half the way in z to the next value, [R]: from none to the first sale, else one unit."""
        none = self.none(self.scale.back(z, series), series)
        step = np.where(none, self.first[series], self.unit[series]) / self.scale.size[series]
        if not self.scale.offset:
            return step / 2
        above = np.maximum(z, np.log(self.scale.offset))
        return np.log1p(step * np.exp(-above)) / 2

    def size_of(self, error: Floats, z: Floats, series: Ints) -> Floats:
        """log |error| of an answer z, [R]; no error is smaller than half the way to the next value.

        A slow mover's median is zero, and mostly right: without this the logarithm of its error has
        no lower end, its mean says nothing of the errors made when something sells, and error /
        size has no bound.
        """
        return np.log(np.maximum(np.abs(error), self.half(z, series)) + 1e-3)

    def coarse(self, middle: Floats, size: Floats, series: Ints) -> Bools:
        """Where few sales are possible within an error of `size` about the median, [R]."""
        out: Bools = self.half(middle, series) > COARSE * size
        return out


def grain_of(y: Single, scale: Scale) -> Grain:
    """The grain of a target [N, T]."""
    some = np.abs(np.where(np.isfinite(y), y, 0))
    unit = (some == np.rint(some)).all(axis=1).astype(np.float32)
    least = np.where(some > 0, some, np.inf).min(axis=1)
    first = np.where(np.isfinite(least), least, scale.size)
    return Grain(scale, unit, np.where((y == 0).any(axis=1), first, unit))


@dataclass(frozen=True, slots=True)
class Scores:
    """Quantiles of error / size for errors of growing size; in between they are interpolated.

    sizes       [K]      log size in the middle of each group
    quantiles   [K, Q]   at GRID
    """

    sizes: Floats
    quantiles: Floats

    def at(self, size: Floats, levels: Floats) -> Floats:
        """[R] and levels [L] → [R, L]."""
        kept = np.stack([np.interp(levels, GRID, row) for row in self.quantiles], axis=1)
        return np.stack([np.interp(np.log(size), self.sizes, column) for column in kept], axis=1)


def scores_of(error: Floats, size: Floats, groups: int) -> Scores:
    """The quantiles of errors [R] in groups by their size [R]."""
    groups = int(np.clip(len(error) // PER_GROUP, 1, groups))
    parts = np.array_split(np.argsort(size, kind="stable"), groups)
    return Scores(
        np.array([np.median(np.log(size[part])) for part in parts]),
        np.stack([np.quantile(error[part] / size[part], GRID) for part in parts]),
    )


@dataclass(frozen=True, slots=True)
class Shape:
    """Quantiles of error / size of fine questions, and of coarse ones.

    Where sales are fine, errors of all sizes have one shape. Where they are coarse, small errors
    are mostly exact zeros with a rare sale and large ones are not: each size has its own.

    Source: conformal prediction by category, Vovk, Gammerman & Shafer (2005), section 4.5.
    """

    fine: Scores
    coarse: Scores

    def at(self, size: Floats, coarse: Bools, levels: Floats) -> Floats:
        """Quantiles of error / size of each question, [R] and levels [L] → [R, L]."""
        both = (self.coarse.at(size, levels), self.fine.at(size, levels))
        return np.where(coarse[:, None], *both)

    def place(self, score: Floats, size: Floats, coarse: Bools) -> Floats:
        """The level at which each error / size lies, [R]."""
        table = self.at(size, coarse, GRID)
        rows = zip(score, table, strict=True)
        return np.array([np.interp(one, row, GRID) for one, row in rows])


def shape_of(error: Floats, size: Floats, coarse: Bools) -> Shape:
    """The shape of errors [R]; a kind with fewer than PER_GROUP of them takes that of all."""
    everything = np.ones_like(coarse)
    few, many = (mine if mine.sum() >= PER_GROUP else everything for mine in (coarse, ~coarse))
    return Shape(scores_of(error[many], size[many], 1), scores_of(error[few], size[few], GROUPS))
