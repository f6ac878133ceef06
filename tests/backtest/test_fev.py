"""Our models among the published ones: ranked, resumable, and said as JSON."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from tradewind.backtest import fev
from tradewind.backtest.fev import (
    FevRequest,
    TaskRun,
    chosen_models,
    compare_published,
    open_memory,
    run_task,
    skill_interval,
)
from tradewind.backtest.protocol import skill
from tradewind.backtest.published import PublishedTask
from tradewind.errors import DataError, UnknownName
from tradewind.models.hindsight import Memory
from tradewind.models.naive import Average, SeasonalNaive
from tradewind.panel import Panel
from tradewind.task import Task

NAME = "hierarchical_sales_1D"


@pytest.fixture
def published(shop: Panel) -> PublishedTask:
    """The small shop in the place of a published task."""
    task = Task(h=4, n_windows=3)
    return PublishedTask(NAME, shop, replace(task, cutoffs=task.cutoffs_of(shop)), 7)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A table of two published models."""
    (tmp_path / "published").mkdir()
    pl.DataFrame(
        {
            "model_name": ["Seasonal Naive", "Deep", "Deep"],
            "dataset_config": [NAME, NAME, "elsewhere"],
            "SQL": [2.0, 1.0, 0.1],
            "MASE": [2.0, 1.5, 0.1],
            "WAPE": [0.5, 0.4, 0.1],
            "WQL": [0.5, 0.3, 0.1],
            "training_time_s": [None, 3.0, 1.0],
            "inference_time_s": [1.0, 4.0, 1.0],
            "trained_on_this_dataset": [False, True, True],
        }
    ).write_csv(tmp_path / "published" / "fev_bench_retail.csv")
    return tmp_path


@pytest.fixture
def run(published: PublishedTask) -> TaskRun:
    return run_task(published, {"average": Average()}, Memory())


def test_ours_stand_among_the_published_sorted_by_skill(run: TaskRun, folder: Path) -> None:
    result = compare_published([run], folder)
    assert result.skill["skill"].is_sorted(descending=True)
    ranks = {row["model"]: row for row in result.skill.to_dicts()}
    assert set(ranks) == {"average", "seasonal_naive", "Seasonal Naive", "Deep"}
    assert ranks["Seasonal Naive"]["skill"] == pytest.approx(0.0)
    assert ranks["Deep"]["skill"] == pytest.approx(0.5)
    assert ranks["Deep"]["trained_on_this_dataset"]
    sql = result.rows.filter(model="average")["SQL"].item()
    assert ranks["average"]["skill"] == pytest.approx(1 - sql / 2.0), "divides by the published"
    assert ranks["average"]["low"] < ranks["average"]["skill"] < ranks["average"]["high"]
    assert ranks["Deep"]["low"] is None


def test_json_has_the_agreed_fields_and_no_nan(run: TaskRun, folder: Path) -> None:
    said = json.loads(compare_published([run], folder).to_json())
    assert set(said) == {"rows", "skill"}
    fields = {"model", "task", "SQL", "MASE", "WAPE", "WQL", "coverage80", "seconds", "published"}
    assert all(set(row) == fields for row in said["rows"])
    assert all(set(row) == {"model", "skill", "published"} for row in said["skill"])
    for row in said["rows"]:
        assert (row["coverage80"] is None) == row["published"]
    deep = next(row for row in said["rows"] if row["model"] == "Deep")
    assert deep["seconds"] == 7.0


def test_dev_windows_have_no_published_rows(run: TaskRun, folder: Path) -> None:
    result = compare_published([run], folder, FevRequest(dev=True))
    assert not result.rows["published"].any()
    ranks = dict(result.skill.select("model", "skill").iter_rows())
    assert ranks["seasonal_naive"] == pytest.approx(0.0)


def test_an_apart_task_counts_in_no_skill(run: TaskRun, folder: Path) -> None:
    apart = replace(run, task="hierarchical_sales_1D_promo")
    alone = compare_published([run], folder)
    both = compare_published([run, apart], folder)
    assert both.skill.sort("model").equals(alone.skill.sort("model"))
    assert len(both.rows) == len(alone.rows) + 2


def test_the_table_has_a_column_per_task(run: TaskRun, folder: Path) -> None:
    table = compare_published([run], folder).table("MASE")
    assert dict(table.select("model", NAME).iter_rows())["Deep"] == 1.5
    apart = compare_published([replace(run, task="hierarchical_sales_1D_promo")], folder).table()
    assert apart["skill"].to_list() == [None, None], "its models are shown all the same"


def test_a_window_without_an_answer_is_scored_with_seasonal_naive(
    published: PublishedTask, folder: Path
) -> None:
    class Silent:
        def fit(self, past: Panel, task: Task) -> None:
            raise DataError("no answer")

    run = run_task(published, {"silent": Silent()}, Memory())  # type: ignore[dict-item]
    rows = {row["model"]: row for row in compare_published([run], folder).rows.to_dicts()}
    assert rows["silent"]["SQL"] == rows["seasonal_naive"]["SQL"]
    assert run.failures["model"].to_list() == ["silent"] * 3


def test_scores_are_means_over_windows(run: TaskRun) -> None:
    windows = run.scores["average"]
    assert len(windows) == 3
    rows = [w.sums.sum() / w.counts.sum() for w in windows]
    np.testing.assert_allclose([w.values["SQL"] for w in windows], rows)


def test_skill_is_a_geometric_mean_over_tasks() -> None:
    assert skill({"a": 0.2, "b": 0.8}, {"a": 1.0, "b": 1.0}) == pytest.approx(1 - 0.4)


def test_the_interval_narrows_with_more_tasks(run: TaskRun) -> None:
    other = replace(run, task="rossmann_1D")
    base = {NAME: 2.0, "rossmann_1D": 2.0}
    one, two = skill_interval([run], "average", base), skill_interval([run, other], "average", base)
    assert two[1] - two[0] < one[1] - one[0]


def test_an_interrupted_run_goes_on(published: PublishedTask, tmp_path: Path) -> None:
    request = FevRequest(cache=tmp_path / "cache")
    first = run_task(published, {"average": Average()}, open_memory(request))
    kept = {f.name: f.stat().st_mtime_ns for f in (tmp_path / "cache").glob("*.npz")}
    assert len(kept) == 3
    again = run_task(published, {"average": Average()}, open_memory(request))
    assert {f.name: f.stat().st_mtime_ns for f in (tmp_path / "cache").glob("*.npz")} == kept
    assert again.seconds["average"] == first.seconds["average"]
    open_memory(replace(request, fresh=True))
    assert not list((tmp_path / "cache").iterdir())


def test_each_task_is_told_as_it_ends(
    published: PublishedTask, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fev, "load_task", lambda name, folder, dev: published)
    monkeypatch.setattr(fev, "preset", lambda name, memory: {"average": Average()})
    told: list[TaskRun] = []
    result = fev.run_fev(folder, FevRequest(tasks=(NAME,)), finished=told.append)
    ours = result.rows.filter(~pl.col("published")).sort("SQL")
    assert [run.task for run in told] == [NAME]
    assert list(told[0].sql.items()) == list(ours.select("model", "SQL").iter_rows())


def test_models_are_chosen_by_name_from_the_preset() -> None:
    memory = Memory()
    everything = chosen_models(FevRequest(preset="fast"), memory)
    assert "seasonal_naive" not in everything
    name = next(iter(everything))
    assert list(chosen_models(FevRequest(preset="fast", models=(name,)), memory)) == [name]
    with pytest.raises(UnknownName, match="has no model 'oracle'"):
        chosen_models(FevRequest(preset="fast", models=("oracle",)), memory)


def test_a_missing_table_names_the_option(run: TaskRun, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"fev_bench_retail\.csv is absent; .* --data"):
        compare_published([run], tmp_path)


def test_the_seasonal_naive_row_is_the_publishers_not_ours(published: PublishedTask) -> None:
    run = run_task(published, {"ours": SeasonalNaive()}, Memory())
    theirs, ours = run.scores["seasonal_naive"][0], run.scores["ours"][0]
    assert theirs.values["MASE"] == pytest.approx(ours.values["MASE"])
    assert theirs.values["SQL"] != ours.values["SQL"]
