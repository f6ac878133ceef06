"""A progress bar of training, for the terminal and for notebooks."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn


class Bar:
    """A tracker that shows steps, loss and the time left; one bar for each stretch of training.

    console   where it is drawn; stderr without one

    >>> from tradewind.models.neural.forecaster import Neural
    >>> model = Neural(tracker=Bar())
    """

    def __init__(self, console: Console | None = None) -> None:
        self._bars = Progress(
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            MofNCompleteColumn(),
            TimeRemainingColumn(),
            console=console or Console(stderr=True),
        )
        self._losses: dict[str, float] = {}
        self._job: Any = None

    def settings(self, values: Mapping[str, Any]) -> None:
        if "steps" in values:
            self._bars.start()
            self._losses = {}
            self._job = self._bars.add_task("training", total=values["steps"])

    def log(self, step: int, values: Mapping[str, float]) -> None:
        if self._job is None:
            return
        self._losses |= {name: values[name] for name in ("loss", "validation") if name in values}
        told = ", ".join(f"{name} {value:.3f}" for name, value in self._losses.items())
        self._bars.update(self._job, completed=step, description=told or "training")

    def summary(self, values: Mapping[str, float]) -> None:
        if self._job is not None and "steps" in values:  # it may have stopped early
            self._bars.update(self._job, total=values["steps"], completed=values["steps"])
        self._bars.stop()
        self._job = None

    def file(self, path: Path) -> None:
        return None

    def close(self) -> None:
        self._bars.stop()
