"""Where the figures of a training run go: nowhere, to TensorBoard, or to several places."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

from tradewind.errors import MissingPackage


class Tracker(Protocol):
    """Takes down what a training run was asked to do and how it goes."""

    def settings(self, values: Mapping[str, Any]) -> None:
        """Once, before the first step: what the run was asked to do."""

    def log(self, step: int, values: Mapping[str, float]) -> None:
        """Figures by name, after `step` steps."""

    def close(self) -> None:
        """Write what is still held back; nothing is logged afterwards."""


class Silent:
    """Takes nothing down."""

    def settings(self, values: Mapping[str, Any]) -> None:
        return None

    def log(self, step: int, values: Mapping[str, float]) -> None:
        return None

    def close(self) -> None:
        return None


class TensorBoard:
    """Writes an event file into `folder`, for `tensorboard --logdir folder`.

    A name with a slash, such as `train/loss`, is shown in the group before it.

    Raises MissingPackage where tensorboard is not installed.
    """

    def __init__(self, folder: Path) -> None:
        try:
            from torch.utils.tensorboard import SummaryWriter
        except ImportError as error:
            raise MissingPackage(
                "tensorboard is not installed, so nothing can be written for it: "
                "pip install tradewind[deep]"
            ) from error
        self._writer: Any = SummaryWriter(str(folder))

    def settings(self, values: Mapping[str, Any]) -> None:
        text = json.dumps(values, indent=2, default=str, ensure_ascii=False)
        self._writer.add_text("settings", f"```\n{text}\n```")

    def log(self, step: int, values: Mapping[str, float]) -> None:
        for name, value in values.items():
            self._writer.add_scalar(name, value, step)

    def close(self) -> None:
        self._writer.close()


class Several:
    """Tells each of `trackers` everything, in their order."""

    def __init__(self, trackers: Sequence[Tracker]) -> None:
        self._trackers = tuple(trackers)

    def settings(self, values: Mapping[str, Any]) -> None:
        for tracker in self._trackers:
            tracker.settings(values)

    def log(self, step: int, values: Mapping[str, float]) -> None:
        for tracker in self._trackers:
            tracker.log(step, values)

    def close(self) -> None:
        for tracker in self._trackers:
            tracker.close()
