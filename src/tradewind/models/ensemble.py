"""An ensemble: members averaged by what they were worth at earlier cutoffs."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import reduce
from pathlib import Path

import numpy as np

from tradewind.arrays import Floats
from tradewind.errors import NotEnoughHistory, TradewindError
from tradewind.forecast import Dependence, Forecast
from tradewind.metrics import seasonal_error
from tradewind.models.calibration import spread_of
from tradewind.models.dependence import (
    dependence_of,
    normal_scores,
    resized,
    usual_dependence,
)
from tradewind.models.hindsight import Hindsight, Lazy, Memory, earlier_windows, truth_of
from tradewind.models.history import check_rows, check_target
from tradewind.models.local import Local
from tradewind.models.protocol import Fitted, Forecaster, Rescue
from tradewind.models.twins import Twins, imagine
from tradewind.models.uplift import Uplift
from tradewind.models.weights import Cells, blocks, learn_weights, prior_weights
from tradewind.panel import Panel
from tradewind.task import Task, Window

SAMPLE = 200
"""Series on which members of single series are judged; global members are judged on all."""


@dataclass(frozen=True, slots=True)
class Judged:
    """What the members said at one earlier cutoff, and what came.

    forecasts   of the same series, one a member that took part
    truth       [N, h]   nan where unknown
    scale       [N]      in-sample MAE of the seasonal naive before the cutoff
    """

    cutoff: datetime
    forecasts: tuple[Forecast, ...]
    truth: Floats
    scale: Floats


@dataclass(frozen=True, slots=True)
class Trial:
    """Earlier cutoffs, the members that took part (their places), and why the others did not."""

    members: tuple[int, ...]
    windows: tuple[Judged, ...]
    failures: dict[int, str]


@dataclass(frozen=True)
class Ensemble:
    """The average of its members' quantiles, weighted by hindsight.

    members     the models
    beliefs     factor on each member's loss at earlier cutoffs, () for 1: below 1 for a model that
                gains by history which those cutoffs lack, and so is worth more now than then
    n_windows   earlier cutoffs that the weights are learnt on
    n_blocks    parts of the horizon with weights of their own
    memory      where forecasts at earlier cutoffs are kept; not a setting

    With no earlier cutoff to learn from, weights follow the beliefs, and a rescue says so. A member
    that raises at an earlier cutoff, or is worth nothing there, is left out; a rescue says so.
    """

    members: tuple[Forecaster, ...]
    n_windows: int = 3
    n_blocks: int = 4
    beliefs: tuple[float, ...] = ()
    memory: Memory = field(default_factory=Memory, repr=False, compare=False)

    def __post_init__(self) -> None:
        if not self.members:
            raise ValueError("an ensemble needs at least one member")
        if len(self.beliefs) not in (0, len(self.members)):
            raise ValueError(
                f"beliefs are for {len(self.beliefs)} members, there are {len(self.members)}"
            )

    def fit(self, past: Panel, task: Task) -> FittedEnsemble:
        """Learn the weights; members are fitted when their forecast is asked for."""
        check_rows(past, self)
        learnt: dict[str, Floats] = {}
        joint: dict[str, Dependence] = {}
        rescues: list[Rescue] = []
        for target in task.roles.targets:
            trial = self._trial(past, task, target, self.memory)
            weights = self._weights(trial, task)
            learnt[target] = np.zeros((len(weights), len(self.members)))
            learnt[target][:, list(trial.members)] = weights
            joint[target] = _joint(trial, weights, task)
            rescues += self._said(trial)
        members = tuple(Lazy(m, past, task, self.memory) for m in self.members)
        return FittedEnsemble(self, members, past, task, learnt, joint, tuple(rescues))

    def restore(self, folder: Path, past: Panel, task: Task) -> FittedEnsemble:
        """The ensemble that `save` wrote."""
        about = json.loads((folder / "ensemble.json").read_text(encoding="utf-8"))
        members: list[Fitted] = []
        for k, member in enumerate(self.members):
            saved = folder / f"member_{k}"
            members.append(
                member.restore(saved, past, task)
                if saved.is_dir()
                else Lazy(member, past, task, self.memory)
            )
        return FittedEnsemble(
            self,
            tuple(members),
            past,
            task,
            {t: np.array(w) for t, w in about["weights"].items()},
            {t: Dependence(np.array(s), c) for t, (s, c) in about["dependence"].items()},
            tuple(Rescue(*r) for r in about["rescues"]),
        )

    def hindsight(
        self, past: Panel, task: Task, n_windows: int, memory: Memory, target: str
    ) -> Hindsight:
        """Forecasts at earlier cutoffs, each with weights learnt on the other cutoffs."""
        trial = self._trial(past, task, target, memory)
        made: Hindsight = []
        for k, judged in enumerate(trial.windows[:n_windows]):
            others = tuple(w for i, w in enumerate(trial.windows) if i != k) or trial.windows
            weights = self._weights(replace(trial, windows=others), task)
            made.append((judged.cutoff, combined(judged.forecasts, weights, task.h), judged.truth))
        return made

    def _trial(self, past: Panel, task: Task, target: str, memory: Memory) -> Trial:
        """What each member said at earlier cutoffs. One that fails at the latest takes no part."""
        windows = earlier_windows(past, task, self.n_windows)
        said: dict[tuple[int, int], Forecast] = {}
        failures: dict[int, str] = {}
        for k, member in enumerate(self.members):
            for j, window in enumerate(windows):
                try:
                    said[k, j] = _ask(member, window, target, memory)
                except TradewindError as error:
                    if j == 0:
                        failures[k] = str(error)
                    break
        alive = tuple(k for k in range(len(self.members)) if k not in failures)
        if not alive:
            raise NotEnoughHistory(f"no member of the ensemble can forecast: {failures}")
        complete = [j for j in range(len(windows)) if all((k, j) in said for k in alive)]
        judged = tuple(_judged(past, windows[j], [said[k, j] for k in alive]) for j in complete)
        return Trial(alive, judged, failures)

    def _weights(self, trial: Trial, task: Task) -> Floats:
        """Weights of the members that took part, [B, A]; by belief where nothing can be learnt."""
        of_step = blocks(task.h, self.n_blocks)
        beliefs = np.array(self.beliefs or (1.0,) * len(self.members))[list(trial.members)]
        if trial.windows:
            cells = cells_of(trial.windows, task)
            if len(cells.y):
                return learn_weights(cells, task.levels, of_step, beliefs)
        return np.tile(prior_weights(beliefs), (int(of_step.max()) + 1, 1))

    def _said(self, trial: Trial) -> list[Rescue]:
        """What has to be told about the learning."""
        told = [Rescue("", repr(self.members[k]), why) for k, why in trial.failures.items()]
        if not trial.windows:
            told.append(
                Rescue("", "Ensemble", "weights are not learnt: no earlier cutoff to learn from")
            )
        return told


@dataclass(frozen=True)
class FittedEnsemble:
    """Members and their weights.

    weights      target → [B, K]
    dependence   target → of the combination's errors at earlier cutoffs
    """

    settings: Ensemble
    members: tuple[Fitted, ...]
    past: Panel
    task: Task
    weights: dict[str, Floats]
    dependence: dict[str, Dependence]
    learning: tuple[Rescue, ...] = ()

    @property
    def rescues(self) -> tuple[Rescue, ...]:
        """Rescues of the members that have weight, and of the learning."""
        used = self._used()
        return (*self.learning, *(r for k in used for r in self.members[k].rescues))

    def forecast(
        self, h: int, levels: tuple[float, ...], known: Panel | None = None, target: str = "y"
    ) -> Forecast:
        """The weighted average of the members' quantiles."""
        check_target(target, self.task)
        weights = self.weights[target]
        used = np.flatnonzero(weights.max(axis=0) > 0)
        said = [self.members[k].forecast(h, levels, known, target) for k in used]
        made = combined([f.select(said[0].ids) for f in said], weights[:, used], self.task.h)
        return replace(made, dependence=resized(self.dependence[target], h))

    def update(self, new: Panel) -> FittedEnsemble:
        """The members after seeing `new`; the weights stay as they were learnt."""
        used = self._used()
        members = tuple(m.update(new) if k in used else m for k, m in enumerate(self.members))
        return replace(self, members=members, past=self.past.append(new))

    def imagine(self, twins: Twins) -> FittedEnsemble:
        """As Imagining.imagine."""
        used = self._used()
        members = tuple(imagine(m, twins) if k in used else m for k, m in enumerate(self.members))
        return replace(self, members=members, past=twins.past)

    def save(self, folder: Path) -> None:
        """Write the weights, and each member that has any."""
        folder.mkdir(parents=True, exist_ok=True)
        for k in self._used():
            self.members[k].save(folder / f"member_{k}")
        about = {
            "weights": {t: w.tolist() for t, w in self.weights.items()},
            "dependence": {t: [d.steps.tolist(), d.common] for t, d in self.dependence.items()},
            "rescues": [[r.unique_id, r.model, r.reason] for r in self.learning],
        }
        text = json.dumps(about, ensure_ascii=False)
        (folder / "ensemble.json").write_text(text, encoding="utf-8")

    def _used(self) -> set[int]:
        return {int(k) for w in self.weights.values() for k in np.flatnonzero(w.max(axis=0) > 0)}


def combined(forecasts: Sequence[Forecast], weights: Floats, task_h: int) -> Forecast:
    """The weighted average of the quantiles of forecasts of the same series.

    weights   [B, K]   of each block of the task's horizon; steps beyond it use the last block
    """
    first = forecasts[0]
    of_step = blocks(task_h, len(weights))[np.minimum(np.arange(first.h), task_h - 1)]
    total = np.zeros_like(first.quantiles)
    for k, forecast in enumerate(forecasts):
        total += weights[of_step, k][None, :, None] * forecast.quantiles
    floors = [f.lower for f in forecasts if f.lower is not None]
    return replace(
        first,
        quantiles=np.sort(total, axis=2),
        whole=all(f.whole for f in forecasts),
        lower=min(floors) if len(floors) == len(forecasts) else None,
        dependence=None,
        sampler=None,
    )


def cells_of(windows: Sequence[Judged], task: Task) -> Cells:
    """The cells of some windows whose outcome and scale are known."""
    quantiles, y, importance, step = [], [], [], []
    units = 0
    for judged in windows:
        scale = judged.scale
        good = np.isfinite(judged.truth) & (np.isfinite(scale) & (scale > 0))[:, None]
        rows, steps = np.nonzero(good)
        quantiles.append(np.stack([f.quantiles[rows, steps] for f in judged.forecasts], axis=2))
        y.append(judged.truth[rows, steps])
        importance.append(1 / scale[rows])
        step.append(steps)
        units += int(good.any(axis=1).sum())
    weight = np.concatenate(importance)
    if len(weight):
        weight = np.minimum(weight, 20 * np.median(weight))  # one tiny series must not decide
    return Cells(
        np.concatenate(quantiles),
        np.concatenate(y),
        weight,
        np.concatenate(step).astype(np.int64),
        units,
        len(windows),
    )


def _ask(member: Forecaster, window: Window, target: str, memory: Memory) -> Forecast:
    """The member's forecast in a window; of a sample of the series where the member is local."""
    found = memory.find(member, window, target)
    if found is not None:
        return found.forecast
    ids = window.past.ids
    looks_at_one = isinstance(member.inner if isinstance(member, Uplift) else member, Local)
    if looks_at_one and len(ids) > 1.5 * SAMPLE:
        some = ids[:: -(-len(ids) // SAMPLE)]
        window = replace(window, past=window.past.only(some), known=window.known.only(some))
    return memory.answer(member, window, target).forecast


def _judged(past: Panel, window: Window, said: Sequence[Forecast]) -> Judged:
    shared = reduce(lambda a, b: a & b, (set(f.ids) for f in said))
    ids = [key for key in window.past.ids if key in shared]
    forecasts = tuple(f.select(ids) for f in said)
    seen = window.past.only(ids).wide(said[0].target)
    scale = np.asarray(seasonal_error(seen, window.task.season_of(past)))
    steps = np.asarray(seasonal_error(seen, 1))  # for series too young for a season
    scale = np.where(scale > 0, scale, steps)
    return Judged(window.cutoff, forecasts, truth_of(past, window.cutoff, forecasts[0]), scale)


def _joint(trial: Trial, weights: Floats, task: Task) -> Dependence:
    if not trial.windows:
        return usual_dependence(task.h)
    place = {key: i for i, key in enumerate(trial.windows[0].forecasts[0].ids)}
    scores = np.full((len(trial.windows), len(place), task.h), np.nan)
    for j, judged in enumerate(trial.windows):
        made = combined(judged.forecasts, weights, task.h)
        old = [i for i, key in enumerate(made.ids) if key in place]
        new = [place[made.ids[i]] for i in old]
        scores[j, new] = normal_scores(judged.truth, made.quantiles, made.levels)[old]
    made = combined(trial.windows[0].forecasts, weights, task.h)
    return dependence_of(scores, spread_of(made.quantiles).mean(axis=(1, 2)))
