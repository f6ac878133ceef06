"""Where the figures of a run go: nowhere, a table, TensorBoard, Weights & Biases, or several."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

import polars as pl

from tradewind.errors import MissingPackage, UnknownName


class Tracker(Protocol):
    """Takes down what a training run was asked to do, how it goes, and what came of it."""

    def settings(self, values: Mapping[str, Any]) -> None:
        """Before the first step: what the run was asked to do, on which data. A flow and the loop
        below it may both tell their part."""

    def log(self, step: int, values: Mapping[str, float]) -> None:
        """Figures by name, after `step` steps."""

    def summary(self, values: Mapping[str, float]) -> None:
        """At the end: the figures by which the run is compared with others."""

    def file(self, path: Path) -> None:
        """Keep a copy of a file that the run made: a page of plots, a picture."""

    def close(self) -> None:
        """Write what is still held back; nothing is logged afterwards."""


class Silent:
    """Takes nothing down; a base for those that listen to a part only."""

    def settings(self, values: Mapping[str, Any]) -> None:
        return None

    def log(self, step: int, values: Mapping[str, float]) -> None:
        return None

    def summary(self, values: Mapping[str, float]) -> None:
        return None

    def file(self, path: Path) -> None:
        return None

    def close(self) -> None:
        return None


class Curves(Silent):
    """Remembers the figures of a run, as a table to draw."""

    def __init__(self) -> None:
        self._rows: dict[int, dict[str, float]] = {}

    @property
    def table(self) -> pl.DataFrame:
        """step, and a column for each figure, null where it was not told at that step."""
        rows = [{"step": step, **values} for step, values in sorted(self._rows.items())]
        return pl.DataFrame(rows, infer_schema_length=None)

    def log(self, step: int, values: Mapping[str, float]) -> None:
        self._rows[step] = self._rows.get(step, {}) | dict(values)


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
        self._folder, self._told = folder, 0
        self._writer: Any = SummaryWriter(str(folder))

    def settings(self, values: Mapping[str, Any]) -> None:
        text = json.dumps(values, indent=2, default=str, ensure_ascii=False)
        self._writer.add_text("settings", f"```\n{text}\n```", self._told)
        self._told += 1

    def log(self, step: int, values: Mapping[str, float]) -> None:
        for name, value in values.items():
            self._writer.add_scalar(name, value, step)

    def summary(self, values: Mapping[str, float]) -> None:
        for name, value in values.items():
            self._writer.add_scalar(f"summary/{name}", value, 0)

    def file(self, path: Path) -> None:
        shutil.copy2(path, self._folder / path.name)

    def close(self) -> None:
        self._writer.close()


class WeightsAndBiases:
    """Writes a run of Weights & Biases into `folder`/wandb; `wandb sync` sends it, if you like.

    Nothing leaves this machine unless `online` is asked for, which needs an account.

    project   under which the runs are shown together
    name      of the run; "" has one invented

    Raises MissingPackage where wandb is not installed.
    """

    def __init__(
        self, folder: Path, project: str = "tradewind", name: str = "", *, online: bool = False
    ) -> None:
        if not online:
            os.environ.setdefault("WANDB_ERROR_REPORTING", "false")  # read when it is imported
        try:
            import wandb
        except ImportError as error:
            raise MissingPackage(
                "wandb is not installed, so nothing can be written for it: "
                "pip install tradewind[wandb]"
            ) from error
        folder.mkdir(parents=True, exist_ok=True)
        self._run: Any = wandb.init(
            dir=str(folder),
            project=project,
            name=name or None,
            mode="online" if online else "offline",
            settings=wandb.Settings(
                silent=True,
                console="off",
                save_code=False,
                disable_git=True,
                disable_code=True,
                x_disable_stats=True,
                x_disable_meta=True,
                x_disable_machine_info=True,
            ),
        )
        self._run.define_metric("*", step_metric="step")

    def settings(self, values: Mapping[str, Any]) -> None:
        plain = json.loads(json.dumps(values, default=str, ensure_ascii=False))
        self._run.config.update(plain, allow_val_change=True)

    def log(self, step: int, values: Mapping[str, float]) -> None:
        self._run.log({"step": step, **values})

    def summary(self, values: Mapping[str, float]) -> None:
        self._run.summary.update({f"summary/{name}": value for name, value in values.items()})

    def file(self, path: Path) -> None:
        copy = Path(self._run.dir) / path.name
        shutil.copy2(path, copy)  # beside the run, for a link to a file that moves would be lost
        self._run.save(str(copy), base_path=self._run.dir, policy="now")

    def close(self) -> None:
        self._run.finish()


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

    def summary(self, values: Mapping[str, float]) -> None:
        for tracker in self._trackers:
            tracker.summary(values)

    def file(self, path: Path) -> None:
        for tracker in self._trackers:
            tracker.file(path)

    def close(self) -> None:
        for tracker in self._trackers:
            tracker.close()


class Onward:
    """Counts the steps of several stretches of training on: one that begins anew goes on counting.

    Only figures are passed on: the tracker is told of settings and the end by who made it. A
    stretch begins where settings are told.
    """

    def __init__(self, tracker: Tracker) -> None:
        self._tracker = tracker
        self._before, self._last, self._fresh = 0, 0, True

    def settings(self, values: Mapping[str, Any]) -> None:
        self._fresh = True

    def log(self, step: int, values: Mapping[str, float]) -> None:
        if self._fresh and step <= self._last:
            self._before += self._last
        self._last, self._fresh = step, False
        self._tracker.log(self._before + step, values)

    def summary(self, values: Mapping[str, float]) -> None:
        return None

    def file(self, path: Path) -> None:
        return None

    def close(self) -> None:
        return None


KINDS = ("tensorboard", "wandb")


def tracker_of(kind: str, folder: Path, name: str = "") -> Tracker:
    """The tracker of a kind, one of KINDS, that writes into a folder; "" takes nothing down."""
    if kind == "wandb":
        return WeightsAndBiases(folder, name=name)
    if kind == "tensorboard":
        return TensorBoard(folder / name if name else folder)
    if kind:
        raise UnknownName(f"no tracker {kind!r}; there are {', '.join(KINDS)}")
    return Silent()
