"""tune: kept as runs, used by the next back-test and forecast, forgotten when asked."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

pytest.importorskip("optuna", reason="a search needs tradewind[tune]")

from tradewind.backtest.search import Trial
from tradewind.data.synthetic import ShopSettings, shop
from tradewind.errors import UnknownName
from tradewind.flows import tuned
from tradewind.flows.asked import Question
from tradewind.flows.backtest import backtest
from tradewind.flows.forecast import forecast
from tradewind.flows.load import load
from tradewind.flows.shop import see
from tradewind.flows.tune import Audience, Order, forgotten, publish, tune
from tradewind.models.intermittent import TSB, Croston
from tradewind.store import Workspace, audit, runs

AT = datetime(2026, 1, 1)
ASKED = Question(h=7, freq="D", preset="default", n_windows=2, models=("seasonal_naive", "tsb"))
ORDER = Order("tsb", minutes=60, trials=14)


class Notebook:
    """Remembers what it is told."""

    def __init__(self) -> None:
        self.asked: dict[str, Any] = {}
        self.logged: list[tuple[int, dict[str, float]]] = []
        self.final: dict[str, float] = {}
        self.files: list[Path] = []

    def settings(self, values: Mapping[str, Any]) -> None:
        self.asked |= values

    def log(self, step: int, values: Mapping[str, float]) -> None:
        self.logged.append((step, dict(values)))

    def summary(self, values: Mapping[str, float]) -> None:
        self.final |= values

    def file(self, path: Path) -> None:
        self.files.append(path)

    def close(self) -> None:
        return None


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Workspace]:
    made = shop(ShopSettings(products=8, days=150, stock_column=False), np.random.default_rng(7))
    file = tmp_path / "lines.csv"
    sold_on = pl.col("ordered_at").dt.date()
    made.lines.select("event_id", sold_on, "product", "quantity", "price").write_csv(file)
    with Workspace(tmp_path / "shop") as workspace:
        load(workspace, file, at=AT)
        yield workspace


def test_what_is_better_answers_until_it_is_forgotten(place: Workspace) -> None:
    before = forecast(place, ASKED, at=AT)
    found = tune(place, ORDER, ASKED, at=AT + timedelta(hours=1))
    assert found.is_kept
    assert found.gain > 0
    best = found.search.forecaster(found.found.best.params)
    assert isinstance(best, TSB)
    assert best != TSB()
    tested = backtest(place, ASKED, at=AT + timedelta(hours=2))
    assert tested.tuned == {"tsb": 0}
    board = {row["model"]: row["sql"] for row in tested.leaderboard.to_dicts()}
    fast = replace(ASKED, preset="fast").settled(place)
    assert tuned.kept(place, fast) == {}  # settings belong to the preset they were searched in
    after = forecast(place, ASKED, at=AT + timedelta(hours=3))
    assert after.trained.version.version == before.trained.version.version + 1
    assert after.trained.version.task["tuned"] == ["tsb"] * (
        after.trained.version.forecaster == "tsb"
    )
    same = forecast(place, ASKED, at=AT + timedelta(hours=4))
    assert same.trained.version == after.trained.version
    assert forgotten(place, "tsb", ASKED, at=AT + timedelta(hours=5)).forecaster == best
    default = backtest(place, ASKED, at=AT + timedelta(hours=6))
    assert default.tuned == {}
    assert {row["model"]: row["sql"] for row in default.leaderboard.to_dicts()} != board
    last = forecast(place, ASKED, at=AT + timedelta(hours=7))
    assert last.trained.version.version == after.trained.version.version + 1
    with pytest.raises(UnknownName, match=r"'tsb' is not tuned for units-D-product/default"):
        forgotten(place, "tsb", ASKED)
    assert audit.table(place.db).filter(pl.col("action").str.contains("tune"))["action"].to_list() \
        == ["tune", "untune"]  # fmt: skip


def test_the_ensemble_has_the_tuned_member(place: Workspace) -> None:
    from tradewind.flows.backtest import memory_of, models_of

    found = tune(place, ORDER, ASKED, at=AT)
    asked = ASKED.settled(place)
    models = models_of(place, asked, see(place, asked), memory_of(place))
    best = found.search.forecaster(found.found.best.params)
    assert models["tsb"] == best
    assert repr(best) in repr(models["ensemble"])
    assert repr(TSB()) not in repr(models["ensemble"])


def test_a_version_that_somebody_promotes_after_tuning_stays(place: Workspace) -> None:
    from tradewind.flows.models import promote

    first = forecast(place, ASKED, at=AT).trained.version
    tune(place, ORDER, ASKED, at=AT + timedelta(hours=1))
    promote(place, first.name, first.version, at=AT + timedelta(hours=2))
    again = forecast(place, ASKED, at=AT + timedelta(hours=3))
    assert again.trained.version.version == first.version


def test_an_interrupted_search_goes_on(place: Workspace) -> None:
    def interrupt(trial: Trial, best: float, seconds: float) -> None:
        if trial.number == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        tune(place, ORDER, ASKED, at=AT, audience=Audience(interrupt))
    assert len(runs.every(place.db, "trial")) == 4
    assert tuned.kept(place, ASKED.settled(place)) == {}
    again = tune(place, Order("tsb", 60, trials=3), ASKED, at=AT + timedelta(hours=1))
    assert [t.number for t in again.found.trials] == list(range(7))
    assert len(runs.every(place.db, "trial")) == 7
    kept = runs.latest(place.db, "tune")
    assert kept is not None
    assert kept.result["best"] == again.found.best.score
    other = tune(place, Order("tsb", 60, trials=1, windows=2), ASKED, at=AT + timedelta(hours=2))
    assert len(other.found.trials) == 1  # other windows: another search


def test_windows_that_the_search_saw_are_told(place: Workspace) -> None:
    found = tune(place, ORDER, ASKED, at=AT)
    assert found.search.panel.end == backtest(place, ASKED, at=AT).result.cutoffs[0]
    more = Question(h=7, freq="D", n_windows=5, models=ASKED.models)
    assert backtest(place, more, at=AT).tuned == {"tsb": 3}


def test_the_default_settings_stay_where_nothing_is_better(place: Workspace) -> None:
    found = tune(place, Order("tsb", 60, trials=1), ASKED, at=AT)
    assert not found.is_kept
    assert found.gain == 0
    assert tuned.changed_at(place, ASKED.settled(place)) is None


def test_a_model_that_the_preset_lacks_joins_it(place: Workspace) -> None:
    made = tuned.Kept(Croston(0.3), AT, 0.9, 1.0, "tune-1")
    tuned.keep(place, ASKED.settled(place), "croston", made, AT)
    asked = Question(h=7, freq="D", n_windows=2, models=("seasonal_naive", "croston"))
    assert list(backtest(place, asked, at=AT).tuned) == ["croston"]


def test_a_tracker_hears_of_settings_trials_and_what_came_of_them(place: Workspace) -> None:
    notebook = Notebook()
    found = tune(place, ORDER, ASKED, at=AT, audience=Audience(tracker=notebook))
    assert notebook.asked["data"] == found.seen.digest
    assert notebook.asked["question"]["h"] == 7
    done = [t for t in found.found.trials if t.state == "done"]
    assert [step for step, _ in notebook.logged] == [t.number for t in done]
    assert [values["sql"] for _, values in notebook.logged] == [t.score for t in done]
    assert notebook.logged[-1][1]["best_sql"] == found.found.best.score
    assert notebook.final["sql"] == found.found.best.score


def test_the_page_says_what_came_of_it_in_both_languages(place: Workspace) -> None:
    found = tune(place, ORDER, ASKED, at=AT)
    for language, wanted in (
        ("en", "Tuned settings of tsb score"),
        ("zh", "tsb 调优后比默认设置好"),
    ):
        page = publish(place, found, language, at=AT)  # type: ignore[arg-type]  # one of both
        assert page.parent == place.reports
        assert wanted in page.read_text(encoding="utf-8")


def test_a_back_test_tells_a_tracker_how_networks_learn_and_the_scores(place: Workspace) -> None:
    pytest.importorskip("torch", reason="fine-tuning needs tradewind[deep]")
    from tradewind.flows.backtest import tracked
    from tradewind.models.pretrained.forecaster import Pretrained
    from tradewind.models.pretrained.tuning import FineTune
    from tradewind.train.tracker import Onward

    notebook = Notebook()
    tested = backtest(place, ASKED, at=AT, tracker=notebook)
    board = {row["model"]: row["sql"] for row in tested.leaderboard.to_dicts()}
    assert notebook.final["tsb/sql"] == board["tsb"]
    assert notebook.asked["data"] == tested.seen.digest
    small = Pretrained(finetune=FineTune(steps=5, rates=(1e-3,), batch=4))
    models = tracked({"finetuned": small, "tsb": TSB()}, Onward(notebook))
    assert list(models) == ["finetuned"]
    assert models["finetuned"] == small
    task = replace(tested.result.task, cutoffs=())
    models["finetuned"].fit(tested.seen.panel, task)
    steps = [step for step, values in notebook.logged if "loss" in values]
    assert steps
    assert steps == sorted(set(steps))
