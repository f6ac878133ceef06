"""The season of one series: what a period usually sells against the mean of all."""

from __future__ import annotations

import numpy as np

from tradewind.arrays import Dates, Floats, Ints
from tradewind.panel import every

TRUST = 4.0
"""Observations of a phase after which its own mean counts as much as the mean of all."""
LEAST = 0.05
"""No phase is taken to sell less than this share of the mean."""
YEARS = 1.75
"""Years that the history must hold before the months are told from a trend."""
STEPS_A_YEAR = {"1h": 8760, "1d": 364, "1w": 52, "1mo": 12, "3mo": 4, "1y": 1}


def season_index(y: Floats, ds: Dates, freq: str) -> Floats:
    """Sales of each period as a multiple of the mean that its season alone explains, [T + h].

    Days have a weekday, hours a weekday and an hour, and every frequency below the year a month,
    where the history holds YEARS of it. Means of phases are drawn to 1 as if TRUST periods of the
    mean had been seen; the months' are ratios to the moving average of a year, so that growth is
    not taken for season.

    y    [T]       nan where there is no observation
    ds   [T + h]   the periods, and those that come

    Source: ratio to moving average, e.g. Hyndman & Athanasopoulos, Forecasting (3rd ed.), 3.4.

    >>> days = np.arange("2024-01-01", "2024-02-12", dtype="datetime64[D]").astype("datetime64[us]")
    >>> sold = np.where(np.arange(42) % 7 == 6, 40.0, 10.0)  # on Sundays four times as much
    >>> season_index(sold[:35], days, "D")[35:].round(2).tolist()
    [0.83, 0.83, 0.83, 0.83, 0.83, 0.83, 2.0]
    """
    index = np.ones(len(ds))
    steps = STEPS_A_YEAR[every(freq)]
    yearly = steps > 1 and np.isfinite(y).sum() >= YEARS * steps
    smooth = moving_mean(y, steps) if yearly else np.full(len(y), mean_of(y))
    for phase in _phases(ds, freq, yearly=yearly):
        with np.errstate(invalid="ignore", divide="ignore"):
            ratio = np.where(smooth > 0, y / (smooth * index[: len(y)]), np.nan)
        index = index * _means(ratio, phase, len(y))
    seen = np.isfinite(y)
    middle = index[: len(y)][seen].mean() if seen.any() else 1.0
    scaled: Floats = np.maximum(index / middle, LEAST)
    return scaled


def mean_of(y: Floats) -> float:
    """Mean of what was observed; 0 where nothing was."""
    seen = np.isfinite(y)
    return float(y[seen].mean()) if seen.any() else 0.0


def moving_mean(y: Floats, steps: int) -> Floats:
    """Mean of the `steps` periods about each one, [T]; near the ends of those that there are."""
    seen = np.isfinite(y)
    total = np.concatenate([[0.0], np.cumsum(np.where(seen, y, 0.0))])
    count = np.concatenate([[0], np.cumsum(seen)])
    place = np.arange(len(y))
    first = np.clip(place - steps // 2, 0, max(len(y) - steps, 0))
    last = np.minimum(first + steps, len(y))
    have = count[last] - count[first]
    return np.where(have > 0, (total[last] - total[first]) / np.maximum(have, 1), np.nan)


def _phases(ds: Dates, freq: str, *, yearly: bool) -> list[Ints]:
    """Codes of the phases of each period, one array for each kind of season."""
    unit = every(freq)
    days = ds.astype("datetime64[D]").astype(np.int64)
    phases: list[Ints] = []
    if unit == "1h":
        phases.append((ds - ds.astype("datetime64[D]")).astype("timedelta64[h]").astype(np.int64))
    if unit in ("1h", "1d"):
        phases.append((days + 3) % 7)
    if yearly:
        phases.append(ds.astype("datetime64[M]").astype(np.int64) % 12)
    return phases


def _means(ratio: Floats, phase: Ints, steps: int) -> Floats:
    """Mean ratio of each phase, drawn to 1, at each period, [T + h]."""
    seen = np.isfinite(ratio)
    size = int(phase.max()) + 1
    total = np.bincount(phase[:steps][seen], ratio[seen], size)
    count = np.bincount(phase[:steps][seen], minlength=size)
    mean: Floats = (total + TRUST) / (count + TRUST)
    return mean[phase]
