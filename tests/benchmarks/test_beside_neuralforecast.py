"""What may go wrong between our benchmark and neuralforecast, without neuralforecast."""

from __future__ import annotations

import importlib
import sys
from datetime import datetime, timedelta
from pathlib import Path
from types import ModuleType

import numpy as np
import polars as pl
import pytest

from benchmarks import neuralforecast_side as side
from tradewind.panel import Panel, dates_from
from tradewind.task import DECILES, Task

ROOT = Path(__file__).parents[2]
IDS, H, DAYS = ["b", "a"], 3, 30
FIRST = datetime(2024, 1, 1)
STUB = {
    "neuralforecast/__init__.py": """
import pandas as pd

class NeuralForecast:
    def __init__(self, models, freq):
        (self.model,), self.freq = models, freq

    def fit(self, past):
        print("chatter that is no answer")
        assert not past["y"].isna().any()
        self.past = past

    def predict(self, futr_df=None):
        asked, rows = self.model.asked, []
        for number, (name, some) in enumerate(self.past.groupby("unique_id")):
            for step in range(asked["h"]):
                row = {"unique_id": name, "ds": some["ds"].max() + pd.Timedelta(days=step + 1)}
                for level, told in zip(asked["loss"].quantiles, asked["loss"].output_names):
                    row[self.model.name + told] = 100 * number + 10 * step + level
                rows.append(row)
        return pd.DataFrame(rows[::-1])
""",
    "neuralforecast/losses/__init__.py": "",
    "neuralforecast/losses/pytorch.py": """
class MQLoss:
    def __init__(self, quantiles):
        self.quantiles = quantiles
        self.output_names = [f"-q{level}" for level in quantiles]
""",
    "neuralforecast/models.py": """
class GRU:
    name = "GRU"

    def __init__(self, **asked):
        assert (asked["windows_batch_size"], asked["encoder_hidden_size"]) == (128, 64)
        assert (asked["batch_size"], asked["scaler_type"]) == (9, "robust")
        assert (asked["input_size"], asked["max_steps"], asked["random_seed"]) == (84, 7, 5)
        self.asked, self.loss = asked, asked["loss"]

class LSTM(GRU):
    name = "LSTM"
""",
}


@pytest.fixture(scope="module")
def program() -> ModuleType:
    """benchmarks/beside_neuralforecast.py, which is a program beside the package."""
    pytest.importorskip("torch", reason="networks need tradewind[deep]")
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(ROOT / "benchmarks"))
        return importlib.import_module("beside_neuralforecast")


def question() -> side.Question:
    """Two series of days that end three days before the panel does."""
    days = [FIRST + timedelta(days=k) for k in range(DAYS + H)]
    rows = [
        {"unique_id": name, "ds": day, "y": None if k == 20 else float(k + 100 * n)}
        for n, name in enumerate("ab")
        for k, day in enumerate(days)
    ]
    panel = Panel.from_frame(pl.DataFrame(rows), "D")
    cutoff = days[DAYS - 1]
    window = Task(h=H, cutoffs=(cutoff,)).window(panel, cutoff)
    ds = dates_from(days[DAYS], H, "D")
    return side.Question(1, window, IDS, ds, np.ones((2, H)), np.ones(2))


def told() -> pl.DataFrame:
    """An answer for two series and three days: 100 · series + 10 · step + level, out of order."""
    asked = question()
    rows = [
        {"unique_id": name, "ds": day} | {str(q): 100 * n + 10 * k + q for q in DECILES}
        for k, day in enumerate(asked.ds.tolist())
        for n, name in enumerate("ab")
    ]
    return pl.DataFrame(rows[::-1])


EXPECTED = np.array([100.0, 0.0])[:, None, None] + 10 * np.arange(3.0)[:, None] + DECILES


def test_an_answer_is_put_in_the_order_of_the_question() -> None:
    asked = question()
    np.testing.assert_allclose(side.aligned(told(), asked.ids, asked.ds), EXPECTED)
    crossed = told().rename({"0.1": "0.9", "0.9": "0.1"})
    np.testing.assert_allclose(side.aligned(crossed, asked.ids, asked.ds), EXPECTED)


@pytest.mark.parametrize(
    "wrong",
    [
        told()[1:],
        pl.concat([told()[1:], told()[1:2]]),
        pl.concat([told(), told()[:1]]),
        told().with_columns(pl.col("ds") + timedelta(days=1)),
        told().with_columns(pl.col("unique_id").replace({"a": "c"})),
    ],
    ids=["a row lacks", "one is there twice", "one too many", "another window", "another series"],
)
def test_an_answer_to_another_question_is_refused(wrong: pl.DataFrame) -> None:
    asked = question()
    with pytest.raises(ValueError, match="2 series and 3 days were asked for"):
        side.aligned(wrong, asked.ids, asked.ds)


def test_theirs_is_given_the_past_alone_and_gaps_are_masked() -> None:
    table = side.table_of(question().window.past)
    assert table.columns[:4] == ["unique_id", "ds", "y", "available_mask"]
    assert table.columns[4:] == list(side.CLOCKS)
    assert table.group_by("unique_id").len()["len"].to_list() == [DAYS, DAYS]
    assert table["ds"].max() == FIRST + timedelta(days=DAYS - 1)
    y, seen = (table[name].to_numpy().reshape(2, DAYS) for name in ("y", "available_mask"))
    assert np.flatnonzero(seen[0] == 0).tolist() == np.flatnonzero(seen[1] == 0).tolist() == [20]
    assert y[:, 20].tolist() == [13.0, 113.0]  # a week before
    assert np.delete(y[1], 20).tolist() == [100.0 + k for k in range(DAYS) if k != 20]


def test_a_worker_answers_although_the_library_prints(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("torch", reason="networks need tradewind[deep]")
    for name, text in STUB.items():
        file = tmp_path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    for name in ("neuralforecast", "pytorch_lightning"):
        about = tmp_path / f"{name}-9.9.dist-info"
        about.mkdir()
        (about / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 9.9\n")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    recipe = side.Recipe("robust", calendar=True, series=9)
    with side.theirs_of(Path(sys.executable)) as theirs:
        made = theirs.at(side.Place(), recipe)(question(), "lstm", 7, 5)
        assert theirs.versions["neuralforecast"] == "9.9"
        with pytest.raises(RuntimeError, match="has ended"):
            theirs.at(side.Place(), recipe)(question(), "lstm", 8, 5)  # the stub wants 7 steps
    np.testing.assert_allclose(made.quantiles, EXPECTED)
    assert made.seconds > 0


def test_steps_fill_the_seconds_that_are_given(program: ModuleType) -> None:
    assert program.steps_in(5.0, (2, 0.4), (60, 3.3)) == 94
    assert program.steps_in(3.0, (2, 9.0), (60, 6.0)) == 30


def test_no_side_is_always_the_first(program: ModuleType) -> None:
    order = program.turns(["ours", "theirs", "others"], 3)
    assert [name for _, name in order[::3]] == ["ours", "theirs", "others"]
    assert sorted(order) == sorted((k, n) for k in range(3) for n in ("ours", "theirs", "others"))


def test_times_are_held_against_those_of_the_same_repeat(program: ModuleType) -> None:
    log = program.Log()
    for side_, seconds in (("ours", (1.0, 8.0, 3.0)), ("theirs", (2.0, 8.0, 30.0))):
        for repeat, value in enumerate(seconds):
            row = {"part": "steps", "cell": "gru", "budget": 7, "side": side_, "repeat": repeat}
            log.rows.append(row | {"cpu": value / 2} | dict.fromkeys(("sql", "mase", "wql"), value))
            log.rows[-1] |= {"seconds": value, "steps": 7}
    found = {(row["model"], row["metric"]): row for row in program.rows(log, [1, 5], "idle")}
    assert found["gru, theirs", "seconds ratio, 7 steps"]["value"] == 0.5
    assert found["gru, theirs", "sql ratio, 7 steps"]["value"] == 0.3
    assert found["gru, ours", "seconds, 7 steps"]["value"] == 3.0
    assert found["gru, ours", "seconds, 7 steps"]["task"].endswith("dev windows 1, 5")
