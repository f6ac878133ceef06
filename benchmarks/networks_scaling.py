"""How a network's scaling of each series decides its error, on tasks unlike one another.

    python benchmarks/networks_scaling.py --data FOLDER [--models mlp gru] [--windows 2]

The first dev windows of the published tasks and the Complete Journey by the week; every window is
fitted anew with each scaling, all else as it comes. SQL, means over the windows, and the ratio to
`standard`; at the end the geometric mean of the ratios over the tasks.
"""

from __future__ import annotations

import argparse
from dataclasses import replace

import numpy as np
from networks import SAMPLE, groceries, measured
from run import RESULTS, append_results

from tradewind.backtest.published import PublishedTask, load_task
from tradewind.models.neural.forecaster import Neural
from tradewind.models.neural.nets import MLP, Attention, Recurrent
from tradewind.models.neural.scaling import Scaling

NETS = {"mlp": MLP(), "gru": Recurrent("gru"), "transformer": Attention()}
SCALINGS: tuple[Scaling, ...] = ("standard", "robust", "log1p", "minmax")
TASKS = (
    *("hierarchical_sales_1D", "hierarchical_sales_1W", "rohlik_orders_1D", "rohlik_orders_1W"),
    *("rossmann_1D", "rossmann_1W", "walmart", SAMPLE),
)


def task_of(name: str, data: str, windows: int) -> PublishedTask:
    """Its first windows."""
    if name == SAMPLE:
        return groceries(windows)
    whole = load_task(name, data, dev=True)
    return replace(whole, task=replace(whole.task, cutoffs=whole.task.cutoffs[:windows]))


def main() -> None:
    """Measure, print, and append to the results."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--data", default="../shared/bench")
    parser.add_argument("--tasks", nargs="+", choices=TASKS, default=TASKS)
    parser.add_argument("--models", nargs="+", choices=list(NETS), default=["mlp", "gru"])
    parser.add_argument("--scalings", nargs="+", choices=SCALINGS, default=SCALINGS)
    parser.add_argument("--windows", type=int, default=2)
    parser.add_argument("--note", default="")
    asked = parser.parse_args()
    ratios: dict[str, list[float]] = {}
    for name in asked.tasks:
        task = task_of(name, asked.data, asked.windows)
        for model in asked.models:
            found = {
                scaling: measured(task, Neural(NETS[model], scaling=scaling))["sql"]
                for scaling in asked.scalings
            }
            for scaling, sql in found.items():
                ratio = sql / found[SCALINGS[0]]
                ratios.setdefault(f"{model}, {scaling}", []).append(ratio)
                print(f"{name:24} {model:12} {scaling:9} SQL {sql:.4f} {ratio:.3f}", flush=True)
            about: dict[str, str | float] = {
                "benchmark": "networks scaling",
                "task": f"{name}, {asked.windows} dev windows",
                "metric": "sql",
                "command": "python benchmarks/networks_scaling.py --data FOLDER",
                "note": asked.note,
            }
            rows = [
                about | {"model": f"{model}, {scaling}", "value": round(sql, 4)}
                for scaling, sql in found.items()
            ]
            append_results(RESULTS, rows)
    for what, of in ratios.items():
        print(f"{what:24} {np.exp(np.mean(np.log(of))):.4f} of {SCALINGS[0]}")


if __name__ == "__main__":
    main()
