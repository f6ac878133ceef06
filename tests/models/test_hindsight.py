"""Forecasts at earlier cutoffs: what they may see, and that each is made once."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from tradewind.models.hindsight import Lazy, Memory, frame_digest, hindsight, truth_of
from tradewind.models.naive import SeasonalNaive
from tradewind.models.protocol import Fitted
from tradewind.panel import Panel, dates_from, next_ds
from tradewind.task import Roles, Task


@dataclass(frozen=True)
class Counted:
    """A seasonal naive that counts its fits."""

    inner: SeasonalNaive = field(default_factory=SeasonalNaive)
    fits: list[datetime] = field(default_factory=list, repr=False, compare=False)

    def fit(self, past: Panel, task: Task) -> Fitted:
        self.fits.append(past.end)
        return self.inner.fit(past, task)

    def restore(self, folder: Path, past: Panel, task: Task) -> Fitted:
        return self.inner.restore(folder, past, task)


def shop(n: int = 4, steps: int = 60) -> Panel:
    rng = np.random.default_rng(0)
    ds = dates_from(datetime(2024, 1, 1), steps, "D")
    table = pl.DataFrame(
        {
            "unique_id": np.repeat([f"s{k}" for k in range(n)], steps),
            "ds": np.tile(ds, n),
            "y": rng.poisson(20, n * steps).astype(float),
            "price": rng.gamma(4, 2, n * steps),
            "other": rng.normal(size=n * steps),
        }
    )
    return Panel.from_frame(table, "D")


TASK = Task(h=7, roles=Roles(known=("price",)), n_windows=3)


def test_hindsight_looks_back_from_the_end_of_the_past() -> None:
    past = shop()
    made = hindsight(SeasonalNaive(), past, TASK, 3, Memory())
    assert [cutoff for cutoff, _, _ in made] == [next_ds(past.end, "D", -7 * k) for k in (1, 2, 3)]
    for cutoff, forecast, truth in made:
        np.testing.assert_array_equal(truth, past.after(cutoff, 7).wide())
        before = past.until(cutoff).wide()[:, -7:]
        np.testing.assert_array_equal(forecast.median, before)


def test_earlier_windows_of_a_back_test_are_free() -> None:
    panel, memory, model = shop(), Memory(), Counted()
    windows = list(TASK.windows(panel))
    for window in windows:
        memory.answer(model, window)
    assert len(model.fits) == 3
    made = hindsight(model, windows[-1].past, windows[-1].task, 2, memory)
    assert len(made) == 2
    assert len(model.fits) == 3


@pytest.mark.parametrize("change", ["truth before", "known", "levels", "settings", "season"])
def test_anything_that_matters_makes_another_key(change: str) -> None:
    panel, memory = shop(), Memory()
    model, task = SeasonalNaive(), TASK
    before = memory.key(model, task.window(panel, task.cutoffs_of(panel)[0]), "y")
    cutoff = task.cutoffs_of(panel)[0]
    if change == "truth before":
        early = pl.col("ds") == panel.start
        bumped = pl.when(early).then(pl.col("y") + 1).otherwise("y").alias("y")
        panel = replace(panel, frame=panel.frame.with_columns(bumped))
    if change == "known":
        late = pl.col("ds") > cutoff
        dearer = pl.when(late).then(pl.col("price") + 1).otherwise("price").alias("price")
        panel = replace(panel, frame=panel.frame.with_columns(dearer))
    if change == "levels":
        task = replace(task, levels=(0.5,))
    if change == "settings":
        model = SeasonalNaive(season_length=3)
    if change == "season":
        task = replace(task, season=2)
    assert memory.key(model, task.window(panel, cutoff), "y") != before


def test_the_truth_and_unused_columns_do_not_change_the_key() -> None:
    panel, memory = shop(), Memory()
    cutoff = TASK.cutoffs_of(panel)[0]
    late = pl.col("ds") > cutoff
    other = replace(
        panel,
        frame=panel.frame.with_columns(
            pl.when(late).then(pl.lit(1e6)).otherwise("y").alias("y"), pl.lit(0.0).alias("other")
        ),
    )
    window, tampered = TASK.window(panel, cutoff), TASK.window(other, cutoff)
    assert memory.key(SeasonalNaive(), window, "y") == memory.key(SeasonalNaive(), tampered, "y")


def test_a_folder_serves_the_next_run(tmp_path: Path) -> None:
    window = next(TASK.windows(shop()))
    first = Memory(tmp_path).answer(Counted(), window)
    second_model = Counted()
    second = Memory(tmp_path).answer(second_model, window)
    assert second_model.fits == []
    np.testing.assert_array_equal(second.forecast.quantiles, first.forecast.quantiles)
    assert second.forecast.ids == first.forecast.ids
    assert second.forecast.lower == first.forecast.lower


def test_too_little_history_leaves_a_cutoff_out() -> None:
    known = [
        [int(np.isfinite(truth).any(axis=0).sum()) for _, _, truth in made]
        for steps in (28, 18, 10, 2)
        for made in [hindsight(SeasonalNaive(), shop(steps=steps), TASK, 5, Memory())]
    ]
    assert known == [[7, 7], [4, 7], [3], []]


def test_truth_is_nan_where_a_series_has_none() -> None:
    past = shop()
    cutoff = next_ds(past.end, "D", -7)
    forecast = SeasonalNaive().fit(past.until(cutoff), TASK).forecast(7, (0.5,))
    gone = (pl.col("unique_id") == "s1") & (pl.col("ds") > cutoff)
    truth = truth_of(replace(past, frame=past.frame.filter(~gone)), cutoff, forecast)
    assert np.isnan(truth[1]).all()
    assert np.isfinite(truth[[0, 2, 3]]).all()


def test_the_digest_sees_order_names_and_values() -> None:
    frame = pl.DataFrame({"a": [1.0, 2.0], "b": ["x", None]})
    same = pl.DataFrame({"a": [1.0, 2.0], "b": ["x", None]})
    assert frame_digest(frame) == frame_digest(same)
    others = [frame.reverse(), frame.rename({"a": "c"}), frame.with_columns(b=pl.lit("x"))]
    assert len({frame_digest(frame), *map(frame_digest, others)}) == 4


def test_a_lazy_model_is_fitted_only_when_memory_cannot_answer() -> None:
    panel, memory, model = shop(), Memory(), Counted()
    window = next(TASK.windows(panel))
    lazy = Lazy(model, window.past, window.task, memory)
    memory.answer(model, window)
    assert len(model.fits) == 1
    remembered = lazy.forecast(7, TASK.levels, window.known)
    assert len(model.fits) == 1
    np.testing.assert_array_equal(
        remembered.quantiles[:, :3], lazy.forecast(3, TASK.levels, window.known).quantiles
    )
    assert len(model.fits) == 2


@dataclass(frozen=True)
class Learner(Counted):
    """A seasonal naive that says from which cutoff it went on."""

    resumed: list[tuple[datetime, datetime]] = field(default_factory=list, repr=False)

    def resume(self, before: Any, past: Panel, task: Task) -> Fitted:
        self.resumed.append((before.past.end, past.end))
        return self.inner.fit(past, task)


def test_a_forecaster_that_can_goes_on_from_its_latest_earlier_cutoff_and_never_a_later_one() -> (
    None
):
    past, learner, memory = shop(), Learner(), Memory()
    ends = [next_ds(past.end, "D", -7 * k) for k in (3, 2, 1, 0)]
    memory.fit(learner, past, TASK)
    hindsight(learner, past, TASK, 3, memory)
    assert learner.fits == [ends[3], ends[0]]
    assert learner.resumed == [(ends[0], ends[1]), (ends[1], ends[2])]
    for day in (50, 52, 54, 56, 40):  # the later ones push others out, but never the earliest
        memory.fit(learner, past.until(next_ds(past.start, "D", day)), TASK)
    assert learner.fits == [ends[3], ends[0]]
    assert learner.resumed[-1] == (ends[0], next_ds(past.start, "D", 40))
    memory.fit(learner, shop(n=5), TASK)  # more series: other ids come first, the same question
    memory.fit(learner, past, replace(TASK, h=3))  # another question
    assert learner.fits[-1] == past.end
    assert len(learner.fits) == 3
