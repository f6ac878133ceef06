"""Forecasts as they would have been made at earlier cutoffs, each computed once."""

from __future__ import annotations

import hashlib
import time
import weakref
from collections import OrderedDict
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

import numpy as np
import polars as pl

from tradewind.arrays import Floats
from tradewind.forecast import Forecast
from tradewind.models.protocol import Fitted, Forecaster, Rescue
from tradewind.models.stored import (
    read_forecast,
    read_rescues,
    read_seconds,
    write_forecast,
    write_rescues,
)
from tradewind.models.twins import Twins, imagine
from tradewind.panel import Panel, next_ds
from tradewind.task import Task, Window

Hindsight = list[tuple[datetime, Forecast, Floats]]
"""Cutoff, the forecast made there, and what came, [N, h] in the order of the forecast's ids."""

FITS = 4
"""Fits kept of a forecaster that goes on from them: at the earliest cutoff, from which any later
one can go on, and at the latest ones."""
BYTES = 1 << 30
"""Forecasts held in memory beyond this are let go, oldest first; a folder keeps them all."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A model's forecast in one window, what it could not do, and the seconds it took."""

    forecast: Forecast
    rescues: tuple[Rescue, ...] = ()
    seconds: float = 0.0


@dataclass(eq=False)
class Memory:
    """Forecasts by (settings, digest of what was seen), in memory and optionally in a folder.

    folder   where answers are kept for the next run and for other processes, or None

    A second process may share the folder: files appear whole or not at all.
    """

    folder: Path | None = None
    _answers: OrderedDict[str, Answer] = field(default_factory=OrderedDict, repr=False)
    _fits: dict[str, dict[datetime, Fitted]] = field(default_factory=dict, repr=False)
    _digests: dict[int, tuple[weakref.ref[pl.DataFrame], str]] = field(
        default_factory=dict, repr=False
    )

    def answer(self, forecaster: Forecaster, window: Window, target: str = "y") -> Answer:
        """The forecast of `forecaster` in `window`: remembered, or made now and remembered."""
        found = self.find(forecaster, window, target)
        if found is not None:
            return found
        start = time.perf_counter()
        fitted = self.fit(forecaster, window.past, window.task)
        task = window.task
        forecast = fitted.forecast(task.h, task.levels, window.known, target)
        answer = Answer(forecast, fitted.rescues, time.perf_counter() - start)
        self.keep(forecaster, window, target, answer)
        return answer

    def fit(self, forecaster: Forecaster, past: Panel, task: Task) -> Fitted:
        """The forecaster fitted to `past`: from where it was at an earlier cutoff, if it can."""
        if not isinstance(forecaster, Resumable):
            return forecaster.fit(past, task)
        about = (task.h, task.levels, task.roles)
        asked = (forecaster, past.freq, past.start, tuple(past.ids[:3]), *about)
        series = self._fits.setdefault(repr(asked), {})
        before = max((end for end in series if end < past.end), default=None)
        if before is None:
            fitted = forecaster.fit(past, task)
        else:
            fitted = forecaster.resume(series[before], past, task)
        series[past.end] = fitted
        if len(series) > FITS:
            del series[sorted(series)[1]]
        return fitted

    def find(self, forecaster: Forecaster, window: Window, target: str = "y") -> Answer | None:
        """The remembered answer, or None."""
        return self._find(self.key(forecaster, window, target))

    def keep(self, forecaster: Forecaster, window: Window, target: str, answer: Answer) -> None:
        """Remember an answer. One with a sampler of its own stays out of the folder."""
        key = self.key(forecaster, window, target)
        self._answers[key] = answer
        # a list at once: models that run side by side keep answers at the same time
        while sum(a.forecast.quantiles.nbytes for a in list(self._answers.values())) > BYTES:
            self._answers.popitem(last=False)
        if self.folder is not None and answer.forecast.sampler is None:
            self.folder.mkdir(parents=True, exist_ok=True)
            write_rescues(self.folder / f"{key}.json", answer.rescues, answer.seconds)
            write_forecast(self.folder / f"{key}.npz", answer.forecast)

    def key(self, forecaster: Forecaster, window: Window, target: str) -> str:
        """Digest of the settings and of everything the model may see."""
        task = window.task
        asked = (
            repr(forecaster),
            target,
            task.h,
            task.levels,
            task.season,
            task.country,
            task.roles,
            self.digest(window.past),
            self.digest(window.known),
        )
        return hashlib.blake2b(repr(asked).encode(), digest_size=20).hexdigest()

    def digest(self, panel: Panel) -> str:
        """Digest of a panel's rows and static columns, kept for as long as the table lives."""
        frames = [self._digest(panel.frame), self._digest(panel.static)]
        return "-".join([panel.freq, *frames])

    def _digest(self, frame: pl.DataFrame) -> str:
        held = self._digests.get(id(frame))
        if held is None or held[0]() is not frame:
            held = (weakref.ref(frame), frame_digest(frame))
            self._digests[id(frame)] = held
        return held[1]

    def _find(self, key: str) -> Answer | None:
        held = self._answers.get(key)
        if held is not None:
            return held
        if self.folder is None or not (self.folder / f"{key}.npz").exists():
            return None
        forecast = read_forecast(self.folder / f"{key}.npz")
        about = self.folder / f"{key}.json"
        answer = Answer(forecast, read_rescues(about), read_seconds(about))
        self._answers[key] = answer
        return answer


@runtime_checkable
class Resumable(Protocol):
    """A forecaster whose training goes on from what it had learnt at an earlier cutoff."""

    def fit(self, past: Panel, task: Task) -> Fitted:
        """As Forecaster.fit."""
        ...

    def resume(self, before: Any, past: Panel, task: Task) -> Fitted:
        """As `fit`; `before` is this forecaster fitted to an earlier part of the same past."""
        ...


@runtime_checkable
class Composite(Protocol):
    """A forecaster that answers for earlier cutoffs itself: it learns from them anyway."""

    def hindsight(
        self, past: Panel, task: Task, n_windows: int, memory: Memory, target: str
    ) -> Hindsight:
        """As the function `hindsight`."""
        ...


def hindsight(
    forecaster: Forecaster,
    past: Panel,
    task: Task,
    n_windows: int,
    memory: Memory,
    target: str = "",
) -> Hindsight:
    """Forecasts at earlier cutoffs whose truth lies in `past`, latest first.

    target   "" means the first of the task

    The cutoffs are past.end − h · j. With step == h those are the earlier windows of a back-test,
    so a shared memory makes them free. Cutoffs with too little history before them are left out.
    """
    target = target or task.roles.targets[0]
    if isinstance(forecaster, Composite):
        return forecaster.hindsight(past, task, n_windows, memory, target)
    windows = earlier_windows(past, task, n_windows)
    oldest_first = [memory.answer(forecaster, w, target).forecast for w in windows[::-1]]
    return [
        (w.cutoff, answer, truth_of(past, w.cutoff, answer))
        for w, answer in zip(windows, oldest_first[::-1], strict=True)
    ]


def earlier_windows(past: Panel, task: Task, n_windows: int) -> list[Window]:
    """Up to n_windows windows before `past.end`, h steps apart, latest first.

    Each leaves at least h steps, and a third of the history, before it: a model judged on less
    would be judged on a different question. A history with room for fewer than two of them adds
    one whose truth is known for half its horizon only (for a third of the history, if that is
    less): better than no judgement, and the nearest to the question asked.
    """
    steps = len(past.ds)
    reach = [task.h * (j + 1) for j in range(n_windows)]
    kept = [back for back in reach if steps - back >= max(task.h, steps / 3, 2)]
    near = min(-(-task.h // 2), steps // 3)
    if len(kept) < min(n_windows, 2) and steps - near >= 2 and near not in (0, *kept):
        kept = [near, *kept]
    return [task.window(past, next_ds(past.end, past.freq, -back)) for back in kept]


def truth_of(past: Panel, cutoff: datetime, forecast: Forecast) -> Floats:
    """What came after `cutoff`, [N, h] in the order of the forecast's ids; nan where unknown."""
    after = past.only(forecast.ids).after(cutoff, forecast.h)
    out = np.full((len(forecast.ids), forecast.h), np.nan)
    if len(after.frame) == 0:
        return out
    place = {key: i for i, key in enumerate(forecast.ids)}
    rows = [place[key] for key in after.ids]
    first = int(np.searchsorted(forecast.ds, after.ds[0]))
    wide = after.wide(forecast.target)
    out[rows, first : first + wide.shape[1]] = wide
    return out


def frame_digest(frame: pl.DataFrame) -> str:
    """Digest of a table's names, types and values in their order (about a second for 20 M rows)."""
    digest = hashlib.blake2b(repr([*frame.schema.items(), pl.__version__]).encode(), digest_size=16)
    if len(frame) and frame.width:
        digest.update(frame.hash_rows(seed=7).to_numpy().tobytes())
    return digest.hexdigest()


@dataclass(frozen=True, eq=False)
class Lazy:
    """A fitted model that is not fitted before somebody asks for what memory does not hold."""

    forecaster: Forecaster
    past: Panel
    task: Task
    memory: Memory
    _fits: list[Fitted] = field(default_factory=list, repr=False)

    @property
    def fitted(self) -> Fitted:
        """The model itself."""
        if not self._fits:
            self._fits.append(self.memory.fit(self.forecaster, self.past, self.task))
        return self._fits[0]

    @property
    def rescues(self) -> tuple[Rescue, ...]:
        """Rescues of the model, once it is fitted."""
        return self._fits[0].rescues if self._fits else ()

    def forecast(
        self, h: int, levels: tuple[float, ...], known: Panel | None = None, target: str = "y"
    ) -> Forecast:
        """The forecast, from memory where it is the one the task asks for."""
        if self._fits or known is None:
            return self.fitted.forecast(h, levels, known, target)
        task = replace(self.task, h=h, levels=levels)
        window = Window(self.past.end, self.past, known, task)
        found = self.memory.find(self.forecaster, window, target)
        if found is not None:
            return found.forecast
        start = time.perf_counter()
        forecast = self.fitted.forecast(h, levels, known, target)
        answer = Answer(forecast, self.fitted.rescues, time.perf_counter() - start)
        self.memory.keep(self.forecaster, window, target, answer)
        return forecast

    def update(self, new: Panel) -> Lazy:
        """The model after seeing `new`."""
        fits = [self.fitted.update(new)]
        return replace(self, past=self.past.append(new), _fits=fits)

    def imagine(self, twins: Twins) -> Fitted:
        """As Imagining.imagine."""
        return imagine(self.fitted, twins)

    def save(self, folder: Path) -> None:
        """Save the model."""
        self.fitted.save(folder)
