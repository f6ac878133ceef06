"""Forecast: what we expect of one target, as quantiles, and as sample paths where sums matter."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import polars as pl
from scipy import special

from tradewind.arrays import Dates, Floats
from tradewind.errors import UnknownName

Sampler = Callable[[int, np.random.Generator], Floats]
"""A model's own joint paths: (n, rng) → [N, h, n]."""

CHUNK = 512
"""Series whose paths are held at once while summing."""


@dataclass(frozen=True, slots=True)
class Dependence:
    """How forecast errors hang together, as a normal copula of their ranks in the back-test.

    steps    [h, h]   correlation of one series' normal scores over the horizon
    common            share of their variance that all series have in common, in [0, 1)
    """

    steps: Floats
    common: float = 0.0


@dataclass(frozen=True, slots=True)
class Forecast:
    """Quantiles of one target for N series over h steps.

    ids          N series keys
    ds           [h]         period starts
    levels       Q           ascending, in (0, 1)
    quantiles    [N, h, Q]   do not cross; unit of the target
    target                   column that is forecast
    whole                    True where the target is counted: paths are whole numbers
    lower                    the target is never below this (0 for sales), or None
    dependence               joins the marginals into paths; None means comonotone over the horizon
    sampler                  joint paths of the model itself, in place of `dependence`
    upper        [N, h]      what can be sold at most, inf where nothing bounds it, or None
    """

    ids: tuple[str, ...]
    ds: Dates
    levels: tuple[float, ...]
    quantiles: Floats
    target: str = "y"
    whole: bool = False
    lower: float | None = None
    dependence: Dependence | None = None
    sampler: Sampler | None = field(default=None, compare=False)
    upper: Floats | None = None

    def __post_init__(self) -> None:
        shape = (len(self.ids), len(self.ds), len(self.levels))
        if self.quantiles.shape != shape:
            raise ValueError(
                f"quantiles have shape {self.quantiles.shape}, ids × ds × levels is {shape}"
            )

    @property
    def h(self) -> int:
        """Steps ahead."""
        return len(self.ds)

    @property
    def median(self) -> Floats:
        """The 0.5 quantile, [N, h]."""
        return self.at((0.5,))[:, :, 0]

    def at(self, levels: Sequence[float]) -> Floats:
        """Quantiles at other levels, [N, h, len(levels)]: its own, or between them.

        Where a level is not its own, all are interpolated on the normal scale.
        """
        if tuple(levels) == self.levels:
            return self.quantiles
        if set(levels) <= set(self.levels):
            return self.quantiles[:, :, [self.levels.index(q) for q in levels]]
        scores = special.ndtri(np.asarray(levels, dtype=np.float64))
        wide = np.broadcast_to(scores, (len(self.ids), self.h, len(scores)))
        return self._clip(_interpolate(self.quantiles, self.levels, wide))

    def select(self, ids: Sequence[str]) -> Forecast:
        """The forecast of these series, in this order."""
        place = {key: i for i, key in enumerate(self.ids)}
        if missing := [key for key in ids if key not in place]:
            raise UnknownName(
                f"no forecast for series {missing[:3]}; there are {len(self.ids)} series"
            )
        rows = [place[key] for key in ids]
        sampler = self.sampler
        mine = None if sampler is None else (lambda n, rng: sampler(n, rng)[rows])
        upper = None if self.upper is None else self.upper[rows]
        return replace(
            self, ids=tuple(ids), quantiles=self.quantiles[rows], upper=upper, sampler=mine
        )

    def capped(self, upper: Floats) -> Forecast:
        """The same where no more than `upper` [N, h] can be sold."""
        if self.upper is not None:
            upper = np.minimum(upper, self.upper)
        return replace(self, quantiles=np.minimum(self.quantiles, upper[:, :, None]), upper=upper)

    def scaled(self, shares: Floats) -> Forecast:
        """The forecast with each period cut to a share of it: quantiles, paths and sums alike.

        shares   [N, h]   in [0, 1]; 0 means that nothing comes, whatever was expected. Paths of
                          counts stay whole numbers and keep their mean
        """
        sampler = self.sampler
        mine = None if sampler is None else _scaled(sampler, shares, whole=self.whole)
        return replace(self, quantiles=self.quantiles * shares[:, :, None], sampler=mine)

    def paths(self, n: int, rng: np.random.Generator) -> Floats:
        """n joint sample paths of each series, [N, h, n]; whole numbers where units are counted."""
        if self.sampler is not None:
            drawn = self.sampler(n, rng)
            return drawn if self.upper is None else np.minimum(drawn, self.upper[:, :, None])
        return np.concatenate(
            [self._draw(part, n, rng, common) for part, common in self._parts(n, rng)]
        )

    def aggregate(self, groups: Sequence[str], n: int, rng: np.random.Generator) -> Forecast:
        """The forecast of sums of series: `groups` names the group of each series.

        Sums are taken over n joint paths, so a group's interval is narrower or wider than
        the sum of its members' as their dependence says. The means add up over any grouping.
        """
        names = tuple(sorted(set(groups)))
        index = _positions(groups, names)
        sums = np.zeros((len(names), self.h, n))
        if self.sampler is not None:
            np.add.at(sums, index, self.paths(n, rng))
        else:
            for part, common in self._parts(n, rng):
                np.add.at(sums, index[part], self._draw(part, n, rng, common))
        quantiles = np.moveaxis(np.quantile(sums, self.levels, axis=2), 0, 2)
        return replace(
            self,
            ids=names,
            quantiles=quantiles,
            upper=None,
            sampler=_resample(sums),
            dependence=None,
        )

    def mean(self, n: int, rng: np.random.Generator) -> Floats:
        """Mean of n joint paths, [N, h].

        The same n and the same state of rng as in `aggregate` give the same paths, so that
        means of members add up to the mean of their group, up to rounding.
        """
        if self.sampler is not None:
            own: Floats = self.paths(n, rng).mean(axis=2)
            return own
        parts = self._parts(n, rng)
        return np.concatenate([self._draw(p, n, rng, c).mean(axis=2) for p, c in parts])

    def totals(self, n: int, rng: np.random.Generator) -> Floats:
        """Sample sums over the whole horizon, [N, n]."""
        total: Floats = self.paths(n, rng).sum(axis=1)
        return total

    def to_frame(self) -> pl.DataFrame:
        """unique_id, ds, one column per level ("q0.1", …), sorted by (unique_id, ds)."""
        count = len(self.ids)
        table = pl.DataFrame(
            {
                "unique_id": np.repeat(np.array(self.ids, dtype=object), self.h),
                "ds": np.tile(self.ds, count),
            },
            schema={"unique_id": pl.String, "ds": pl.Datetime("us")},
        )
        columns = [
            pl.Series(f"q{q:g}", self.quantiles[:, :, k].ravel()) for k, q in enumerate(self.levels)
        ]
        return table.with_columns(columns).sort("unique_id", "ds")

    def _parts(self, n: int, rng: np.random.Generator) -> list[tuple[slice, Floats]]:
        """Slices of the series, each with the normal scores that all series share, [h, n]."""
        common = rng.standard_normal((self.h, n))
        return [(slice(a, a + CHUNK), common) for a in range(0, max(len(self.ids), 1), CHUNK)]

    def _draw(self, part: slice, n: int, rng: np.random.Generator, common: Floats) -> Floats:
        quantiles = self.quantiles[part]
        if self.dependence is None:
            scores = np.broadcast_to(
                rng.standard_normal((len(quantiles), 1, n)), (len(quantiles), self.h, n)
            )
        else:
            share = self.dependence.common
            own = rng.standard_normal((len(quantiles), self.h, n))
            mixed = np.sqrt(share) * common + np.sqrt(1 - share) * own
            scores = np.einsum(
                "ij,njs->nis", _root(self.dependence.steps[: self.h, : self.h]), mixed
            )
        drawn = self._clip(_interpolate(quantiles, self.levels, scores))
        if self.whole:
            drawn = np.floor(drawn + rng.random(drawn.shape))
        return drawn if self.upper is None else np.minimum(drawn, self.upper[part, :, None])

    def _clip(self, values: Floats) -> Floats:
        return values if self.lower is None else np.maximum(values, self.lower)


def _interpolate(quantiles: Floats, levels: Sequence[float], scores: Floats) -> Floats:
    """The quantile function of each cell at normal scores [N, h, S]; linear, also in the tails."""
    knots = special.ndtri(np.asarray(levels, dtype=np.float64))
    if len(knots) == 1:
        return np.broadcast_to(quantiles, scores.shape).copy()
    right = np.clip(np.searchsorted(knots, scores), 1, len(knots) - 1)
    weight = (scores - knots[right - 1]) / (knots[right] - knots[right - 1])
    low = np.take_along_axis(quantiles, right - 1, axis=2)
    high = np.take_along_axis(quantiles, right, axis=2)
    values: Floats = low + weight * (high - low)
    return values


def _root(correlation: Floats) -> Floats:
    """A matrix square root; the correlation matrix may have full rank only up to rounding."""
    values, vectors = np.linalg.eigh(correlation)
    root: Floats = vectors * np.sqrt(np.maximum(values, 0.0))
    norm = np.sqrt((root**2).sum(axis=1, keepdims=True))
    return root / np.where(norm > 0, norm, 1.0)


def _positions(
    groups: Sequence[str], names: tuple[str, ...]
) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    place = {name: i for i, name in enumerate(names)}
    return np.array([place[g] for g in groups], dtype=np.int64)


def _scaled(sampler: Sampler, shares: Floats, *, whole: bool) -> Sampler:
    def draw(n: int, rng: np.random.Generator) -> Floats:
        cut = sampler(n, rng) * shares[:, :, None]
        return np.floor(cut + rng.random(cut.shape)) if whole else cut

    return draw


def _resample(sums: Floats) -> Sampler:
    """Paths drawn again from stored ones: all of them in order if as many are asked for."""

    def draw(n: int, rng: np.random.Generator) -> Floats:
        have = sums.shape[2]
        if n == have:
            return sums
        return sums[:, :, rng.integers(0, have, n)]

    return draw
