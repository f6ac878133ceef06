"""A network is built for a past, trained on it, and handed over to answer. Needs torch."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from safetensors.torch import save_file
from torch import Tensor

from tradewind.arrays import Floats32
from tradewind.errors import DataError
from tradewind.models.hindsight import frame_digest
from tradewind.models.neural.learn import Aim, learn
from tradewind.models.neural.lesson import GUESSES, Lesson, sizes_of
from tradewind.models.neural.network import Network, Shape
from tradewind.models.neural.serve import GRAPH, WEIGHTS, Inputs, Serve
from tradewind.models.settings import as_table
from tradewind.train.export import to_onnx

if TYPE_CHECKING:
    from tradewind.models.neural.forecaster import FittedNeural

BATCH = "batch"


def fitted_network(bare: FittedNeural, before: FittedNeural | None) -> tuple[Serve, dict[str, Any]]:
    """A trained network for the past of `bare`, from the weights of `before` where there is one.

    Raises DataError where these belong to a network of another shape.
    """
    settings, task = bare.settings, bare.task
    lesson = bare.lesson(1, None)
    shape = shape_of(bare, lesson)
    pace = settings.pace if before is None else settings.pace.further()
    torch.manual_seed(pace.seed)
    network = Network(settings.net, shape)
    if before is not None and before.serve is not None:
        known = before.serve.weights()
        of_other = differing(known, network.state_dict())
        if of_other:
            raise DataError(
                f"the network before does not fit ({', '.join(of_other[:3])} differ): train on "
                "with the same net, context, loss, h, levels, targets and columns, or fit anew"
            )
        network.load_state_dict(known)
    tracker = settings.tracker
    tracker.settings(told_of(bare, network))
    levels = None if shape.counts else task.levels
    aim = Aim(levels, settings.trend, settings.radius)
    learnt = learn(network, lesson, bare.spans, pace, aim, tracker)
    network.load_state_dict(dict(learnt.weights))
    told = {"validation": learnt.loss, "best_step": learnt.step, "steps": learnt.steps}
    tracker.summary({name: float(value) for name, value in told.items()})
    return serving(network.eval()), told


def differing(known: Mapping[str, Tensor], wanted: Mapping[str, Tensor]) -> list[str]:
    """Parameters that two networks do not have alike, by name."""
    sizes = [{name: tuple(value.shape) for name, value in one.items()} for one in (known, wanted)]
    names = sorted(sizes[0].keys() | sizes[1].keys())
    return [name for name in names if sizes[0].get(name) != sizes[1].get(name)]


def told_of(bare: FittedNeural, network: Network) -> dict[str, Any]:
    """What a tracker is told before training: settings, sizes, and which data it is."""
    weights = sum(parameter.numel() for parameter in network.parameters())
    digests = [frame_digest(frame) for frame in (bare.past.frame, bare.past.static)]
    return {
        "network": as_table(bare.settings),
        "task": {"h": bare.h, "targets": bare.task.roles.targets, "series": len(bare.past.ids)},
        "data": digests,
        "weights": weights,
    }


def shape_of(bare: FittedNeural, lesson: Lesson) -> Shape:
    """Sizes of the network for this past."""
    past, ahead = sizes_of(lesson)
    counts = bare.settings.loss == "count"
    return Shape(
        context=bare.spans[0],
        h=bare.h,
        past=past,
        ahead=ahead,
        guesses=GUESSES,
        kinds=tuple(len(bare.labels.columns[name]) for name in lesson.fields[0].texts),
        targets=len(lesson.fields),
        outputs=2 if counts else len(bare.task.levels),
        counts=counts,
    )


def serving(network: Network) -> Serve:
    """A network in torch that answers, and that writes itself as a graph and as weights."""

    def run(inputs: Inputs) -> tuple[Floats32, Floats32]:
        with torch.no_grad():
            given = {k: torch.from_numpy(np.ascontiguousarray(v)) for k, v in inputs.items()}
            quantiles, trend = network(**given)
        return quantiles.numpy(), trend.numpy()

    def keep(folder: Path) -> None:
        shape = network.shape
        example = {
            "past": torch.zeros(2, shape.context, shape.past),
            "ahead": torch.zeros(2, shape.h, shape.ahead),
            "guesses": torch.zeros(2, shape.h, shape.targets, shape.guesses),
            "static": torch.zeros(2, len(shape.kinds), dtype=torch.int64),
            "edges": torch.zeros(2, 3),
        }
        to_onnx(network, example, folder / GRAPH, {name: {0: BATCH} for name in example})
        save_file(
            {k: v.contiguous().clone() for k, v in network.state_dict().items()}, folder / WEIGHTS
        )

    return Serve(run, keep, network.state_dict)
