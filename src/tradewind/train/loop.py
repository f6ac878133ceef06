"""Train a network step by step, so that an interrupted run ends in the very same weights."""

from __future__ import annotations

import copy
import math
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import nullcontext
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

import numpy as np
import torch
from torch import Tensor, nn

from tradewind.errors import DataError, Diverged
from tradewind.train.place import place
from tradewind.train.threads import Workers, drawing, parts_of
from tradewind.train.tracker import Silent, Tracker

PATIENCE = 20
"""Steps in a row without a finite loss and gradient, after which training gives up."""

KEPT = {
    "adamw": {"step", "exp_avg", "exp_avg_sq"},
    "adam": {"step", "exp_avg", "exp_avg_sq"},
    "sgd": {"momentum_buffer"},
}
"""What each optimiser remembers of a parameter, in torch's names."""


@dataclass(frozen=True, slots=True)
class Training:
    """How a network is trained: how long, how fast, with what.

    steps           updates in all, counted from the very first, not from a resumed one
    learning_rate   the peak, reached after `warmup` steps
    schedule        wsd: constant after the warm-up, then a straight fall over the last `decay` of
                    the steps; cosine: half a cosine after the warm-up; constant: no fall
    final           the last step's rate as a share of the peak
    optimizer       adamw takes weight decay off the weights; adam and sgd add it to the gradient
    weight_decay    for tensors of two or more dimensions only: no biases, no scales of norms
    betas           of the two moments; sgd uses the first as its momentum
    clip            largest length of the whole gradient; 0 for no limit
    ema             weight of the past in the moving average of the weights, at step s at most
                    (1+s)/(10+s); 0 for no average
    bf16            matrix products in bfloat16 (autocast); weights and moments stay float32
    seed            of dropout and the like: step k draws from (seed, k) whatever was drawn before
    log_every       steps between two reports
    threads         parts into which the rows of a batch, then a mapping of arrays, are cut; each is
                    computed on a thread of its own and the mean of their losses is learnt. The
                    outcome depends on this number, not on how many cores there are. 1 on a GPU
    shares          (beginning of a parameter's name, share of the learning rate it learns at): the
                    longest one that fits counts, 1 where none does; at 0 a parameter is frozen
    """

    steps: int
    learning_rate: float = 3e-3
    schedule: Literal["wsd", "cosine", "constant"] = "wsd"
    warmup: int = 200
    decay: float = 0.25
    final: float = 0.02
    optimizer: Literal["adamw", "adam", "sgd"] = "adamw"
    weight_decay: float = 0.05
    betas: tuple[float, float] = (0.9, 0.95)
    clip: float = 1.0
    ema: float = 0.999
    bf16: bool = True
    seed: int = 0
    log_every: int = 50
    device: str = "cpu"
    threads: int = 1
    shares: tuple[tuple[str, float], ...] = ()

    def __post_init__(self) -> None:
        if self.steps < 1 or self.log_every < 1 or self.warmup < 0:
            raise ValueError(
                f"steps and log_every must be at least 1 and warmup at least 0, "
                f"got {self.steps}, {self.log_every}, {self.warmup}"
            )
        if self.threads < 1 or (self.threads > 1 and self.device != "cpu"):
            raise ValueError(
                f"threads is at least 1, and 1 on a GPU: not {self.threads} on {self.device}"
            )
        if not 0 <= self.decay <= 1 or not 0 <= self.ema < 1:
            raise ValueError(
                f"decay must lie in [0, 1] and ema in [0, 1), got {self.decay} and {self.ema}"
            )
        if self.optimizer not in KEPT or self.schedule not in ("wsd", "cosine", "constant"):
            raise ValueError(f"no optimizer {self.optimizer!r} or no schedule {self.schedule!r}")
        if min((share for _, share in self.shares), default=0.0) < 0:
            raise ValueError(f"shares of the learning rate are not below 0: {self.shares}")

    def share(self, name: str) -> float:
        """Share of the learning rate at which a parameter learns.

        >>> shares = (("encoder", 0.1), ("encoder.norm", 0.0))
        >>> Training(steps=1, shares=shares).share("encoder.body")
        0.1
        """
        fits = [(len(start), share) for start, share in self.shares if name.startswith(start)]
        return max(fits, default=(0, 1.0))[1]


@dataclass(frozen=True, slots=True)
class State:
    """A run between two steps, on the CPU: enough to go on as if it had never stopped.

    step      steps done
    weights   parameters and buffers by their names in the network
    ema       the same, averaged over the steps; empty without an average
    moments   what the optimiser remembers, as `parameter:moment`
    skipped   steps left out because their loss or gradient was not finite
    """

    step: int
    weights: Mapping[str, Tensor]
    ema: Mapping[str, Tensor] = field(default_factory=dict)
    moments: Mapping[str, Tensor] = field(default_factory=dict)
    skipped: int = 0

    @property
    def best(self) -> Mapping[str, Tensor]:
        """The weights to forecast with: averaged where there is an average."""
        return self.ema or self.weights


@dataclass(frozen=True, slots=True)
class Watch:
    """Who is told how training goes, and what may end it early.

    tracker         gets `loss`, `gradient`, `learning_rate`, `steps_per_second`, `skipped`
    progress        called with (steps done, steps in all, the same values)
    after           called with (steps done, state) to save and to validate; True ends training
    every           steps between two calls of `after`; 0 for none
    every_seconds   seconds between two calls of `after`, whichever comes first
    seconds         training ends cleanly when this much time has passed; None for no limit
    stop            asked after every step; True ends training cleanly
    clock           seconds, from any start
    """

    tracker: Tracker = field(default_factory=Silent)
    progress: Callable[[int, int, Mapping[str, float]], None] | None = None
    after: Callable[[int, State], bool | None] | None = None
    every: int = 0
    every_seconds: float = math.inf
    seconds: float | None = None
    stop: Callable[[], bool] | None = None
    clock: Callable[[], float] = time.monotonic


def rate(settings: Training, step: int) -> float:
    """The learning rate of step `step`, counted from 0.

    As long as a wsd run has not reached `steps * (1 - decay)`, the rate does not depend on `steps`:
    the budget can still be changed.

    >>> settings = Training(steps=100, learning_rate=1.0, warmup=10, decay=0.2, final=0.1)
    >>> [round(rate(settings, step), 3) for step in (0, 9, 79, 80, 99)]
    [0.1, 1.0, 1.0, 0.955, 0.1]
    """
    warm = min(1.0, (step + 1) / settings.warmup) if settings.warmup else 1.0
    if settings.schedule == "constant":
        return settings.learning_rate * warm
    share = 1 - settings.decay if settings.schedule == "wsd" else settings.warmup / settings.steps
    start = min(settings.steps * share, settings.steps - 1)
    done = min(max((step + 1 - start) / (settings.steps - start), 0.0), 1.0)
    if settings.schedule == "cosine":
        done = (1 - math.cos(math.pi * done)) / 2
    return settings.learning_rate * min(warm, 1 - (1 - settings.final) * done)


def train(
    network: nn.Module,
    batches: Callable[[int], Iterator[Any]],
    loss_of: Callable[[nn.Module, Any], Tensor],
    settings: Training,
    state: State | None = None,
    watch: Watch | None = None,
) -> State:
    """Train `network` in place up to `settings.steps` steps; returns the state it has reached.

    batches   batches(k) yields batch k, k+1, …; batch k must depend on nothing but k, so that a run
              resumed from a state equals one that never stopped, bit for bit on the CPU
    loss_of   (network, batch with its arrays as tensors on the device) → a mean, as a scalar
    state     where to go on; None starts at step 0 from the weights that the network has

    The network is left with the last weights; `state.best` has the averaged ones.

    Raises Diverged after 20 steps in a row without a finite loss and gradient; DataError if the
    state belongs to another network or optimiser; ValueError if the batches end too early.
    """
    watch = watch or Watch()
    device = torch.device(settings.device)
    with torch.random.fork_rng(devices=[device] if device.type == "cuda" else []):
        run = _Run(network.to(device), settings, state)
        if run.step >= settings.steps:
            return run.state()
        stream = batches(run.step)
        try:
            with (
                Workers(settings.threads) if settings.threads > 1 else nullcontext() as run.workers
            ):
                return _steps(run, stream, loss_of, watch)
        finally:
            close = getattr(stream, "close", None)
            if close is not None:
                close()


def _steps(
    run: _Run,
    stream: Iterator[Any],
    loss_of: Callable[[nn.Module, Any], Tensor],
    watch: Watch,
) -> State:
    """Step until the steps, the time or the patience of `after` are used up."""
    settings = run.settings
    watch.tracker.settings(asdict(settings))
    began = logged = called = watch.clock()
    ended, window = False, _Window(run.network)
    while run.step < settings.steps and not ended:
        batch = next(stream, _END)
        if batch is _END:
            raise ValueError(f"the batches end at step {run.step}, {settings.steps} were wanted")
        window.add(*run.update(batch, loss_of))
        now = watch.clock()
        if run.step % settings.log_every == 0 or run.step == settings.steps:
            values = window.values() | {
                "learning_rate": rate(settings, run.step - 1),
                "steps_per_second": window.count / max(now - logged, 1e-9),
                "skipped": float(run.skipped),
            }
            watch.tracker.log(run.step, values)
            if watch.progress is not None:
                watch.progress(run.step, settings.steps, values)
            logged, window = now, _Window(run.network)
        due = watch.every > 0 and run.step % watch.every == 0
        if watch.after is not None and (due or now - called >= watch.every_seconds):
            ended = watch.after(run.step, run.state()) is True
            run.network.train()
            called = watch.clock()
        ended = ended or (watch.seconds is not None and watch.clock() - began >= watch.seconds)
        ended = ended or (watch.stop is not None and watch.stop())
    return run.state()


_END = object()


class _Window:
    """Sums over the steps since the last report, kept on the device so that nobody waits for it."""

    def __init__(self, network: nn.Module) -> None:
        zero = next(network.parameters()).new_zeros((), dtype=torch.float64)
        self.loss, self.gradient, self.finite, self.count = zero, zero, 0, 0

    def add(self, loss: Tensor, gradient: Tensor, finite: bool) -> None:
        self.count += 1
        if finite:
            self.finite += 1
            self.loss = self.loss + loss
            self.gradient = self.gradient + gradient

    def values(self) -> dict[str, float]:
        """Mean loss and length of the gradient, before clipping; nothing if no step was finite."""
        if not self.finite:
            return {}
        return {
            "loss": float(self.loss) / self.finite,
            "gradient": float(self.gradient) / self.finite,
        }


class _Run:
    """The moving parts of one run: network, average, optimiser and counters."""

    def __init__(self, network: nn.Module, settings: Training, state: State | None) -> None:
        self.settings, self.network = settings, network
        self.step, self.skipped, self.bad = 0, 0, 0
        self.workers: Workers | None = None
        if state is not None:
            self.step, self.skipped = state.step, state.skipped
            _load(network, state.weights)
        network.train()
        for name, parameter in network.named_parameters():
            if settings.share(name) == 0:
                parameter.requires_grad_(False)
        self.names = {name: p for name, p in network.named_parameters() if p.requires_grad}
        if not self.names:
            raise ValueError(f"every parameter is frozen by the shares {settings.shares}")
        self.average: nn.Module | None = None
        if settings.ema:
            self.average = copy.deepcopy(network).requires_grad_(False)
            if state is not None and state.ema:
                _load(self.average, state.ema)
        self.optimizer = _optimizer(settings, self.names)
        if state is not None:
            self._remember(state.moments)

    def _remember(self, moments: Mapping[str, Tensor]) -> None:
        """Hand the optimiser what it knew."""
        for key, value in moments.items():
            name, _, moment = key.rpartition(":")
            if name not in self.names or moment not in KEPT[self.settings.optimizer]:
                raise DataError(
                    f"the state holds {key!r}, which {self.settings.optimizer} on this network "
                    "does not keep: resume with the optimizer and the network that it was made with"
                )
            parameter = self.names[name]
            self.optimizer.state[parameter][moment] = value.to(parameter.device, copy=True)

    def update(
        self, batch: Any, loss_of: Callable[[nn.Module, Any], Tensor]
    ) -> tuple[Tensor, Tensor, bool]:
        """One step: its loss, the length of its gradient, and whether both were finite."""
        settings, parameters = self.settings, list(self.names.values())
        seeds = np.random.SeedSequence([settings.seed, self.step])
        torch.manual_seed(int(seeds.generate_state(1, np.uint64)[0]))
        loss, found = self._gradients(batch, loss_of)
        for parameter, gradient in zip(parameters, found, strict=True):
            parameter.grad = gradient
        gradients = [p.grad for p in parameters if p.grad is not None]
        length = nn.utils.get_total_norm(gradients)
        finite = bool(torch.isfinite(loss) & torch.isfinite(length))
        if finite:
            if settings.clip:
                nn.utils.clip_grads_with_norm_(parameters, settings.clip, length)
            for group in self.optimizer.param_groups:
                group["lr"] = group["share"] * rate(settings, self.step)
            self.optimizer.step()
            self._follow()
        self._count(finite)
        return loss, length, finite

    def _gradients(
        self, batch: Any, loss_of: Callable[[nn.Module, Any], Tensor]
    ) -> tuple[Tensor, tuple[Tensor | None, ...]]:
        """Loss of a batch and its gradient, None for what it does not depend on."""
        parameters = list(self.names.values())
        device = parameters[0].device

        def made(part: Any) -> tuple[Tensor, tuple[Tensor | None, ...]]:
            with torch.autocast(device.type, torch.bfloat16, enabled=self.settings.bf16):
                loss = loss_of(self.network, part)
            return loss.detach(), torch.autograd.grad(loss, parameters, allow_unused=True)

        placed = place(batch, device)
        if self.workers is None:
            return made(placed)
        parts = parts_of(placed, self.workers.size)

        def drawn(k: int) -> tuple[Tensor, tuple[Tensor | None, ...]]:
            with drawing((self.settings.seed, self.step, k)):
                return made(parts[k])

        losses, found = zip(*self.workers.each(drawn, range(len(parts))), strict=True)
        means = (_mean([g for g in of if g is not None]) for of in zip(*found, strict=True))
        return torch.stack(losses).mean(), tuple(means)

    def _count(self, finite: bool) -> None:
        self.step += 1
        self.skipped += not finite
        self.bad = 0 if finite else self.bad + 1
        if self.bad >= PATIENCE:
            raise Diverged(
                f"no finite loss and gradient in {PATIENCE} steps in a row, since step "
                f"{self.step - PATIENCE}: lower learning_rate ({self.settings.learning_rate:g}) or "
                "look for nan and inf in the batches"
            )

    def _follow(self) -> None:
        """Move the average towards the weights."""
        if self.average is not None:
            past = min(self.settings.ema, (1 + self.step) / (10 + self.step))
            followed: list[Tensor] = list(self.average.parameters())
            with torch.no_grad():
                torch._foreach_lerp_(followed, list(self.network.parameters()), 1 - past)

    def state(self) -> State:
        """A copy on the CPU of all that moves."""
        moments = {
            f"{name}:{moment}": value
            for name, parameter in self.names.items()
            for moment, value in self.optimizer.state[parameter].items()
            if isinstance(value, Tensor)
        }
        average: dict[str, Tensor] = {}
        if self.average is not None:
            buffers = dict(self.network.named_buffers())
            for name, buffer in self.average.named_buffers():
                buffer.copy_(buffers[name])  # counts and tables are taken over, not averaged
            average = self.average.state_dict()
        return State(
            self.step,
            _copied(self.network.state_dict()),
            _copied(average),
            _copied(moments),
            self.skipped,
        )


def _mean(parts: list[Tensor]) -> Tensor | None:
    return torch.stack(parts).mean(0) if parts else None


def _copied(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    return {name: value.detach().to("cpu", copy=True) for name, value in tensors.items()}


def _load(network: nn.Module, weights: Mapping[str, Tensor]) -> None:
    try:
        network.load_state_dict(dict(weights))
    except RuntimeError as error:
        raise DataError(f"the state belongs to another network: {error}") from error


def _optimizer(settings: Training, names: Mapping[str, nn.Parameter]) -> torch.optim.Optimizer:
    """The optimiser: weight decay on matrices only, each parameter at its share of the rate."""
    held: dict[tuple[bool, float], list[nn.Parameter]] = {}
    for name, parameter in names.items():
        held.setdefault((parameter.ndim >= 2, settings.share(name)), []).append(parameter)
    groups: list[dict[str, Any]] = [
        {"params": some, "weight_decay": settings.weight_decay if decays else 0.0, "share": share}
        for (decays, share), some in sorted(held.items(), key=lambda item: item[0], reverse=True)
    ]
    lr, betas = settings.learning_rate, settings.betas
    if settings.optimizer == "sgd":
        return torch.optim.SGD(groups, lr, momentum=betas[0])
    kind = torch.optim.AdamW if settings.optimizer == "adamw" else torch.optim.Adam
    return kind(groups, lr, betas, fused=True)
