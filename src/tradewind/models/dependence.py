"""How a model's errors hang together over the steps and between the series."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from scipy import special

from tradewind.arrays import Floats
from tradewind.forecast import Dependence

USUAL_LASTING, USUAL_DECAY, USUAL_COMMON = 0.25, 0.5, 0.1
"""Assumed before any error was seen: errors last, and shops have good and bad weeks."""

FARTHEST = 3.5
"""Normal scores are cut off here, so that no single error decides."""


def normal_scores(y: Floats, quantiles: Floats, levels: Sequence[float]) -> Floats:
    """Where each outcome fell in its forecast distribution, as a standard normal score, […].

    y           […]      nan where unknown
    quantiles   […, Q]   ascending

    Linear in the score between the levels and beyond them. Where several quantiles equal the
    outcome (a shelf of zeros) the score is in the middle of them. A cell whose quantiles are
    all one number says nothing and is nan, as is one without an outcome.
    """
    q = np.asarray(quantiles, dtype=np.float64)
    knots = special.ndtri(np.asarray(levels, dtype=np.float64))
    below = (q < y[..., None]).sum(axis=-1)
    upto = (q <= y[..., None]).sum(axis=-1)
    right = np.clip(below, 1, len(knots) - 1)
    low = np.take_along_axis(q, (right - 1)[..., None], axis=-1)[..., 0]
    high = np.take_along_axis(q, right[..., None], axis=-1)[..., 0]
    spread = (q[..., -1] - q[..., 0]) / (knots[-1] - knots[0])
    slope = np.maximum((high - low) / (knots[right] - knots[right - 1]), 0.2 * spread)
    with np.errstate(divide="ignore", invalid="ignore"):
        inside = knots[right - 1] + (y - low) / slope
        beyond = knots[-1] + (y - q[..., -1]) / slope
    scores = np.where(below == len(knots), beyond, inside)
    probabilities = np.concatenate([[0.0], np.asarray(levels), [1.0]])
    from_below = np.where(below == 0, 0.0, probabilities[np.minimum(below + 1, len(levels))])
    from_above = np.where(upto == len(knots), 1.0, probabilities[upto])
    middle = special.ndtri(np.clip((from_below + from_above) / 2, 1e-4, 1 - 1e-4))
    scores = np.where(upto > below, middle, scores)
    unknown = np.isnan(y) | (spread <= 0)
    return np.where(unknown, np.nan, np.clip(scores, -FARTHEST, FARTHEST))


def dependence_of(scores: Floats, size: Floats | None = None) -> Dependence:
    """The dependence that a back-test's normal scores show.

    scores   [M, h] or [W, N, h]   normal scores of W cutoffs and N series, nan where unknown
    size     [N]                   weight of a series in what is common: its spread in units, as
                                   sums are ruled by the large ones, whose errors are less their
                                   own noise; None weighs all alike

    Correlations are pooled over series and cutoffs, not centred (an error that all steps share is
    what makes sums uncertain), and shrunk towards lasting + (1 − lasting) · decay^|i−j| fitted to
    them, the more the fewer the scores. With one cutoff the series' common share cannot be told
    from bias, so it is shrunk hard towards the usual one.

    Source: this project; shrinkage of a correlation towards a structured target as in
    Ledoit & Wolf (2003).
    """
    cube = scores[None] if scores.ndim == 2 else scores
    h = cube.shape[2]
    flat = cube.reshape(-1, h)
    have = np.isfinite(flat)
    rows = int(have.any(axis=1).sum())
    if rows < 5:
        return usual_dependence(h)
    z = np.where(have, flat, 0.0)
    pairs = have.astype(np.float64).T @ have.astype(np.float64)
    squares = (z**2).T @ have.astype(np.float64)
    with np.errstate(divide="ignore", invalid="ignore"):
        raw = (z.T @ z) / np.sqrt(squares * squares.T)
    raw = np.clip(np.where((pairs > 0) & np.isfinite(raw), raw, 0.0), -1.0, 1.0)
    np.fill_diagonal(raw, 1.0)
    lasting, decay = fit_form(raw, pairs)
    trust = rows / (rows + 10 * h)
    steps = trust * raw + (1 - trust) * form(lasting, decay, h)
    weight = np.ones(cube.shape[1]) if size is None else size
    return Dependence(steps, _common_share(cube, weight))


def probed(
    y: Floats, h: int, ask: Callable[[int], Floats], levels: Sequence[float], n_windows: int = 3
) -> Dependence:
    """Dependence of a model's errors at a few earlier cutoffs, h steps apart.

    y     [M, T]   some series; nan where unknown
    ask            quantiles [M, h, Q] at `levels` of the h steps that follow the first so many

    A large series' errors rule sums, so each is weighed by its interval from the level nearest to
    0.1 to that nearest to 0.9.
    """
    low, high = (int(np.abs(np.asarray(levels) - q).argmin()) for q in (0.1, 0.9))
    scores, size = [], np.zeros(len(y))
    for end in range(y.shape[1] - h, max(h, 4) - 1, -h)[:n_windows] if len(y) else ():
        quantiles = ask(end)
        size += (quantiles[:, :, high] - quantiles[:, :, low]).mean(axis=1)
        scores.append(normal_scores(y[:, end : end + h], quantiles, levels))
    return dependence_of(np.stack(scores), size) if scores else usual_dependence(h)


def usual_dependence(h: int) -> Dependence:
    """The dependence assumed where no back-test is possible."""
    return Dependence(form(USUAL_LASTING, USUAL_DECAY, h), USUAL_COMMON)


def resized(dependence: Dependence, h: int) -> Dependence:
    """The same dependence for h steps; beyond those it was learnt on, by the form fitted to it."""
    have = len(dependence.steps)
    if h <= have:
        return Dependence(dependence.steps[:h, :h], dependence.common)
    wide = form(*fit_form(dependence.steps, np.ones((have, have))), h)
    wide[:have, :have] = dependence.steps
    values, vectors = np.linalg.eigh(wide)  # the patched matrix may have negative eigenvalues
    mended = (vectors * np.maximum(values, 1e-9)) @ vectors.T
    scale = np.sqrt(np.diag(mended))
    return Dependence(mended / np.outer(scale, scale), dependence.common)


def form(lasting: float, decay: float, h: int) -> Floats:
    """lasting + (1 − lasting) · decay^|i−j|, [h, h].

    >>> form(0.5, 0.0, 2).tolist()
    [[1.0, 0.5], [0.5, 1.0]]
    """
    gap = np.abs(np.subtract.outer(np.arange(h), np.arange(h))).astype(np.float64)
    return lasting + (1 - lasting) * np.power(decay, gap)


def fit_form(correlation: Floats, weight: Floats) -> tuple[float, float]:
    """The lasting share and decay nearest to a correlation matrix, by weighted least squares."""
    h = len(correlation)
    if h == 1:
        return USUAL_LASTING, USUAL_DECAY
    gap = np.abs(np.subtract.outer(np.arange(h), np.arange(h)))
    off = gap > 0
    far, c, w = gap[off].astype(np.float64), correlation[off], weight[off] + 1e-9
    best = (np.inf, USUAL_LASTING, USUAL_DECAY)
    for decay in np.linspace(0.0, 0.98, 50):
        fading = np.power(decay, far)
        rest = 1 - fading
        lasting = float(np.clip((w * rest * (c - fading)).sum() / (w * rest**2).sum(), 0.0, 0.98))
        loss = float((w * (lasting + (1 - lasting) * fading - c) ** 2).sum())
        best = min(best, (loss, lasting, float(decay)))
    return best[1], best[2]


def _common_share(cube: Floats, weight: Floats) -> float:
    """Mean product of two series' scores at one cutoff and step, against their mean square."""
    have = np.isfinite(cube)
    z = np.where(have, cube, 0.0)
    w = np.where(have, weight[:, None], 0.0)  # [W, N, h]
    products = (w * z).sum(axis=1) ** 2 - ((w * z) ** 2).sum(axis=1)  # [W, h]
    pairs = w.sum(axis=1) ** 2 - (w**2).sum(axis=1)
    use = (have.sum(axis=1) > 1) & (pairs > 0)
    if not use.any():
        return USUAL_COMMON
    pair_mean = products[use].sum() / pairs[use].sum()
    mean_square = (w * z**2).sum(axis=1)[use].sum() / w.sum(axis=1)[use].sum()
    share = float(np.clip(pair_mean / mean_square, 0.0, 0.95)) if mean_square > 0 else USUAL_COMMON
    windows = int(use.any(axis=1).sum())
    trust = windows / (windows + 2.0)
    return trust * share + (1 - trust) * USUAL_COMMON
