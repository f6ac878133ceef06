from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tradewind.errors import MissingPackage
from tradewind.train.tracker import Several, Silent, TensorBoard

torch = pytest.importorskip("torch", reason="networks need tradewind[deep]")


class Notebook:
    """Remembers what it is told."""

    def __init__(self) -> None:
        self.told: list[Any] = []

    def settings(self, values: Mapping[str, Any]) -> None:
        self.told.append(dict(values))

    def log(self, step: int, values: Mapping[str, float]) -> None:
        self.told.append((step, dict(values)))

    def close(self) -> None:
        self.told.append("closed")


def test_what_tensorboard_wrote_can_be_read_back(tmp_path: Path) -> None:
    events = pytest.importorskip("tensorboard.backend.event_processing.event_accumulator")
    tracker = TensorBoard(tmp_path / "run")
    tracker.settings({"steps": 5, "name": "帆"})
    for step in (1, 2, 3):
        tracker.log(step, {"train/loss": 1 / step, "learning_rate": 0.5})
    tracker.close()
    read = events.EventAccumulator(str(tmp_path / "run")).Reload()
    losses = [(e.step, e.value) for e in read.Scalars("train/loss")]
    assert losses == [(1, 1.0), (2, 0.5), (3, pytest.approx(1 / 3))]
    assert [e.value for e in read.Scalars("learning_rate")] == [0.5] * 3
    text = read.Tensors("settings/text_summary")[0].tensor_proto.string_val[0].decode()
    assert '"steps": 5' in text
    assert "帆" in text


def test_without_tensorboard_the_error_names_the_extra(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setitem(sys.modules, "torch.utils.tensorboard", None)
    with pytest.raises(MissingPackage, match=r"pip install tradewind\[deep\]"):
        TensorBoard(tmp_path)


def test_several_tell_each_everything_in_order() -> None:
    first, second = Notebook(), Notebook()
    tracker = Several([first, Silent(), second])
    tracker.settings({"steps": 1})
    tracker.log(1, {"loss": 2.0})
    tracker.close()
    assert first.told == second.told == [{"steps": 1}, (1, {"loss": 2.0}), "closed"]


def test_a_run_reports_its_settings_and_the_mean_loss_since_the_last_report() -> None:
    from tradewind.train.loop import Training, Watch, train

    def batches(first: int) -> Iterator[object]:
        yield from (np.array([[step]], dtype=np.float32) for step in range(first, 10))

    def loss_of(net: Any, x: Any) -> Any:
        return x.mean() + 0 * net(x).mean()  # step k loses k, whatever the weights

    notebook = Notebook()
    settings = Training(steps=6, log_every=3, bf16=False)
    train(torch.nn.Linear(1, 1), batches, loss_of, settings, watch=Watch(notebook))
    asked, early, late = notebook.told
    assert asked["steps"] == 6
    assert (early[0], early[1]["loss"], late[0], late[1]["loss"]) == (3, 1.0, 6, 4.0)
    assert {"gradient", "learning_rate", "steps_per_second", "skipped"} < set(late[1])
