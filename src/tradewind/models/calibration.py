"""What hindsight says about quantiles: how far off, how much too narrow, and for whom."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from tradewind.arrays import Bools, Floats, Ints
from tradewind.forecast import Dependence, Forecast

NARROWEST, WIDEST = 0.5, 2.0
"""Limits of a single series' own width factor."""
SMALL = 0.05
"""A shift of so much of the width is believed by half, a greater one by more."""


@dataclass(frozen=True, slots=True)
class Calibration:
    """A correction of quantiles, in units of a cell's own width.

    levels    Q
    shift     [B, Q]   added to each quantile, times the width, in each block of the horizon
    width     series → factor on its width; a series that is not here has 1
    lower              the target is never below this, or None: a quantile that lies there stays,
                       for any step up from zero would shut out all the days without a sale
    """

    levels: tuple[float, ...]
    shift: Floats
    width: dict[str, float]
    lower: float | None = None


def apply(calibration: Calibration, ids: Sequence[str], quantiles: Floats, of_step: Ints) -> Floats:
    """Corrected quantiles, in order, [N, h, Q].

    quantiles   [N, h, Q]   at the levels of the calibration
    of_step     [h]         block of each step
    """
    factor = np.array([calibration.width.get(key, 1.0) for key in ids])
    wide = widened(quantiles, calibration.levels, factor)
    moved = wide + calibration.shift[of_step][None] * spread_of(wide)
    return np.sort(np.where(at_bound(quantiles, calibration.lower), quantiles, moved), axis=2)


def at_bound(quantiles: Floats, lower: float | None) -> Bools:
    """Which quantiles lie where the target cannot go below."""
    return np.zeros(quantiles.shape, dtype=bool) if lower is None else quantiles <= lower + 1e-9


def widened(quantiles: Floats, levels: Sequence[float], factor: Floats) -> Floats:
    """Quantiles drawn away from the median by each series' factor, [N, h, Q]."""
    middle = middle_of(quantiles, levels)
    out: Floats = middle + factor[:, None, None] * (quantiles - middle)
    return out


def spread_of(quantiles: Floats) -> Floats:
    """Distance between the outer quantiles, [N, h, 1]."""
    return quantiles[:, :, -1:] - quantiles[:, :, :1]


def middle_of(quantiles: Floats, levels: Sequence[float]) -> Floats:
    """The quantile nearest to the median, [N, h, 1]."""
    k = int(np.argmin(np.abs(np.asarray(levels) - 0.5)))
    return quantiles[:, :, k : k + 1]


def width_factors(scores: Floats) -> Floats:
    """How much wider than the pooled forecast each series should be, [N].

    scores   [W, N, h]   normal scores at W cutoffs; nan where unknown

    Mean absolute score of the series against that of all, shrunk towards 1 by empirical Bayes:
    what varies between series beyond what their own cutoffs disagree. 1 with a single cutoff.
    """
    have = np.isfinite(scores)
    count = have.sum(axis=2)
    size = np.where(have, np.abs(scores), 0.0).sum(axis=2) / np.maximum(count, 1)  # [W, N]
    size = np.where(count > 0, size, np.nan)
    seen = np.isfinite(size).sum(axis=0)
    usable = seen >= 2
    factor = np.ones(scores.shape[1])
    if usable.sum() < 10:
        return factor
    mine = size[:, usable]
    mean = np.nanmean(mine, axis=0)
    within = float(np.nanmean(np.nanvar(mine, axis=0, ddof=1) / seen[usable]))
    between = max(float(mean.var()) - within, 0.0)
    trust = between / (between + within) if between + within > 0 else 0.0
    factor[usable] = 1 + trust * (mean / max(float(mean.mean()), 1e-9) - 1)
    return np.clip(factor, NARROWEST, WIDEST)


def quantile_shifts(
    windows: Sequence[tuple[Floats, Floats]],
    levels: Sequence[float],
    of_step: Ints,
    lower: float | None = None,
) -> Floats:
    """What to add to each quantile, in widths of its cell, [B, Q].

    windows   (y [N, h], quantiles [N, h, Q]) at each earlier cutoff
    of_step   [h]   block of each step

    Quantiles at the lower bound are left out: they stay there.
    The quantile of level q should have q of the outcomes below it: the shift is the q-quantile of
    (y − quantile) / width over the cells of a block. Its median part, the bias, is trusted as far
    as the cutoffs agree about it, and so is a narrower interval, for the future holds more
    surprises than hindsight; a wider one is trusted as far as there are series. With few series
    blocks are pulled towards the whole horizon. What is left is small or clear: a small shift is
    what one season's common surprise leaves behind, and the next season has another.
    Source: split conformal prediction of quantiles, Romano, Patterson & Candès (2019), pooled
    over series; the shrinkage: this project.
    """
    pooled = _shift(windows, levels, lower)
    rows = sum(int(np.isfinite(y).any(axis=1).sum()) for y, _ in windows)
    trust = rows / (rows + 30.0)
    shifts = np.empty((int(of_step.max()) + 1, len(levels)))
    for b in range(len(shifts)):
        steps = np.flatnonzero(of_step == b)
        mine = _shift([(y[:, steps], q[:, steps]) for y, q in windows], levels, lower)
        own = rows / (rows + 100.0)
        mine = np.where(np.isfinite(mine), mine, pooled)
        shifts[b] = trust * (own * mine + (1 - own) * pooled)
    shifts = np.nan_to_num(shifts)
    believed: Floats = shifts**5 / (shifts**4 + SMALL**4)
    return believed


def _shift(
    windows: Sequence[tuple[Floats, Floats]], levels: Sequence[float], lower: float | None
) -> Floats:
    """What to add to each quantile, [Q]; nan where no outcome is known."""
    scores = [_scores(y, q, lower) for y, q in windows]
    middle = int(np.argmin(np.abs(np.asarray(levels) - 0.5)))
    biases = [_quantile(s[:, middle], levels[middle]) for s in scores]
    known = np.array([b for b in biases if np.isfinite(b)])
    if not len(known):
        return np.full(len(levels), np.nan)
    flat = np.concatenate(scores)
    shift = np.full(len(levels), _agreed(known))
    for k, level in enumerate(levels):
        wider = _quantile(flat[:, k], level) - _quantile(flat[:, middle], levels[middle])
        if wider * (k - middle) < 0:  # narrower than the model says: only if the cutoffs agree
            each = np.array([_quantile(s[:, k], level) for s in scores]) - np.array(biases)
            wider = _agreed(each[np.isfinite(each)]) if np.isfinite(each).any() else 0.0
        shift[k] += wider if np.isfinite(wider) else 0.0
    return shift


def _quantile(scores: Floats, level: float) -> float:
    """The quantile of the scores that are known; nan if there are fewer than ten."""
    known = scores[np.isfinite(scores)]
    return float(np.quantile(known, level)) if len(known) >= 10 else float("nan")


def _agreed(biases: Floats) -> float:
    """The mean bias, shrunk by how little the cutoffs agree; a quarter of it if there is one."""
    mean = float(biases.mean())
    if len(biases) < 2:
        return 0.25 * mean
    noise = float(biases.var(ddof=1)) / len(biases)
    return mean * max(0.0, 1 - noise / mean**2) if mean else 0.0


def _scores(y: Floats, quantiles: Floats, lower: float | None) -> Floats:
    """(y − quantile) / width of the known cells that have a width, [M, Q]; nan at the bound."""
    spread = spread_of(quantiles)
    good = np.isfinite(y) & (spread[:, :, 0] > 0)
    scores = (y[:, :, None] - quantiles) / np.maximum(spread, 1e-12)
    free: Floats = np.where(at_bound(quantiles, lower), np.nan, scores)[good]
    return free


def fitted_to_sums(
    dependence: Dependence, windows: Sequence[tuple[Forecast, Floats]], series: int = 120
) -> Dependence:
    """The dependence, strengthened or weakened so that sums over 1…n steps are covered at 80 %.

    windows   calibrated forecasts at earlier cutoffs, and what came, [N, h]

    One number moves the correlations between those of independent steps and of steps that move
    as one; it is trusted as far as there are independent series.
    """
    h = len(dependence.steps)
    if h < 2 or not windows:
        return dependence
    grid = np.linspace(-0.9, 0.9, 5)
    covered = np.array([_sum_coverage(_moved(dependence, k), windows, series) for k in grid])
    if not np.isfinite(covered).all():
        return dependence
    best = float(np.interp(0.8, np.maximum.accumulate(covered), grid))
    rows = sum(int(np.isfinite(y).all(axis=1).sum()) for _, y in windows)
    alone = rows / (1 + rows / len(windows) * dependence.common)
    return _moved(dependence, best * alone / (alone + 5.0))


def _moved(dependence: Dependence, amount: float) -> Dependence:
    """Correlations drawn towards one (amount > 0) or towards independence (amount < 0)."""
    goal = np.ones_like(dependence.steps) if amount > 0 else np.eye(len(dependence.steps))
    steps = (1 - abs(amount)) * dependence.steps + abs(amount) * goal
    return Dependence(steps, dependence.common)


def _sum_coverage(
    dependence: Dependence, windows: Sequence[tuple[Forecast, Floats]], series: int
) -> float:
    """Share of sums over 1…n steps, n = 1…h, inside their 80 % interval."""
    inside: list[Floats] = []
    for forecast, truth in windows:
        rows = np.flatnonzero(np.isfinite(truth).all(axis=1) & (_has_width(forecast)))
        rows = rows[:: max(1, -(-len(rows) // series))]
        if not len(rows):
            continue
        part = forecast.select([forecast.ids[k] for k in rows])
        alone = Forecast(
            part.ids, part.ds, part.levels, part.quantiles, part.target, part.whole, part.lower,
            Dependence(dependence.steps, 0.0),
        )  # fmt: skip
        sums = np.cumsum(alone.paths(150, np.random.default_rng(0)), axis=1)
        low, high = np.quantile(sums, (0.1, 0.9), axis=2)
        total = np.cumsum(truth[rows], axis=1)
        hit = (low <= total) & (total <= high)
        inside.append(hit.mean(axis=1))
    return float(np.concatenate(inside).mean()) if inside else float("nan")


def _has_width(forecast: Forecast) -> Bools:
    return np.asarray((spread_of(forecast.quantiles)[:, :, 0] > 0).any(axis=1))
