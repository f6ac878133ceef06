"""Where a run tells its settings, curves and figures, for as long as it lasts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tradewind.backtest.run import Progress
from tradewind.train.tracker import Silent, Tracker, tracker_of

FOLDER = "tracking"
"""Of a workspace: one folder a run for TensorBoard, one for all runs of Weights & Biases."""


@contextmanager
def tracking(place: Path, kind: str, name: str) -> Iterator[Tracker]:
    """A tracker that writes below `place`, closed at the end; "" is one that takes nothing down.

    kind   "tensorboard", "wandb" or ""
    name   of the run

    Raises MissingPackage where its package is not installed.
    """
    tracker = tracker_of(kind, place / FOLDER, name)
    try:
        yield tracker
    finally:
        tracker.close()


class Aloud(Silent):
    """A progress of models that also tells the steps of one in training: a tracker of its own.

    progress   is told; None for nobody
    """

    def __init__(self, progress: Progress | None) -> None:
        self._progress = progress
        self._place, self._steps = (0, 0), 0

    def __call__(self, done: int, total: int, what: str) -> None:
        """So many of all are done."""
        self._place = (done, total)
        if self._progress is not None:
            self._progress(done, total, what)

    def settings(self, values: Mapping[str, Any]) -> None:
        self._steps = int(values.get("steps", self._steps))

    def log(self, step: int, values: Mapping[str, float]) -> None:
        if self._progress is not None and self._steps:
            self._progress(*self._place, f"training: step {step} of {self._steps}")

    def summary(self, values: Mapping[str, float]) -> None:
        self._steps = 0
