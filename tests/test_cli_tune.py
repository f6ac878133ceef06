"""tradewind tune: what it prints and writes, what it refuses, and where the tuned models show."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

pytest.importorskip("optuna", reason="a search needs tradewind[tune]")

from tradewind.cli import main
from tradewind.data.synthetic import ShopSettings, shop
from tradewind.flows.load import load
from tradewind.store import Workspace

ASKED = ("--windows", 1, "--h", 7, "--earlier", 2)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("shop")
    made = shop(ShopSettings(products=6, days=120, stock_column=False), np.random.default_rng(7))
    file = folder / "lines.csv"
    sold_on = pl.col("ordered_at").dt.date()
    made.lines.select("event_id", sold_on, "product", "quantity", "price").write_csv(file)
    with Workspace(folder / "workspace") as workspace:
        load(workspace, file)
    return folder / "workspace"


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, place: Path) -> Any:
    """Run a command on the workspace: status, stdout, stderr."""
    monkeypatch.setenv("LC_ALL", "C")
    monkeypatch.delenv("TRADEWIND_LANG", raising=False)

    def command(*words: object) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["tradewind", *map(str, words), "-w", str(place)])
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            main()
        return int(ended.value.code or 0), *capsys.readouterr()

    return command


def test_tuned_settings_show_until_they_are_forgotten(run: Any, place: Path) -> None:
    status, out, err = run("tune", "--model", "tsb", "--trials", 40, *ASKED, "--json")
    assert status == 0, err
    told = json.loads(out)
    assert told["kept"]
    assert told["best"] < told["default"]
    assert len(told["trials"]) == 40
    assert set(told["settings"]) == {"alpha", "beta"}
    assert Path(told["report"]).parent == place / "reports"
    status, out, err = run("tune", "--model", "tsb", "--trials", 1, *ASKED)
    assert status == 0, err
    for words in ("Tuned tsb: 6 series, 2 windows", "41 (", "alpha", "importance %", "→ tradewind"):
        assert words in out
    fast = ("--models", "seasonal_naive,tsb", *ASKED[:4])
    assert "tsb (tuned)" in run("backtest", *fast)[1]
    assert "tsb was tuned on 1 of these windows" in run("backtest", *fast, "--windows", 2)[1]
    assert json.loads(run("backtest", *fast, "--json")[1])["tuned"] == {"tsb": 0}
    assert run("forecast", "--models", "tsb", *ASKED[:4])[0] == 0
    assert "tsb (tuned)" in run("models", "list")[1]
    status, out, _ = run("tune", "--model", "tsb", "--forget", *ASKED)
    assert status == 0
    assert "tsb: default settings again" in out
    assert "(tuned)" not in run("backtest", *fast)[1]
    status, _, err = run("tune", "--model", "tsb", "--forget", *ASKED)
    assert (status, "'tsb' is not tuned" in err) == (2, True)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--model", "seasonal_naive"), "has no settings to tune; there are ar,"),
        (("--model", "tsb", "--windows", 30), "hold no window of 7 before the 30"),
    ],
)
def test_a_wrong_request_ends_with_2(run: Any, words: Any, message: str) -> None:
    status, out, err = run("tune", "--h", 7, *words)
    assert (status, out) == (2, "")
    assert message in err


@pytest.mark.parametrize("kind", ["tensorboard", "wandb"])
def test_a_search_is_tracked_in_the_workspace(run: Any, place: Path, kind: str) -> None:
    pytest.importorskip(kind)
    words = ("--model", "croston", "--trials", 2, *ASKED, "--track", kind, "--json")
    status, out, err = run("tune", *words)
    assert status == 0, err
    told = json.loads(out)
    assert told["tracked_in"] == str(place / "tracking")
    pages = [p.name for p in (place / "tracking").rglob("tune-croston-*.html")]
    assert Path(told["report"]).name in pages
