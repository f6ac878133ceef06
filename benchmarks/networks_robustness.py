"""How networks answer over a past that is noisy, missing or wrong; adversarially trained too.

    python benchmarks/networks_robustness.py --data FOLDER [--windows 1 5 10] [--draw]

hierarchical_sales_1D, dev windows. Each model is fitted on the sales as they are; then the past it
is asked about is spoilt: normal noise in units of each series' standard deviation, a share of days
missing, a share of days that show five times the series' largest ordinary sales (its .9 quantile).
Negative sales become 0. The truth stays as it is. SQL, means over the windows; `--draw` makes
docs/images/robustness.png of the rows in results.csv (it needs matplotlib).
"""

from __future__ import annotations

import argparse
from collections import defaultdict
from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
from networks import pasta, scored
from run import RESULTS, append_results

from tradewind.backtest.published import PublishedTask
from tradewind.models.naive import SeasonalNaive
from tradewind.models.neural.augment import Augment
from tradewind.models.neural.forecaster import FittedNeural, Neural
from tradewind.models.neural.nets import Recurrent
from tradewind.models.neural.pace import Pace
from tradewind.models.pretrained.forecaster import Pretrained
from tradewind.models.protocol import Fitted, Forecaster
from tradewind.panel import Panel
from tradewind.task import Task

HARM = {
    "noise": (0.0, 0.1, 0.25, 0.5, 1.0),
    "missing": (0.1, 0.25, 0.5),
    "outliers": (0.01, 0.03, 0.1),
}
GRU = Neural(Recurrent("gru"))
MODELS: dict[str, Forecaster] = {
    "gru": GRU,
    "gru, radius 0.05": replace(GRU, radius=0.05),
    "gru, radius 0.2": replace(GRU, radius=0.2),
    "gru, jitter 0.3": replace(GRU, pace=Pace(augment=Augment(jitter=0.3))),
    "gru, standard scaling": replace(GRU, scaling="standard"),
    "pretrained": Pretrained(),
    "seasonal_naive": SeasonalNaive(),
}
WORDS = {
    "noise": "noise, in standard deviations",
    "missing": "share of days missing",
    "outliers": "share of days five times too high",
}
IMAGE = Path(__file__).parent.parent / "docs" / "images" / "robustness.png"
INK, MUTED, PALE = "#1f2a44", "#8a93a6", "#c5cad6"
LINES = {
    "gru": ("#0f766e", "-"),
    "gru, radius 0.05": ("#d97706", "-"),
    "gru, radius 0.2": ("#b91c1c", "--"),
    "gru, standard scaling": ("#6d28d9", ":"),
    "pretrained": (MUTED, "--"),
    "seasonal_naive": (PALE, "-"),
}


def spoilt(past: Panel, kind: str, size: float, rng: np.random.Generator) -> Panel:
    """The past with sales that are noisy, missing or far too high in places."""
    y = past.frame["y"].cast(pl.Float64).to_numpy().copy()
    series = past.frame.select(
        pl.col("y").std().over("unique_id").fill_null(0).alias("sd"),
        pl.col("y").quantile(0.9).over("unique_id").fill_null(0).alias("high"),
    )
    if kind == "noise":
        y = np.maximum(y + size * series["sd"].to_numpy() * rng.standard_normal(len(y)), 0)
    else:
        here = rng.random(len(y)) < size
        wrong = np.full(len(y), np.nan) if kind == "missing" else 5 * series["high"].to_numpy()
        y = np.where(here, wrong, y)
    column = pl.Series("y", y).fill_nan(None)
    return replace(past, frame=past.frame.with_columns(column))


def over(model: Forecaster, fitted: Fitted, past: Panel, task: Task) -> Fitted:
    """What was fitted, over another past; models that learn nothing are fitted to it."""
    return replace(fitted, past=past) if isinstance(fitted, FittedNeural) else model.fit(past, task)


def measured(asked: PublishedTask, model: Forecaster) -> dict[str, float]:
    """SQL for each kind and size of harm, means over the windows."""
    told: dict[str, list[float]] = defaultdict(list)
    for k, window in enumerate(asked.task.windows(asked.panel)):
        fitted = model.fit(window.past, window.task)
        for kind, sizes in HARM.items():
            for size in sizes:
                past = spoilt(window.past, kind, size, np.random.default_rng((k, 1)))
                known = over(model, fitted, past, window.task)
                made = known.forecast(asked.task.h, asked.task.levels, window.known)
                score = scored(asked.panel, window, made, asked.metric_season)
                told[f"sql, {kind} {size}"].append(score["sql"])
    return {key: float(np.mean(values)) for key, values in told.items()}


def draw(results: Path, image: Path) -> None:
    """Curves of the newest rows: error against noise, missing share and outliers."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot as plt

    rows = pl.read_csv(results, infer_schema=False).filter(
        pl.col("benchmark") == "networks-robustness"
    )
    newest = rows.unique(["model", "metric"], keep="last", maintain_order=True)
    value = {(r["model"], r["metric"]): float(r["value"]) for r in newest.iter_rows(named=True)}
    figure, axes = plt.subplots(1, 3, figsize=(10, 3.6), sharey=True, layout="constrained")
    for axis, (kind, sizes) in zip(axes, HARM.items(), strict=True):
        places = sorted({0.0, *sizes})
        for name, (colour, dash) in LINES.items():
            keys = [f"sql, {kind} {x}" if x else "sql, noise 0.0" for x in places]
            axis.plot(places, [value[name, key] for key in keys], dash, color=colour, label=name)
        axis.set_xlabel(WORDS[kind], color=INK)
        axis.spines[["top", "right"]].set_visible(False)
        axis.set_ylim(0, 1.6)
    axes[0].set_ylabel("SQL", color=INK)
    figure.legend(*axes[0].get_legend_handles_labels(), loc="outside lower center", ncols=6)
    figure.savefig(image, dpi=120)


def main() -> None:
    """Measure, print, and append to the results; or draw them."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", default="../shared/bench")
    parser.add_argument("--windows", type=int, nargs="+", default=[1, 5, 10])
    parser.add_argument("--models", nargs="+", choices=list(MODELS), default=list(MODELS))
    parser.add_argument("--draw", action="store_true")
    asked = parser.parse_args()
    if asked.draw:
        draw(RESULTS, IMAGE)
        return
    task = pasta(asked.data, asked.windows)
    for name in asked.models:
        found = measured(task, MODELS[name])
        print(name, {k: round(v, 4) for k, v in found.items()}, flush=True)
        about = {"benchmark": "networks-robustness", "model": name}
        about |= {"task": f"hierarchical_sales_1D, dev windows {asked.windows}"}
        about |= {"command": "python benchmarks/networks_robustness.py --data FOLDER"}
        rows = [about | {"metric": k, "value": round(v, 4)} for k, v in found.items()]
        append_results(RESULTS, rows)


if __name__ == "__main__":
    main()
