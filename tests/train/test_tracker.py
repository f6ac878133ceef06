from __future__ import annotations

import importlib
import json
import sys
from collections.abc import Iterator, Mapping
from datetime import datetime
from io import StringIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from rich.console import Console

from tradewind.errors import MissingPackage, UnknownName
from tradewind.train.bar import Bar
from tradewind.train.tracker import (
    Curves,
    Onward,
    Several,
    Silent,
    TensorBoard,
    WeightsAndBiases,
    tracker_of,
)

torch = pytest.importorskip("torch", reason="networks need tradewind[deep]")


class Notebook:
    """Remembers what it is told."""

    def __init__(self) -> None:
        self.told: list[Any] = []

    def settings(self, values: Mapping[str, Any]) -> None:
        self.told.append(dict(values))

    def log(self, step: int, values: Mapping[str, float]) -> None:
        self.told.append((step, dict(values)))

    def summary(self, values: Mapping[str, float]) -> None:
        self.told.append(dict(values))

    def file(self, path: Path) -> None:
        self.told.append(path)

    def close(self) -> None:
        self.told.append("closed")


def records(folder: Path) -> Iterator[Any]:
    """What an offline run of Weights & Biases holds: its own records, out of its log.

    The log is LevelDB's: blocks of 32 KiB after 7 bytes of header, each record in pieces of
    checksum (4 bytes), length (2) and kind (1 whole, 2 first, 3 middle, 4 last).
    """
    formats: Any = importlib.import_module("wandb.proto.wandb_internal_pb2")

    (file,) = folder.glob("wandb/offline-run-*/*.wandb")
    data, at, held = file.read_bytes(), 7, b""
    while at + 7 <= len(data):
        if 32768 - at % 32768 < 7:  # too short for a piece: padding
            at += 32768 - at % 32768
            continue
        length, kind = int.from_bytes(data[at + 4 : at + 6], "little"), data[at + 6]
        held += data[at + 7 : at + 7 + length]
        at += 7 + length
        if kind in (1, 4):
            yield formats.Record.FromString(held)
            held = b""


def test_what_tensorboard_wrote_can_be_read_back(tmp_path: Path) -> None:
    events = pytest.importorskip("tensorboard.backend.event_processing.event_accumulator")
    tracker = TensorBoard(tmp_path / "run")
    tracker.settings({"steps": 5, "name": "帆"})
    for step in (1, 2, 3):
        tracker.log(step, {"train/loss": 1 / step, "learning_rate": 0.5})
    tracker.settings({"data": "9f2c"})
    tracker.summary({"sql": 0.5})
    page = tmp_path / "page.html"
    page.write_text("<p>plots</p>", encoding="utf-8")
    tracker.file(page)
    tracker.close()
    read = events.EventAccumulator(str(tmp_path / "run")).Reload()
    losses = [(e.step, e.value) for e in read.Scalars("train/loss")]
    assert losses == [(1, 1.0), (2, 0.5), (3, pytest.approx(1 / 3))]
    assert [e.value for e in read.Scalars("learning_rate")] == [0.5] * 3
    text = read.Tensors("settings/text_summary")[0].tensor_proto.string_val[0].decode()
    assert '"steps": 5' in text
    assert "帆" in text
    parts = [e.tensor_proto.string_val[0].decode() for e in read.Tensors("settings/text_summary")]
    assert '"data": "9f2c"' in parts[1]
    assert [e.value for e in read.Scalars("summary/sql")] == [0.5]
    assert (tmp_path / "run" / "page.html").read_text(encoding="utf-8") == "<p>plots</p>"


def test_what_weights_and_biases_wrote_can_be_read_back(tmp_path: Path) -> None:
    pytest.importorskip("wandb", reason="Weights & Biases needs tradewind[wandb]")
    page = tmp_path / "page.html"
    page.write_text("<p>plots</p>", encoding="utf-8")
    tracker = WeightsAndBiases(tmp_path / "runs", name="tune-trees")
    tracker.settings({"steps": 5, "name": "帆", "cutoff": datetime(2026, 1, 1)})
    tracker.settings({"data": "9f2c"})
    for step in (1, 2, 1):  # another stretch begins anew: nothing is dropped
        tracker.log(step, {"train/loss": 1 / step})
    tracker.summary({"sql": 0.5})
    tracker.file(page)
    page.unlink()  # it has a copy of its own
    tracker.close()
    read = list(records(tmp_path / "runs"))
    config = {item.key: json.loads(item.value_json) for r in read for item in r.config.update} | {
        item.key: json.loads(item.value_json) for r in read for item in r.run.config.update
    }
    assert (config["steps"], config["name"], config["data"]) == (5, "帆", "9f2c")
    assert config["cutoff"] == "2026-01-01 00:00:00"
    rows = [
        {"/".join(i.nested_key) or i.key: json.loads(i.value_json) for i in r.history.item}
        for r in read
        if r.WhichOneof("record_type") == "history"
    ]
    assert [(row["step"], row["train/loss"]) for row in rows] == [(1, 1.0), (2, 0.5), (1, 1.0)]
    final = [i for r in read for i in r.summary.update]
    assert {"/".join(i.nested_key) or i.key: i.value_json for i in final}["summary/sql"] == "0.5"
    assert {r.run.project for r in read if r.run.project} == {"tradewind"}
    assert {r.run.display_name for r in read if r.run.display_name} == {"tune-trees"}
    (copy,) = (tmp_path / "runs").glob("wandb/offline-run-*/files/page.html")
    assert copy.read_text(encoding="utf-8") == "<p>plots</p>"


def test_a_tracker_is_made_by_its_name(tmp_path: Path) -> None:
    assert isinstance(tracker_of("", tmp_path), Silent)
    made = tracker_of("tensorboard", tmp_path, "run")
    made.close()
    assert list((tmp_path / "run").glob("events*"))
    with pytest.raises(UnknownName, match="no tracker 'paper'; there are tensorboard, wandb"):
        tracker_of("paper", tmp_path)


def test_stretches_of_training_are_counted_on() -> None:
    notebook = Notebook()
    tracker = Onward(notebook)
    for stretch in ((2, 4, 4), (2, 4), (5,), (1,)):
        tracker.settings({})
        for step in stretch:
            tracker.log(step, {"loss": 0.0})
    tracker.close()
    assert [step for step, _ in notebook.told] == [2, 4, 4, 6, 8, 9, 10]


def test_a_bar_shows_steps_and_losses() -> None:
    out = StringIO()
    bar = Bar(Console(file=out, force_terminal=True, width=80))
    bar.log(1, {"loss": 9.0})  # nothing has begun
    bar.settings({"steps": 20, "net": "gru"})
    bar.log(10, {"loss": 0.5, "gradient": 3.0})
    bar.log(10, {"validation": 0.25})
    bar.summary({"steps": 12.0})
    bar.close()
    assert "loss 0.500, validation 0.250" in out.getvalue()
    assert "12/12" in out.getvalue()
    assert "gradient" not in out.getvalue()


class Display:
    """IPython's display, as far as a bar needs it."""

    def __init__(self) -> None:
        self.shown: list[dict[str, str]] = []

    def __call__(self, data: dict[str, str], *, raw: bool, display_id: bool) -> Display:
        self.update(data, raw=raw)
        return self

    def update(self, data: dict[str, str], *, raw: bool) -> None:
        assert raw
        self.shown.append(data)


def test_in_a_notebook_a_bar_is_html_of_one_cell_and_needs_no_widgets(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    display = Display()
    monkeypatch.setattr("IPython.display.display", display)
    bar = Bar(Console(file=StringIO(), force_jupyter=True))
    bar.settings({"steps": 20})
    bar.log(10, {"loss": 0.5, "validation": 0.25})
    bar.summary({"steps": 12.0})
    assert [one["text/plain"] for one in display.shown] == [
        "0/20 training",
        "10/20 loss 0.500, validation 0.250",
        "12/12 loss 0.500, validation 0.250",
    ]
    assert '<progress value="10" max="20"' in display.shown[1]["text/html"]


def test_curves_are_a_table_with_a_row_for_each_step() -> None:
    curves = Curves()
    curves.log(0, {"validation": 1.0})
    curves.log(5, {"loss": 0.5})
    curves.log(5, {"validation": 0.75})
    assert curves.table.rows(named=True) == [
        {"step": 0, "validation": 1.0, "loss": None},
        {"step": 5, "validation": 0.75, "loss": 0.5},
    ]


def test_without_wandb_the_error_names_the_extra(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setitem(sys.modules, "wandb", None)
    with pytest.raises(MissingPackage, match=r"pip install tradewind\[wandb\]"):
        WeightsAndBiases(tmp_path)


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
    tracker.summary({"skill": 0.5})
    tracker.file(Path("page.html"))
    tracker.close()
    told = [{"steps": 1}, (1, {"loss": 2.0}), {"skill": 0.5}, Path("page.html"), "closed"]
    assert first.told == second.told == told


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
