"""AR(k): the next value is a weighted sum of the last k."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import special

from tradewind.arrays import Bools, Floats, Ints
from tradewind.models.history import History, filled, history_of
from tradewind.models.local import Local, Quantiles
from tradewind.models.sane import replace_wild
from tradewind.panel import Panel
from tradewind.task import Task

CHUNK = 1024
"""Series whose moment matrices are held at once."""


@dataclass(frozen=True, slots=True)
class AR(Local):
    """Autoregression with an intercept, by least squares, one for each series.

        y[t] = c + α₁·y[t−1] + … + α_k·y[t−k] + e[t]

    order          k; 0 chooses it by AIC among 0…max_order
    max_order      largest k to try; 0 takes two seasons, at most 28
    ridge          weight of the penalty on the α of the standardised series, per observation
    coefficients   α₁…α_k themselves, in place of fitting; then order, max_order, ridge are not used
    intercept      c that goes with given coefficients

    With y = …, 120, 110, 130 and α = 0.8, 0.6, 0.4 the next value is
    0.8·130 + 0.6·110 + 0.4·120 = 218. (A text that our users know prints 129.2 for this example;
    that is a slip.)

    Intervals take the errors as normal and add them up by the psi weights.
    Source: Box & Jenkins (1970); Hamilton (1994), chapter 4.
    """

    order: int = 0
    max_order: int = 0
    ridge: float = 0.0
    coefficients: tuple[float, ...] = ()
    intercept: float = 0.0

    def __post_init__(self) -> None:
        if min(self.order, self.max_order, self.ridge) < 0:
            raise ValueError(f"order, max_order and ridge must not be negative: {self}")

    def history(self, past: Panel, task: Task, target: str) -> History:
        """The whole past of the target."""
        return history_of(past, task, target)

    def quantiles(self, history: History, h: int, levels: Sequence[float]) -> Quantiles:
        """Quantiles of the next h steps, [N, h, Q]."""
        y = history.y
        if self.coefficients:
            n = len(y)
            alpha = np.tile(self.coefficients, (n, 1))
            intercept = np.full(n, self.intercept)
            sd, short = residual_sd(y, alpha, intercept), np.zeros(n, dtype=bool)
        else:
            largest = self.order or self.max_order or min(28, 2 * max(history.season, 2))
            largest = min(largest, max(y.shape[1] - 2, 0))
            alpha, intercept, sd, short = fit_ar(y, largest, bool(self.order), self.ridge)
        mean = continue_ar(filled(y), alpha, intercept, h)
        spread = sd[:, None] * np.sqrt(np.cumsum(psi_weights(alpha, h) ** 2, axis=1))
        quantiles = mean[:, :, None] + spread[:, :, None] * special.ndtri(np.asarray(levels))
        if self.coefficients:
            return quantiles, ()
        reasons = {int(k): "too few observations to fit" for k in np.flatnonzero(short)}
        return replace_wild(history, quantiles, levels, self, reasons)


def fit_ar(
    y: Floats, largest: int, fixed: bool, ridge: float
) -> tuple[Floats, Floats, Floats, Bools]:
    """Coefficients [N, k], intercepts [N], residual spreads [N], and who was too short [N].

    y         [N, T]   nan where unknown: rows that touch one are left out
    largest            the order, or the largest to try
    fixed              True to take `largest` as it is, False to choose by AIC on the same rows
    """
    parts = [_fit_chunk(y[a : a + CHUNK], largest, fixed, ridge) for a in range(0, len(y), CHUNK)]
    alpha, intercept, sd, short = (np.concatenate(p) for p in zip(*parts, strict=True))
    return alpha, intercept, sd, short


def continue_ar(y: Floats, alpha: Floats, intercept: Floats, h: int) -> Floats:
    """The next h values, [N, h]: each fed back to make the following one.

    >>> alpha = np.array([[0.8, 0.6, 0.4]])
    >>> round(float(continue_ar(np.array([[120.0, 110.0, 130.0]]), alpha, np.zeros(1), 1)[0, 0]), 9)
    218.0
    """
    k = alpha.shape[1]
    short = max(k - y.shape[1], 0)
    recent = np.concatenate([np.repeat(y[:, :1], short, axis=1), y[:, max(y.shape[1] - k, 0) :]], 1)
    out = np.empty((len(y), h))
    for step in range(h):
        out[:, step] = intercept + (alpha * recent[:, ::-1]).sum(axis=1)
        recent = np.concatenate([recent[:, 1:], out[:, step : step + 1]], axis=1)[:, : max(k, 0)]
    return out


def psi_weights(alpha: Floats, h: int) -> Floats:
    """Effect of an error on the value 0…h−1 steps later, [N, h]: psi_j = Σ α_i psi_{j−i}."""
    psi = np.zeros((len(alpha), h))
    psi[:, 0] = 1.0
    for j in range(1, h):
        reach = min(j, alpha.shape[1])
        psi[:, j] = (alpha[:, :reach] * psi[:, j - reach : j][:, ::-1]).sum(axis=1)
    return psi


def residual_sd(y: Floats, alpha: Floats, intercept: Floats) -> Floats:
    """Standard deviation of the one-step errors, [N]; 0 where there is none."""
    k = alpha.shape[1]
    if y.shape[1] <= k:
        return np.zeros(len(y))
    lags = np.stack([y[:, k - i - 1 : y.shape[1] - i - 1] for i in range(k)], axis=2)
    errors = y[:, k:] - intercept[:, None] - (lags * alpha[:, None, :]).sum(axis=2)
    have = np.isfinite(errors).sum(axis=1)
    sd: Floats = np.sqrt(np.nansum(errors**2, axis=1) / np.maximum(have, 1))
    return sd


def _fit_chunk(
    y: Floats, largest: int, fixed: bool, ridge: float
) -> tuple[Floats, Floats, Floats, Bools]:
    have = np.isfinite(y)
    count = np.maximum(have.sum(axis=1), 1)
    center = np.where(have, y, 0.0).sum(axis=1) / count
    scale = np.sqrt((np.where(have, y - center[:, None], 0.0) ** 2).sum(axis=1) / count)
    scale = np.where(scale > 0, scale, 1.0)
    moments, rows = _moments((y - center[:, None]) / scale[:, None], largest)
    best_aic = np.full(len(y), np.inf)
    alpha = np.zeros((len(y), largest))
    shift, variance = np.zeros(len(y)), np.zeros(len(y))
    for k in [largest] if fixed else range(largest + 1):
        beta, rss = _solve(moments, rows, k, ridge)
        enough = rows > 2 * k + 2
        aic = np.where(enough, rows * np.log(np.maximum(rss / rows, 1e-12)) + 2 * (k + 2), np.inf)
        better = aic < best_aic
        best_aic[better] = aic[better]
        alpha[better] = 0.0
        alpha[better, :k] = beta[better, 1:]
        shift[better] = beta[better, 0]
        variance[better] = (rss / np.maximum(rows - k - 1, 1))[better]
    short = ~np.isfinite(best_aic)
    intercept = shift * scale + center * (1 - alpha.sum(axis=1))
    return alpha, intercept, np.sqrt(np.maximum(variance, 0.0)) * scale, short


def _moments(z: Floats, k: int) -> tuple[Floats, Ints]:
    """Cross products of (1, z[t−1], …, z[t−k], z[t]), [N, k+2, k+2], and complete rows, [N]."""
    steps = z.shape[1]
    columns = [np.ones((len(z), steps - k))]
    columns += [z[:, k - i : steps - i] for i in range(1, k + 1)] + [z[:, k:]]
    table = np.stack(columns, axis=2)
    complete = np.isfinite(table).all(axis=2)
    table = np.where(complete[:, :, None], table, 0.0)
    moments: Floats = table.transpose(0, 2, 1) @ table
    return moments, np.asarray(np.maximum(complete.sum(axis=1), 1), dtype=np.int64)


def _solve(moments: Floats, rows: Ints, k: int, ridge: float) -> tuple[Floats, Floats]:
    """Intercept and α of order k, [N, k+1], and the residual sum of squares, [N]."""
    gram = moments[:, : k + 1, : k + 1].copy()
    right = moments[:, : k + 1, -1]
    penalty = np.full(k + 1, ridge + 1e-9)  # the tiny part keeps constant series solvable
    penalty[0] = 1e-9
    gram[:, np.arange(k + 1), np.arange(k + 1)] += penalty * rows[:, None]
    beta = np.linalg.solve(gram, right[:, :, None])[:, :, 0]
    fit = (beta[:, None, :] @ moments[:, : k + 1, : k + 1] @ beta[:, :, None])[:, 0, 0]
    rss = moments[:, -1, -1] - 2 * (beta * right).sum(axis=1) + fit
    return np.asarray(beta, dtype=np.float64), np.asarray(np.maximum(rss, 0.0))
