"""The pretrained model as a forecaster: panels in, forecasts out."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

import numpy as np

from tradewind.arrays import Bools, Floats
from tradewind.forecast import Dependence, Forecast
from tradewind.models.dependence import dependence_of, normal_scores, resized, usual_dependence
from tradewind.models.history import check_rows, check_target, never_negative
from tradewind.models.local import spread_sample
from tradewind.models.pretrained.infer import Run, quantiles_of
from tradewind.models.pretrained.layout import CONTEXTS
from tradewind.models.pretrained.levels import LEVELS
from tradewind.models.pretrained.slots import Shop, shop_of
from tradewind.models.pretrained.tuning import FineTune
from tradewind.models.pretrained.weights import (
    PRECISIONS,
    Weights,
    onnx_run,
    read_tuned,
    shipped,
    shipped_run,
    write_tuned,
)
from tradewind.models.pretrained.windows import earlier
from tradewind.models.protocol import Rescue
from tradewind.models.trees_field import Labels, field_of, labels_of
from tradewind.panel import Panel
from tradewind.task import Task

PROBE, PROBES = 200, 3
"""Series and earlier cutoffs from which the dependence of the errors is learnt."""


@dataclass(frozen=True, slots=True)
class Pretrained:
    """A network trained on synthetic retail, asked as it is.

    precision   fp32 is what was trained; int8 is faster on processors made for it, and rounds by
                the range of its batch: a series' result then depends a little on its neighbours
    context     steps of the past that it looks at: 32, 64, 128, 256, 512 or 1,024
    season      steps in a season; 0 takes the task's, or finds it where that is 0 or 1 (a task
                that scores against the last value)
    finetune    train the network on the past before it is asked; needs torch (tradewind[deep]).
                One tuned answers in fp32
    """

    precision: Literal["fp32", "int8"] = "fp32"
    context: int = 1024
    season: int = 0
    finetune: FineTune | None = None

    def __post_init__(self) -> None:
        if self.precision not in PRECISIONS:
            raise ValueError(f"precision is one of {sorted(PRECISIONS)}, not {self.precision!r}")
        if self.context not in CONTEXTS:
            raise ValueError(f"context is one of {CONTEXTS}, not {self.context}")

    def fit(self, past: Panel, task: Task) -> FittedPretrained:
        """Remember `past`, and learn from it only if asked to fine-tune."""
        return self._fit(past, task, None, None)

    def resume(self, before: FittedPretrained, past: Panel, task: Task) -> FittedPretrained:
        """As `fit`, but a tuned network goes on from what it was at an earlier cutoff: faster."""
        return self._fit(past, task, before.tuned, before)

    def restore(self, folder: Path, past: Panel, task: Task) -> FittedPretrained:
        """The fitted model that `save` wrote.

        Raises DataError if it was tuned from other weights than those of this package.
        """
        return self._fit(past, task, read_tuned(folder), None)

    def _fit(
        self, past: Panel, task: Task, tuned: Weights | None, before: FittedPretrained | None
    ) -> FittedPretrained:
        check_rows(past, self)
        bare = FittedPretrained(self, past, task, labels_of(past, task), self.run(tuned), tuned)
        if self.finetune is not None and (tuned is None or before is not None):
            bare = bare.tune(self.finetune)
        joint = {target: bare.own_dependence(target) for target in task.roles.targets}
        return replace(bare, dependence=joint)

    def run(self, tuned: Weights | None) -> Run:
        """The network that answers."""
        if tuned is None:
            return shipped_run(self.precision)
        return onnx_run(shipped(PRECISIONS["fp32"]), tuned.arrays)


@dataclass(frozen=True, slots=True)
class FittedPretrained:
    """The network and the past that it is asked about."""

    settings: Pretrained
    past: Panel
    task: Task
    labels: Labels
    run: Run = field(compare=False)
    tuned: Weights | None = None
    dependence: dict[str, Dependence] = field(default_factory=dict)
    rescues: tuple[Rescue, ...] = field(default=())

    def forecast(
        self, h: int, levels: tuple[float, ...], known: Panel | None = None, target: str = "y"
    ) -> Forecast:
        """As Fitted.forecast."""
        check_target(target, self.task)
        shop = self.shop(target, h, known)
        values = quantiles_of(self.run, shop, self.settings.context).astype(np.float64)
        values[shop.field.closed[:, -h:]] = 0.0
        y = shop.field.y
        floor = never_negative(y.astype(np.float64))
        values[floor] = np.maximum(values[floor], 0.0)
        whole = bool((np.isnan(y) | (y == np.rint(y))).all())
        made = Forecast(
            shop.field.ids,
            shop.field.ds[-h:],
            LEVELS,
            values,
            target=target,
            whole=whole,
            lower=0.0 if floor.all() else None,
            dependence=resized(self.dependence[target], h) if self.dependence else None,
        )
        return replace(made, levels=tuple(levels), quantiles=_at(made, levels))

    def shop(self, target: str, h: int, known: Panel | None) -> Shop:
        """The past and what is known ahead, as matrices."""
        matrices = field_of(self.past, self.task, self.labels, target, (h, known))
        season = self.settings.season or self.task.season * (self.task.season > 1)
        return shop_of(matrices, self.censored(target), season, self.labels.columns)

    def censored(self, target: str) -> Bools:
        """Where sales were limited by stock, [N, T]; only sales are."""
        if target != "y" or "censored" not in self.past.frame.columns:
            return np.zeros((len(self.past.ids), len(self.past.ds)), np.bool_)
        return np.nan_to_num(self.past.wide("censored")) > 0

    def tune(self, settings: FineTune) -> FittedPretrained:
        """The same, with the network fine-tuned on the past; the first target leads."""
        from tradewind.models.pretrained.tune import tune

        shop = self.shop(self.task.roles.targets[0], 1, None)
        tuned = tune(shop, self.tuned, settings, self.task.h)
        return replace(self, tuned=tuned, run=self.settings.run(tuned))

    def own_dependence(self, target: str) -> Dependence:
        """How errors hang together over a horizon, from a few earlier cutoffs of a sample."""
        h = self.task.h
        whole = self.shop(target, 1, None)
        rows = spread_sample(whole.field.y.astype(np.float64), PROBE)
        scores: list[Floats] = []
        size = np.zeros(len(rows))
        for back in range(1, PROBES + 1):
            end = whole.field.steps - h * back
            if end < max(h, 4) or not len(rows):
                break
            made = quantiles_of(self.run, earlier(whole, rows, end, h), self.settings.context)
            size += (made[:, :, -3] - made[:, :, 2]).mean(axis=1)
            truth = whole.field.y[rows, end : end + h].astype(np.float64)
            scores.append(normal_scores(truth, made.astype(np.float64), LEVELS))
        return dependence_of(np.stack(scores), size) if scores else usual_dependence(h)

    def update(self, new: Panel) -> FittedPretrained:
        """The network at the new end of the past; a tuned one goes on learning for a while."""
        return self.settings.resume(self, self.past.append(new), self.task)

    def save(self, folder: Path) -> None:
        """The tuned network's differences from the shipped one; a network as shipped needs none."""
        folder.mkdir(parents=True, exist_ok=True)
        if self.tuned is not None:
            write_tuned(folder, self.tuned)


def _at(made: Forecast, levels: tuple[float, ...]) -> Floats:
    """Quantiles at the levels asked for: the network's own where it has them."""
    if set(levels) <= set(LEVELS):
        return made.quantiles[:, :, [LEVELS.index(q) for q in levels]]
    return made.at(levels)
