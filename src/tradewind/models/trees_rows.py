"""Which questions the trees learn from: sampled, the recent ones more often."""

from __future__ import annotations

import numpy as np

from tradewind.arrays import Floats, Ints
from tradewind.models.field import Field, Single, first_seen
from tradewind.models.trees_columns import Rows


def sample_rows(field: Field, z: Single, h: int, budget: int, rng: np.random.Generator) -> Rows:
    """At most `budget` rows whose answer is known, sorted by series.

    Steps asked for are drawn with a weight that halves every two years back; those that have the
    same time last year behind them count four times. Steps ahead are drawn evenly.
    """
    first = first_seen(field.y)
    series, at = np.nonzero(np.isfinite(z))
    room = at - first[series]
    keep = room >= 1
    series, at, room = series[keep], at[keep], room[keep]
    weight = 0.5 ** ((field.steps - at) / (2.0 * field.year))
    if field.steps - field.year >= min(h, field.year // 4):
        weight = weight * np.where(at - field.year >= first[series], 1.0, 0.25)
    repeats = int(np.clip(budget // max(len(at), 1), 1, min(h, 24)))
    size = min(budget // repeats, len(at))
    picks = np.sort(_weighted(weight, size, rng)) if size < len(at) else np.arange(len(at))
    picks = np.repeat(picks, repeats)
    most = np.minimum(room[picks], h)
    ahead = 1 + np.floor(rng.random(len(picks)) * most).astype(np.int64)
    return Rows(series[picks], at[picks] - ahead, at[picks], h)


def future_rows(field: Field) -> Rows:
    """Every step ahead of every series asked for, [N · h], in order."""
    h, last = field.h, field.steps - 1
    series = np.repeat(field.rows, h)
    ahead = np.tile(np.arange(1, h + 1), len(field.rows))
    return Rows(series, np.full(len(series), last), last + ahead, h)


def time_folds(at: Ints, n_folds: int) -> tuple[Ints, Ints]:
    """Spans of time with equally many rows: fold of each row [R], last step of each [K − 1]."""
    edges = np.unique(np.quantile(at, np.linspace(0, 1, n_folds + 1)[1:-1]).astype(np.int64))
    edges = edges[edges < at.max()]
    if not len(edges) and at.min() < at.max():
        edges = np.array([at.min()])
    return np.searchsorted(edges, at, side="left").astype(np.int64), edges


def _weighted(weight: Floats, size: int, rng: np.random.Generator) -> Ints:
    """`size` places drawn without replacement, by weight (Efraimidis & Spirakis 2006)."""
    keys = rng.exponential(size=len(weight)) / weight
    return np.argpartition(keys, size)[:size]
