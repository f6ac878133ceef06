"""Networks of the shop's own in the flows: asked for by name, kept, and trained on later."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from tradewind.data.synthetic import ShopSettings, SyntheticShop, shop
from tradewind.flows.asked import Question
from tradewind.flows.backtest import backtest
from tradewind.flows.forecast import Foretold, forecast
from tradewind.flows.load import load
from tradewind.models import table
from tradewind.models.neural.forecaster import FittedNeural, Neural
from tradewind.models.neural.nets import Recurrent
from tradewind.models.neural.pace import Pace
from tradewind.store import Workspace, products
from tradewind.train.tracker import TensorBoard

AT = datetime(2026, 1, 1)
ASKED = Question(h=7, freq="D", preset="fast", n_windows=1, models=("gru",))
SMALL = Neural(Recurrent("gru", 8), context=28, pace=Pace(steps=40, batch=32))


@pytest.fixture(scope="module")
def made() -> SyntheticShop:
    settings = ShopSettings(products=8, days=150, categories=3, stockouts=False)
    return shop(settings, np.random.default_rng(7))


@pytest.fixture
def grown(
    made: SyntheticShop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[[int, Question], Foretold]:
    """Forecasts after so many days of sales; each time the network is trained again."""
    pytest.importorskip("torch", reason="networks need tradewind[deep]")
    monkeypatch.setitem(table.FORECASTERS, "gru", lambda: SMALL)
    lines = made.lines

    def after(days: int, asked: Question) -> Foretold:
        end = made.panel.start + timedelta(days=days)
        with Workspace(tmp_path / "shop") as workspace:
            load(workspace, lines.filter(pl.col("ordered_at") < end), at=AT, zone="Europe/Berlin")
            at = AT + timedelta(days=days)
            return forecast(workspace, asked, retrain=True, at=at)

    return after


def steps(told: Foretold) -> int:
    fitted = told.trained.fitted
    assert isinstance(fitted, FittedNeural)
    return int(fitted.training["steps"])


def test_a_network_trained_again_goes_on_from_its_newest_version(
    grown: Callable[[int, Question], Foretold],
) -> None:
    first, second = grown(120, ASKED), grown(150, ASKED)
    assert first.trained.version.task["from"] is None
    assert second.trained.version.task["from"] == first.trained.version.version == 1
    assert steps(second) <= SMALL.pace.further().steps == 10 < steps(first)
    fitted = second.trained.fitted
    assert isinstance(fitted, FittedNeural)
    assert fitted.past.end == second.seen.panel.end


@pytest.mark.parametrize("harm", ["damaged", "built otherwise"])
def test_a_version_that_cannot_be_gone_on_from_does_not_stop_training(
    grown: Callable[[int, Question], Foretold], tmp_path: Path, harm: str
) -> None:
    first = grown(120, ASKED).trained.version
    with Workspace(tmp_path / "shop") as workspace:
        folder = workspace.registry.folder(first.name, first.version) / "fitted"
    if harm == "damaged":
        (folder / "network.onnx").write_bytes(b"")
    else:
        numpy = pytest.importorskip("safetensors.numpy")
        had = numpy.load_file(folder / "network.safetensors")
        had["encoder.gate"] = np.zeros(3, np.float32)  # as an earlier release may have kept
        numpy.save_file(had, folder / "network.safetensors")
    again = grown(120, ASKED)
    assert (again.trained.version.version, again.trained.version.task["from"]) == (2, None)


def test_another_question_or_another_category_is_learnt_from_nothing(
    grown: Callable[[int, Question], Foretold], tmp_path: Path
) -> None:
    first = grown(120, ASKED)
    longer = grown(120, Question(**{**ASKED.to_dict(), "h": 9}))
    assert longer.trained.version.task["from"] is None
    with Workspace(tmp_path / "shop") as workspace:
        one = first.seen.panel.ids[0]
        products.merge(workspace.db, pl.DataFrame({"product": [one], "category": ["Tea"]}))
        again = forecast(workspace, ASKED, retrain=True, at=AT + timedelta(days=200))
    assert again.trained.version.task["from"] is None


def test_a_model_asked_for_by_name_answers_though_another_one_is_promoted(
    grown: Callable[[int, Question], Foretold], tmp_path: Path
) -> None:
    naive = Question(**{**ASKED.to_dict(), "models": ("seasonal_naive",)})
    assert grown(120, naive).trained.version.forecaster == "seasonal_naive"
    with Workspace(tmp_path / "shop") as workspace:
        asked = forecast(workspace, ASKED, at=AT)
        assert asked.trained.version.forecaster == "gru"
        again = forecast(workspace, Question(**{**ASKED.to_dict(), "models": ()}), at=AT)
        assert again.trained.version == asked.trained.version


def test_a_back_test_writes_how_a_network_learnt_and_what_it_scored(
    made: SyntheticShop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    event_accumulator = pytest.importorskip(
        "tensorboard.backend.event_processing.event_accumulator"
    )

    monkeypatch.setitem(table.FORECASTERS, "gru", lambda: SMALL)
    folder = tmp_path / "board"
    with Workspace(tmp_path / "other") as workspace:
        load(workspace, made.lines, at=AT, zone="Europe/Berlin")
        board = TensorBoard(folder)
        tested = backtest(workspace, ASKED, at=AT, tracker=board)
        board.close()
    told = event_accumulator.EventAccumulator(str(folder)).Reload()
    steps = [event.step for event in told.Scalars("validation")]
    assert steps[0] == 0
    assert steps[-1] <= SMALL.pace.steps
    final = told.Scalars("summary/gru/wape")[-1].value
    assert final == pytest.approx(tested.leaderboard.row(0, named=True)["wape"])
