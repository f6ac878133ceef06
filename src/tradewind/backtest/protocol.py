"""Scores as fev-bench computes them, and its Seasonal Naive."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import special

from tradewind import metrics
from tradewind.arrays import Floats

FLOOR = 1.0
"""Smallest mean |y| that WAPE and WQL divide by."""

SCORES = ("SQL", "MASE", "WAPE", "WQL", "coverage80")


@dataclass(frozen=True, slots=True)
class WindowScore:
    """One model in one window.

    values   SQL, MASE, WAPE, WQL, coverage80: pooled over series and steps, missing y skipped
    sums     [N]   scaled quantile loss summed over each series' steps: SQL = Σ sums / Σ counts
    counts   [N]   steps that were scored
    """

    values: dict[str, float]
    sums: Floats
    counts: Floats


def score_window(
    past: Floats, truth: Floats, quantiles: Floats, levels: Sequence[float], season: int
) -> WindowScore:
    """Score one window by the published protocol; the task's score is the mean over windows.

    past        [N, T]      what was known; nan before a series starts and where y is missing
    truth       [N, h]      what came
    quantiles   [N, h, Q]   the levels hold 0.1, 0.5 and 0.9
    season                  of the seasonal naive error that scales SQL and MASE
    """
    low, median, high = (quantiles[:, :, levels.index(q)] for q in (0.1, 0.5, 0.9))
    scale = metrics.seasonal_error(past, season)
    values = {
        "SQL": metrics.sql(truth, quantiles, levels, scale),
        "MASE": metrics.mase(truth, median, scale),
        "WAPE": metrics.wape(truth, median, floor=FLOOR),
        "WQL": metrics.wql(truth, quantiles, levels, floor=FLOOR),
        "coverage80": metrics.coverage(truth, low, high),
    }
    counts = np.where(np.isfinite(scale) & (scale > 0), (~np.isnan(truth)).sum(axis=1), 0)
    losses = np.asarray(metrics.sql(truth, quantiles, levels, scale, axis=1))
    sums = np.where(counts > 0, losses, 0.0) * counts
    return WindowScore({k: float(v) for k, v in values.items()}, sums, counts.astype(np.float64))


def seasonal_naive(past: Floats, h: int, season: int, levels: Sequence[float]) -> Floats:
    """The published Seasonal Naive, [N, h, Q]: a normal interval around the last season.

    Gaps take the value before them (the one after, where there is none). The deviation is that of
    the seasonal differences in the past and grows with the root of the seasons ahead.

        y_{t−season·k} + z(q) · √k · √(mean of squared differences),   k = ⌈step / season⌉

    past   [N, T]   nan before a series starts and where y is missing

    Source: fev-bench takes it from statsforecast. MASE and WAPE agree with the published ones to
    four digits on all seven retail tasks, SQL on all but hierarchical_sales_1D and
    rohlik_orders_1D (docs/benchmarks.md).
    """
    seen = ~np.isnan(past)
    started = np.maximum.accumulate(seen, axis=1)
    filled = np.where(started, _fill(past, seen), np.nan)
    tail = _backward(filled[:, -season:] if season <= past.shape[1] else filled)
    point = tail[:, np.arange(h) % tail.shape[1]]
    change = filled[:, season:] - filled[:, :-season]
    usable = ~np.isnan(change)
    square = np.where(usable, change, 0.0) ** 2
    sd = np.sqrt(square.sum(axis=1) / np.maximum(usable.sum(axis=1), 1))
    root = np.sqrt(np.arange(h) // season + 1)
    z = special.ndtri(np.asarray(levels))
    quantiles: Floats = point[:, :, None] + sd[:, None, None] * root[None, :, None] * z
    return quantiles


def _fill(values: Floats, seen: np.ndarray[tuple[int, ...], np.dtype[np.bool_]]) -> Floats:
    """The last value seen at or before each step."""
    at = np.maximum.accumulate(np.where(seen, np.arange(values.shape[1]), 0), axis=1)
    filled: Floats = np.take_along_axis(values, at, axis=1)
    return filled


def _backward(values: Floats) -> Floats:
    """Missing values at the start take the first one after them."""
    flipped = values[:, ::-1]
    return _fill(flipped, ~np.isnan(flipped))[:, ::-1]


def mean_scores(windows: Sequence[WindowScore]) -> dict[str, float]:
    """Mean over windows of each score."""
    return {name: float(np.mean([w.values[name] for w in windows])) for name in SCORES}


def skill(sql: dict[str, float], baseline: dict[str, float]) -> float:
    """1 − geometric mean over tasks of SQL / SQL(Seasonal Naive), over the tasks in `sql`.

    >>> round(skill({"a": 0.5, "b": 1.0}, {"a": 1.0, "b": 0.5}), 6)
    0.0
    """
    ratios = [np.log(sql[task] / baseline[task]) for task in sql]
    return float(1 - np.exp(np.mean(ratios)))
