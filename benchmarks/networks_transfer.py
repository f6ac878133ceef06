"""What a network learnt elsewhere is worth: across categories, and as the same shop grows.

    python benchmarks/networks_transfer.py [--departments 4] [--model gru]

The Complete Journey, 1,000 products by the week, 8 weeks ahead, three windows.

Across categories: for each of the largest departments, WQL of the department's products,
    alone             trained on the department's series only
    others            trained on all other departments, as it is
    others, tuned     and trained on the department, all weights
    others, frozen    likewise, with encoder and embeddings frozen
    others, slow      likewise, each layer of the encoder at 1 / 2.6 of the rate above it
    all               trained on every department, this one too
    all, tuned        and trained on the department

As the shop grows: at the second and third window from nothing, or from the network of the window
before (`Neural.resume`) with all steps, a half or a quarter of them; WQL of all products, seconds.
"""

from __future__ import annotations

import argparse
import time
from collections import defaultdict
from dataclasses import replace

import numpy as np
import polars as pl
from networks import groceries, scored
from run import RESULTS, append_results

from tradewind.models.neural.forecaster import FittedNeural, Neural
from tradewind.models.neural.nets import MLP, Recurrent
from tradewind.models.neural.pace import Pace, Parts
from tradewind.panel import Panel
from tradewind.task import Window

NETS = {"mlp": MLP(), "gru": Recurrent("gru"), "deep gru": Recurrent("gru", layers=2)}
COMMAND = "python benchmarks/networks_transfer.py"
SLOW = 1 / 2.6
"""Howard & Ruder (2018)."""
WAYS = {
    "tuned": Pace(learning_rate=1e-3),
    "frozen": Pace(learning_rate=1e-3, parts=Parts(embed=0.0, encoder=0.0)),
    "slow": Pace(learning_rate=1e-3, parts=Parts(encoder=SLOW, layer=SLOW)),
}


Told = dict[str, list[float]]


def of(window: Window, ids: list[str]) -> Window:
    """The window of some series."""
    return replace(window, past=window.past.only(ids), known=window.known.only(ids))


def error(panel: Panel, fitted: FittedNeural, window: Window) -> float:
    """WQL of a trained network over a window, whose series it need not have seen."""
    asked = replace(fitted, past=window.past)
    made = asked.forecast(window.task.h, window.task.levels, window.known)
    return scored(panel, window, made)["wql"]


def across(panel: Panel, window: Window, model: Neural, departments: list[str]) -> Told:
    """WQL of each way, for each department of one window."""
    static, told = window.past.static, defaultdict(list)
    general = model.fit(window.past, window.task)
    for name in departments:
        ids = static.filter(pl.col("department") == name)["unique_id"].to_list()
        own = of(window, ids)
        rest = of(window, static.filter(pl.col("department") != name)["unique_id"].to_list())
        alone, others = (model.fit(one.past, one.task) for one in (own, rest))
        told["alone"].append(error(panel, alone, own))
        told["others"].append(error(panel, others, own))
        told["all"].append(error(panel, general, own))
        for way, pace in WAYS.items():
            tuned = replace(model, pace=replace(pace, seed=model.pace.seed))
            made = tuned.resume(others, own.past, own.task)
            told[f"others, {way}"].append(error(panel, made, own))
        tuned = replace(model, pace=WAYS["tuned"])
        told["all, tuned"].append(error(panel, tuned.resume(general, own.past, own.task), own))
    return told


def growing(panel: Panel, windows: list[Window], model: Neural) -> Told:
    """WQL and seconds at the later windows, from nothing and from the window before."""
    told = defaultdict(list)
    before = model.fit(windows[0].past, windows[0].task)
    for window in windows[1:]:
        start = time.perf_counter()
        cold = model.fit(window.past, window.task)
        told["cold seconds"].append(time.perf_counter() - start)
        told["cold"].append(error(panel, cold, window))
        told["not trained on"].append(error(panel, before, window))
        for name, share in (("all", 1.0), ("half", 0.5), ("quarter", 0.25)):
            shorter = replace(model, pace=replace(model.pace, again=share))
            start = time.perf_counter()
            warm = shorter.resume(before, window.past, window.task)
            told[f"warm, {name} seconds"].append(time.perf_counter() - start)
            told[f"warm, {name}"].append(error(panel, warm, window))
        before = cold
    return told


def main() -> None:
    """Measure, print, and append to the results."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--departments", type=int, default=4)
    parser.add_argument("--models", nargs="+", choices=list(NETS), default=["mlp", "gru"])
    parser.add_argument("--parts", nargs="+", default=["growing", "across"])
    asked = parser.parse_args()
    found = groceries()
    windows = list(found.task.windows(found.panel))
    largest = found.panel.static.group_by("department").len().sort("len", descending=True)
    departments = largest["department"].to_list()[: asked.departments]
    for name in asked.models:
        model = Neural(NETS[name])
        for what in asked.parts:
            if what == "growing":
                told = growing(found.panel, windows, model)
            else:
                each = [across(found.panel, w, model, departments) for w in windows]
                told = {way: [v for one in each for v in one[way]] for way in each[0]}
            mean = {way: round(float(np.mean(values)), 4) for way, values in told.items()}
            print(name, what, mean, flush=True)
            about = {"benchmark": "networks-transfer", "task": f"groceries, {what}"}
            about |= {"model": name, "command": COMMAND}
            append_results(RESULTS, [about | {"metric": k, "value": v} for k, v in mean.items()])


if __name__ == "__main__":
    main()
