"""Neural: a network trained on the shop's own panel, as a forecaster."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Literal

import numpy as np

from tradewind.arrays import Floats, Floats32, Ints
from tradewind.errors import MissingPackage
from tradewind.forecast import Dependence, Forecast
from tradewind.models.dependence import probed, resized
from tradewind.models.field import Labels, field_of, labels_of
from tradewind.models.history import check_rows, check_target
from tradewind.models.local import spread_sample
from tradewind.models.neural.lesson import (
    CONTEXT,
    Lesson,
    Windows,
    lesson_of,
    windows,
)
from tradewind.models.neural.nets import Net, Recurrent
from tradewind.models.neural.pace import Pace
from tradewind.models.neural.scaling import SCALINGS, Scaling
from tradewind.models.neural.serve import Serve, read, write
from tradewind.models.pretrained.slots import Flags, flags_of
from tradewind.models.protocol import Rescue
from tradewind.models.twins import Twins, asked
from tradewind.panel import Panel, every
from tradewind.task import Task
from tradewind.train.tracker import Silent, Tracker

PROBE, PROBES = 200, 3
"""Series and earlier cutoffs from which the dependence of the errors is learnt."""
AT_ONCE = 4096
"""Windows that are forecast at once."""


@dataclass(frozen=True, slots=True)
class Neural:
    """A network of the family, trained on all series of the panel together.

    net        what stands between the inputs and the head: MLP, Recurrent, Attention, Linear
    context    steps of the past that it reads; 0 for the usual of the frequency
    scaling    of each window by its own past: standard, minmax, robust or log1p
    loss       quantile, or count: a negative binomial for whole numbers
    trend      weight of the class of the sum (rise, flat, fall) beside the quantiles; 0 for none
    radius     of adversarial training, in units of the series' own scale; 0 for none
    pace       how it is trained
    tracker    is told how training goes; not a setting
    """

    net: Net = field(default_factory=Recurrent)
    context: int = 0
    scaling: Scaling = "robust"
    loss: Literal["quantile", "count"] = "quantile"
    trend: float = 0.0
    radius: float = 0.0
    pace: Pace = field(default_factory=Pace)
    tracker: Tracker = field(default_factory=Silent, repr=False, compare=False)

    def __post_init__(self) -> None:
        if self.scaling not in SCALINGS or self.loss not in ("quantile", "count"):
            raise ValueError(f"no scaling {self.scaling!r} or no loss {self.loss!r}")
        if self.loss == "count" and self.scaling == "log1p":
            raise ValueError("counts are not scaled by log1p: take standard")
        if self.loss == "count" and self.pace.augment.moves_values:
            raise ValueError("augmented counts are no counts: only drop goes with loss='count'")
        if min(self.context, self.trend, self.radius) < 0:
            raise ValueError("context, trend and radius are not below 0")

    def fit(self, past: Panel, task: Task) -> FittedNeural:
        """Train on the past. Raises MissingPackage where torch is not installed."""
        return self._learnt(past, task, None)

    def resume(self, before: FittedNeural, past: Panel, task: Task) -> FittedNeural:
        """As `fit`, but from the weights that were learnt before, on a longer past or on other
        series: a warm start, of a share `pace.again` of the steps. `pace.parts` says what changes
        fast, slowly or not at all; where nothing does better on the validation window, the weights
        before stay. Texts that the network before did not know stay unknown.

        Raises DataError where the network before has another shape.
        """
        return self._learnt(past, task, before)

    def restore(self, folder: Path, past: Panel, task: Task) -> FittedNeural:
        """The model that `save` wrote; it answers through ONNX Runtime, torch is not needed."""
        about, serve = read(folder)
        labels = Labels({k: tuple(v) for k, v in about["labels"].items()})
        flags = {k: tuple(v) for k, v in about["flags"].items()}
        joint = {t: Dependence(np.array(s), c) for t, (s, c) in about["dependence"].items()}
        return FittedNeural(
            self, past, task, labels, flags, about["h"], serve, joint, about["training"]
        )

    def _learnt(self, past: Panel, task: Task, before: FittedNeural | None) -> FittedNeural:
        check_rows(past, self)
        if find_spec("torch") is None:
            raise MissingPackage(
                "training networks needs torch, which is not installed: pip install tradewind[deep]"
            )
        from tradewind.models.neural.fitting import fitted_network

        task.check(past)
        labels = labels_of(past, task) if before is None else before.labels
        found = field_of(past, task, labels, task.roles.targets[0], (1, None))
        flags = flags_of(found, labels.columns) if before is None else before.flags
        bare = FittedNeural(self, past, task, labels, flags, task.h, None, {}, {})
        serve, told = fitted_network(bare, before)
        return replace(bare, serve=serve, training=told).joined()


@dataclass(frozen=True, slots=True)
class FittedNeural:
    """A trained network and the past that it is asked about.

    serve      answers for windows
    training   loss on the validation window, steps made, step of the best weights
    """

    settings: Neural
    past: Panel
    task: Task
    labels: Labels
    flags: Flags
    h: int
    serve: Serve | None = field(compare=False)
    dependence: dict[str, Dependence] = field(default_factory=dict)
    training: dict[str, Any] = field(default_factory=dict)
    rescues: tuple[Rescue, ...] = ()
    twins: Twins | None = None

    @property
    def spans(self) -> tuple[int, int]:
        """Steps of the past that are read, and of the horizon."""
        usual = CONTEXT[every(self.past.freq)]
        return self.settings.context or usual, self.h

    def lesson(self, h: int, known: Panel | None) -> Lesson:
        """The past and what is known of h steps, as the network reads them."""
        fields = [
            asked(field_of(self.past, self.task, self.labels, target, (h, known)), self.twins)
            for target in self.task.roles.targets
        ]
        if self.twins is not None:  # no series sees another: the twins are enough
            fields = [one.part(one.rows) for one in fields]
        return lesson_of(fields, self.flags, self.settings.scaling)

    def forecast(
        self, h: int, levels: tuple[float, ...], known: Panel | None = None, target: str = "y"
    ) -> Forecast:
        """As Fitted.forecast. Beyond the task's h, medians stand in for what is not seen yet."""
        check_target(target, self.task)
        lesson, place = self.lesson(h, known), self.task.roles.targets.index(target)
        rows = np.arange(len(lesson.born))
        values = self.quantiles(lesson, rows, lesson.steps, h)[:, :, place]
        field_ = lesson.fields[place]
        joint = resized(self.dependence[target], h) if self.dependence else None
        made = field_.to_forecast(target, self.task.levels, values.astype(np.float64), joint)
        return replace(made, levels=tuple(levels), quantiles=made.at(levels))

    def quantiles(self, lesson: Lesson, rows: Ints, end: int, h: int) -> Floats:
        """Quantiles of h steps after `end`, [B, h, T, Q], in units."""
        out = []
        for at in range(0, len(rows), AT_ONCE):
            part = lesson.part(rows[at : at + AT_ONCE])
            out.append(self._ahead(part, end, h))
        return np.concatenate(out)

    def _ahead(self, lesson: Lesson, end: int, h: int) -> Floats:
        """As `quantiles`, block after block of the task's h."""
        blocks: list[Floats] = []
        rows = np.arange(len(lesson.born))
        for start in range(0, h, self.h):
            made = windows(lesson, rows, np.full(len(rows), end + start), self.spans)
            blocks.append(self.answer(made)[0][:, : h - start])
            if start + self.h < h:
                lesson = _extended(lesson, blocks[-1], end + start, self.task.levels)
        return np.concatenate(blocks, axis=1)

    def answer(self, made: Windows) -> tuple[Floats, Floats]:
        """Quantiles [B, H, T, Q] in units, and the chances of rise, flat and fall, [B, 3]."""
        assert self.serve is not None
        z, logits = self.serve(made.inputs())
        levels = self.task.levels
        if self.settings.loss == "count":
            values = counted(z, made, levels)
        else:
            values = np.stack(
                [scale.back(z[:, :, k]) for k, scale in enumerate(made.scales)], axis=2
            )
        chance = np.exp(logits - logits.max(axis=1, keepdims=True))
        return values.astype(np.float64), chance / chance.sum(axis=1, keepdims=True)

    def trend(self, known: Panel | None = None) -> Floats:
        """Chances that the sum of the next h steps rises, stays and falls, [N, 3].

        Raises ValueError where the network was trained without the class.
        """
        if not self.settings.trend:
            raise ValueError("this network was trained without trend classes: set trend above 0")
        lesson = self.lesson(self.h, known)
        rows = np.arange(len(lesson.born))
        made = windows(lesson, rows, np.full(len(rows), lesson.steps), self.spans)
        return self.answer(made)[1]

    def joined(self) -> FittedNeural:
        """The same, knowing how its errors hang together."""
        lesson = self.lesson(1, None)
        joint = {}
        for place, target in enumerate(self.task.roles.targets):
            y = lesson.fields[place].y.astype(np.float64)
            rows = spread_sample(y, PROBE)
            part = lesson.part(rows)

            def ask(end: int, place: int = place, part: Lesson = part) -> Floats:
                some = np.arange(len(part.born))
                return self.quantiles(part, some, end, self.h)[:, :, place]

            joint[target] = probed(y[rows], self.task.h, ask, self.task.levels, PROBES)
        return replace(self, dependence=joint)

    def update(self, new: Panel) -> FittedNeural:
        """The network at the new end of the past; its weights stay (`resume` trains them on)."""
        return replace(self, past=self.past.append(new))

    def imagine(self, twins: Twins) -> FittedNeural:
        """As Imagining.imagine."""
        return replace(self, past=twins.past, twins=twins)

    def save(self, folder: Path) -> None:
        """Write the network as an ONNX graph and a checkpoint, and what it needs beside."""
        assert self.serve is not None
        about = {
            "h": self.h,
            "labels": self.labels.columns,
            "flags": self.flags,
            "dependence": {t: [d.steps.tolist(), d.common] for t, d in self.dependence.items()},
            "training": self.training,
        }
        write(folder, self.serve, json.loads(json.dumps(about)))


def counted(z: Floats32, made: Windows, levels: tuple[float, ...]) -> Floats:
    """Quantiles of negative binomials, [B, H, T, Q]; z as the head tells counts."""
    from scipy import stats  # half a second to load, for counts alone

    loc = np.stack([s.loc for s in made.scales], axis=2)
    size = np.stack([s.size for s in made.scales], axis=2)
    mean = size * np.logaddexp(0, z[..., 0] + loc / size) + 1e-4
    shape = np.exp(-np.clip(z[..., 1], -6, 4))
    chance = shape / (shape + mean)
    out: Floats = stats.nbinom.ppf(np.array(levels), shape[..., None], chance[..., None])
    return out


def _extended(lesson: Lesson, values: Floats, end: int, levels: tuple[float, ...]) -> Lesson:
    """The lesson with medians of the steps after `end` in place of what is not seen."""
    middle = int(np.argmin(np.abs(np.array(levels) - 0.5)))
    fields = []
    for k, one in enumerate(lesson.fields):
        y = np.concatenate([one.y[:, :end], values[:, :, k, middle].astype(np.float32)], axis=1)
        fields.append(replace(one, y=y))
    return replace(lesson, fields=tuple(fields))
