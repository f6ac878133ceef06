"""Networks trained on the shop's own panel, beside trees and Seasonal Naive.

    python benchmarks/networks.py --data FOLDER [--windows 1 5 10] [--models gru mlp …]
    python benchmarks/networks.py --data FOLDER --published
    python benchmarks/networks.py --on complete_journey

hierarchical_sales_1D: 118 daily series of a pasta maker, 28 days ahead, no covariates; windows are
counted from 1, of ten. complete_journey: the sample's 1,000 products by the week, 8 weeks ahead,
with prices and promotions known ahead; three windows. SQL, MASE and WQL are means over the windows,
by the published rule; coverage is that of the 80 % interval; seconds are those of fitting and
forecasting, a window. Every window is fitted anew.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterable
from dataclasses import replace

import numpy as np
from run import RESULTS, append_results

from tradewind import metrics
from tradewind.backtest.published import PublishedTask, load_task
from tradewind.data.samples import complete_journey
from tradewind.forecast import Forecast
from tradewind.models.protocol import Forecaster
from tradewind.models.table import forecaster
from tradewind.panel import Panel
from tradewind.task import Window

TASK, SAMPLE = "hierarchical_sales_1D", "complete_journey"
NETWORKS = ("linear", "mlp", "rnn", "lstm", "gru", "transformer")
MODELS = ("seasonal_naive", "trees", "pretrained", *NETWORKS)
SAMPLE_SEASON = 1
"""Of the error that scales SQL and MASE of the sample: a single year has no season before."""


def pasta(data: str, windows: Iterable[int], *, published: bool = False) -> PublishedTask:
    """hierarchical_sales_1D at some of its ten windows, counted from 1."""
    whole = load_task(TASK, data, dev=not published)
    return replace(
        whole,
        task=replace(whole.task, cutoffs=tuple(whole.task.cutoffs[k - 1] for k in windows)),
    )


def groceries(n_windows: int = 3, products: int = 1000) -> PublishedTask:
    """The Complete Journey's best-selling products by the week."""
    sample = complete_journey("W", products)
    return PublishedTask(
        SAMPLE, sample.panel, replace(sample.task, n_windows=n_windows), SAMPLE_SEASON
    )


def scored(panel: Panel, window: Window, made: Forecast, season: int = 1) -> dict[str, float]:
    """SQL, MASE, WQL and coverage of a forecast in a window of the panel."""
    truth = panel.only(list(made.ids)).after(window.cutoff, window.task.h).wide(made.target)
    scale = metrics.seasonal_error(window.past.wide(made.target), season)
    low, high = made.at((0.1, 0.9)).transpose(2, 0, 1)
    return {
        "sql": float(metrics.sql(truth, made.quantiles, made.levels, scale)),
        "mase": float(metrics.mase(truth, made.median, scale)),
        "wql": float(metrics.wql(truth, made.quantiles, made.levels)),
        "coverage80": float(metrics.coverage(truth, low, high)),
    }


def measured(asked: PublishedTask, model: Forecaster, target: str = "y") -> dict[str, float]:
    """Means of the scores of one model over the windows, and its seconds a window."""
    scores: list[dict[str, float]] = []
    for window in asked.task.windows(asked.panel):
        start = time.perf_counter()
        fitted = model.fit(window.past, window.task)
        made = fitted.forecast(asked.task.h, asked.task.levels, window.known, target)
        seconds = time.perf_counter() - start
        told = scored(asked.panel, window, made, asked.metric_season)
        scores.append(told | {"seconds": seconds})
    return {name: float(np.mean([one[name] for one in scores])) for name in scores[0]}


def main() -> None:
    """Measure, print, and append to the results."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", default="../shared/bench")
    parser.add_argument("--on", choices=(TASK, SAMPLE), default=TASK)
    parser.add_argument("--published", action="store_true", help="the ten published windows")
    parser.add_argument("--windows", type=int, nargs="+", default=[])
    parser.add_argument("--models", nargs="+", default=MODELS)
    parser.add_argument("--note", default="seconds beside other work")
    asked = parser.parse_args()
    if asked.on == SAMPLE:
        task, what = groceries(), f"{SAMPLE}, 3 windows"
        command = f"python benchmarks/networks.py --on {SAMPLE}"
    else:
        which = asked.windows or (list(range(1, 11)) if asked.published else [1, 5, 10])
        task = pasta(asked.data, which, published=asked.published)
        kind = "published" if asked.published else "dev"
        what = f"{TASK}, {kind} windows {', '.join(map(str, which))}"
        command = f"python benchmarks/networks.py --data FOLDER{' --published' * asked.published}"
    for name in asked.models:
        found = measured(task, forecaster(name))
        print(name, {k: round(v, 4) for k, v in found.items()}, flush=True)
        about = {"benchmark": "networks", "task": what, "model": name, "command": command}
        rows = [about | {"metric": k, "value": round(v, 4)} for k, v in found.items()]
        append_results(RESULTS, [row | {"note": asked.note} for row in rows])


if __name__ == "__main__":
    main()
