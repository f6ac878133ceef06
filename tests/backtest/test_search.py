"""A search: it finds what is better, keeps its time, goes on, and sees nothing of a back-test."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from tradewind.backtest.search import (
    FEWEST,
    STARTUP,
    Budget,
    Found,
    Search,
    Trial,
    before_backtest,
    decoded,
    encoded,
    importance,
    search,
)
from tradewind.data.demand import recover_demand
from tradewind.errors import DataError, MissingPackage, NotEnoughHistory
from tradewind.forecast import Forecast
from tradewind.models.protocol import Rescue
from tradewind.models.spaces import Choice, Real, Space, Whole
from tradewind.panel import Panel, dates_from, next_ds
from tradewind.task import Task

pytest.importorskip("optuna", reason="a search needs tradewind[tune]")

H, STEPS = 4, 60
TASK = Task(h=H, n_windows=3)


class Clock:
    """Seconds that pass when a forecast says so."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


@dataclass(frozen=True)
class Guess:
    """Forecasts `level` everywhere, where 10 is right, in `pause` seconds."""

    level: float = 14.0
    idle: int = 5
    pause: float = 10.0
    broken: bool = False
    clock: Clock = field(default_factory=Clock, repr=False, compare=False)

    def fit(self, past: Panel, task: Task) -> Guessed:
        if self.broken:
            raise DataError("broken settings")
        self.clock.now += self.pause
        return Guessed(self, past)

    def restore(self, folder: Path, past: Panel, task: Task) -> Guessed:
        return self.fit(past, task)


@dataclass(frozen=True)
class Guessed:
    model: Guess
    past: Panel
    rescues: tuple[Rescue, ...] = ()

    def forecast(
        self, h: int, levels: tuple[float, ...], known: Panel | None = None, target: str = "y"
    ) -> Forecast:
        ds = dates_from(next_ds(self.past.end, self.past.freq), h, self.past.freq)
        shape = (len(self.past.ids), h, len(levels))
        return Forecast(tuple(self.past.ids), ds, levels, np.full(shape, self.model.level))

    def update(self, new: Panel) -> Guessed:
        return Guessed(self.model, self.past.append(new))

    def save(self, folder: Path) -> None:
        pass


LEVEL: Space = {"level": Real(0.0, 40.0), "idle": Whole(1, 9)}


def panel(steps: int = STEPS) -> Panel:
    rng = np.random.default_rng(3)
    ds = dates_from(datetime(2025, 1, 6), steps, "W-MON")
    frames = [
        pl.DataFrame({"unique_id": [key] * steps, "ds": ds, "y": rng.poisson(10.0, steps) * 1.0})
        for key in "abc"
    ]
    return Panel.from_frame(pl.concat(frames), "W-MON")


def asked(space: Any = None, **start: Any) -> Search:
    earlier, task = before_backtest(panel(), TASK, 3, 3)
    return Search(earlier, task, Guess(**start), space or LEVEL)


def run(what: Search, seconds: float = 1e9, trials: int = 0, **more: Any) -> Found:
    assert isinstance(what.start, Guess)
    return search(what, Budget(seconds, trials, what.start.clock), **more)


def states(trials: Sequence[Trial]) -> list[str]:
    return [t.state for t in trials]


def test_a_search_finds_better_settings_than_the_default_ones() -> None:
    found = run(asked(), trials=40)
    assert found.ended == "trials"
    assert len(found.trials) == 40
    assert found.default.params == {"level": 14.0, "idle": 5}
    assert found.best.score < found.default.score
    assert abs(found.best.params["level"] - 10.0) < 1.0
    again = run(asked(), trials=40)
    assert [t.params for t in again.trials] == [t.params for t in found.trials]


def test_the_default_settings_win_unless_something_is_truly_better() -> None:
    space = {"level": Choice((14.0, 30.0)), "idle": Whole(1, 9)}  # idle changes nothing: ties
    found = run(asked(space), trials=15)
    assert found.best.number == 0
    assert min(t.score for t in found.trials if t.state == "done") == found.default.score


def test_a_gain_that_may_be_luck_does_not_count() -> None:
    default = Trial(0, {}, "done", 1.0, (1.0, 1.0, 1.0), 1.0)

    def best(*windows: float) -> int:
        other = Trial(1, {}, "done", float(np.mean(windows)), windows, 1.0)
        return Found((default, other), "time").best.number

    assert best(0.98, 0.98, 0.98) == 1
    assert best(0.995, 0.995, 0.995) == 0  # less than one per cent
    assert best(0.7, 1.01, 1.01) == 0  # in one window of three
    assert best(0.9, 0.9, 1.01) == 1


def test_a_trial_that_would_overrun_is_not_begun() -> None:
    what = asked()
    found = run(what, seconds=100.0)  # 3 windows of 10 seconds a trial
    assert set(states(found.trials)) <= {"done", "pruned"}
    assert found.ended == "time"
    assert isinstance(what.start, Guess)
    assert 100.0 - 30.0 < what.start.clock.now <= 100.0


def test_a_trial_that_turns_out_slow_stops_after_a_window_and_does_not_count() -> None:
    what = asked({**LEVEL, "pause": Choice((10.0, 25.0))})
    best = {"level": 10.0, "idle": 5, "pause": "25.0"}
    found = run(what, seconds=70.0, hints=[best])
    assert states(found.trials)[:2] == ["done", "stopped"]
    assert found.trials[1].params == best
    assert len(found.trials[1].windows) == 1
    assert found.best.number != 1
    assert isinstance(what.start, Guess)
    assert what.start.clock.now == 30.0 + 25.0
    after = run(asked({**LEVEL, "pause": Choice((10.0, 25.0))}), trials=1, before=found.trials)
    assert after.trials[-1].params == best
    assert after.trials[-1].state == "done"


def test_what_is_far_slower_than_the_default_settings_is_given_up() -> None:
    what = asked({**LEVEL, "pause": Choice((10.0, 31.0))})
    found = run(what, trials=2, hints=[{"level": 10.0, "idle": 5, "pause": "31.0"}])
    assert states(found.trials) == ["done", "pruned"]
    assert found.trials[1].reason == "3 times as slow as the default settings"
    assert len(found.trials[1].windows) == 1


def test_the_default_settings_are_scored_though_there_is_no_time() -> None:
    found = run(asked(), seconds=0.0)
    assert states(found.trials) == ["done"]


def test_a_search_goes_on_from_what_it_has_tried() -> None:
    told: list[Trial] = []
    first = run(asked(), trials=6, told=told.append)
    assert tuple(told) == first.trials
    second = run(asked(), trials=6, before=first.trials)
    assert second.trials[:6] == first.trials
    assert [t.number for t in second.trials] == list(range(12))
    assert len({repr(t.params) for t in second.trials}) == 12


def test_settings_that_do_badly_are_given_up_after_a_window() -> None:
    awful = {"level": 39.0, "idle": 1}
    before = run(asked(), trials=STARTUP + 6).trials
    found = run(asked(), trials=1, before=before, hints=[awful])
    assert found.trials[-1].params == awful
    assert found.trials[-1].state == "pruned"
    assert len(found.trials[-1].windows) == 1


def test_a_small_space_is_tried_out() -> None:
    found = run(asked({"level": Choice((8.0, 10.0, 14.0))}))
    assert found.ended == "tried_out"
    assert sorted(decoded(t.params, {"level": Choice((8.0, 10.0, 14.0))})["level"]
                  for t in found.trials) == [8.0, 10.0, 14.0]  # fmt: skip
    assert found.best.params["level"] == "10.0"


def test_settings_that_cannot_be_are_counted_and_the_default_ones_must_be() -> None:
    space = {**LEVEL, "broken": Choice((False, True))}
    bad = {"level": 10.0, "idle": 5, "broken": "True"}
    found = run(asked(space), trials=2, hints=[bad])
    assert (found.trials[1].state, found.trials[1].reason) == ("failed", "broken settings")
    assert found.best.number == 0
    with pytest.raises(DataError, match="broken settings"):
        run(asked(space, broken=True), trials=2)


def test_nothing_of_the_windows_of_a_back_test_is_seen() -> None:
    """Law: what is changed after the windows of the search changes nothing that it does."""
    whole = panel()
    earlier, task = before_backtest(whole, TASK, 3, 3)
    reported = TASK.cutoffs_of(whole)
    assert earlier.end == reported[0]
    assert next_ds(task.cutoffs[-1], whole.freq, H) == reported[0]
    late = pl.col("ds") > reported[0]
    frame = whole.frame.with_columns(y=pl.when(late).then(1e6).otherwise("y"))
    tampered, same = before_backtest(replace(whole, frame=frame), TASK, 3, 3)
    assert same == task
    scores = [
        [t.windows for t in run(Search(part, task, Guess(), LEVEL), trials=4).trials]
        for part in (earlier, tampered)
    ]
    assert scores[0] == scores[1]


def test_demand_is_estimated_without_the_windows_of_a_back_test() -> None:
    steps = 120
    ds = dates_from(datetime(2025, 1, 6), steps, "D")
    y = np.random.default_rng(5).poisson(6.0, steps) * 1.0
    y[85:105] = 0.0  # begins before the windows that are kept back, and ends in them
    whole = Panel.from_frame(pl.DataFrame({"unique_id": ["a"] * steps, "ds": ds, "y": y}), "D")
    task = Task(h=7, estimate=recover_demand)
    earlier, _ = before_backtest(recover_demand(whole), task, 3, 2)
    wanted = recover_demand(whole.until(earlier.end))
    assert earlier.frame.equals(wanted.frame.select(earlier.frame.columns))


def test_a_short_history_has_fewer_windows_or_says_what_to_do() -> None:
    _, task = before_backtest(panel(30), TASK, 3, 9)
    assert len(task.cutoffs) == 3  # 18 steps before the back-test, 6 of them to learn from
    with pytest.raises(NotEnoughHistory, match=r"ask for a shorter --h or fewer --windows"):
        before_backtest(panel(16), TASK, 3, 3)


def test_importance_names_the_setting_that_matters() -> None:
    found = run(asked(), trials=60)
    shares = importance(found.trials, LEVEL)
    assert next(iter(shares)) == "level"
    assert shares["level"] > 0.5
    assert sum(shares.values()) == pytest.approx(1.0)
    done = [t for t in found.trials if t.state == "done"]
    assert importance(done[: FEWEST - 1], LEVEL) == {}


def test_options_survive_being_written_as_text() -> None:
    space = {"share": Choice((float("nan"), 0.5)), "rates": Choice(((3e-4, 1e-3), (1e-3,)))}
    values = {"share": 0.5, "rates": (1e-3,)}
    assert decoded(encoded(values, space), space) == values
    nan = decoded(encoded({"share": float("nan")}, space), space)["share"]
    assert nan != nan


def test_without_optuna_the_error_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    module = sys.modules[search.__module__]
    monkeypatch.setattr(module, "find_spec", lambda name: None)
    with pytest.raises(MissingPackage, match=r"pip install tradewind\[tune\]"):
        run(asked(), trials=1)
