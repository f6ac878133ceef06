"""What a model of single series sees: the past of one target as a matrix."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import numpy as np

from tradewind.arrays import Bools, Floats, Floats32, Ints
from tradewind.errors import NotEnoughHistory, UnknownName
from tradewind.forecast import Dependence, Forecast
from tradewind.panel import Panel, dates_from, next_ds, season_length
from tradewind.task import Task


@dataclass(frozen=True, slots=True)
class History:
    """The past of one target.

    ids      N series keys
    y        [N, T]  nan where there is no observation
    end      ds of the last column
    season   steps in a season
    """

    ids: tuple[str, ...]
    y: Floats
    end: datetime
    freq: str
    season: int
    target: str = "y"

    @property
    def whole(self) -> bool:
        """True where every observation is a whole number."""
        return bool((np.isnan(self.y) | (self.y == np.rint(self.y))).all())

    def part(self, rows: Ints, steps: int) -> History:
        """These series only, with the last `steps` columns not yet seen."""
        end = next_ds(self.end, self.freq, -steps)
        y = self.y[rows, : self.y.shape[1] - steps]
        return replace(self, ids=tuple(self.ids[k] for k in rows), y=y, end=end)

    def to_forecast(
        self, quantiles: Floats, levels: Sequence[float], dependence: Dependence | None
    ) -> Forecast:
        """`quantiles` [N, h, Q], in order, and at least zero where a series never was below."""
        ordered = np.sort(quantiles, axis=2)
        floor = never_negative(self.y)
        ordered[floor] = np.maximum(ordered[floor], 0.0)
        ds = dates_from(next_ds(self.end, self.freq), quantiles.shape[1], self.freq)
        return Forecast(
            self.ids,
            ds,
            tuple(levels),
            ordered,
            target=self.target,
            whole=self.whole,
            lower=0.0 if floor.all() else None,
            dependence=dependence,
        )


def history_of(past: Panel, task: Task, target: str, season: int = 0) -> History:
    """The past of `target`; `season` is the model's own setting, 0 to take the task's."""
    check_target(target, task)
    return History(
        tuple(past.ids),
        past.wide(target),
        past.end,
        past.freq,
        season or task.season_of(past),
        target,
    )


def check_target(target: str, task: Task) -> None:
    """Raise UnknownName if the task does not ask for `target`."""
    if target not in task.roles.targets:
        raise UnknownName(
            f"no forecast of {target!r}: the model was fitted for {list(task.roles.targets)}"
        )


def check_rows(past: Panel, model: object) -> None:
    """Raise NotEnoughHistory if the panel is empty."""
    if len(past.frame) == 0:
        raise NotEnoughHistory(f"{model} needs a series with at least one period; there is none")


def natural_season(past: Panel, task: Task) -> int:
    """Steps in a season for learning.

    A task whose season is 1 scores against the last value; weeks still have a year, so the
    usual season of the frequency is taken then.
    """
    return task.season if task.season > 1 else season_length(past.freq)


def never_negative(y: Floats | Floats32) -> Bools:
    """Which series were never below zero, [N]."""
    return np.asarray(~(y < 0).any(axis=1))


def counts(y: Floats | Floats32) -> Ints:
    """Observations of each series, [N]."""
    return np.asarray(np.isfinite(y).sum(axis=1), dtype=np.int64)


def filled(y: Floats) -> Floats:
    """`y` [N, T] with each gap filled by the value before it, and a late start by the first value.

    A series without any observation is filled with zero.
    """
    known = np.isfinite(y)
    steps = np.arange(y.shape[1])
    last = np.maximum.accumulate(np.where(known, steps, -1), axis=1)
    first = np.where(known.any(axis=1), known.argmax(axis=1), 0)
    index = np.where(last < 0, first[:, None], last)
    return np.nan_to_num(np.take_along_axis(y, index, axis=1), nan=0.0)


def row_quantiles(values: Floats, levels: Sequence[float]) -> Floats:
    """Quantiles of each row, nan skipped, [N, Q]; linear between order statistics; nan if empty."""
    ordered = np.sort(values, axis=1)  # nan goes last
    have = counts(values)
    place = np.asarray(levels)[None, :] * np.maximum(have - 1, 0)[:, None]
    low = np.floor(place).astype(np.int64)
    high = np.minimum(low + 1, np.maximum(have - 1, 0)[:, None])
    at_low = np.take_along_axis(ordered, low, axis=1)
    at_high = np.take_along_axis(ordered, high, axis=1)
    quantiles: Floats = at_low + (place - low) * (at_high - at_low)
    return quantiles
