"""Scores as functions of arrays; lower is better, and a missing y (nan) is skipped.

Every function pools all cells into one number; with axis=1 it answers for each series, [N].
A forecast that is nan where y is known makes the score nan: it is not skipped in silence.
Where nothing is left to score (no y, no scale, only zeros under a share) the score is nan.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from tradewind.arrays import Bools, Floats

Score = np.float64 | Floats
"""One number, or one per series."""


def mae(y: Floats, y_hat: Floats, axis: int | None = None) -> Score:
    """Mean absolute error, in the unit of y.

        mean |y − ŷ|

    >>> float(mae(np.array([[3.0, 5.0, np.nan]]), np.array([[4.0, 2.0, 9.0]])))
    2.0
    """
    return _mean(np.abs(y - y_hat), _seen(y), axis)


def mse(y: Floats, y_hat: Floats, axis: int | None = None) -> Score:
    """Mean squared error, in the squared unit of y: mean (y − ŷ)²."""
    return _mean((y - y_hat) ** 2, _seen(y), axis)


def rmse(y: Floats, y_hat: Floats, axis: int | None = None) -> Score:
    """Root mean squared error, in the unit of y: √ mean (y − ŷ)²."""
    root: Score = np.sqrt(mse(y, y_hat, axis))
    return root


def bias(y: Floats, y_hat: Floats, axis: int | None = None) -> Score:
    """Mean of forecast minus actual, in the unit of y: positive means too high.

    mean (ŷ − y)
    """
    return _mean(y_hat - y, _seen(y), axis)


def wape(y: Floats, y_hat: Floats, axis: int | None = None, floor: float = 0.0) -> Score:
    """Weighted absolute percentage error, a share.

        Σ |y − ŷ| / Σ |y|

    floor   smallest mean |y| to divide by; fev-bench divides by at least 1.0
    """
    return _ratio(mae(y, y_hat, axis), np.maximum(_mean(np.abs(y), _seen(y), axis), floor))


def seasonal_error(past: Floats, season: int, *, squared: bool = False) -> Floats:
    """In-sample error of the seasonal naive forecast: what MASE, RMSSE and SQL are scaled by.

        mean |y_t − y_{t−season}|      with squares instead where squared

    past   [N, T]   nan before a series starts and where it has no observation
    →      [N]      nan for a series without a pair of observations a season apart

    Source: Hyndman and Koehler (2006), "Another look at measures of forecast accuracy".
    """
    if past.shape[1] <= season:
        return np.full(len(past), np.nan)
    change = np.abs(past[:, season:] - past[:, :-season])
    error = _mean(change**2 if squared else change, _seen(change), 1)
    return np.asarray(error, dtype=np.float64)


def mase(y: Floats, y_hat: Floats, scale: Floats, axis: int | None = None) -> Score:
    """Mean absolute scaled error: 1 is as good as the seasonal naive forecast was in-sample.

        mean over series and steps of |y − ŷ| / scale

    scale   [N]   seasonal_error(past, season); series where it is nan or 0 are skipped
    """
    scaled, kept = _scaled(np.abs(y - y_hat), scale)
    return _mean(scaled, _seen(y) & kept, axis)


def rmsse(y: Floats, y_hat: Floats, scale: Floats, axis: int | None = None) -> Score:
    """Root mean squared scaled error, per series, then averaged over series.

        √( mean_t (y − ŷ)² / scale )

    scale   [N]   seasonal_error(past, season, squared=True); where nan or 0 the series is skipped

    Source: Makridakis, Spiliotis and Assimakopoulos (2022), the M5 competition.
    """
    scaled, kept = _scaled((y - y_hat) ** 2, scale)
    per_series = np.sqrt(np.asarray(_mean(scaled, _seen(y) & kept, 1)))
    if axis == 1:
        return per_series
    scored: Bools = np.asarray((_seen(y) & kept).any(axis=1))
    return _mean(per_series, scored, None)


def pinball(
    y: Floats, quantiles: Floats, levels: Sequence[float], axis: int | None = None
) -> Score:
    """Pinball (quantile) loss, averaged over levels, in the unit of y.

        max(q·e, (q−1)·e)  with  e = y − quantile

    quantiles   [N, h, Q]
    levels      Q levels in (0, 1)

    Source: Koenker and Bassett (1978).
    """
    return _mean(_pinball(y, quantiles, levels), _seen(y), axis)


def sql(
    y: Floats,
    quantiles: Floats,
    levels: Sequence[float],
    scale: Floats,
    axis: int | None = None,
) -> Score:
    """Scaled quantile loss: MASE for a whole distribution; equal to it if all quantiles agree.

        mean over series, steps and levels of 2 · pinball / scale

    quantiles   [N, h, Q]
    scale       [N]         seasonal_error(past, season); series where it is nan or 0 are skipped

    Source: fev-bench (Shchur et al., 2025), its headline metric.
    """
    scaled, kept = _scaled(2 * _pinball(y, quantiles, levels), scale)
    return _mean(scaled, _seen(y) & kept, axis)


def wql(
    y: Floats,
    quantiles: Floats,
    levels: Sequence[float],
    axis: int | None = None,
    floor: float = 0.0,
) -> Score:
    """Weighted quantile loss, a share of what was sold.

        2 · Σ pinball / Σ |y|, averaged over levels

    quantiles   [N, h, Q]
    floor       smallest mean |y| to divide by
    """
    loss = 2 * np.asarray(pinball(y, quantiles, levels, axis))
    return _ratio(loss, np.maximum(_mean(np.abs(y), _seen(y), axis), floor))


def coverage(y: Floats, low: Floats, high: Floats, axis: int | None = None) -> Score:
    """Share of actuals inside the interval, bounds included; compare with its nominal level."""
    inside = np.where(np.isnan(low + high), np.nan, (y >= low) & (y <= high))
    return _mean(inside, _seen(y), axis)


def winkler(y: Floats, low: Floats, high: Floats, nominal: float, axis: int | None = None) -> Score:
    """Interval score: mean width, and a penalty for each actual outside; in the unit of y.

        (high − low) + 2/α · (low − y)⁺ + 2/α · (y − high)⁺   with α = 1 − nominal

    nominal   what the interval promises to cover, in (0, 1)

    Source: Gneiting and Raftery (2007), equation 43.

    >>> float(winkler(np.array([[11.0]]), np.array([[5.0]]), np.array([[10.0]]), nominal=0.5))
    9.0
    """
    outside = np.maximum(low - y, 0) + np.maximum(y - high, 0)
    return _mean((high - low) + 2 / (1 - nominal) * outside, _seen(y), axis)


def calibration(y: Floats, quantiles: Floats) -> Floats:
    """Share of actuals at or below each quantile, [Q]; compare with the levels.

    quantiles   [N, h, Q]
    """
    below = np.where(np.isnan(quantiles), np.nan, y[:, :, None] <= quantiles)
    shares = [_mean(below[:, :, k], _seen(y), None) for k in range(quantiles.shape[2])]
    return np.array(shares, dtype=np.float64)


def _pinball(y: Floats, quantiles: Floats, levels: Sequence[float]) -> Floats:
    """Loss of each cell, averaged over levels, [N, h]."""
    total = np.zeros_like(y)
    for k, level in enumerate(levels):  # one level at a time: [N, h, Q] is not held twice
        error = y - quantiles[:, :, k]
        total += np.maximum(level * error, (level - 1) * error)
    mean: Floats = total / len(levels)
    return mean


def _seen(y: Floats) -> Bools:
    seen: Bools = ~np.isnan(y)
    return seen


def _scaled(values: Floats, scale: Floats) -> tuple[Floats, Bools]:
    """Values over each series' scale, and which cells have one."""
    usable = np.isfinite(scale) & (scale > 0)
    scaled: Floats = values / np.where(usable, scale, 1.0)[:, None]
    return scaled, np.broadcast_to(usable[:, None], values.shape)


def _mean(values: Floats, kept: Bools, axis: int | None) -> Score:
    total = np.where(kept, values, 0.0).sum(axis=axis)
    return _ratio(total, kept.sum(axis=axis, dtype=np.float64))


def _ratio(part: Score, whole: Score) -> Score:
    """part / whole, nan where whole is 0."""
    divided: Score = np.where(whole == 0, np.nan, part) / np.where(whole == 0, 1.0, whole)
    return divided
