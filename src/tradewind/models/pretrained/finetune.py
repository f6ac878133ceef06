"""Fine-tuning: the pretrained network becomes the merchant's own."""

from __future__ import annotations

import copy
import itertools
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace

import numpy as np
import torch
from torch import Tensor

from tradewind.arrays import Floats32, Ints
from tradewind.errors import Diverged
from tradewind.models.field import first_seen
from tradewind.models.pretrained.draw import importance
from tradewind.models.pretrained.encode import encode
from tradewind.models.pretrained.layout import AHEAD, PATCH, context_for
from tradewind.models.pretrained.loss import loss
from tradewind.models.pretrained.network import Network
from tradewind.models.pretrained.slots import Shop
from tradewind.models.pretrained.tuning import FineTune
from tradewind.train.loop import Training, Watch, train
from tradewind.train.tracker import Onward, Silent, Tracker

VALIDATED = 256
"""Series whose last window decides, at most."""
PASTS = 8
"""Steps of the past that a window needs at least."""
REPORTS = 20
"""Figures of a curve for each rate."""


@dataclass(frozen=True, slots=True)
class Tuned:
    """What fine-tuning came to.

    weights   of the network; those it began with where nothing did better
    before    loss on the last window, which was not trained on, before
    after     and after: never more than before; both nan where the past was too short
    rate      the learning rate that won, 0 where the network was kept as it was
    steps     updates made in all
    """

    weights: dict[str, Tensor]
    before: float
    after: float
    rate: float
    steps: int


def finetune(
    network: Network, shop: Shop, settings: FineTune, h: int, tracker: Tracker | None = None
) -> Tuned:
    """Train all weights on windows of `shop`, and keep what is best on its last window.

    network    where to begin: the shipped one, or one tuned before; it is not changed
    shop       the past, whose horizon may be empty
    h          steps ahead that matter; beyond 64 the first 64
    tracker    gets the curves of every rate that is tried, one after the other, the settings before
               and the losses on the last window after

    Windows are drawn from every cutoff before the last one. The last window alone says which
    learning rate wins and whether any does.
    """
    h = min(h, AHEAD)
    held = shop.field.steps - h
    start = copy.deepcopy(network.state_dict())
    last = _last_cutoff(held, h)
    test = list(_validation(shop, held, h)) if last >= PASTS else []
    if not test or not (first_seen(shop.field.y) < last).any():
        return Tuned(start, float("nan"), float("nan"), 0.0, 0)
    before = score(network, test)
    best = Tuned(start, before, before, 0.0, 0)
    tracker = tracker or Silent()
    tries = len(settings.rates) * max(settings.steps // 5, 1)
    steps = tries + max(settings.steps * 3 // 5, 1)
    about = {"finetune": asdict(settings), "h": h, "series": len(shop.field.ids), "steps": steps}
    tracker.settings(about)
    watch = Watch(tracker=Onward(tracker))
    began = time.monotonic()
    share = settings.seconds / (len(settings.rates) + 2)
    made, lesson = 0, Lesson(shop, held, h, settings.batch)
    for rate in settings.rates:
        pace = Pace(rate, max(settings.steps // 5, 1), share, settings.seed)
        tried, done = _trained(network, start, lesson, pace, watch)
        best, made = _better(best, tried, test, rate), made + done
    if best.rate:
        left = settings.seconds - (time.monotonic() - began)
        pace = Pace(best.rate, max(settings.steps * 3 // 5, 1), left, settings.seed + 1)
        tried, done = _trained(network, best.weights, lesson, pace, watch)
        best, made = _better(best, tried, test, best.rate), made + done
    losses = {"loss_before": best.before, "loss_after": best.after, "rate": best.rate}
    tracker.summary(losses | {"steps": float(made)})
    return replace(best, steps=made)


@dataclass(frozen=True, slots=True)
class Lesson:
    """What a stretch of training learns from: windows of a shop.

    end     the step that no truth may pass
    batch   windows in an update
    """

    shop: Shop
    end: int
    h: int
    batch: int


@dataclass(frozen=True, slots=True)
class Pace:
    """One stretch of training: its peak learning rate, its updates and seconds at most."""

    rate: float
    steps: int
    seconds: float
    seed: int


def _better(best: Tuned, tried: Network, test: list[dict[str, Tensor]], rate: float) -> Tuned:
    after = score(tried, test)
    if after < best.after:
        return replace(best, weights=dict(tried.state_dict()), after=after, rate=rate)
    return best


def _trained(
    network: Network,
    start: dict[str, Tensor],
    lesson: Lesson,
    pace: Pace,
    watch: Watch,
) -> tuple[Network, int]:
    """A network like `network` that began at `start`, after some updates; and how many they were.

    watch   is told how it goes
    """
    made = Network(network.size)
    made.load_state_dict(start)
    training = Training(
        steps=pace.steps,
        learning_rate=pace.rate,
        warmup=min(pace.steps // 5, 20),
        decay=0.6,
        weight_decay=0.0,
        ema=0.95,
        bf16=False,
        log_every=max(pace.steps // REPORTS, 1),
    )

    def batches(first: int) -> Iterator[dict[str, Floats32 | Ints]]:
        for index in itertools.count(first):
            rng = np.random.default_rng((pace.seed, index))
            yield window_batch(lesson.shop, lesson.batch, (lesson.end, lesson.h), rng)

    try:
        state = train(made, batches, loss, training, None, replace(watch, seconds=pace.seconds))
    except Diverged:  # the rate was too high: nothing better than the start came of it
        made.load_state_dict(start)
        return made, 0
    made.load_state_dict(dict(state.best))
    return made, state.step


def _last_cutoff(end: int, h: int) -> int:
    """The last cutoff of a training window: half of its horizon at least lies before `end`."""
    return end - max(h // 2, 1)


def window_batch(
    shop: Shop, size: int, until: tuple[int, int], rng: np.random.Generator
) -> dict[str, Floats32 | Ints]:
    """Windows of random series at one random cutoff, encoded, with the truth beside them.

    until   the step that no truth may pass, and h
    """
    end, h = until
    born = first_seen(shop.field.y)
    last = _last_cutoff(end, h)
    age = rng.random() ** 2  # recent cutoffs more often
    cutoff = round(last - age * max(last - PASTS, 0))
    alive = np.flatnonzero(born < cutoff - 1)
    if not len(alive):
        cutoff, alive = last, np.flatnonzero(born < last)
    rows = rng.choice(alive, size, replace=len(alive) < size)
    return encoded(shop, rows, cutoff, min(h, end - cutoff))


def encoded(shop: Shop, rows: Ints, cutoff: int, h: int) -> dict[str, Floats32 | Ints]:
    """Some series as they stood after `cutoff` steps, with the next h as truth."""
    part = shop.earlier(rows, cutoff, h)
    born = first_seen(part.field.y)
    context = part.context(np.arange(len(rows)), context_for(int(cutoff - born.min())))
    queries = -(-h // PATCH)
    inputs, scale = encode(context, queries)
    truth = np.full((len(rows), queries * PATCH), np.nan, np.float32)
    truth[:, :h] = shop.field.y[rows, cutoff : cutoff + h]
    use = np.isfinite(truth)
    use[:, :h] &= ~shop.field.closed[rows, cutoff : cutoff + h]
    use[:, :h] &= ~shop.censored[rows, cutoff : cutoff + h]
    y = np.nan_to_num(truth)
    whole = ((context.y == np.rint(context.y)) | np.isnan(context.y)).all(axis=1)
    return {
        **inputs.arrays(),
        "target": np.clip(scale.forward(y), -10, 10).astype(np.float32),
        "weight": (use * importance(context, scale)[:, None]).astype(np.float32),
        "zero": (y == 0).astype(np.float32),
        "count": whole[:, None].astype(np.float32),
    }


def _validation(shop: Shop, held: int, h: int) -> Iterator[dict[str, Tensor]]:
    """The last window of an even sample of the series, in batches."""
    alive = np.flatnonzero(first_seen(shop.field.y) < held - 1)
    alive = alive[:: max(1, -(-len(alive) // VALIDATED))]
    for a in range(0, len(alive), 128):
        arrays = encoded(shop, alive[a : a + 128], held, h)
        yield {name: torch.from_numpy(np.ascontiguousarray(v)) for name, v in arrays.items()}


def score(network: Network, batches: list[dict[str, Tensor]]) -> float:
    """Mean loss over batches, each counted by its weight."""
    network.eval()
    with torch.no_grad():
        weights = [float(batch["weight"].sum()) for batch in batches]
        losses = [float(loss(network, batch)) for batch in batches]
    return float(np.dot(weights, losses) / max(sum(weights), 1e-9))
