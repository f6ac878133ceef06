"""Where a run tells its settings, curves and figures, for as long as it lasts."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tradewind.train.tracker import Tracker, tracker_of

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
