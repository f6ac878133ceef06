"""Trees learn covariates, close on closed days, and keep what they learnt."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from tradewind.arrays import Floats
from tradewind.errors import NotEnoughHistory, UnknownName
from tradewind.forecast import Forecast
from tradewind.models.trees import FittedTrees, Trees
from tradewind.models.trees_linear import Lesson, fit_linear
from tradewind.panel import Panel, dates_from, next_ds
from tradewind.task import DECILES, Roles, Task, Window

SMALL = Trees(rows=4000, trees=60, leaves=15, n_folds=2, threads=1)
TASK = Task(h=14, roles=Roles(known=("offer", "shut"), static=("kind",)))
STEPS = 200


@cache
def shop() -> Panel:
    """Eight products; an offer doubles sales, nothing sells on shut days (every Sunday)."""
    rng = np.random.default_rng(4)
    ds = dates_from(np.datetime64("2024-01-01", "us").item(), STEPS + 14, "D")
    shut = (np.arange(len(ds)) % 7 == 6).astype(float)
    tables = []
    for k in range(8):
        offer = (rng.random(len(ds)) < 0.3).astype(float)
        rate = (10 + 5 * k) * (1 + offer) * (1 - shut)
        y = rng.poisson(rate).astype(float)
        columns = {"unique_id": f"p{k}", "ds": ds, "y": y, "offer": offer, "shut": shut}
        tables.append(pl.DataFrame(columns))
    static = pl.DataFrame({"unique_id": [f"p{k}" for k in range(8)], "kind": ["a", "b"] * 4})
    return Panel.from_frame(pl.concat(tables), "D", static)


def window() -> Window:
    return TASK.window(shop(), next_ds(shop().start, "D", STEPS - 1))


@cache
def fitted() -> FittedTrees:
    return SMALL.fit(window().past, TASK)


def forecast(known: Panel | None) -> Forecast:
    return fitted().forecast(14, DECILES, known)


def column_ahead(name: str) -> Floats:
    return window().known.wide(name)


def test_an_offer_doubles_the_forecast() -> None:
    offer = column_ahead("offer") == 1
    shut = column_ahead("shut") == 1
    share = forecast(window().known).median / (10 + 5 * np.arange(8))[:, None]
    ratio = share[offer & ~shut].mean() / share[~offer & ~shut].mean()
    assert 1.7 < ratio < 2.3


def test_nothing_sells_on_a_shut_day() -> None:
    quantiles = forecast(window().known).quantiles
    assert (quantiles[column_ahead("shut") == 1] == 0).all()
    assert (quantiles[column_ahead("shut") == 0] > 0).all()


def test_no_known_future_is_a_valid_input() -> None:
    assert np.isfinite(forecast(None).quantiles).all()


def test_trees_beat_the_average_by_far() -> None:
    truth = shop().after(window().past.end).wide("y")
    usual = window().past.wide("y").mean(axis=1, keepdims=True)
    error = np.abs(forecast(window().known).median - truth).mean()
    assert error < 0.5 * np.abs(usual - truth).mean()


def test_saved_trees_forecast_alike(tmp_path: Path) -> None:
    fitted().save(tmp_path)
    again = SMALL.restore(tmp_path, window().past, TASK)
    known = window().known
    np.testing.assert_array_equal(
        again.forecast(14, DECILES, known).quantiles, forecast(known).quantiles
    )


def test_update_keeps_the_trees_and_moves_on() -> None:
    later = fitted().update(shop().after(window().past.end))
    assert later.learnt is fitted().learnt
    assert later.forecast(3, DECILES).ds[0] == shop().ds[-1] + np.timedelta64(1, "D")


def test_two_targets_are_two_models() -> None:
    task = replace(TASK, roles=Roles(targets=("y", "offer")))
    both = replace(SMALL, trees=5).fit(window().past, task)
    assert both.forecast(3, DECILES, target="offer").median.max() <= 1.5
    with pytest.raises(UnknownName, match="no forecast of 'shut'"):
        both.forecast(3, DECILES, target="shut")


def test_too_little_history_is_said() -> None:
    few = shop().only(["p0"]).until(next_ds(shop().start, "D", 2))
    with pytest.raises(NotEnoughHistory, match="needs 50"):
        SMALL.fit(few, TASK)


def test_a_line_finds_its_slope_through_outliers() -> None:
    rng = np.random.default_rng(1)
    x = rng.normal(size=(500, 2)).astype(np.float32)
    answer = 2.0 * x[:, 0] + 0.1 * rng.normal(size=500)
    answer[:50] += 30
    ones = np.ones(500)
    lesson = Lesson(x, answer, ones, np.zeros(500, dtype=np.int64), 0.5 * ones)
    line = fit_linear(lesson, np.array([True, True]))
    probe = np.array([[1.0, 0.0], [0.0, 0.0]], dtype=np.float32)
    slope = np.subtract(*line.predict(probe, np.full(2, 0.5)))
    assert abs(slope - 2.0) < 0.1


def test_series_forecast_in_groups_keep_their_order(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tradewind.models.trees.COMPANY", 3)
    known = window().known
    grouped = forecast(known)
    monkeypatch.undo()
    assert grouped.ids == tuple(shop().ids)
    np.testing.assert_allclose(
        grouped.median.mean(axis=1), forecast(known).median.mean(axis=1), rtol=0.2
    )
