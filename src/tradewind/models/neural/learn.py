"""Training of the family: windows in, the best weights on a later window out."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from tradewind.arrays import Ints
from tradewind.models.neural.lesson import FLAT, Lesson, Windows, windows
from tradewind.models.neural.network import Network
from tradewind.models.neural.pace import Pace
from tradewind.train.loop import State, Training, Watch, train
from tradewind.train.tracker import Onward, Silent, Tracker

THREADS = 2
"""Parts of a batch that are computed at the same time."""
CHECKS = 12
"""Looks at the validation window on the way."""
VALIDATED = 1024
"""Series whose last window decides, at most."""
FEWEST = 4
"""Observations that a window's past needs at least."""


@dataclass(frozen=True, slots=True)
class Learnt:
    """What training came to.

    weights   those that did best on the validation window
    loss      there; nan without one
    step      at which they were reached, of `steps` made
    """

    weights: Mapping[str, Tensor]
    loss: float
    step: int
    steps: int


@dataclass(frozen=True, slots=True)
class Aim:
    """What the loss is made of.

    levels    quantile levels, or None for counts
    trend     weight of the class of the sum
    radius    of adversarial inputs, in units of the series' own scale; 0 for none
    """

    levels: tuple[float, ...] | None
    trend: float = 0.0
    radius: float = 0.0


def learn(
    network: Network,
    lesson: Lesson,
    spans: tuple[int, int],
    pace: Pace,
    aim: Aim,
    tracker: Tracker | None = None,
) -> Learnt:
    """Train all weights of `network` in place on windows from every cutoff but the last.

    spans     L steps of the past and H of the horizon
    tracker   gets the curves; settings and summary are told by who called

    The last H steps are never trained on: they say when to stop. Where the past is too short for
    that, all of it is trained on and the last weights stay.
    """
    held = lesson.steps - spans[1]
    test = _validation(lesson, held, spans)
    end = held if test is not None else lesson.steps
    cutoffs = _cutoffs(lesson, end, spans[1])
    if not len(cutoffs):
        return Learnt(dict(network.state_dict()), math.nan, 0, 0)
    steps = pace.steps_of(len(lesson.born) * len(cutoffs) / spans[1])
    told = tracker or Silent()
    told.settings({"steps": steps})
    best = _Best(network, test, aim, pace, Onward(told))
    training = Training(
        steps=steps,
        learning_rate=pace.learning_rate,
        schedule=pace.schedule,
        warmup=max(1, round(pace.warmup * steps)),
        final=0.02,
        optimizer=pace.optimizer,
        weight_decay=pace.weight_decay,
        clip=pace.clip,
        betas=(0.9, 0.98),
        ema=0.98,
        bf16=pace.bf16,
        seed=pace.seed,
        log_every=max(1, steps // CHECKS),
        device=pace.device,
        threads=THREADS if pace.device == "cpu" else 1,
        shares=pace.parts.shares(network.encoder.layers()),
    )
    watch = Watch(
        tracker=best.tracker,
        progress=None,
        after=best.look if test is not None else None,
        every=max(1, steps // CHECKS),
        seconds=pace.seconds or None,
    )
    if test is not None:
        best.look(0, State(0, network.state_dict()))
    stream = _batches(lesson, (end, cutoffs), spans, pace)
    state = train(network, stream, lambda n, batch: loss(n, batch, aim), training, None, watch)
    network.to("cpu")
    if test is None or best.weights is None:
        return Learnt(dict(state.best), math.nan, state.step, state.step)
    return Learnt(best.weights, best.loss, best.step, state.step)


class _Best:
    """The best weights seen on the validation window, and patience for better ones."""

    def __init__(
        self,
        network: Network,
        test: dict[str, Tensor] | None,
        aim: Aim,
        pace: Pace,
        tracker: Tracker,
    ) -> None:
        self.judge = Network(network.net, network.shape)
        self.test, self.aim, self.pace, self.tracker = test, aim, pace, tracker
        self.weights: dict[str, Tensor] | None = None
        self.loss, self.step, self.worse = math.inf, 0, 0

    def look(self, step: int, state: State) -> bool:
        """Whether training has gone on long enough without a gain."""
        self.judge.load_state_dict(dict(state.best))
        self.judge.eval()
        assert self.test is not None
        with torch.no_grad():
            found = float(loss(self.judge, self.test, replace(self.aim, radius=0.0)))
        self.tracker.log(step, {"validation": found})
        if found < self.loss:
            self.weights = {k: v.clone() for k, v in state.best.items()}
            self.loss, self.step, self.worse = found, step, 0
            return False
        self.worse += 1
        return self.worse >= self.pace.patience


def loss(network: torch.nn.Module, batch: Mapping[str, Tensor], aim: Aim) -> Tensor:
    """Mean loss of a batch; with a radius, half of it on inputs moved against the network.

    Source of the moved inputs: the fast gradient sign method, Goodfellow et al. (2015).
    """
    plain = _loss(network, batch, batch["past"], aim)
    if not aim.radius or not network.training:
        return plain
    past = batch["past"].detach().clone().requires_grad_(True)
    (gradient,) = torch.autograd.grad(_loss(network, batch, past, aim), past)
    moved = batch["past"] + aim.radius * gradient.sign() * batch["movable"]
    return (plain + _loss(network, batch, moved.detach(), aim)) / 2


def _loss(network: torch.nn.Module, batch: Mapping[str, Tensor], past: Tensor, aim: Aim) -> Tensor:
    made, trend = network(past, batch["ahead"], batch["guesses"], batch["static"], batch["edges"])
    made = made.float()
    use = batch["use"]
    total = torch.clamp(use.sum((0, 1)), min=1.0)
    if aim.levels is None:
        cell = count_loss(made, batch)
    else:
        cell = pinball(made, batch["target"], made.new_tensor(aim.levels))
    of_target = (cell * use).sum((0, 1)) / total
    spread: Tensor = network.spread  # type: ignore[assignment]  # torch types members loosely
    if len(of_target) > 1:  # Kendall, Gal & Cipolla (2018)
        of_target = of_target * torch.exp(-spread) + spread
    out = of_target.sum()
    if aim.trend and batch["called"].any():
        told = batch["called"]
        out = out + aim.trend * F.cross_entropy(trend.float()[told], batch["direction"][told])
    return out


def pinball(made: Tensor, target: Tensor, levels: Tensor) -> Tensor:
    """Twice the mean quantile loss of each cell, [B, H, T]; made [B, H, T, Q], target [B, H, T]."""
    error = target[..., None] - made
    return 2 * torch.maximum(levels * error, (levels - 1) * error).mean(dim=3)


def count_loss(made: Tensor, batch: Mapping[str, Tensor]) -> Tensor:
    """Negative log likelihood of counts, negative binomial, [B, H, T].

    made   [B, H, T, 2]   z of the mean, and ln of the dispersion a: variance = mean + a · mean²
    """
    loc, size = batch["loc"][:, None], batch["size"][:, None]
    mean = size * F.softplus(made[..., 0] + loc / size) + 1e-4
    shape = torch.exp(-made[..., 1].clamp(-6, 4))
    y = batch["units"]
    total = shape + mean
    likelihood = (
        torch.lgamma(y + shape)
        - torch.lgamma(shape)
        - torch.lgamma(y + 1)
        + shape * torch.log(shape / total)
        + y * torch.log(mean / total)
    )
    return -likelihood


def as_batch(made: Windows, lesson: Lesson) -> dict[str, Any]:
    """Windows with their truth as a network is trained on them."""
    target = made.target
    use = np.isfinite(target)
    units = np.stack([s.back(target[:, :, k]) for k, s in enumerate(made.scales)], axis=2)
    after, before = units[:, :, 0].sum(axis=1), np.nan_to_num(made.before)
    told = use[:, :, 0].all(axis=1) & (before > 0)
    rise, fall = after > before * (1 + FLAT), after < before * (1 - FLAT)
    movable = np.zeros((1, 1, made.past.shape[2]), np.float32)
    movable[..., 0 : 2 * len(lesson.fields) : 2] = 1
    return {
        **made.inputs(),
        "target": np.nan_to_num(target),
        "use": use.astype(np.float32),
        "direction": np.where(rise, 0, np.where(fall, 2, 1)).astype(np.int64),
        "called": told,
        "movable": np.broadcast_to(movable, (len(target), 1, movable.shape[2])).copy(),
        "loc": np.concatenate([s.loc for s in made.scales], axis=1),
        "size": np.concatenate([s.size for s in made.scales], axis=1),
        "units": np.nan_to_num(units).astype(np.float32),
    }


def _cutoffs(lesson: Lesson, end: int, h: int) -> Ints:
    """Cutoffs to train on: half of the horizon at least lies before `end`."""
    last = end - max(h // 2, 1)
    first = min(int(lesson.born.min()) + FEWEST, last)
    return np.arange(max(first, 1), last + 1)


def _batches(
    lesson: Lesson, place: tuple[int, Ints], spans: tuple[int, int], pace: Pace
) -> Callable[[int], Iterator[Any]]:
    """Batch k: random series, each at a random cutoff at which it lived."""
    end, cutoffs = place

    def make(index: int) -> Any:
        rng = np.random.default_rng((pace.seed, index))
        alive = np.flatnonzero(lesson.born + FEWEST <= cutoffs[-1])
        alive = alive if len(alive) else np.arange(len(lesson.born))
        rows = rng.choice(alive, pace.batch)
        first = np.maximum(lesson.born[rows] + FEWEST, cutoffs[0])
        at = first + np.floor(rng.random(len(rows)) * np.maximum(cutoffs[-1] + 1 - first, 1))
        made = windows(lesson, rows, np.minimum(at, cutoffs[-1]).astype(np.int64), spans)
        late = at[:, None] + np.arange(spans[1]) >= end
        made.target[late] = np.nan
        targets = len(lesson.fields)
        columns = (2 * targets, len(lesson.columns), lesson.ahead)
        batch = as_batch(made, lesson) | {"columns": columns}
        batch = pace.augment.apply(batch, targets, rng)
        return {k: v for k, v in batch.items() if k != "columns"}

    def stream(first: int) -> Iterator[Any]:
        for index in itertools.count(first):
            yield make(index)

    return stream


def _validation(lesson: Lesson, held: int, spans: tuple[int, int]) -> dict[str, Tensor] | None:
    """The last window of an even sample of the series; None where too little lies before it."""
    alive = np.flatnonzero(lesson.born + FEWEST < held - spans[1] // 2)
    if not len(alive) or held < FEWEST:
        return None
    alive = alive[:: max(1, -(-len(alive) // VALIDATED))]
    made = windows(lesson, alive, np.full(len(alive), held), spans)
    return {name: torch.from_numpy(v) for name, v in as_batch(made, lesson).items()}
