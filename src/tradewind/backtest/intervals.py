"""Intervals: how often the actual lay inside each central interval of a model."""

from __future__ import annotations

import numpy as np
import polars as pl

from tradewind import metrics
from tradewind.backtest.run import Backtest


def interval_table(backtest: Backtest, model: str) -> pl.DataFrame:
    """level and nominal (width of the central interval), empirical: share of actuals inside.

    One row per pair of levels that lie around the median, widest last; ends count as inside.
    """
    levels = backtest.task.levels
    pairs = [(a, b) for a, b in zip(levels, reversed(levels), strict=True) if a < b]
    told = [(backtest.truths[c], f) for (m, c), f in backtest.forecasts.items() if m == model]
    rows = []
    for low, high in reversed(pairs):
        if not told or not np.isclose(low + high, 1):
            continue
        truth = np.concatenate([y for y, _ in told])
        at = [np.concatenate([f.at((q,))[:, :, 0] for _, f in told]) for q in (low, high)]
        width = round(high - low, 6)
        rows.append((width, width, float(metrics.coverage(truth, at[0], at[1]))))
    return pl.DataFrame(
        rows, dict.fromkeys(("level", "nominal", "empirical"), pl.Float64), orient="row"
    )
