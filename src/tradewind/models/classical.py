"""ETS, Theta and ARIMA through statsforecast, with a guard and at a bounded cost."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import ClassVar

import numpy as np
from scipy import special

from tradewind.arrays import Floats
from tradewind.models.engine import Job, run
from tradewind.models.history import History, counts, filled, history_of, natural_season
from tradewind.models.local import Local, Quantiles
from tradewind.models.sane import replace_wild
from tradewind.panel import Panel
from tradewind.task import Task

FEWEST = 8
"""Series with fewer observations are left to seasonal naive."""


@dataclass(frozen=True, slots=True)
class ETS(Local):
    """Exponential smoothing, form chosen by AICc (Hyndman, Koehler, Snyder & Grose 2002).

    model           error, trend, season in statsforecast's letters; "Z" searches. The default
                    searches the trend and keeps error and season additive, which stands zeros and
                    takes a third of the time of "ZZZ"
    season_length   steps; 0 takes the task's, or the usual one where that is 1. A season over 24
                    steps is taken out first by classical decomposition
    steps           last observations to fit; 0 means 24 seasons, and at least 200 up to 4 seasons
    workers         processes for large panels
    """

    model: str = "AZA"
    season_length: int = 0
    steps: int = 0
    workers: int = field(default=2, repr=False, compare=False)
    probe: ClassVar[int] = 16

    def history(self, past: Panel, task: Task, target: str) -> History:
        """The last `steps` observations."""
        return _recent(past, task, target, self.season_length, self.steps)

    def quantiles(self, history: History, h: int, levels: Sequence[float]) -> Quantiles:
        """Quantiles of the next h steps, [N, h, Q]."""
        job = Job("ets", self.model, history.season, h)
        return _classical(self, job, history, levels, self.workers, 0.1)


@dataclass(frozen=True, slots=True)
class Theta(Local):
    """The Theta method: half the trend, and exponential smoothing of what is left.

    model           "OTM" optimised, "DOTM" optimised with a changing slope, "STM" and "DSTM" the
                    standard ones, "" the best of the four in-sample
    season_length, steps, workers   as for `ETS`

    Source: Assimakopoulos & Nikolopoulos (2000); Fiorucci et al. (2016).
    """

    model: str = "DOTM"
    season_length: int = 0
    steps: int = 0
    workers: int = field(default=2, repr=False, compare=False)
    probe: ClassVar[int] = 32

    def history(self, past: Panel, task: Task, target: str) -> History:
        """The last `steps` observations."""
        return _recent(past, task, target, self.season_length, self.steps)

    def quantiles(self, history: History, h: int, levels: Sequence[float]) -> Quantiles:
        """Quantiles of the next h steps, [N, h, Q]."""
        job = Job("theta", self.model, history.season, h)
        return _classical(self, job, history, levels, self.workers, 0.03)


@dataclass(frozen=True, slots=True)
class ARIMA(Local):
    """Seasonal ARIMA, orders chosen stepwise by AICc (Hyndman & Khandakar 2008).

    Seconds a series: no preset contains it, name it to use it.

    season_length, steps, workers   as for `ETS`
    """

    season_length: int = 0
    steps: int = 0
    workers: int = field(default=2, repr=False, compare=False)
    probe: ClassVar[int] = 4

    def history(self, past: Panel, task: Task, target: str) -> History:
        """The last `steps` observations."""
        return _recent(past, task, target, self.season_length, self.steps)

    def quantiles(self, history: History, h: int, levels: Sequence[float]) -> Quantiles:
        """Quantiles of the next h steps, [N, h, Q]."""
        job = Job("arima", "", history.season, h)
        return _classical(self, job, history, levels, self.workers, 3.0)


def _recent(past: Panel, task: Task, target: str, season: int, steps: int) -> History:
    history = history_of(past, task, target, season or natural_season(past, task))
    size = history.season
    keep = steps or max(4 * size, min(24 * size, 200))
    return replace(history, y=history.y[:, -keep:])


def _classical(
    model: object,
    job: Job,
    history: History,
    levels: Sequence[float],
    workers: int,
    seconds_each: float,
) -> Quantiles:
    """Fit the series that are long enough and not constant, and guard the result."""
    y, whole = history.y, filled(history.y)
    have, n = counts(y), len(history.y)
    still = (whole == whole[:, -1:]).all(axis=1) & (have >= FEWEST)
    first = np.where(have > 0, np.isfinite(y).argmax(axis=1), 0)
    rows = np.flatnonzero((have >= FEWEST) & ~still)
    middle = np.repeat(whole[:, -1:, None], job.h, axis=1).repeat(3, axis=2)
    reasons = {
        int(k): f"{have[k]} observations, {FEWEST} wanted" for k in np.flatnonzero(have < FEWEST)
    }
    if len(rows):
        scale = np.maximum(np.abs(whole[rows]).max(axis=1), 1e-12)
        series = [whole[k, first[k] :] / s for k, s in zip(rows, scale, strict=True)]
        middle[rows] = run(job, series, workers, seconds_each) * scale[:, None, None]
        failed = rows[~np.isfinite(middle[rows]).all(axis=(1, 2))]
        reasons |= {int(k): "statsforecast could not fit it" for k in failed}
    middle[list(reasons)] = 0.0
    quantiles = _spread(middle, levels).reshape(n, job.h, len(levels))
    return replace_wild(history, quantiles, levels, model, reasons)


def _spread(middle: Floats, levels: Sequence[float]) -> Floats:
    """Two half normals that meet the median, the 10 % and the 90 % quantile, [N, h, Q]."""
    scores = special.ndtri(np.asarray(levels)) / special.ndtri(0.9)
    centre = middle[:, :, :1]
    below, above = centre - middle[:, :, 1:2], middle[:, :, 2:] - centre
    quantiles: Floats = centre + np.where(scores < 0, below, above) * scores
    return quantiles
