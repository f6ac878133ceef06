"""Networks trained on the shop's own panel, beside trees: hierarchical_sales_1D, dev windows.

    python benchmarks/networks.py --data FOLDER [--windows 1 5 10] [--models gru mlp …]

118 daily series of a pasta maker, 28 days ahead, no covariates. SQL and MASE by the published rule:
means over the windows (counted from 1, of ten); and the seconds of fitting and forecasting.
"""

from __future__ import annotations

import argparse
import time
from dataclasses import replace

import numpy as np
from run import RESULTS, append_results

from tradewind import metrics
from tradewind.backtest.published import PublishedTask, load_task
from tradewind.models.table import forecaster

TASK = "hierarchical_sales_1D"
MODELS = ("seasonal_naive", "trees", "pretrained", "linear", "mlp", "rnn", "lstm", "gru")
MODELS = (*MODELS, "transformer")


def measured(asked: PublishedTask, name: str) -> dict[str, float]:
    """sql, mase and seconds of one model."""
    scores: dict[str, list[float]] = {"sql": [], "mase": []}
    start = time.perf_counter()
    for window in asked.task.windows(asked.panel):
        made = forecaster(name).fit(window.past, window.task)
        made = made.forecast(asked.task.h, asked.task.levels, window.known)
        truth = asked.panel.only(list(made.ids)).after(window.cutoff, asked.task.h).wide("y")
        scale = metrics.seasonal_error(window.past.wide("y"), asked.metric_season)
        scores["sql"].append(float(metrics.sql(truth, made.quantiles, made.levels, scale)))
        scores["mase"].append(float(metrics.mase(truth, made.median, scale)))
    seconds = (time.perf_counter() - start) / len(scores["sql"])
    return {name: float(np.mean(found)) for name, found in scores.items()} | {"seconds": seconds}


def main() -> None:
    """Measure, print, and append to the results."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", required=True)
    parser.add_argument("--windows", type=int, nargs="+", default=[1, 5, 10])
    parser.add_argument("--models", nargs="+", default=MODELS)
    asked = parser.parse_args()
    whole = load_task(TASK, asked.data, dev=True)
    cutoffs = tuple(whole.task.cutoffs[k - 1] for k in asked.windows)
    task = replace(whole, task=replace(whole.task, cutoffs=cutoffs))
    command = "python benchmarks/networks.py --data ../shared/bench"
    for name in asked.models:
        found = measured(task, name)
        print(name, found, flush=True)
        append_results(
            RESULTS,
            [
                {
                    "benchmark": "networks",
                    "task": f"{TASK}, dev windows {', '.join(map(str, asked.windows))}",
                    "model": name,
                    "metric": metric,
                    "value": round(value, 4),
                    "command": command,
                    "note": "seconds beside other work",
                }
                for metric, value in found.items()
            ],
        )


if __name__ == "__main__":
    main()
