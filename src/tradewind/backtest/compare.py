"""Compare models by one back-test: who to trust, by how much, where, and for what money."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

import numpy as np
import polars as pl

from tradewind import metrics
from tradewind.arrays import Dates, Floats
from tradewind.backtest.run import Backtest
from tradewind.forecast import Forecast
from tradewind.panel import Panel

BASELINE = "seasonal_naive"
DRAWS = 1000
AT_ONCE = 100
"""Draws held in memory together."""


def leaderboard(
    backtest: Backtest, baseline: str = BASELINE, *, rng: np.random.Generator | None = None
) -> pl.DataFrame:
    """One row per model, the best first: by skill, which compares like windows, else by SQL.

    skill                    1 − SQL / SQL of the baseline, over the windows that both answered;
                             null where the baseline was not run
    skill_low, skill_high    its 80 % bootstrap interval over windows and series
    sql, mase, wape, wql, mae, rmse, rmsse, winkler80
                             mean over windows
    spread                   standard deviation of skill over windows; null for one window
    coverage80               share of actuals inside the 80 % interval, mean over windows
    bias                     Σ(forecast − actual) / Σ|actual|, pooled: a share, positive is too high
    money_error              `money_error`
    seconds                  fit and forecast, all windows
    windows, failures        windows answered; windows not answered plus series fallen back

    rng    draws the interval; without it the same draws are taken each time
    """
    rng = rng or np.random.default_rng(0)
    rows = [_row(backtest, model, baseline, rng) for model in backtest.models]
    board = pl.DataFrame(rows, infer_schema_length=None)
    board = board.with_columns(pl.col(pl.Null).cast(pl.Float64))  # a score that no model has
    return board.sort("skill", "sql", descending=[True, False], nulls_last=True)


def _row(
    backtest: Backtest, model: str, baseline: str, rng: np.random.Generator
) -> dict[str, float | int | str | None]:
    mine = backtest.totals.filter(pl.col("model") == model).with_columns(
        pl.col("value").fill_nan(None)
    )
    means = dict(mine.group_by("metric").agg(pl.col("value").mean()).iter_rows())
    skill, low, high = _skill(backtest, model, baseline, rng)
    scores = ("sql", "mase", "wape", "wql", "mae", "rmse", "rmsse", "winkler80", "coverage80")
    seconds = backtest.seconds.filter(pl.col("model") == model)["seconds"]
    return {
        "model": model,
        "skill": skill,
        "skill_low": low,
        "skill_high": high,
        **{name: means.get(name) for name in scores},
        "spread": _spread(backtest, model, baseline),
        "bias": _bias_share(backtest, model),
        "money_error": money_error(backtest, model),
        "seconds": float(seconds.sum()),
        "windows": len(seconds),
        "failures": len(backtest.failures.filter(pl.col("model") == model)),
    }


def _skill(
    backtest: Backtest, model: str, baseline: str, rng: np.random.Generator
) -> tuple[float | None, float | None, float | None]:
    told = {c for m, c in backtest.forecasts if m == model}
    both = [c for m, c in backtest.forecasts if m == baseline and c in told]
    if not both:
        return None, None, None
    mine, theirs = (scaled_losses(backtest, name) for name in (model, baseline))
    keep = [backtest.cutoffs.index(c) for c in both]
    pair = [(sums[:, keep], counts[:, keep]) for sums, counts in (mine, theirs)]
    one = np.ones((1, len(mine[0]))), np.ones((1, len(keep)))
    with np.errstate(invalid="ignore", divide="ignore"):  # a baseline without error: no skill
        skill = float(1 - (window_mean(*pair[0], *one) / window_mean(*pair[1], *one))[0])
    if not np.isfinite(skill):
        return None, None, None
    draws = [
        1 - window_mean(*pair[0], *drawn) / window_mean(*pair[1], *drawn)
        for drawn in draw_weights(len(mine[0]), len(keep), rng)
    ]
    low, high = np.nanquantile(np.concatenate(draws), (0.1, 0.9))
    return skill, float(low), float(high)


def _spread(backtest: Backtest, model: str, baseline: str) -> float | None:
    sql = backtest.totals.filter(pl.col("metric") == "sql")
    mine = sql.filter(pl.col("model") == model).select("cutoff", "value")
    base = sql.filter(pl.col("model") == baseline).select("cutoff", base="value")
    skill = mine.join(base, on="cutoff").select(1 - pl.col("value") / pl.col("base")).to_series()
    spread = skill.filter(skill.is_finite()).std()
    return spread if isinstance(spread, float) else None


def scaled_losses(backtest: Backtest, model: str) -> tuple[Floats, Floats]:
    """Scaled quantile loss by series and window, and the steps it is summed over, [N, W] each."""
    row = {key: i for i, key in enumerate(backtest.panel.ids)}
    sums = np.zeros((len(row), len(backtest.cutoffs)))
    counts = np.zeros_like(sums)
    for cutoff, truth, forecast in _answers(backtest, model):
        column = backtest.cutoffs.index(cutoff)
        scale = backtest.scales[cutoff]
        loss = metrics.sql(truth, forecast.quantiles, forecast.levels, scale, axis=1)
        scored = np.where(np.isfinite(scale) & (scale > 0), (~np.isnan(truth)).sum(axis=1), 0)
        rows = [row[key] for key in backtest.ids[cutoff]]
        counts[rows, column] = scored
        sums[rows, column] = np.where(scored > 0, loss, 0.0) * scored
    return sums, counts


def window_mean(sums: Floats, counts: Floats, series: Floats, windows: Floats) -> Floats:
    """Mean over steps and series in each window, then over windows, in B weighted draws.

    sums, counts   [N, W]   loss of a series in a window, and the steps it is summed over
    series         [B, N]   times each series is drawn
    windows        [B, W]   times each window is drawn
    →              [B]      nan where a draw has nothing to average
    """
    with np.errstate(invalid="ignore", divide="ignore"):
        means = (series @ sums) / (series @ counts)  # [B, W]
        scored = np.isfinite(means)
        total = np.where(scored, means, 0.0) * windows
        mean: Floats = total.sum(axis=1) / (scored * windows).sum(axis=1)
    return mean


def draw_weights(
    n_series: int, n_windows: int, rng: np.random.Generator, draws: int = DRAWS
) -> Iterator[tuple[Floats, Floats]]:
    """Bootstrap weights of series [B, N] and windows [B, W], some at a time.

    Whole series and whole windows are drawn: errors of one window hang together, and so do those of
    one series. With one window, only series vary.
    """
    for done in range(0, draws, AT_ONCE):
        size = min(AT_ONCE, draws - done)
        series = rng.multinomial(n_series, np.full(n_series, 1 / n_series), size)
        windows = rng.multinomial(n_windows, np.full(n_windows, 1 / n_windows), size)
        yield series.astype(np.float64), windows.astype(np.float64)


def money_error(backtest: Backtest, model: str) -> float | None:
    """Σ |actual − forecast| · price over all windows, in the currency of the price column.

    A price that is missing is the series' last known one, else its mean; a series that never had a
    price is left out. None where the panel has no price, or y is not what is forecast.
    """
    panel = backtest.panel
    if "price" not in panel.frame.columns or backtest.target != "y":
        return None
    price, row = _prices(panel), {key: i for i, key in enumerate(panel.ids)}
    total = 0.0
    for cutoff, truth, forecast in _answers(backtest, model):
        rows = [row[key] for key in backtest.ids[cutoff]]
        at = _after(panel.ds, np.datetime64(cutoff), truth.shape[1])
        error = np.abs(truth - forecast.median)[:, : len(at)]
        total += float(np.nansum(error * price[rows][:, at]))
    return total


def _prices(panel: Panel) -> Floats:
    own = pl.col("price").cast(pl.Float64)
    filled = own.forward_fill().over("unique_id").fill_null(own.mean().over("unique_id"))
    table = panel.frame.select("unique_id", "ds", filled.alias("price"))
    return Panel(table, panel.freq, panel.static).wide("price")


def _after(
    grid: Dates, cutoff: np.datetime64, h: int
) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    first = int(np.searchsorted(grid, cutoff, side="right"))
    return np.arange(first, min(first + h, len(grid)), dtype=np.int64)


def _bias_share(backtest: Backtest, model: str) -> float | None:
    excess, total = 0.0, 0.0
    for _, truth, forecast in _answers(backtest, model):
        excess += float(np.nansum(forecast.median - truth))
        total += float(np.nansum(np.abs(truth)))
    return excess / total if total > 0 else None


def error_by_step(backtest: Backtest) -> pl.DataFrame:
    """model, step (from 1), mae, wape, mase, sql, coverage80: pooled over windows and series."""
    rows = []
    for model in backtest.models:
        told = list(_answers(backtest, model))
        if not told:
            continue
        truth = np.concatenate([y for _, y, _ in told])
        scale = np.concatenate([backtest.scales[cutoff] for cutoff, _, _ in told])
        quantiles = np.concatenate([forecast.quantiles for _, _, forecast in told])
        bounds = np.concatenate([forecast.at((0.1, 0.5, 0.9)) for _, _, forecast in told])
        for step in range(truth.shape[1]):
            y, q = truth[:, step : step + 1], quantiles[:, step : step + 1]
            low, median, high = np.moveaxis(bounds[:, step : step + 1], 2, 0)
            scores = {
                "mae": metrics.mae(y, median),
                "wape": metrics.wape(y, median),
                "mase": metrics.mase(y, median, scale),
                "sql": metrics.sql(y, q, backtest.task.levels, scale),
                "coverage80": metrics.coverage(y, low, high),
            }
            rows.append((model, step + 1, *[float(value) for value in scores.values()]))
    names = ("mae", "wape", "mase", "sql", "coverage80")
    schema = {"model": pl.String, "step": pl.Int64} | dict.fromkeys(names, pl.Float64)
    return pl.DataFrame(rows, schema, orient="row")


def calibration_table(backtest: Backtest) -> pl.DataFrame:
    """model, level, share: how often the actual lay at or below the quantile of that level.

    A calibrated model has share = level; shares all above it say that it forecasts too high.
    Central intervals are in `intervals.interval_table`.
    """
    rows = []
    for model in backtest.models:
        told = list(_answers(backtest, model))
        if not told:
            continue
        truth = np.concatenate([y for _, y, _ in told])
        quantiles = np.concatenate([forecast.quantiles for _, _, forecast in told])
        shares = metrics.calibration(truth, quantiles)
        rows += [(model, q, float(s)) for q, s in zip(backtest.task.levels, shares, strict=True)]
    schema = {"model": pl.String, "level": pl.Float64, "share": pl.Float64}
    return pl.DataFrame(rows, schema, orient="row")


def _answers(backtest: Backtest, model: str) -> Iterator[tuple[datetime, Floats, Forecast]]:
    """Cutoff, truth and forecast of every window that the model answered, oldest first."""
    for cutoff in backtest.cutoffs:
        forecast = backtest.forecasts.get((model, cutoff))
        if forecast is not None:
            yield cutoff, backtest.truths[cutoff], forecast
