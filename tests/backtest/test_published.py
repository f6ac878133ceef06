"""The published tasks: cut and scored as published, and known to one file only."""

from __future__ import annotations

import ast
import os
import tomllib
from datetime import datetime
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from tradewind.backtest.protocol import mean_scores, score_window, seasonal_naive
from tradewind.backtest.published import HEADLINE, TASKS, load_task
from tradewind.errors import DataError, UnknownName
from tradewind.panel import next_ds

ROOT = Path(__file__).parent.parent.parent
DATA = Path(os.environ.get("TRADEWIND_BENCH", ROOT.parent / "shared" / "bench"))
needs_data = pytest.mark.skipif(not DATA.is_dir(), reason=f"no benchmark files at {DATA}")

# MASE and WAPE of Seasonal Naive in fev-bench's table of results
PUBLISHED = {
    "rossmann_1D": (0.788555, 0.269245),
    "rossmann_1W": (0.796029, 0.219245),
    "walmart": (1.524093, 0.196735),
    "hierarchical_sales_1D": (0.994948, 1.020501),
    "hierarchical_sales_1W": (1.161708, 0.716910),
    "rohlik_orders_1D": (1.778287, 0.082722),
    "rohlik_orders_1W": (1.731182, 0.058363),
}
QUICK = ("hierarchical_sales_1W", "rohlik_orders_1D", "rohlik_orders_1W")
SAME_INTERVAL = tuple(t for t in HEADLINE if t not in ("hierarchical_sales_1D", "rohlik_orders_1D"))


def recomputed(name: str) -> dict[str, float]:
    """Scores of Seasonal Naive on the published windows."""
    published = load_task(name, DATA)
    panel, task, season = published.panel, published.task, published.metric_season
    windows = []
    for window in task.windows(panel):
        past, truth = window.past.wide(), panel.after(window.cutoff, task.h).wide()
        quantiles = seasonal_naive(past, task.h, season, task.levels)
        windows.append(score_window(past, truth, quantiles, task.levels, season))
    return mean_scores(windows)


@needs_data
@pytest.mark.parametrize(
    "name", [n if n in QUICK else pytest.param(n, marks=pytest.mark.slow) for n in HEADLINE]
)
def test_seasonal_naive_scores_as_published(name: str) -> None:
    got = recomputed(name)
    assert got["MASE"] == pytest.approx(PUBLISHED[name][0], abs=5e-5)
    assert got["WAPE"] == pytest.approx(PUBLISHED[name][1], abs=5e-5)
    table = pl.read_csv(DATA / "published" / "fev_bench_retail.csv", infer_schema_length=None)
    row = table.filter(model_name="Seasonal Naive", dataset_config=name)
    tolerance = 5e-5 if name in SAME_INTERVAL else 0.025
    assert got["SQL"] == pytest.approx(row["SQL"].item(), abs=tolerance)


@needs_data
@pytest.mark.parametrize("name", QUICK)
def test_tasks_are_as_described(name: str) -> None:
    about = tomllib.loads((ROOT / "benchmarks" / "tasks.toml").read_text())[name]
    task = load_task(name, DATA)
    assert task.panel.freq == about["freq"]
    assert len(task.panel.ids) == about["series"]
    assert len(task.task.cutoffs) == about["windows"]
    for cutoff in task.task.cutoffs:
        assert len(task.panel.after(cutoff, task.task.h).ds) == task.task.h


def test_the_file_of_tasks_agrees_with_the_loader() -> None:
    about = tomllib.loads((ROOT / "benchmarks" / "tasks.toml").read_text())
    assert list(about) == list(TASKS)
    for name, cut in TASKS.items():
        first = about[name].get("first")
        assert about[name]["h"] == cut.h
        assert about[name]["windows"] == cut.n_windows
        assert about[name]["season"] == cut.metric_season
        assert about[name]["headline"] == cut.headline
        assert cut.first == (datetime.combine(first, datetime.min.time()) if first else None)


@needs_data
@pytest.mark.parametrize("name", QUICK)
def test_dev_windows_lie_before_the_published_ones(name: str) -> None:
    published, dev = load_task(name, DATA), load_task(name, DATA, dev=True)
    first, last = published.task.cutoffs[0], dev.task.cutoffs[-1]
    end = next_ds(last, dev.panel.freq, dev.task.h)
    if TASKS[name].short:
        assert last == next_ds(first, dev.panel.freq, -(dev.task.h // 2))
    else:
        assert end == first
    assert dev.dev
    assert dev.task.cutoffs[0] > dev.panel.start


@needs_data
def test_known_columns_are_there_over_the_horizon_and_the_target_is_not() -> None:
    published = load_task("rohlik_orders_1D", DATA)
    for window in published.task.windows(published.panel):
        assert set(window.known.frame.columns) == {"unique_id", "ds", *window.task.roles.known}
        assert window.known.frame.null_count().sum_horizontal().item() == 0
        assert len(window.known.frame) == 7 * 61


@needs_data
def test_promotions_stay_out_of_the_headline() -> None:
    assert load_task("hierarchical_sales_1W", DATA).task.roles.known == ()
    assert len(load_task("hierarchical_sales_1W_promo", DATA).task.roles.known) == 1
    assert "hierarchical_sales_1W_promo" not in HEADLINE


def test_an_unknown_task_and_an_absent_folder_say_so(tmp_path: Path) -> None:
    with pytest.raises(UnknownName, match="no published task 'm5'; there are rossmann_1D"):
        load_task("m5", tmp_path)
    with pytest.raises(DataError, match=r"rossmann/daily_restored\.parquet.*with --data"):
        load_task("rossmann_1D", tmp_path)


NAMES = {
    *("Open", "Promo", "Promo2", "PromoInterval", "SchoolHoliday", "StateHoliday", "DayOfWeek"),
    *("Customers", "StoreType", "Assortment", "CompetitionDistance", "Weekly_Sales", "IsHoliday"),
    *("MarkDown1", "MarkDown2", "MarkDown3", "MarkDown4", "MarkDown5", "Fuel_Price", "CPI"),
    *("Temperature", "Unemployment", "PROMO", "QTY", "shops_closed", "winter_school_holidays"),
    *("school_holidays", "mini_shutdown", "blackout", "mov_change", "frankfurt_shutdown"),
    *("user_activity_1", "user_activity_2"),
}


def test_no_benchmark_column_is_named_outside_the_loader() -> None:
    """A recipe that knew a benchmark by its columns could not be trusted on other shops."""
    sources = ROOT / "src" / "tradewind"
    loader = sources / "backtest" / "published.py"
    assert {"Open", "MarkDown1", "mov_change"} & _strings(loader), "the test reads strings"
    for path in sources.rglob("*.py"):
        if path != loader:
            assert not NAMES & _strings(path), f"{path} names {sorted(NAMES & _strings(path))}"


def _strings(path: Path) -> set[str]:
    nodes = ast.walk(ast.parse(path.read_text(encoding="utf-8")))
    return {n.value for n in nodes if isinstance(n, ast.Constant) and isinstance(n.value, str)}


def test_the_protocol_equals_a_plain_loop() -> None:
    rng = np.random.default_rng(8)
    levels = (0.1, 0.5, 0.9)
    past, truth = rng.gamma(2.0, 5.0, (3, 20)), rng.gamma(2.0, 5.0, (3, 4))
    quantiles = np.sort(rng.gamma(2.0, 5.0, (3, 4, 3)), axis=2)
    past[0, :5] = truth[1, 2] = np.nan
    past[2] = 7.0  # no scale: not part of SQL and MASE
    got = score_window(past, truth, quantiles, levels, 7)
    scaled, errors, inside = [], [], []
    for n in range(3):
        steps = np.abs(past[n, 7:] - past[n, :-7])
        scale = float(np.nanmean(steps))
        for t in range(4):
            y = float(truth[n, t])
            if np.isnan(y):
                continue
            errors.append(abs(y - quantiles[n, t, 1]))
            inside.append(bool(quantiles[n, t, 0] <= y <= quantiles[n, t, 2]))
            for k, level in enumerate(levels):
                e = y - quantiles[n, t, k]
                if scale > 0:
                    scaled.append(2 * max(level * e, (level - 1) * e) / scale)
    assert got.values["SQL"] == pytest.approx(np.mean(scaled))
    assert got.values["SQL"] == pytest.approx(got.sums.sum() / got.counts.sum())
    assert got.values["WAPE"] == pytest.approx(np.sum(errors) / np.nansum(truth))
    assert got.values["coverage80"] == pytest.approx(np.mean(inside))


def test_shares_divide_by_at_least_one() -> None:
    truth, quantiles = np.full((1, 2), 0.25), np.zeros((1, 2, 3))
    got = score_window(np.ones((1, 5)), truth, quantiles, (0.1, 0.5, 0.9), 1)
    assert got.values["WAPE"] == 0.25


def test_seasonal_naive_repeats_the_season_and_fills_gaps_forward() -> None:
    nan = np.nan
    past = np.array([[nan, 1.0, 2.0, 3.0, 4.0, nan]])
    quantiles = seasonal_naive(past, 5, 3, (0.5,))
    np.testing.assert_allclose(quantiles[0, :, 0], [3.0, 4.0, 4.0, 3.0, 4.0])
    spread = seasonal_naive(past, 5, 3, (0.1, 0.5, 0.9))
    width = spread[0, :, 2] - spread[0, :, 0]
    np.testing.assert_allclose(width[3:] / width[0], np.sqrt(2))
