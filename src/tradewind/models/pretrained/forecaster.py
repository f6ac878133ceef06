"""The pretrained model as a forecaster: panels in, forecasts out."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

import numpy as np

from tradewind.arrays import Bools, Floats, Floats32
from tradewind.forecast import Dependence, Forecast
from tradewind.models.dependence import dependence_of, normal_scores, resized, usual_dependence
from tradewind.models.history import check_rows, check_target, never_negative
from tradewind.models.local import spread_sample
from tradewind.models.pretrained.encode import Inputs
from tradewind.models.pretrained.infer import Run, quantiles_of
from tradewind.models.pretrained.levels import LEVELS
from tradewind.models.pretrained.slots import Shop, shop_of
from tradewind.models.pretrained.weights import PRECISIONS, session, shipped
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

    precision   int8 is faster; fp32 is what was trained
    context     steps of the past that it looks at, at most 1,024
    season      steps in a season; 0 takes the task's, or finds it
    """

    precision: Literal["int8", "fp32"] = "int8"
    context: int = 1024
    season: int = 0

    def __post_init__(self) -> None:
        if self.precision not in PRECISIONS:
            raise ValueError(f"precision is one of {sorted(PRECISIONS)}, not {self.precision!r}")
        if not 1 <= self.context <= 1024:
            raise ValueError(f"context must be 1 to 1,024 steps, it is {self.context}")

    def fit(self, past: Panel, task: Task) -> FittedPretrained:
        """Remember `past`; nothing is learnt but how errors hang together."""
        check_rows(past, self)
        labels = labels_of(past, task)
        bare = FittedPretrained(self, past, task, labels, {})
        joint = {target: bare.own_dependence(target) for target in task.roles.targets}
        return replace(bare, dependence=joint)

    def restore(self, folder: Path, past: Panel, task: Task) -> FittedPretrained:
        """The fitted model that `save` wrote: the past is all it needs."""
        return self.fit(past, task)


@dataclass(frozen=True, slots=True)
class FittedPretrained:
    """The network and the past that it is asked about."""

    settings: Pretrained
    past: Panel
    task: Task
    labels: Labels
    dependence: dict[str, Dependence]
    rescues: tuple[Rescue, ...] = field(default=())

    def forecast(
        self, h: int, levels: tuple[float, ...], known: Panel | None = None, target: str = "y"
    ) -> Forecast:
        """As Fitted.forecast."""
        check_target(target, self.task)
        shop = self.shop(target, h, known)
        values = quantiles_of(self.run(), shop, self.settings.context).astype(np.float64)
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
        season = self.settings.season or self.task.season
        return shop_of(matrices, self.censored(target), season, self.labels.columns)

    def censored(self, target: str) -> Bools:
        """Where sales were limited by stock, [N, T]; only sales are."""
        if target != "y" or "censored" not in self.past.frame.columns:
            return np.zeros((len(self.past.ids), len(self.past.ds)), np.bool_)
        return np.nan_to_num(self.past.wide("censored")) > 0

    def run(self) -> Run:
        """The network that answers."""
        return onnx_run(shipped(PRECISIONS[self.settings.precision]))

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
            made = quantiles_of(self.run(), earlier(whole, rows, end, h), self.settings.context)
            size += (made[:, :, -3] - made[:, :, 2]).mean(axis=1)
            truth = whole.field.y[rows, end : end + h].astype(np.float64)
            scores.append(normal_scores(truth, made.astype(np.float64), LEVELS))
        return dependence_of(np.stack(scores), size) if scores else usual_dependence(h)

    def update(self, new: Panel) -> FittedPretrained:
        """The same network at the new end of the past."""
        return self.settings.fit(self.past.append(new), self.task)

    def save(self, folder: Path) -> None:
        """Nothing is kept: the weights ship with the package, and the past is kept elsewhere."""
        folder.mkdir(parents=True, exist_ok=True)


def onnx_run(path: Path) -> Run:
    """The exported network on ONNX Runtime."""
    made = session(path)
    wanted = [item.name for item in made.get_inputs()]

    def run(inputs: Inputs) -> tuple[Floats32, Floats32]:
        arrays = inputs.arrays()
        quantiles, zero = made.run(None, {name: arrays[name] for name in wanted})
        return quantiles, zero

    return run


def _at(made: Forecast, levels: tuple[float, ...]) -> Floats:
    """Quantiles at the levels asked for: the network's own where it has them."""
    if set(levels) <= set(LEVELS):
        return made.quantiles[:, :, [LEVELS.index(q) for q in levels]]
    return made.at(levels)
