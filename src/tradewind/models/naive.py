"""The two forecasts every merchant already has: what sold a season ago, and the recent average."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import special

from tradewind.arrays import Bools, Floats
from tradewind.models.history import History, counts, filled, history_of, row_quantiles
from tradewind.models.local import Local, Quantiles
from tradewind.models.protocol import Rescue
from tradewind.panel import Panel
from tradewind.task import Task

FEWEST_ERRORS = 4
"""With fewer past errors than this their quantiles are not read off, but assumed normal."""

FOUR_WEEKS = {"h": 24 * 28, "D": 28, "W": 4}


@dataclass(frozen=True, slots=True)
class SeasonalNaive(Local):
    """Each step is the value one season before it.

    season_length   steps; 0 takes the task's season

    The interval is read off the series' own seasonal differences, widening with the square root of
    the number of seasons ahead (Hyndman & Athanasopoulos 2021, section 5.5, with the empirical
    distribution in place of the normal). A gap at the end is filled with the value before it.
    """

    season_length: int = 0

    def history(self, past: Panel, task: Task, target: str) -> History:
        """The whole past of the target."""
        return history_of(past, task, target, self.season_length)

    def quantiles(self, history: History, h: int, levels: Sequence[float]) -> Quantiles:
        """Quantiles of the next h steps, [N, h, Q]."""
        season, y = history.season, history.y
        spread, few = difference_quantiles(y, season, levels)
        seasons_ahead = np.arange(h) // season + 1
        middle = repeat_season(y, season, h)
        quantiles = middle[:, :, None] + np.sqrt(seasons_ahead)[None, :, None] * spread[:, None, :]
        return quantiles, rescued(history, self, few, season + 1)


@dataclass(frozen=True, slots=True)
class Average(Local):
    """Every step is the mean of the last `steps` periods: the merchant's four-week average.

    steps   periods of the panel; 0 means four weeks of hours, days or weeks, and one season of
            anything coarser

    The interval is read off what followed such averages in the series' own past, at the same
    distance.
    """

    steps: int = 0

    def history(self, past: Panel, task: Task, target: str) -> History:
        """The whole past of the target."""
        return history_of(past, task, target)

    def quantiles(self, history: History, h: int, levels: Sequence[float]) -> Quantiles:
        """Quantiles of the next h steps, [N, h, Q]."""
        steps = self.steps or FOUR_WEEKS.get(history.freq.split("-")[0], history.season)
        y, have = history.y, counts(history.y)
        means = trailing_means(y, steps)
        latest = filled(means)[:, -1]
        leads = np.unique([1, (1 + h) // 2, h])
        spreads = np.stack([_lead_errors(y, means, lead, levels) for lead in leads])
        quantiles = np.empty((len(y), h, len(levels)))
        for step in range(h):
            place = np.interp(step + 1, leads, np.arange(len(leads)))
            low = int(place)
            high = min(low + 1, len(leads) - 1)
            spread = spreads[low] + (place - low) * (spreads[high] - spreads[low])
            quantiles[:, step] = latest[:, None] + spread
        return quantiles, rescued(history, self, have < 2, 2)


def repeat_season(y: Floats, season: int, h: int) -> Floats:
    """The last season of each series, repeated, [N, h]."""
    whole = filled(y)
    missing = season - whole.shape[1]
    if missing > 0:
        whole = np.concatenate([np.repeat(whole[:, :1], missing, axis=1), whole], axis=1)
    last = whole[:, whole.shape[1] - season :]
    repeated: Floats = last[:, np.arange(h) % season]
    return repeated


def difference_quantiles(y: Floats, season: int, levels: Sequence[float]) -> tuple[Floats, Bools]:
    """Quantiles of y[t] − y[t − season] about their median, [N, Q]; which series had too few, [N].

    A series with too few seasonal differences is given the normal spread of its steps from one
    period to the next, one with no step at all half its level.
    """
    differences = y[:, season:] - y[:, :-season] if y.shape[1] > season else y[:, :0]
    few = counts(differences) < FEWEST_ERRORS
    quantiles = np.zeros((len(y), len(levels)))
    if (~few).any():
        wide = differences[~few]
        quantiles[~few] = row_quantiles(wide, levels) - row_quantiles(wide, (0.5,))
    if few.any():
        quantiles[few] = assumed_spread(y[few])[:, None] * special.ndtri(np.asarray(levels))
    return quantiles, few


def assumed_spread(y: Floats) -> Floats:
    """A standard deviation for series too short to show one, [N]: of steps, else level / 2."""
    steps = np.diff(y, axis=1)
    have = counts(steps)
    squares = np.nansum(steps**2, axis=1) / np.maximum(have, 1)
    level = np.abs(filled(y)[:, -1]) if y.shape[1] else np.zeros(len(y))
    return np.where(have > 0, np.sqrt(squares), 0.5 * level)


def trailing_means(y: Floats, steps: int) -> Floats:
    """Mean over the last `steps` periods up to each column, [N, T]; nan where nothing is known."""
    known = np.isfinite(y)
    total = np.cumsum(np.where(known, y, 0.0), axis=1)
    have = np.cumsum(known, axis=1).astype(np.float64)
    if y.shape[1] > steps:
        total[:, steps:], have[:, steps:] = (
            total[:, steps:] - total[:, :-steps],
            have[:, steps:] - have[:, :-steps],
        )
    return np.where(have > 0, total / np.maximum(have, 1), np.nan)


def rescued(history: History, model: object, few: Bools, wanted: int) -> tuple[Rescue, ...]:
    """A rescue for each series in `few`."""
    have = counts(history.y)
    return tuple(
        Rescue(
            history.ids[k],
            repr(model),
            f"{have[k]} observations of {history.target}, {wanted} wanted: "
            + ("an assumed spread" if have[k] else "forecast as zero"),
        )
        for k in np.flatnonzero(few)
    )


def _lead_errors(y: Floats, means: Floats, lead: int, levels: Sequence[float]) -> Floats:
    """Quantiles of y[t + lead] − mean up to t about their median, [N, Q]."""
    errors = y[:, lead:] - means[:, :-lead] if y.shape[1] > lead else y[:, :0]
    few = counts(errors) < FEWEST_ERRORS
    quantiles = np.zeros((len(y), len(levels)))
    if (~few).any():
        quantiles[~few] = row_quantiles(errors[~few], levels) - errors_middle(errors[~few])
    if few.any():
        quantiles[few] = assumed_spread(y[few])[:, None] * special.ndtri(np.asarray(levels))
    return quantiles


def errors_middle(errors: Floats) -> Floats:
    """The median of each row, [N, 1], so that the average itself stays the median."""
    return row_quantiles(errors, (0.5,))
