"""What the models of single series share: fit every series, answer from what was stored."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import ClassVar, Protocol

import numpy as np

from tradewind.arrays import Floats, Floats32, Ints
from tradewind.forecast import Dependence, Forecast
from tradewind.models.dependence import probed, resized
from tradewind.models.history import History, check_rows, check_target, counts
from tradewind.models.protocol import Rescue
from tradewind.models.stored import read_forecast, read_rescues, write_forecast, write_rescues
from tradewind.models.twins import Twins
from tradewind.panel import Panel
from tradewind.task import DECILES, Task

Quantiles = tuple[Floats, tuple[Rescue, ...]]
"""Quantiles [N, h, Q] and the series for which the model fell back to a simpler one."""


class LocalModel(Protocol):
    """Settings of a model that looks at one series at a time."""

    probe: ClassVar[int]
    """Series whose back-test the dependence is learnt from."""

    def history(self, past: Panel, task: Task, target: str) -> History:
        """What the model looks at."""
        ...

    def quantiles(self, history: History, h: int, levels: Sequence[float]) -> Quantiles:
        """Quantiles of the next h steps, [N, h, Q]; no nan."""
        ...


@dataclass(frozen=True, slots=True)
class FittedLocal:
    """Forecasts of every series over the task's horizon; a longer one is computed if asked for."""

    model: LocalModel
    past: Panel
    task: Task
    answers: dict[str, Forecast]
    rescues: tuple[Rescue, ...] = field(default=())

    def forecast(
        self, h: int, levels: tuple[float, ...], known: Panel | None = None, target: str = "y"
    ) -> Forecast:
        """As the protocol says; the known columns are not looked at."""
        check_target(target, self.task)
        stored = self.answers[target]
        if h > stored.h:
            stored, _ = _answer(self.model, self.past, replace(self.task, h=h), target)
        return replace(
            stored,
            ds=stored.ds[:h],
            levels=tuple(levels),
            quantiles=stored.at(levels)[:, :h],
            dependence=None if stored.dependence is None else resized(stored.dependence, h),
        )

    def update(self, new: Panel) -> FittedLocal:
        """The model fitted again on everything: exact, because each series is cheap."""
        return fit_local(self.model, self.past.append(new), self.task)

    def imagine(self, twins: Twins) -> FittedLocal:
        """As Imagining.imagine. Twins with the same past are forecast once."""
        past = twins.past.only(twins.ids)
        answers = {target: _alike(self.model, past, self.task, target) for target in self.answers}
        joined = {t: replace(f, dependence=self.answers[t].dependence) for t, f in answers.items()}
        return replace(self, past=past, answers=joined)

    def save(self, folder: Path) -> None:
        """Write the stored forecasts."""
        folder.mkdir(parents=True, exist_ok=True)
        for k, target in enumerate(self.task.roles.targets):
            write_forecast(folder / f"forecast_{k}.npz", self.answers[target])
        write_rescues(folder / "rescues.json", self.rescues)


def fit_local(model: LocalModel, past: Panel, task: Task) -> FittedLocal:
    """Fit `model` to every series and every target of `past`.

    Raises NotEnoughHistory if the panel is empty.
    """
    check_rows(past, model)
    made = {target: _answer(model, past, task, target) for target in task.roles.targets}
    rescues = tuple(r for _, some in made.values() for r in some)
    return FittedLocal(model, past, task, {t: f for t, (f, _) in made.items()}, rescues)


def restore_local(model: LocalModel, folder: Path, past: Panel, task: Task) -> FittedLocal:
    """The fitted model that `save` wrote."""
    answers = {
        target: read_forecast(folder / f"forecast_{k}.npz")
        for k, target in enumerate(task.roles.targets)
    }
    return FittedLocal(model, past, task, answers, read_rescues(folder / "rescues.json"))


class Local:
    """`fit` and `restore` of a model of single series, which adds settings and arithmetic."""

    __slots__ = ()
    probe: ClassVar[int] = 200

    def fit(self: LocalModel, past: Panel, task: Task) -> FittedLocal:
        """Fit every series of `past`."""
        return fit_local(self, past, task)

    def restore(self: LocalModel, folder: Path, past: Panel, task: Task) -> FittedLocal:
        """The fitted model that `save` wrote."""
        return restore_local(self, folder, past, task)


def _answer(
    model: LocalModel, past: Panel, task: Task, target: str
) -> tuple[Forecast, tuple[Rescue, ...]]:
    history = model.history(past, task, target)
    levels = sorted({*DECILES, *task.levels})
    quantiles, rescues = model.quantiles(history, task.h, levels)
    joint = own_dependence(model, history, task.h)
    return history.to_forecast(quantiles, levels, joint), rescues


def _alike(model: LocalModel, past: Panel, task: Task, target: str) -> Forecast:
    """The forecast of series of which many are the same."""
    history = model.history(past, task, target)
    _, first, which = np.unique(
        np.nan_to_num(history.y, nan=-1e300), axis=0, return_index=True, return_inverse=True
    )
    levels = sorted({*DECILES, *task.levels})
    some = history.part(first.astype(np.int64), 0)
    quantiles, _ = model.quantiles(some, task.h, levels)
    return history.to_forecast(quantiles[which.ravel()], levels, None)


def own_dependence(model: LocalModel, history: History, h: int, n_windows: int = 3) -> Dependence:
    """Dependence of the model's errors at a few earlier cutoffs, on a sample of the series."""
    rows = spread_sample(history.y, model.probe)

    def ask(end: int) -> Floats:
        part = history.part(rows, history.y.shape[1] - end)
        return part.to_forecast(*_only(model, part, h), None).quantiles

    return probed(history.y[rows], h, ask, DECILES, n_windows)


def spread_sample(y: Floats | Floats32, size: int) -> Ints:
    """At most `size` rows that have observations, evenly spread over the sorted ids."""
    alive = np.flatnonzero(counts(y) > 0)
    return alive[:: max(1, -(-len(alive) // size))].astype(np.int64)


def _only(model: LocalModel, part: History, h: int) -> tuple[Floats, Sequence[float]]:
    return model.quantiles(part, h, DECILES)[0], DECILES
