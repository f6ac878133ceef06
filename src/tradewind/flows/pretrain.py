"""pretrain: the network learns from synthetic series, over as many sittings as it takes."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from importlib import util
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from tradewind.errors import DataError, MissingPackage

if TYPE_CHECKING:
    from tradewind.models.pretrained.network import Network
    from tradewind.models.pretrained.pretrain import Pretraining
    from tradewind.train.loop import State
    from tradewind.train.tracker import Tracker

CHECKPOINT = Path("training") / "checkpoint.safetensors"
SAVE_SECONDS, SCORE_SECONDS = 300.0, 900.0
"""A checkpoint is written so often; one of them is scored at most so often."""
HELD = 16
"""Batches of held-out series in a score: 4,096 series."""
LOG_EVERY = 10


@dataclass(frozen=True, slots=True)
class Sitting:
    """What one sitting of pretraining is asked to do.

    samples    series windows in all, over every sitting
    file       the checkpoint; training goes on from there where it exists
    restart    start afresh; a checkpoint that is there is kept beside it as FILE.old
    batch, workers, device, seed, learning_rate, decay   see Pretraining and Draw
    threads    of torch; 0 leaves their number to torch
    minutes    after which this sitting ends; 0 for no limit
    board      folder of TensorBoard's curves
    track      also write for it, below the checkpoint's folder
    ship       folder for the files that the package ships
    """

    samples: int = 8_000_000
    file: Path = CHECKPOINT
    restart: bool = False
    batch: int = 256
    workers: int = 1
    device: Literal["cpu", "cuda"] = "cpu"
    threads: int = 0
    seed: int = 0
    learning_rate: float = 3e-3
    decay: float = 0.2
    minutes: float = 0.0
    board: Path | None = None
    track: Literal["tensorboard", "wandb"] | None = None
    ship: Path | None = None


@dataclass(frozen=True, slots=True)
class Progress:
    """How training stands: samples, mean loss since the last report, learning rate, speed."""

    samples: int
    wanted: int
    loss: float
    learning_rate: float
    samples_per_second: float


@dataclass(frozen=True, slots=True)
class Score:
    """How the averaged weights do on held-out synthetic series, see `validate`."""

    samples: int
    loss: float
    skill: float


@dataclass(frozen=True, slots=True)
class Audience:
    """Who hears how a sitting goes, and who may end it: `stop` is asked after every step."""

    progress: Callable[[Progress], None] | None = None
    scored: Callable[[Score], None] | None = None
    stop: Callable[[], bool] | None = None


@dataclass(frozen=True, slots=True)
class Sat:
    """What a sitting came to.

    samples   over every sitting so far
    score     the last one; none where the sitting was stopped before the first
    stopped   by the audience, not by samples or minutes; then nothing was shipped
    shipped   SHA-256 of the files written, by name
    """

    samples: int
    wanted: int
    score: Score | None
    seconds: float
    file: Path
    stopped: bool = False
    shipped: Mapping[str, str] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """As plain values, for JSON."""
        return asdict(self)


def pretrain(sitting: Sitting, audience: Audience | None = None) -> Sat:
    """Train until the samples or the minutes are used up, or the audience stops it.

    The checkpoint is written every five minutes and at the end, and scored at most every fifteen.

    Raises MissingPackage without the extra `deep`; DataError where there is no such device or the
    checkpoint belongs to another run.
    """
    audience = audience or Audience()
    _check(sitting)
    from tradewind.models.pretrained.pretrain import pretrain as train
    from tradewind.train.loop import Watch

    settings, began = settings_of(sitting), time.monotonic()
    tracker = _tracker(sitting)
    tracker.settings({"sitting": asdict(sitting), "data": repr(settings.draw)})
    judge = _Judge(settings, tracker, audience, began)
    watch = Watch(
        tracker=tracker,
        progress=judge.progress,
        after=judge.after,
        seconds=60 * sitting.minutes or None,
        stop=judge.stop,
    )
    _prepare(sitting)
    shipped: Mapping[str, str] = {}
    try:
        with _threads(sitting.threads):
            state = train(settings, sitting.file, watch, SAVE_SECONDS)
            if not judge.stopped:
                judge.score(state.step, state)
                tracker.summary(judge.figures)
                shipped = _ship(judge.network(state), sitting.ship) if sitting.ship else {}
    finally:
        tracker.close()
    return Sat(
        samples=state.step * settings.draw.size,
        wanted=settings.samples,
        score=judge.last,
        seconds=time.monotonic() - began,
        file=sitting.file,
        stopped=judge.stopped,
        shipped=shipped,
    )


def settings_of(sitting: Sitting) -> Pretraining:
    """The same as settings of the training."""
    from tradewind.models.pretrained.draw import Draw
    from tradewind.models.pretrained.pretrain import Pretraining

    return Pretraining(
        samples=sitting.samples,
        draw=replace(Draw(), size=sitting.batch, seed=sitting.seed),
        learning_rate=sitting.learning_rate,
        decay=sitting.decay,
        log_every=LOG_EVERY,
        workers=sitting.workers,
        device=sitting.device,
    )


class _Judge:
    """Passes on how training goes, and scores the averaged weights now and then."""

    def __init__(
        self, settings: Pretraining, tracker: Tracker, audience: Audience, began: float
    ) -> None:
        self.settings, self.tracker, self.audience = settings, tracker, audience
        self.last: Score | None = None
        self.scored_at, self.stopped = began, False

    def progress(self, step: int, steps: int, values: Mapping[str, float]) -> None:
        if self.audience.progress is not None:
            size = self.settings.draw.size
            speed = values["steps_per_second"] * size
            loss = values.get("loss", float("nan"))  # no step since the last report was finite
            told = Progress(step * size, steps * size, loss, values["learning_rate"], speed)
            self.audience.progress(told)

    def after(self, step: int, state: State) -> None:
        if time.monotonic() - self.scored_at >= SCORE_SECONDS:
            self.score(step, state)

    def stop(self) -> bool:
        self.stopped = self.audience.stop is not None and self.audience.stop()
        return self.stopped

    def score(self, step: int, state: State) -> None:
        from tradewind.models.pretrained.pretrain import validate

        network = self.network(state).to(self.settings.device)
        found = validate(network, HELD)
        self.tracker.log(step, {f"held-out/{name}": value for name, value in found.items()})
        self.last = Score(step * self.settings.draw.size, found["loss"], found["skill"])
        self.scored_at = time.monotonic()
        if self.audience.scored is not None:
            self.audience.scored(self.last)

    @property
    def figures(self) -> dict[str, float]:
        """The last score, by name."""
        if self.last is None:
            return {}
        return {"loss": self.last.loss, "skill": self.last.skill, "samples": self.last.samples}

    def network(self, state: State) -> Network:
        """The network with the averaged weights."""
        from tradewind.models.pretrained.network import Network

        network = Network(self.settings.size)
        network.load_state_dict(dict(state.best))
        return network


def _tracker(sitting: Sitting) -> Tracker:
    """Those that the sitting names."""
    from tradewind.train.tracker import Several, TensorBoard, tracker_of

    boards: list[Tracker] = [TensorBoard(sitting.board)] if sitting.board else []
    name = f"pretrain-{time.strftime('%Y%m%d-%H%M%S')}"
    return Several(
        [*boards, tracker_of(sitting.track or "", sitting.file.parent / "tracking", name)]
    )


def _check(sitting: Sitting) -> None:
    """Whether this machine can do it, before anything is written."""
    needed = ["torch", "safetensors", *(["onnx", "onnxscript"] if sitting.ship else [])]
    if missing := [name for name in needed if util.find_spec(name) is None]:
        raise MissingPackage(
            f"pretraining needs {' and '.join(missing)}, not installed here: "
            "pip install tradewind[deep]"
        )
    import torch

    if sitting.device == "cuda" and not torch.cuda.is_available():
        raise DataError(
            f"torch {torch.__version__} sees no CUDA device here: take --device cpu, or install "
            "a driver and torch's CUDA build"
        )


def _prepare(sitting: Sitting) -> None:
    """Make the checkpoint's folder, and put an old checkpoint aside for a fresh start."""
    sitting.file.parent.mkdir(parents=True, exist_ok=True)
    if sitting.restart and sitting.file.exists():
        sitting.file.replace(sitting.file.with_name(f"{sitting.file.name}.old"))


def _ship(network: Network, folder: Path) -> dict[str, str]:
    from tradewind.models.pretrained.ship import ship

    return ship(network, folder)


@contextmanager
def _threads(count: int) -> Iterator[None]:
    """Torch on so many threads; 0 leaves it as it is."""
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(count or before)
    try:
        yield
    finally:
        torch.set_num_threads(before)
