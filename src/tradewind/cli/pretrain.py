"""tradewind pretrain: trains the pretrained network on synthetic series."""

from __future__ import annotations

import shlex
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import fields
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tradewind.cli import terminal
from tradewind.cli.options import Json, LangOption, TrackOption, told
from tradewind.cli.views import percent
from tradewind.errors import MissingPackage

if TYPE_CHECKING:
    from tradewind.flows.pretrain import Progress, Sat, Score, Sitting
    from tradewind.flows.words import Told

INTERRUPTED = 130
"""Exit status after Ctrl-C, as shells have it."""


class Device(StrEnum):
    """Where the network is trained."""

    cpu = "cpu"
    cuda = "cuda"


def pretrain(
    samples: Annotated[
        int, typer.Option(min=1, help="Series windows in all, over every sitting.")
    ] = 8_000_000,
    file: Annotated[
        Path,
        typer.Option("--file", "--resume", help="Checkpoint; goes on from there if it exists."),
    ] = Path("training/checkpoint.safetensors"),
    restart: Annotated[
        bool,
        typer.Option("--restart", help="Start afresh; a checkpoint there is kept as FILE.old."),
    ] = False,
    batch: Annotated[int, typer.Option(min=1, help="Series windows in a step.")] = 256,
    workers: Annotated[
        int, typer.Option(min=0, help="Processes that draw series; 0 draws between the steps.")
    ] = 1,
    device: Annotated[Device, typer.Option(help="Where the network is trained.")] = Device.cpu,
    threads: Annotated[int, typer.Option(min=0, help="Of torch; 0 leaves it to torch.")] = 0,
    seed: Annotated[int, typer.Option(min=0, help="Of the weights and of every series.")] = 0,
    learning_rate: Annotated[float, typer.Option(min=1e-9, help="Its peak.")] = 3e-3,
    decay: Annotated[
        float, typer.Option(min=0, max=1, help="Last share of the samples, over which it falls.")
    ] = 0.2,
    minutes: Annotated[
        float, typer.Option(min=0, help="End this sitting then; 0 means no limit.")
    ] = 0.0,
    board: Annotated[Path | None, typer.Option(help="Folder for TensorBoard's curves.")] = None,
    track: TrackOption = None,
    ship: Annotated[
        Path | None, typer.Option(help="Folder for the files that the package ships.")
    ] = None,
    lang: LangOption = None,
    json: Json = False,
) -> None:
    """Train the pretrained network on synthetic series; goes on where it was stopped."""
    from tradewind.flows import pretrain as flow

    sitting = flow.Sitting(
        samples=samples,
        file=file,
        restart=restart,
        batch=batch,
        workers=workers,
        device=device.value,
        threads=threads,
        seed=seed,
        learning_rate=learning_rate,
        decay=decay,
        minutes=minutes,
        board=board,
        track=track.value if track else None,
        ship=ship,
    )
    say = told(lang)
    with terminal.progress(quiet=json, words=say.stage) as tell, _until_interrupted() as stop:
        audience = flow.Audience(_progress(say, tell), _scored(say), stop)
        try:
            sat = flow.pretrain(sitting, audience)
        except MissingPackage as error:
            terminal.failed(str(error))
            raise typer.Exit(1) from None
    if json:
        terminal.as_json(sat.to_dict())
    else:
        _tell(say, sitting, sat)
    if sat.stopped:
        raise typer.Exit(INTERRUPTED)


def _progress(say: Told, tell: terminal.Report) -> Callable[[Progress], None]:
    """The bar: samples, with loss, rate and speed before it."""

    def progress(now: Progress) -> None:
        loss, rate, speed = f"{now.loss:.4f}", f"{now.learning_rate:.1e}", now.samples_per_second
        tell(
            now.samples,
            now.wanted,
            say("pretrain_now", loss=loss, rate=rate, speed=f"{speed:,.0f}"),
        )

    return progress


def _scored(say: Told) -> Callable[[Score], None]:
    """Tells of each score on stderr, also where the bar cannot be seen."""

    def scored(score: Score) -> None:
        loss, skill = f"{score.loss:.4f}", f"{score.skill:.1%}"
        line = say("pretrain_scored", samples=f"{score.samples:,}", loss=loss, skill=skill)
        sys.stderr.write(line + "\n")
        sys.stderr.flush()

    return scored


def _tell(say: Told, sitting: Sitting, sat: Sat) -> None:
    """What the sitting came to, and how to go on."""
    done, wanted = (terminal.cell(n) for n in (sat.samples, sat.wanted))
    score = sat.score
    terminal.facts(
        say("pretrain_stopped" if sat.stopped else "pretrain_title"),
        [
            (say("samples"), say("samples_of", done=done, wanted=wanted)),
            (say("held_loss"), None if score is None else score.loss),
            (say("skill"), None if score is None else percent(score.skill)),
            (say("seconds"), round(sat.seconds, 1)),
            (say("checkpoint"), sat.file),
        ],
    )
    if sat.shipped:
        terminal.facts(say("pretrain_shipped", folder=sitting.ship), list(sat.shipped.items()))
    if sat.samples < sat.wanted:
        terminal.next_step(say("pretrain_go_on", command=again(sitting)))
    elif not sat.shipped:
        terminal.next_step(say("pretrain_ship", command=again(sitting, ship=Path("shipped"))))
    else:
        more = again(sitting, samples=2 * sitting.samples)
        terminal.next_step(say("pretrain_more", command=more))


def again(sitting: Sitting, **other: Any) -> str:
    """The command that goes on from a sitting, with what is not as usual spelt out."""
    words = ["tradewind", "pretrain"]
    for item in fields(sitting):
        value = other.get(item.name, getattr(sitting, item.name))
        if value != item.default and item.name != "restart":
            words += [f"--{item.name.replace('_', '-')}", str(value)]
    return shlex.join(words)


@contextmanager
def _until_interrupted() -> Iterator[Callable[[], bool]]:
    """Whether Ctrl-C or a request to end has come; the second one ends at once."""
    asked: list[int] = []

    def note(number: int, frame: object) -> None:
        if asked:
            raise KeyboardInterrupt
        asked.append(number)

    signals = (signal.SIGINT, signal.SIGTERM)
    before = [signal.signal(number, note) for number in signals]
    try:
        yield lambda: bool(asked)
    finally:
        for number, handler in zip(signals, before, strict=True):
            signal.signal(number, handler)
