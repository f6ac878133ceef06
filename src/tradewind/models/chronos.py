"""Chronos-2 as a forecaster, from a checkpoint on this machine."""

from __future__ import annotations

import json
from collections import defaultdict
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tradewind.arrays import Floats
from tradewind.errors import DataError
from tradewind.forecast import Dependence, Forecast
from tradewind.models.chronos_checkpoint import Checkpoint, checkpoint_at, pipeline
from tradewind.models.dependence import probed, resized
from tradewind.models.field import Field, Labels, field_of, first_seen, labels_of
from tradewind.models.history import check_rows, check_target
from tradewind.models.local import spread_sample
from tradewind.models.protocol import Rescue
from tradewind.models.twins import Twins, asked
from tradewind.panel import Panel
from tradewind.task import Task

PROBE, PROBES = 100, 3
"""Series and earlier cutoffs from which the dependence of the errors is learnt."""
SAVED = "chronos.json"


@dataclass(frozen=True, slots=True)
class Chronos2:
    """A pretrained network that is asked as it is: `fit` only learns how its errors hang together.

    path      folder of the checkpoint, as `save_pretrained` writes it; nothing is ever downloaded
    device    as torch names it: "cpu", "cuda", "cuda:1"
    batch     rows in one pass: a series is one, and each of its covariates another
    context   steps of the past that it looks at; 0 for as many as the checkpoint was made for. What
              a text is worth is always told from the whole past

    Known columns are its future covariates, past columns its past ones, texts its categories; it
    does not look at fixed columns, dates and stock-outs. Each series is asked on its own.

    Source: Ansari et al. (2025), "Chronos-2: From Univariate to Universal Forecasting", in the
    package chronos-forecasting (extra `chronos`).
    """

    path: str
    device: str = "cpu"
    batch: int = 256
    context: int = 0

    def __post_init__(self) -> None:
        if self.batch < 1 or self.context < 0:
            raise ValueError(
                f"batch must be at least 1 and context at least 0, got {self.batch}, {self.context}"
            )

    def fit(self, past: Panel, task: Task) -> FittedChronos2:
        """Remember `past`.

        Raises MissingPackage without the extra `chronos`, DataError where there is no checkpoint.
        """
        bare = self._over(past, task)
        joint = {target: bare.own_dependence(target) for target in task.roles.targets}
        return replace(bare, dependence=joint)

    def restore(self, folder: Path, past: Panel, task: Task) -> FittedChronos2:
        """The fitted model that `save` wrote. Raises DataError if the checkpoint is another one."""
        bare = self._over(past, task)
        saved = json.loads((folder / SAVED).read_text(encoding="utf-8"))
        if saved["checkpoint"] != bare.checkpoint.digest():
            raise DataError(
                f"the checkpoint in {self.path} is not the one that this model was fitted with: "
                "put that one back or fit again"
            )
        joint = {
            target: Dependence(np.array(one["steps"]), one["common"])
            for target, one in saved["dependence"].items()
        }
        return replace(bare, dependence=joint)

    def _over(self, past: Panel, task: Task) -> FittedChronos2:
        check_rows(past, self)
        place = checkpoint_at(self.path)
        pipeline(place, self.device)
        return FittedChronos2(self, past, task, labels_of(past, task), place)


@dataclass(frozen=True, slots=True)
class FittedChronos2:
    """The checkpoint and the past that it is asked about."""

    settings: Chronos2
    past: Panel
    task: Task
    labels: Labels
    checkpoint: Checkpoint
    dependence: dict[str, Dependence] = field(default_factory=dict)
    rescues: tuple[Rescue, ...] = ()
    twins: Twins | None = None

    def forecast(
        self, h: int, levels: tuple[float, ...], known: Panel | None = None, target: str = "y"
    ) -> Forecast:
        """As Fitted.forecast."""
        check_target(target, self.task)
        ahead = field_of(self.past, self.task, self.labels, target, (h, known))
        if self.twins is not None:
            ahead = asked(ahead, self.twins)
            ahead = ahead.part(ahead.rows)
        native, values = self.quantiles(ahead)
        joint = resized(self.dependence[target], h)
        made = ahead.to_forecast(target, native, values, joint)
        return replace(made, levels=tuple(levels), quantiles=made.at(levels))

    def quantiles(self, ahead: Field) -> tuple[tuple[float, ...], Floats]:
        """The network's own levels, and its quantiles in order, [N, h, Q].

        Series of which other columns are known ahead are asked apart, as the network demands.
        """
        network = pipeline(self.checkpoint, self.settings.device)
        alike: dict[tuple[str, ...], list[int]] = defaultdict(list)
        for row in range(len(ahead.ids)):
            alike[_planned(ahead, row)].append(row)
        levels = tuple(float(q) for q in network.quantiles)
        out = np.empty((len(ahead.ids), ahead.h, len(levels)))
        for planned, rows in alike.items():
            made = network.predict(
                [self.asked(ahead, row, planned) for row in rows],
                prediction_length=ahead.h,
                batch_size=self.settings.batch,
                context_length=self.settings.context or None,
                cross_learning=False,
            )
            out[rows] = np.stack([one[0].numpy().T for one in made])
        if not np.isfinite(out).all():
            raise DataError(
                f"the checkpoint in {self.settings.path} answers with numbers that are not finite: "
                "take another copy"
            )
        return levels, np.sort(out, axis=2)

    def asked(self, ahead: Field, row: int, planned: tuple[str, ...]) -> dict[str, Any]:
        """One series as the network reads it, from its first observation on.

        A series that was never seen is a series of zeros.
        """
        steps, y = ahead.steps, ahead.y[row]
        start = int(first_seen(ahead.y[row : row + 1])[0])
        if start == steps:
            start, y = 0, np.zeros(steps, np.float32)
        seen = {name: v[row, start:steps] for name, v in {**ahead.known, **ahead.past}.items()}
        return {
            "target": y[start:],
            "past_covariates": {name: self._read(name, v) for name, v in seen.items()},
            "future_covariates": {
                name: self._read(name, ahead.known[name][row, steps:]) for name in planned
            },
        }

    def _read(self, name: str, values: NDArray[np.float32]) -> NDArray[Any]:
        """A column as numbers, or as the texts that its codes stand for, None where missing."""
        if name not in self.labels.columns:
            return values
        texts = self.labels.columns[name]
        return np.array([texts[int(v)] if v == v else None for v in values], dtype=object)

    def own_dependence(self, target: str) -> Dependence:
        """How errors hang together over a horizon, from a few earlier cutoffs of a sample."""
        h = self.task.h
        whole = field_of(self.past, self.task, self.labels, target, (1, None))
        whole = whole.part(spread_sample(whole.y.astype(np.float64), PROBE))
        levels = pipeline(self.checkpoint, self.settings.device).quantiles

        def ask(end: int) -> Floats:
            return self.quantiles(whole.before(end, h))[1]

        return probed(whole.y.astype(np.float64), h, ask, [float(q) for q in levels], PROBES)

    def update(self, new: Panel) -> FittedChronos2:
        """The network at the new end of the past, its errors looked at again."""
        return self.settings.fit(self.past.append(new), self.task)

    def imagine(self, twins: Twins) -> FittedChronos2:
        """As Imagining.imagine."""
        return replace(self, past=twins.past, twins=twins)

    def save(self, folder: Path) -> None:
        """Write which checkpoint it was, and how its errors hang together."""
        folder.mkdir(parents=True, exist_ok=True)
        joint = {
            target: {"steps": one.steps.tolist(), "common": one.common}
            for target, one in self.dependence.items()
        }
        saved = {"checkpoint": self.checkpoint.digest(), "dependence": joint}
        (folder / SAVED).write_text(json.dumps(saved), encoding="utf-8")


def _planned(ahead: Field, row: int) -> tuple[str, ...]:
    """The known columns of which something is known ahead for this series."""
    future = {name: values[row, ahead.steps :] for name, values in ahead.known.items()}
    return tuple(name for name, values in future.items() if np.isfinite(values).any())
