"""Conformal: any forecaster, calibrated on its own errors at earlier cutoffs."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from tradewind.arrays import Floats
from tradewind.forecast import Dependence, Forecast
from tradewind.models.calibration import (
    Calibration,
    apply,
    at_bound,
    fitted_to_sums,
    quantile_shifts,
    spread_of,
    widened,
    width_factors,
)
from tradewind.models.dependence import dependence_of, normal_scores, resized
from tradewind.models.hindsight import Hindsight, Lazy, Memory, hindsight
from tradewind.models.history import check_rows, check_target
from tradewind.models.protocol import Fitted, Forecaster, Rescue
from tradewind.models.twins import Twins, imagine
from tradewind.models.weights import blocks
from tradewind.panel import Panel
from tradewind.task import Task


@dataclass(frozen=True)
class Conformal:
    """`inner` with quantiles and dependence corrected by what happened at earlier cutoffs.

    inner       the model
    n_windows   earlier cutoffs to learn from
    n_blocks    parts of the horizon with a correction of their own
    memory      where forecasts at earlier cutoffs are kept; not a setting

    Each quantile is moved so that its share of past outcomes lay below it; a series whose errors
    are steadily larger or smaller than the others' gets a width of its own; and the dependence is
    fitted so that intervals of sums over the horizon cover. With no earlier cutoff the inner
    forecast is passed on, and a rescue says so.
    """

    inner: Forecaster
    n_windows: int = 3
    n_blocks: int = 3
    memory: Memory = field(default_factory=Memory, repr=False, compare=False)

    def fit(self, past: Panel, task: Task) -> FittedConformal:
        """Fit the inner model, and learn the correction from hindsight."""
        check_rows(past, self)
        inner = Lazy(self.inner, past, task, self.memory)
        learnt: dict[str, Correction] = {}
        rescues: tuple[Rescue, ...] = ()
        for target in task.roles.targets:
            made = hindsight(self.inner, past, task, self.n_windows, self.memory, target)
            if made:
                learnt[target] = correction_of(made, task, self.n_blocks)
            else:
                reason = f"{target} is not calibrated: no earlier cutoff to learn from"
                rescues += (Rescue("", "Conformal", reason),)
        return FittedConformal(self, inner, past, task, learnt, rescues)

    def restore(self, folder: Path, past: Panel, task: Task) -> FittedConformal:
        """The calibrated model that `save` wrote."""
        about = json.loads((folder / "conformal.json").read_text(encoding="utf-8"))
        learnt = {
            target: Correction(
                Calibration(tuple(c["levels"]), np.array(c["shift"]), c["width"], c["lower"]),
                Dependence(np.array(c["steps"]), c["common"]),
            )
            for target, c in about["corrections"].items()
        }
        rescues = tuple(Rescue(*r) for r in about["rescues"])
        inner = self.inner.restore(folder / "inner", past, task)
        return FittedConformal(self, inner, past, task, learnt, rescues)


@dataclass(frozen=True, slots=True)
class Correction:
    """What hindsight taught about one target."""

    calibration: Calibration
    dependence: Dependence


@dataclass(frozen=True)
class FittedConformal:
    """The inner model, and the correction of each target."""

    settings: Conformal
    inner: Fitted
    past: Panel
    task: Task
    corrections: dict[str, Correction]
    learning: tuple[Rescue, ...] = ()

    @property
    def rescues(self) -> tuple[Rescue, ...]:
        """Rescues of the inner model, and of the calibration."""
        return (*self.learning, *self.inner.rescues)

    def forecast(
        self, h: int, levels: tuple[float, ...], known: Panel | None = None, target: str = "y"
    ) -> Forecast:
        """The calibrated forecast, with the dependence that its errors had."""
        check_target(target, self.task)
        learnt = self.corrections.get(target)
        if learnt is None:
            return self.inner.forecast(h, levels, known, target)
        said = self.inner.forecast(h, learnt.calibration.levels, known, target)
        made = calibrated(said, learnt.calibration, self.task.h)
        made = replace(made, dependence=resized(learnt.dependence, h), sampler=None)
        return replace(made, levels=tuple(levels), quantiles=made.at(levels))

    def update(self, new: Panel) -> FittedConformal:
        """The inner model after seeing `new`; the correction stays as it was learnt."""
        return replace(self, inner=self.inner.update(new), past=self.past.append(new))

    def imagine(self, twins: Twins) -> FittedConformal:
        """As Imagining.imagine; a twin is as wide as the series that it copies."""
        corrections = {}
        for target, learnt in self.corrections.items():
            width = learnt.calibration.width.get(twins.of, 1.0)
            own = replace(learnt.calibration, width=dict.fromkeys(twins.ids, width))
            corrections[target] = replace(learnt, calibration=own)
        inner = imagine(self.inner, twins)
        return replace(self, inner=inner, past=twins.past, corrections=corrections)

    def save(self, folder: Path) -> None:
        """Write the corrections, and the inner model."""
        folder.mkdir(parents=True, exist_ok=True)
        self.inner.save(folder / "inner")
        corrections = {
            target: {
                "levels": list(c.calibration.levels),
                "shift": c.calibration.shift.tolist(),
                "width": c.calibration.width,
                "lower": c.calibration.lower,
                "steps": c.dependence.steps.tolist(),
                "common": c.dependence.common,
            }
            for target, c in self.corrections.items()
        }
        rescues = [[r.unique_id, r.model, r.reason] for r in self.learning]
        text = json.dumps({"corrections": corrections, "rescues": rescues}, ensure_ascii=False)
        (folder / "conformal.json").write_text(text, encoding="utf-8")


def correction_of(made: Hindsight, task: Task, n_blocks: int) -> Correction:
    """The correction that forecasts at earlier cutoffs call for."""
    of_step = blocks(task.h, n_blocks)
    levels = made[0][1].levels
    ids = made[0][1].ids
    factor = width_factors(_aligned(made, ids, [f.quantiles for _, f, _ in made]))
    width = {key: float(f) for key, f in zip(ids, factor, strict=True) if f != 1.0}
    lower = made[0][1].lower
    windows = []
    for _, forecast, truth in made:
        own = np.array([width.get(key, 1.0) for key in forecast.ids])
        kept = at_bound(forecast.quantiles, lower)
        wide = np.where(kept, forecast.quantiles, widened(forecast.quantiles, levels, own))
        windows.append((truth, wide))
    calibration = Calibration(
        levels, quantile_shifts(windows, levels, of_step, lower), width, lower
    )
    better = [(calibrated(f, calibration, task.h), y) for _, f, y in made]
    scores = _aligned(made, ids, [f.quantiles for f, _ in better])
    joint = dependence_of(scores, spread_of(better[0][0].quantiles).mean(axis=(1, 2)))
    return Correction(calibration, fitted_to_sums(joint, better))


def calibrated(forecast: Forecast, calibration: Calibration, task_h: int) -> Forecast:
    """The forecast with corrected quantiles; steps beyond the task's horizon use its last block."""
    of_step = blocks(task_h, len(calibration.shift))[np.minimum(np.arange(forecast.h), task_h - 1)]
    quantiles = apply(calibration, forecast.ids, forecast.quantiles, of_step)
    if forecast.lower is not None:
        quantiles = np.maximum(quantiles, forecast.lower)
    return replace(forecast, quantiles=quantiles)


def _aligned(made: Hindsight, ids: tuple[str, ...], quantiles: list[Floats]) -> Floats:
    """Normal scores of every cutoff in one order of the series, [W, N, h]."""
    place = {key: i for i, key in enumerate(ids)}
    scores = np.full((len(made), len(ids), made[0][1].h), np.nan)
    for j, (_, forecast, truth) in enumerate(made):
        old = [i for i, key in enumerate(forecast.ids) if key in place]
        new = [place[forecast.ids[i]] for i in old]
        scores[j, new] = normal_scores(truth, quantiles[j], forecast.levels)[old]
    return scores
