"""tradewind pretrain: what it writes, that it goes on where it was stopped, and what it refuses."""

from __future__ import annotations

import functools
import hashlib
import inspect
import json
import signal
import sys
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("torch", reason="networks need tradewind[deep]")

import torch

from tradewind.cli import main
from tradewind.cli import pretrain as command
from tradewind.flows import pretrain as flow
from tradewind.models.pretrained import pretrain as training
from tradewind.models.pretrained import ship as shipping
from tradewind.models.pretrained.network import Network, Size
from tradewind.train import checkpoint

SMALL = Size(width=16, layers=1, heads=2, hidden=16, embed=16, step=8)
FEW = replace(training.VALIDATION, size=8)
QUICK = ("--batch", 8, "--workers", 0)


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Any:
    """Run `tradewind pretrain` on a tiny network in an empty folder: status, stdout, stderr."""
    settings_of = flow.settings_of
    monkeypatch.setattr(flow, "settings_of", lambda s: replace(settings_of(s), size=SMALL))
    monkeypatch.setattr(flow, "HELD", 1)
    monkeypatch.setattr(training, "validate", functools.partial(training.validate, draw=FEW))
    monkeypatch.setenv("LC_ALL", "C")
    monkeypatch.delenv("TRADEWIND_LANG", raising=False)
    monkeypatch.chdir(tmp_path)

    def command(*words: object) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["tradewind", "pretrain", *map(str, [*QUICK, *words])])
        with pytest.raises(SystemExit) as ended:
            main()
        return int(ended.value.code or 0), *capsys.readouterr()

    return command


def test_a_sitting_trains_scores_the_averaged_weights_and_says_what_is_next(run: Any) -> None:
    status, out, err = run("--samples", 16, "--json")
    assert status == 0, err
    told = json.loads(out)
    state = checkpoint.load(flow.CHECKPOINT)
    assert (state.step, told["samples"], told["wanted"], told["stopped"]) == (2, 16, 16, False)
    network = Network(SMALL)
    network.load_state_dict(dict(state.best))
    found = training.validate(network, 1)
    assert told["score"] == {"samples": 16, **found}
    assert f"16 samples: loss {found['loss']:.4f}, skill" in err
    status, out, err = run("--samples", 16)  # nothing is left to do: it only scores again
    assert status == 0, err
    assert "16 of 16" in out
    assert "→ tradewind pretrain --samples 16 --batch 8 --workers 0 --ship shipped writes" in out


def test_a_sitting_goes_on_to_the_weights_of_one_that_never_stopped(run: Any) -> None:
    assert run("--samples", 32, "--decay", 0, "--file", "whole.safetensors")[0] == 0
    parts = ("--decay", 0, "--resume", "deep/parts.safetensors")
    assert run("--samples", 16, *parts)[0] == 0
    assert checkpoint.load(Path("deep/parts.safetensors")).step == 2
    assert run("--samples", 32, *parts)[0] == 0
    whole, made = (
        checkpoint.load(Path(p)) for p in ("whole.safetensors", "deep/parts.safetensors")
    )
    assert made.step == whole.step == 4
    assert all(torch.equal(made.best[name], whole.best[name]) for name in whole.best)


@pytest.mark.parametrize(("lang", "word"), [("en", "goes on from there"), ("zh", "会从那里继续")])
def test_ctrl_c_saves_and_says_how_to_go_on(
    run: Any, monkeypatch: pytest.MonkeyPatch, lang: str, word: str
) -> None:
    settings_of, handler = flow.settings_of, signal.getsignal(signal.SIGINT)

    def pressed(sitting: flow.Sitting) -> Any:
        signal.raise_signal(signal.SIGINT)
        return settings_of(sitting)

    monkeypatch.setattr(flow, "settings_of", pressed)
    status, out, err = run("--samples", 640, "--lang", lang, "--ship", "out")
    assert status == 130, err
    assert checkpoint.load(flow.CHECKPOINT).step == 1
    assert word in out
    assert "tradewind pretrain --samples 640 --batch 8 --workers 0 --ship out" in out
    assert not Path("out").exists()
    assert signal.getsignal(signal.SIGINT) is handler


def test_a_time_budget_ends_a_sitting_with_a_score(run: Any) -> None:
    status, out, err = run("--samples", 100_000, "--minutes", 1e-6, "--json")
    assert status == 0, err
    told = json.loads(out)
    assert told["samples"] == 8
    assert not told["stopped"]
    assert told["score"]["samples"] == 8


def test_checkpoints_are_scored_on_the_way_and_logged(
    run: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    events = pytest.importorskip("tensorboard.backend.event_processing.event_accumulator")
    monkeypatch.setattr(flow, "LOG_EVERY", 1)
    monkeypatch.setattr(flow, "SAVE_SECONDS", 0.0)
    monkeypatch.setattr(flow, "SCORE_SECONDS", 0.0)
    status, _, err = run("--samples", 16, "--board", "curves")
    assert status == 0, err
    assert [line.split()[0] for line in err.splitlines()] == ["8", "16", "16"]
    read = events.EventAccumulator("curves")
    read.Reload()
    assert [e.step for e in read.Scalars("held-out/skill")] == [1, 2, 2]
    assert [e.step for e in read.Scalars("loss")] == [1, 2]


def test_progress_tells_samples_loss_rate_and_speed(
    run: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[flow.Progress] = []
    monkeypatch.setattr(flow, "LOG_EVERY", 1)
    monkeypatch.setattr(command, "_progress", lambda say, tell: told.append)
    assert run("--samples", 16)[0] == 0
    assert [(p.samples, p.wanted) for p in told] == [(8, 16), (16, 16)]
    assert all(p.loss > 0 and p.learning_rate > 0 and p.samples_per_second > 0 for p in told)


def test_restart_starts_afresh_and_keeps_what_was_there(run: Any) -> None:
    assert run("--samples", 16)[0] == 0
    before = flow.CHECKPOINT.read_bytes()
    assert run("--samples", 8, "--restart")[0] == 0
    assert checkpoint.load(flow.CHECKPOINT).step == 1
    assert flow.CHECKPOINT.with_name("checkpoint.safetensors.old").read_bytes() == before


def test_a_checkpoint_of_another_run_is_refused_and_left_alone(run: Any) -> None:
    assert run("--samples", 8)[0] == 0
    before = flow.CHECKPOINT.read_bytes()
    for words in (("--seed", 1), ("--batch", 4)):
        status, _, err = run("--samples", 16, *words)
        assert status == 2
        assert words[0].strip("-") in err
        assert "begun with" in err
    assert flow.CHECKPOINT.read_bytes() == before


def test_without_torch_it_names_the_extra_and_ends_with_1(
    run: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setitem(sys.modules, "torch", None)
    status, out, err = run()
    assert status == 1
    assert out == ""
    assert "pretraining needs torch" in err
    assert "pip install tradewind[deep]" in err
    assert not list(tmp_path.iterdir())


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a CUDA device here")
def test_a_device_that_is_not_there_is_refused(run: Any, tmp_path: Path) -> None:
    status, _, err = run("--device", "cuda")
    assert status == 2
    assert "sees no CUDA device" in err
    assert not list(tmp_path.iterdir())


def test_the_averaged_weights_are_shipped_and_their_digests_printed(
    run: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    given: list[dict[str, Any]] = []

    def ship(network: Network, folder: Path) -> dict[str, str]:
        given.append({k: v.clone() for k, v in network.state_dict().items()})
        return {"default.onnx": "0123abc"}

    monkeypatch.setattr(shipping, "ship", ship)
    status, out, err = run("--samples", 8, "--ship", "out")
    assert status == 0, err
    assert "0123abc" in out
    averaged = checkpoint.load(flow.CHECKPOINT).ema
    assert all(torch.equal(given[0][name], averaged[name]) for name in averaged)


@pytest.mark.slow
def test_shipped_files_have_the_digests_that_are_told(run: Any) -> None:
    status, out, err = run("--samples", 64, "--ship", "out", "--json")  # equal weights are refused
    assert status == 0, err
    told = json.loads(out)["shipped"]
    files = {path.name: path.read_bytes() for path in Path("out").iterdir()}
    assert told == {name: hashlib.sha256(b).hexdigest() for name, b in files.items()}
    assert {"default.safetensors", "default.onnx", "default.int8.onnx"} <= set(told)


def test_a_sitting_is_tracked_beside_its_checkpoint(run: Any) -> None:
    status, _, err = run("--samples", 16, "--file", "deep/c.safetensors", "--track", "tensorboard")
    assert status == 0, err
    (board,) = Path("deep/tracking").iterdir()
    events = pytest.importorskip("tensorboard.backend.event_processing.event_accumulator")
    read = events.EventAccumulator(str(board)).Reload()
    assert {"loss", "summary/skill"} <= set(read.Tags()["scalars"])
    told = [e.tensor_proto.string_val[0].decode() for e in read.Tensors("settings/text_summary")]
    assert any('"samples": 16' in text for text in told)


def test_the_options_are_as_usual_what_a_sitting_is() -> None:
    options = inspect.signature(command.pretrain).parameters
    for item in fields(flow.Sitting):
        assert options[item.name].default == item.default
    assert command.again(flow.Sitting()) == "tradewind pretrain"
    spelt = command.again(flow.Sitting(file=Path("a b"), learning_rate=0.01, restart=True))
    assert spelt == "tradewind pretrain --file 'a b' --learning-rate 0.01"
