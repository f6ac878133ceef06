"""A back-test: nothing leaks, nothing is lost, nothing is computed twice."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from tradewind import metrics
from tradewind.backtest.run import backtest, scale_of, truth_at
from tradewind.errors import NotEnoughHistory
from tradewind.forecast import Forecast
from tradewind.models.hindsight import Memory
from tradewind.models.naive import Average, SeasonalNaive
from tradewind.models.protocol import Forecaster, Rescue
from tradewind.panel import Panel, dates_from, next_ds
from tradewind.task import Roles, Task

TASK = Task(h=4, n_windows=3)


@dataclass(frozen=True)
class Flat:
    """Says the same value at every level, everywhere; notes what it was shown."""

    value: float = 0.0
    seen: list[datetime] = field(default_factory=list, repr=False, compare=False)

    def fit(self, past: Panel, task: Task) -> FlatFitted:
        self.seen.append(past.end)
        return FlatFitted(self, past)

    def restore(self, folder: Path, past: Panel, task: Task) -> FlatFitted:
        return self.fit(past, task)


@dataclass(frozen=True)
class FlatFitted:
    model: Flat
    past: Panel
    rescues: tuple[Rescue, ...] = ()

    def forecast(
        self, h: int, levels: tuple[float, ...], known: Panel | None = None, target: str = "y"
    ) -> Forecast:
        ds = dates_from(next_ds(self.past.end, self.past.freq), h, self.past.freq)
        shape = (len(self.past.ids), h, len(levels))
        return Forecast(tuple(self.past.ids), ds, levels, np.full(shape, self.model.value))

    def update(self, new: Panel) -> FlatFitted:
        return FlatFitted(self.model, self.past.append(new))

    def save(self, folder: Path) -> None:
        pass


@dataclass(frozen=True)
class Helped(Flat):
    """Falls back for its first series."""

    def fit(self, past: Panel, task: Task) -> FlatFitted:
        return FlatFitted(self, past, (Rescue(past.ids[0], "Helped", "too hard"),))


@dataclass(frozen=True)
class Broken(Flat):
    """Cannot forecast before a date."""

    before: datetime = datetime(2030, 1, 1)

    def fit(self, past: Panel, task: Task) -> FlatFitted:
        if past.end < self.before:
            raise NotEnoughHistory(f"the past ends {past.end:%Y-%m-%d}")
        return super().fit(past, task)


def test_every_model_is_scored_in_every_window(shop: Panel) -> None:
    run = backtest(shop, TASK, {"season": SeasonalNaive(), "average": Average()})
    assert run.cutoffs == TASK.cutoffs_of(shop)
    assert set(run.forecasts) == {(m, c) for m in run.models for c in run.cutoffs}
    assert len(run.scores) == len(run.scores.unique(["model", "cutoff", "unique_id", "metric"]))
    per_window = run.scores.group_by("model", "cutoff").agg(pl.col("unique_id").n_unique())
    assert per_window["unique_id"].to_list() == [3] * 6
    assert run.failures.is_empty()
    assert (run.seconds["seconds"] > 0).all()


def test_scores_are_the_metrics_of_forecast_and_truth(shop: Panel) -> None:
    run = backtest(shop, TASK, {"season": SeasonalNaive()})
    cutoff = run.cutoffs[1]
    truth, forecast = shop.after(cutoff, 4).wide(), run.forecasts["season", cutoff]
    scale = metrics.seasonal_error(shop.until(cutoff).wide(), 7)
    total = dict(run.totals.filter(cutoff=cutoff).select("metric", "value").iter_rows())
    assert total["mae"] == pytest.approx(np.abs(truth - forecast.median).mean())
    assert total["sql"] == pytest.approx(
        float(metrics.sql(truth, forecast.quantiles, TASK.levels, scale))
    )
    own = run.scores.filter(cutoff=cutoff, metric="mase").sort("unique_id")["value"].to_numpy()
    np.testing.assert_allclose(own, np.abs(truth - forecast.median).mean(axis=1) / scale)


def test_a_model_sees_nothing_after_its_cutoff(shop: Panel) -> None:
    model = Flat()
    run = backtest(shop, TASK, {"flat": model})
    assert model.seen == list(run.cutoffs)


def test_tampering_with_the_truth_changes_scores_and_no_forecast(shop: Panel) -> None:
    cutoff = TASK.cutoffs_of(shop)[-1]
    tampered = shop.frame.with_columns(
        y=pl.when(pl.col("ds") > cutoff).then(999.0).otherwise(pl.col("y"))
    )
    models = {"season": SeasonalNaive()}
    true = backtest(shop, TASK, models)
    false = backtest(Panel.from_frame(tampered, "D"), TASK, models)
    for key, forecast in true.forecasts.items():
        np.testing.assert_array_equal(forecast.quantiles, false.forecasts[key].quantiles)
    assert not true.totals.filter(cutoff=cutoff).equals(false.totals.filter(cutoff=cutoff))


def test_a_failure_is_counted_and_the_others_go_on(shop: Panel) -> None:
    second = TASK.cutoffs_of(shop)[1]
    run = backtest(shop, TASK, {"broken": Broken(before=second), "flat": Flat()})
    assert ("broken", run.cutoffs[0]) not in run.forecasts
    assert ("broken", run.cutoffs[1]) in run.forecasts
    assert len([key for key in run.forecasts if key[0] == "flat"]) == 3
    failure = run.failures.row(0, named=True)
    assert len(run.failures) == 1
    assert failure["unique_id"] is None
    assert failure["reason"].startswith("NotEnoughHistory: the past ends")


def test_a_series_that_fell_back_is_counted(shop: Panel) -> None:
    run = backtest(shop, TASK, {"helped": Helped()})
    rows = run.failures.select("unique_id", "by", "reason").rows()
    assert rows == [("a", "Helped", "too hard")] * 3


def test_an_error_of_our_own_is_not_rescued(shop: Panel) -> None:
    class Buggy(Flat):
        def fit(self, past: Panel, task: Task) -> FlatFitted:
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        backtest(shop, TASK, {"buggy": Buggy()})


def test_the_same_back_test_again_computes_nothing(shop: Panel, tmp_path: Path) -> None:
    model = Flat(value=2.0)
    first = backtest(shop, TASK, {"flat": model}, memory=Memory(tmp_path))
    again = backtest(shop, TASK, {"flat": model}, memory=Memory(tmp_path))
    assert len(model.seen) == 3
    assert again.totals.equals(first.totals)
    assert again.seconds.equals(first.seconds)
    other = Flat(value=3.0)
    backtest(shop, TASK, {"flat": other}, memory=Memory(tmp_path))
    assert len(other.seen) == 3, "other settings are another forecast"


def test_side_by_side_says_the_same_as_one_by_one(shop: Panel) -> None:
    models: dict[str, Forecaster] = {
        "season": SeasonalNaive(),
        "average": Average(),
        "flat": Flat(),
    }
    one = backtest(shop, TASK, models, workers=1)
    two = backtest(shop, TASK, models, workers=2)
    assert one.scores.equals(two.scores)
    assert one.totals.equals(two.totals)


def test_progress_counts_every_forecast(shop: Panel) -> None:
    told: list[tuple[int, int, str]] = []
    models: dict[str, Forecaster] = {"season": SeasonalNaive(), "flat": Flat()}
    backtest(shop, TASK, models, progress=lambda *what: told.append(what))
    assert [done for done, _, _ in told] == [1, 2, 3, 4, 5, 6]
    assert {total for _, total, _ in told} == {6}


def test_price_is_forecast_by_the_same_back_test(shop: Panel) -> None:
    task = Task(h=4, n_windows=2, roles=Roles(targets=("price",)))
    run = backtest(shop, task, {"season": SeasonalNaive()})
    assert run.target == "price"
    assert run.totals.filter(metric="mae")["value"].to_list() == [0.0, 0.0]


def test_a_series_not_yet_born_is_not_in_a_window(shop: Panel) -> None:
    run = backtest(shop, Task(h=4, cutoffs=(datetime(2024, 1, 8),)), {"season": SeasonalNaive()})
    assert run.ids[run.cutoffs[0]] == ["a", "b"]


def test_truth_of_a_series_that_ended_is_missing(shop: Panel) -> None:
    cutoff = TASK.cutoffs_of(shop)[-1]
    ended = (pl.col("unique_id") == "a") & (pl.col("ds") > next_ds(cutoff, "D", 2))
    panel = Panel.from_frame(shop.frame.filter(~ended), "D")
    truth = truth_at(panel, TASK, cutoff, panel.ids)
    assert np.isnan(truth).tolist() == [[False, False, True, True], [False] * 4, [False] * 4]
    np.testing.assert_array_equal(truth[1], shop.after(cutoff, 4).wide()[1])


def test_a_past_shorter_than_a_season_is_scaled_by_the_naive_error() -> None:
    past = np.array([[1.0, 3.0, 2.0, 5.0], [4.0, 4.0, 4.0, 4.0]])
    np.testing.assert_allclose(scale_of(past, 52), [2.0, 0.0])
    np.testing.assert_allclose(scale_of(past, 2), [1.5, 0.0])
