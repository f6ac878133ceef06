"""Training batches: windows of synthetic series, encoded, with the truth beside them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tradewind.arrays import Bools, Floats32, Ints
from tradewind.models.pretrained.encode import Context, Scale, encode
from tradewind.models.pretrained.layout import AHEAD, CONTEXTS, PATCH
from tradewind.models.pretrained.prior import Prior, Series, sample

SHARES = (0.08, 0.15, 0.22, 0.27, 0.18, 0.1)
"""How often each context of CONTEXTS is drawn."""
QUERIES = (0.25, 0.3, 0.15, 0.3)
"""How often the horizon is 1, 2, 3 or 4 patches."""


@dataclass(frozen=True, slots=True)
class Draw:
    """How batches are drawn.

    size         series in a batch
    seed         batch k is a function of (seed, k) alone
    borrowed     share of series whose past is that of their siblings: launches
    blind        share whose covariates are hidden altogether
    unplanned    share whose covariates are not known ahead
    """

    size: int = 256
    seed: int = 0
    borrowed: float = 0.03
    blind: float = 0.15
    unplanned: float = 0.1
    prior: Prior = Prior()  # noqa: RUF009  # frozen


def batch(draw: Draw, index: int) -> dict[str, Floats32 | Ints]:
    """The network's inputs and the truth of batch `index`: the arguments of `loss`.

    target [B, H] in z; weight [B, H] is 0 where there is nothing to learn; zero [B, H] whether
    y was 0, and count [B, 1] whether that is asked.
    """
    rng = np.random.default_rng((draw.seed, index))
    steps = int(rng.choice(CONTEXTS, p=SHARES))
    queries = 1 + int(rng.choice(len(QUERIES), p=QUERIES))
    series = sample(draw.prior, draw.size, steps + AHEAD, rng)
    context = windows(draw, series, steps, rng)
    inputs, scale = encode(context, queries)
    h = queries * PATCH
    return {**inputs.arrays(), **truth(series, context, scale, slice(steps, steps + h))}


def truth(
    series: Series, context: Context, scale: Scale, when: slice
) -> dict[str, Floats32 | Ints]:
    """What `loss` compares a forecast with, over the steps `when` of the series."""
    y = series.y[:, when]
    target = np.clip(scale.forward(y), -10, 10)
    use = series.observed[:, when] & ~series.stockout[:, when]
    weight = use * importance(context, scale)[:, None]
    return {
        "target": target.astype(np.float32),
        "weight": weight.astype(np.float32),
        "zero": (y == 0).astype(np.float32),
        "count": series.count[:, None].astype(np.float32),
    }


def importance(context: Context, scale: Scale) -> Floats32:
    """Weight of each series: the better last season foretells it, the more an error counts, [B].

    Scores relative to seasonal naive ask for this; noise that nobody can foretell counts less.
    """
    seen = np.isfinite(context.y)
    z = np.where(seen, scale.forward(np.nan_to_num(context.y)), np.float32(0))
    back = np.arange(z.shape[1])[None, :] - np.maximum(context.season[:, :1], 1)
    ok = seen & (back >= 0) & np.take_along_axis(seen, np.maximum(back, 0), axis=1)
    change = np.abs(z - np.take_along_axis(z, np.maximum(back, 0), axis=1))
    usual = (change * ok).sum(axis=1) / np.maximum(ok.sum(axis=1), 1)
    usual = np.where(ok.sum(axis=1) > 4, usual, 0.7)
    weight = 1 / (0.3 + usual)
    return np.asarray(weight / weight.mean(), np.float32)


def windows(draw: Draw, series: Series, steps: int, rng: np.random.Generator) -> Context:
    """Contexts that end after `steps`: some short, some borrowed, some without covariates."""
    size = len(series.y)
    longest = rng.random(size) < 0.35
    length = np.exp(rng.uniform(np.log(4), np.log(steps), size))
    length = np.where(longest, steps, np.maximum(length, 1)).astype(np.int64)
    age = np.arange(steps, 0, -1)[None, :]
    seen = series.observed[:, :steps] & (age <= length[:, None])
    y = np.where(seen, series.y[:, :steps], np.nan).astype(np.float32)
    lent = rng.random(size) < draw.borrowed
    if lent.any():
        y[lent] = siblings(series, seen, steps, rng)[lent]
    kinds = series.kinds.astype(np.int64)
    kinds[rng.random(size) < draw.blind] = 0
    unplanned = rng.random(size) < draw.unplanned
    kinds[unplanned] = np.where(kinds[unplanned] > 0, 2, 0)
    use = (kinds > 0)[:, None, :]
    covariates = np.where(use, series.covariates, np.float32(0))
    covariates[:, steps:] *= (kinds == 1)[:, None, :]
    return Context(
        y=y,
        stockout=series.stockout[:, :steps] & (age <= length[:, None]),
        covariates=covariates,
        kinds=kinds,
        static=series.static,
        season=misread(series.season, rng),
        phase=series.phase,
        borrowed=lent,
    )


def misread(season: Ints, rng: np.random.Generator) -> Ints:
    """Seasons, of which one in twelve is not known."""
    return np.where(rng.random((len(season), 1)) < 1 / 12, 0, season)


def siblings(series: Series, seen: Bools, steps: int, rng: np.random.Generator) -> Floats32:
    """The mean past of the others in each series' group, at about its own level, [B, T]."""
    y = np.where(seen, series.y[:, :steps], np.float32(0))
    n = np.maximum(seen.sum(axis=1, keepdims=True), 1)
    own = y.sum(axis=1, keepdims=True, dtype=np.float64).astype(np.float32) / n
    shape = np.where(seen, y / np.where(own == 0, 1, own), np.float32(0))
    names, group = np.unique(series.group, return_inverse=True)
    total = np.zeros((len(names), steps), np.float32)
    have = np.zeros((len(names), steps), np.float32)
    np.add.at(total, group, shape)
    np.add.at(have, group, seen.astype(np.float32))
    count = have[group] - seen
    mean = np.where(count > 0, (total[group] - shape) / np.maximum(count, 1), np.nan)
    wrong = np.exp(rng.normal(0, 0.6, (len(y), 1)))
    return np.asarray(mean * own * wrong, np.float32)
