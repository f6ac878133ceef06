"""The pretrained model as a forecaster: panels in, forecasts out."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from importlib.util import find_spec
from pathlib import Path
from typing import Literal

import numpy as np

from tradewind.arrays import Bools, Floats
from tradewind.errors import MissingPackage
from tradewind.forecast import Dependence, Forecast
from tradewind.models.dependence import probed, resized
from tradewind.models.field import Labels, labels_of
from tradewind.models.history import check_rows, check_target
from tradewind.models.local import spread_sample
from tradewind.models.pretrained.infer import Run, quantiles_of
from tradewind.models.pretrained.layout import CONTEXTS
from tradewind.models.pretrained.levels import LEVELS
from tradewind.models.pretrained.slots import Shop, flags_of, shop_of
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
from tradewind.models.protocol import Rescue
from tradewind.models.twins import Twins, asked, field_with
from tradewind.panel import Panel
from tradewind.task import Task
from tradewind.train.tracker import Silent, Tracker

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
    tracker     is told how fine-tuning goes; not a setting
    """

    precision: Literal["fp32", "int8"] = "fp32"
    context: int = 1024
    season: int = 0
    finetune: FineTune | None = None
    tracker: Tracker = field(default_factory=Silent, repr=False, compare=False)

    def __post_init__(self) -> None:
        if self.precision not in PRECISIONS:
            raise ValueError(f"precision is one of {sorted(PRECISIONS)}, not {self.precision!r}")
        if self.context not in CONTEXTS:
            raise ValueError(f"context is one of {CONTEXTS}, not {self.context}")

    def fit(self, past: Panel, task: Task) -> FittedPretrained:
        """Remember `past`, and learn from it only if asked to fine-tune.

        Raises MissingPackage if fine-tuning is asked for and torch is not installed.
        """
        return self._learnt(past, task, None)

    def resume(self, before: FittedPretrained, past: Panel, task: Task) -> FittedPretrained:
        """As `fit`, but a tuned network goes on from what it was at an earlier cutoff: faster."""
        return self._learnt(past, task, before.tuned)

    def restore(self, folder: Path, past: Panel, task: Task) -> FittedPretrained:
        """The fitted model that `save` wrote; nothing is trained.

        Raises DataError if it was tuned from other weights than those of this package.
        """
        return self._over(past, task, read_tuned(folder)).joined()

    def _learnt(self, past: Panel, task: Task, tuned: Weights | None) -> FittedPretrained:
        bare = self._over(past, task, tuned)
        return (bare if self.finetune is None else bare.tune(self.finetune)).joined()

    def _over(self, past: Panel, task: Task, tuned: Weights | None) -> FittedPretrained:
        check_rows(past, self)
        return FittedPretrained(self, past, task, labels_of(past, task), self.run(tuned), tuned)

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
    twins: Twins | None = None

    def forecast(
        self, h: int, levels: tuple[float, ...], known: Panel | None = None, target: str = "y"
    ) -> Forecast:
        """As Fitted.forecast."""
        check_target(target, self.task)
        shop = self.shop(target, h, known)
        values = quantiles_of(self.run, shop, self.settings.context).astype(np.float64)
        joint = resized(self.dependence[target], h) if self.dependence else None
        made = shop.field.to_forecast(target, LEVELS, values, joint)
        return replace(made, levels=tuple(levels), quantiles=made.at(levels))

    def shop(self, target: str, h: int, known: Panel | None) -> Shop:
        """The past and what is known ahead, as matrices."""
        matrices = field_with(self.past, self.task, self.labels, target, (h, known), self.twins)
        matrices = asked(matrices, self.twins)
        season = self.settings.season or self.task.season * (self.task.season > 1)
        flags = flags_of(matrices, self.labels.columns)
        return shop_of(matrices, self.censored(target), season, flags)

    def imagine(self, twins: Twins) -> FittedPretrained:
        """As Imagining.imagine."""
        return replace(self, past=twins.past, twins=twins)

    def censored(self, target: str) -> Bools:
        """Where sales were limited by stock, [N, T]; only sales are."""
        if target != "y" or "censored" not in self.past.frame.columns:
            return np.zeros((len(self.past.ids), len(self.past.ds)), np.bool_)
        return np.nan_to_num(self.past.wide("censored")) > 0

    def tune(self, settings: FineTune) -> FittedPretrained:
        """The same, with the network fine-tuned on the past; the first target leads."""
        if find_spec("torch") is None:
            raise MissingPackage(
                "fine-tuning needs torch, which is not installed: pip install tradewind[deep], or "
                "take the model as it ships (pretrained)"
            )
        from tradewind.models.pretrained.tune import tune

        shop = self.shop(self.task.roles.targets[0], 1, None)
        tuned = tune(shop, self.tuned, settings, self.task.h, self.settings.tracker)
        return replace(self, tuned=tuned, run=self.settings.run(tuned))

    def joined(self) -> FittedPretrained:
        """The same, knowing how its errors hang together."""
        joint = {target: self.own_dependence(target) for target in self.task.roles.targets}
        return replace(self, dependence=joint)

    def own_dependence(self, target: str) -> Dependence:
        """How errors hang together over a horizon, from a few earlier cutoffs of a sample."""
        h = self.task.h
        whole = self.shop(target, 1, None)
        rows = spread_sample(whole.field.y, PROBE)

        def ask(end: int) -> Floats:
            made = quantiles_of(self.run, whole.earlier(rows, end, h), self.settings.context)
            return made.astype(np.float64)

        y = whole.field.y[rows].astype(np.float64)
        return probed(y, h, ask, LEVELS, PROBES)

    def update(self, new: Panel) -> FittedPretrained:
        """The network at the new end of the past; a tuned one goes on learning for a while."""
        return self.settings.resume(self, self.past.append(new), self.task)

    def save(self, folder: Path) -> None:
        """The tuned network's differences from the shipped one; a network as shipped needs none."""
        folder.mkdir(parents=True, exist_ok=True)
        if self.tuned is not None:
            write_tuned(folder, self.tuned)
