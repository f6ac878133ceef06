"""The guard of the models of single series: a forecast far outside all history is not believed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from tradewind.arrays import Bools, Floats
from tradewind.models.history import History
from tradewind.models.naive import SeasonalNaive
from tradewind.models.protocol import Rescue

MEDIAN_REACH, TAIL_REACH = 2.0, 10.0
"""How far, in ranges of its history, a median or an outer quantile may lie outside it."""


def is_wild(y: Floats, quantiles: Floats, levels: Sequence[float]) -> Bools:
    """Which series have a forecast that is not a number or far outside their history, [N].

    y           [N, T]      nan where unknown
    quantiles   [N, h, Q]
    """
    known = np.isfinite(y)
    low = np.where(known, y, np.inf).min(axis=1, initial=np.inf)
    high = np.where(known, y, -np.inf).max(axis=1, initial=-np.inf)
    none = ~known.any(axis=1)
    low, high = np.where(none, 0.0, low), np.where(none, 0.0, high)
    span = np.maximum(high - low, np.maximum(0.5 * np.abs(high), 1e-9))
    middle = quantiles[:, :, int(np.argmin(np.abs(np.asarray(levels) - 0.5)))]
    bad = ~np.isfinite(quantiles).all(axis=(1, 2))
    with np.errstate(invalid="ignore"):
        for part, reach in ((middle, MEDIAN_REACH), (quantiles.reshape(len(y), -1), TAIL_REACH)):
            bad |= part.max(axis=1) > high + reach * span
            bad |= part.min(axis=1) < low - reach * span
    return np.asarray(bad)


def replace_wild(
    history: History,
    quantiles: Floats,
    levels: Sequence[float],
    model: object,
    reasons: Mapping[int, str],
) -> tuple[Floats, tuple[Rescue, ...]]:
    """`quantiles`, with wild forecasts and the series in `reasons` given to seasonal naive.

    reasons   row → why the model itself could not
    """
    wild = is_wild(history.y, quantiles, levels)
    rows = np.flatnonzero(wild | np.isin(np.arange(len(wild)), list(reasons)))
    if not len(rows):
        return quantiles, ()
    part = replace(history, ids=tuple(history.ids[k] for k in rows), y=history.y[rows])
    mended = quantiles.copy()
    mended[rows], _ = SeasonalNaive().quantiles(part, quantiles.shape[1], levels)
    usual = "its forecast left the range of the history"
    rescues = [
        Rescue(history.ids[k], repr(model), f"{reasons.get(int(k), usual)}: seasonal naive")
        for k in rows
    ]
    return mended, tuple(rescues)
