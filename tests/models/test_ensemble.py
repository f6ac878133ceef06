"""Weights learnt from hindsight: right, cautious, and only as dear as they must be."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from scipy import optimize

from tradewind.errors import NotEnoughHistory
from tradewind.models.ensemble import SAMPLE, Ensemble, combined
from tradewind.models.hindsight import Memory
from tradewind.models.intermittent import TSB
from tradewind.models.naive import Average, SeasonalNaive
from tradewind.models.protocol import Fitted
from tradewind.models.weights import (
    Cells,
    blocks,
    learn_weights,
    member_losses,
    prior_weights,
    simplex_descent,
)
from tradewind.panel import Panel, dates_from
from tradewind.task import DECILES, Task

TASK = Task(h=7)


def weekly_panel(n: int = 30, steps: int = 84) -> Panel:
    """Series whose week repeats: last week is a perfect forecast, the average a poor one."""
    rng = np.random.default_rng(0)
    season = np.array([1.0, 2.0, 3.0, 4.0, 5.0, 8.0, 9.0])
    y = np.tile(season, steps // 7) * rng.gamma(5, 5, n)[:, None] + rng.normal(0, 0.5, (n, steps))
    ds = dates_from(datetime(2024, 1, 1), steps, "D")
    ids = np.repeat([f"s{k:04d}" for k in range(n)], steps)
    table = pl.DataFrame({"unique_id": ids, "ds": np.tile(ds, n), "y": y.ravel()})
    return Panel.from_frame(table, "D")


def cells(units: int = 2000, members: int = 3) -> Cells:
    """Outcomes between members: a third of member 0 and two thirds of member 1 is best."""
    rng = np.random.default_rng(1)
    base = rng.normal(0, 3, (500, members))
    spread = np.linspace(-0.5, 0.5, 9)
    y = base[:, 0] / 3 + base[:, 1] * 2 / 3 + rng.normal(0, 0.3, 500)
    quantiles = base[:, None, :] + spread[None, :, None]
    return Cells(quantiles, y, np.ones(500), np.arange(500) % 4, units, units)


@dataclass(frozen=True)
class Failing:
    """A model that refuses everything."""

    calls: list[int] = field(default_factory=list, repr=False, compare=False)

    def fit(self, past: Panel, task: Task) -> Fitted:
        self.calls.append(1)
        raise NotEnoughHistory("this model wants ten years")

    def restore(self, folder: Path, past: Panel, task: Task) -> Fitted:
        raise NotEnoughHistory("this model wants ten years")


def test_descent_finds_what_a_general_solver_finds() -> None:
    made = cells()
    q = np.array(DECILES)

    def loss(w: np.ndarray) -> float:
        e = made.y[:, None] - made.quantiles @ w
        return float(np.maximum(q * e, (q - 1) * e).mean())

    start = np.full(3, 1 / 3)
    ours = simplex_descent(made, DECILES, start)
    solved = optimize.minimize(
        loss, start, bounds=[(0, 1)] * 3, constraints={"type": "eq", "fun": lambda w: w.sum() - 1}
    )
    assert loss(ours) <= solved.fun * 1.01
    np.testing.assert_allclose(ours, [1 / 3, 2 / 3, 0], atol=0.05)
    assert ours.sum() == pytest.approx(1.0)


def test_losses_equal_a_plain_loop() -> None:
    made = cells()
    total = 0.0
    for m in range(500):
        for k, level in enumerate(DECILES):
            e = made.y[m] - made.quantiles[m, k, 1]
            total += 2 * max(level * e, (level - 1) * e)
    assert member_losses(made, DECILES)[1] == pytest.approx(total / 500 / 9)


def test_few_series_keep_the_weights_near_the_prior() -> None:
    prior = prior_weights(member_losses(cells(), DECILES))
    few = learn_weights(cells(units=1), DECILES, blocks(4, 2))
    many = learn_weights(cells(units=5000), DECILES, blocks(4, 2))
    assert np.abs(few - prior).max() < 0.1
    assert np.abs(many - [1 / 3, 2 / 3, 0]).max() < 0.1
    np.testing.assert_allclose([few.sum(axis=1), many.sum(axis=1)], 1.0)


def test_the_better_member_gets_the_weight_and_the_worse_is_not_fitted() -> None:
    panel = weekly_panel()
    fitted = Ensemble((SeasonalNaive(), Average())).fit(panel, TASK)
    assert fitted.weights["y"][:, 0].min() > 0.95
    ensemble = fitted.forecast(7, DECILES).quantiles
    np.testing.assert_allclose(
        ensemble, SeasonalNaive().fit(panel, TASK).forecast(7, DECILES).quantiles, rtol=0.05
    )


def test_the_average_of_quantiles_equals_a_plain_loop() -> None:
    panel = weekly_panel(3)
    made = [m.fit(panel, TASK).forecast(7, DECILES) for m in (SeasonalNaive(), Average())]
    weights = np.array([[0.25, 0.75], [0.5, 0.5]])
    fast = combined(made, weights, 7).quantiles
    for step in range(7):
        w = weights[0] if step < 4 else weights[1]
        slow = w[0] * made[0].quantiles[:, step] + w[1] * made[1].quantiles[:, step]
        np.testing.assert_allclose(fast[:, step], slow)


def test_a_member_that_fails_is_left_out_and_named() -> None:
    fitted = Ensemble((SeasonalNaive(), Failing())).fit(weekly_panel(), TASK)
    assert fitted.weights["y"][:, 1].max() == 0.0
    assert any("ten years" in r.reason for r in fitted.rescues)


def test_no_member_left_is_an_error_that_says_why() -> None:
    with pytest.raises(NotEnoughHistory, match="ten years"):
        Ensemble((Failing(),)).fit(weekly_panel(), TASK)


def test_without_earlier_cutoffs_weights_follow_the_beliefs_and_it_is_said() -> None:
    panel = weekly_panel(4, 7).until(datetime(2024, 1, 2))
    members = (SeasonalNaive(), Average(), TSB())
    fitted = Ensemble(members).fit(panel, TASK)
    np.testing.assert_allclose(fitted.weights["y"], 1 / 3)
    assert any("not learnt" in r.reason for r in fitted.rescues)
    sure = Ensemble(members, beliefs=(0.5, 1.0, 1.0)).fit(panel, TASK)
    assert sure.weights["y"][:, 0].min() > 0.95


def test_a_belief_counts_where_hindsight_is_short_and_hardly_where_it_is_long() -> None:
    beliefs = np.array([0.5, 1.0, 1.0])
    moved = [
        (
            learn_weights(cells(units=units), DECILES, blocks(4, 2), beliefs)
            - learn_weights(cells(units=units), DECILES, blocks(4, 2))
        )[:, 0].max()
        for units in (1, 5000)
    ]
    assert moved[0] > 0.3
    assert moved[1] < 0.05


def test_beliefs_stay_with_their_members_where_one_takes_no_part() -> None:
    members = (Failing(), SeasonalNaive(), Average())
    doubtful = Ensemble(members, beliefs=(1.0, 1e3, 1.0)).fit(weekly_panel(), TASK)
    sure = Ensemble(members, beliefs=(1e3, 1.0, 1.0)).fit(weekly_panel(), TASK)
    assert sure.weights["y"][:, 1].min() > 0.95
    assert doubtful.weights["y"][:, 2].max() > 0.5
    with pytest.raises(ValueError, match="2 members, there are 3"):
        Ensemble(members, beliefs=(1.0, 1.0))


def test_hindsight_weighs_each_cutoff_by_the_others() -> None:
    panel, memory = weekly_panel(), Memory()
    ensemble = Ensemble((SeasonalNaive(), Average()), memory=memory)
    made = ensemble.hindsight(panel, TASK, 2, memory, "y")
    assert len(made) == 2
    for _, forecast, truth in made:
        assert np.abs(forecast.median - truth).mean() < 3


def test_local_members_are_judged_on_a_sample_of_a_large_panel() -> None:
    panel, memory = weekly_panel(2 * SAMPLE, 42), Memory()
    ensemble = Ensemble((SeasonalNaive(), Average()), n_windows=1, memory=memory)
    (_, forecast, truth), *_ = ensemble.hindsight(panel, TASK, 1, memory, "y")
    assert len(forecast.ids) == len(truth) == SAMPLE
    assert len(ensemble.fit(panel, TASK).forecast(7, DECILES).ids) == 2 * SAMPLE


def test_the_future_does_not_change_the_weights() -> None:
    panel = weekly_panel()
    cutoff = panel.ds[-15].astype("datetime64[us]").item()
    window = TASK.window(panel, cutoff)
    ensemble = Ensemble((SeasonalNaive(), Average()))
    late = pl.col("ds") > cutoff
    wild = panel.frame.with_columns(pl.when(late).then(-1e6).otherwise("y").alias("y"))
    other = TASK.window(Panel.from_frame(wild, "D"), cutoff)
    np.testing.assert_array_equal(
        ensemble.fit(window.past, TASK).weights["y"], ensemble.fit(other.past, TASK).weights["y"]
    )


def test_an_ensemble_of_nobody_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one member"):
        Ensemble(())
