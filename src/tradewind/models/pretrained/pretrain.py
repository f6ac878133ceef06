"""Pretraining: the network learns from synthetic retail, over as many runs as it takes."""

from __future__ import annotations

import functools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch

from tradewind.errors import DataError
from tradewind.models.pretrained.draw import Draw, batch
from tradewind.models.pretrained.loss import TRUTH, loss, pinball
from tradewind.models.pretrained.network import Network, Size
from tradewind.train import checkpoint
from tradewind.train.batches import parallel
from tradewind.train.loop import State, Training, Watch, train

VALIDATION = Draw(size=256, seed=20_261_124)
"""Series that no training batch holds: another seed."""


@dataclass(frozen=True, slots=True)
class Pretraining:
    """How the network is pretrained.

    samples         series windows in all, over every run; raise it to go on
    size            of the network
    draw            how batches are drawn
    learning_rate   the peak of warm-up, stable, decay
    decay           last share of the samples over which the rate falls
    ema             see Training
    log_every       steps between two reports
    workers         processes that draw batches; 0 for none beside this one
    device          "cpu" or "cuda"
    """

    samples: int = 8_000_000
    size: Size = Size()  # noqa: RUF009  # frozen
    draw: Draw = Draw()  # noqa: RUF009  # frozen
    learning_rate: float = 3e-3
    decay: float = 0.2
    ema: float = 0.9995
    log_every: int = 50
    workers: int = 1
    device: str = "cpu"

    def training(self) -> Training:
        """The same as settings of the loop."""
        return Training(
            steps=-(-self.samples // self.draw.size),
            learning_rate=self.learning_rate,
            warmup=500,
            decay=self.decay,
            ema=self.ema,
            bf16=has_bf16(self.device),
            seed=self.draw.seed,
            log_every=self.log_every,
            device=self.device,
        )

    def about(self) -> dict[str, Any]:
        """What a run that goes on must share with the one that began, for the checkpoint."""
        return {"size": self.size.table(), "batch": self.draw.size, "seed": self.draw.seed}


def has_bf16(device: str) -> bool:
    """Whether bfloat16 is the faster type there: not on a CPU without its instructions."""
    if device == "cuda":
        return bool(torch.cuda.is_bf16_supported())
    return bool(torch.cpu._is_avx512_bf16_supported() or torch.cpu._is_amx_tile_supported())


def pretrain(settings: Pretraining, file: Path, watch: Watch, save_seconds: float = 300.0) -> State:
    """Train until `settings.samples` are used up, going on from `file` where it exists.

    The checkpoint is written to `file` every `save_seconds` and at the end. A run that was cut off
    and resumed gives the weights of one that was not. Raises DataError if the file belongs to a
    network of another size, or to a run with another seed or other batches.
    """
    torch.manual_seed(settings.draw.seed)
    network = Network(settings.size)
    state = begun(settings, file) if file.exists() else None

    def after(step: int, state: State) -> bool | None:
        checkpoint.save(file, state, settings.about())
        return watch.after(step, state) if watch.after is not None else None

    def batches(first: int) -> Iterator[Any]:
        make = functools.partial(batch, settings.draw)
        return parallel(make, first, settings.workers, ahead=4 * max(settings.workers, 1))

    told = replace(watch, after=after, every_seconds=save_seconds)
    state = train(network, batches, loss, settings.training(), state, told)
    checkpoint.save(file, state, settings.about())
    return state


def begun(settings: Pretraining, file: Path) -> State:
    """The state in `file`. Raises DataError where a run with `settings` cannot go on from it."""
    state, wanted = checkpoint.load(file), settings.about()
    had = {k: v for k, v in checkpoint.read_about(file).items() if k in wanted}
    if other := [k for k, v in had.items() if v != wanted[k]]:
        before, now = ({k: told[k] for k in other} for told in (had, wanted))
        raise DataError(
            f"{file} was begun with {before}, not with {now}: go on with what it was begun with, "
            "or start afresh in another file"
        )
    return state


def validate(network: Network, n_batches: int = 16, draw: Draw = VALIDATION) -> dict[str, float]:
    """Loss on held-out synthetic series, and skill against last season's value at every level.

    `loss` is weighted as in training; `skill` is 1 − pinball / pinball of seasonal naive, in z.
    """
    device = next(network.parameters()).device
    network.eval()
    total = naive = mine = 0.0
    with torch.no_grad():
        for index in range(n_batches):
            arrays = {k: torch.from_numpy(v).to(device) for k, v in batch(draw, index).items()}
            total += float(loss(network, arrays))
            quantiles, _ = network(**{k: v for k, v in arrays.items() if k not in TRUTH})
            a, b = _compared(quantiles, arrays)
            mine, naive = mine + a, naive + b
    return {"loss": total / n_batches, "skill": 1 - mine / naive}


def _compared(quantiles: torch.Tensor, arrays: Mapping[str, torch.Tensor]) -> tuple[float, float]:
    """Weighted pinball of the quantiles, and of last season's value in the place of each."""
    query, target = arrays["query"], arrays["target"]
    steps = query.reshape(len(query), -1, query.shape[-1])
    value = torch.where(steps[..., 1] > 0, steps[..., 0], arrays["level"][:, :1])
    flat = value[..., None].expand_as(quantiles)
    weight = arrays["weight"]
    return (
        float((pinball(quantiles, target) * weight).sum()),
        float((pinball(flat, target) * weight).sum()),
    )
