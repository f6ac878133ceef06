"""Spare parts, month by month, mostly none sold: GIFT-Eval's car_parts.

    python benchmarks/carparts.py --data FOLDER [--dev] [--models tsb trees …]

2,674 parts over 51 months, January 1998 to March 2002; 12 months ahead, one window: the last
year. With --dev the cutoff lies 12 months earlier, for choosing settings. FOLDER holds
carparts_wide.parquet, one column a part and one row a month.

MASE   mean over the steps of the 2,509 parts that are recorded in every month of |y − median|,
       divided by the part's mean |y_t − y_{t−12}| before the cutoff; without those where that is 0
WQL    2 · Σ pinball / Σ y over all parts and the deciles; the 165 that end early have no truth in
       the last window

`seasonal_naive` is the publisher's recipe. On the last window it has the published MASE of 1.201
and WQL of 1.722: a test holds this where the data are.
"""

from __future__ import annotations

import argparse
import sys
import time
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import numpy as np
import polars as pl

from tradewind import metrics
from tradewind.arrays import Bools, Floats
from tradewind.backtest.protocol import seasonal_naive
from tradewind.backtest.run import truth_at
from tradewind.models.protocol import Forecaster
from tradewind.models.table import forecaster
from tradewind.panel import Panel, next_ds
from tradewind.task import DECILES, Task, Window

FILE, FREQ = "carparts_wide.parquet", "MS"
H, SEASON = 12, 12
NAIVE = "seasonal_naive"
MODELS = (NAIVE, "tsb", "pretrained", "finetuned", "trees")
OPTIONAL = ("average", "croston", "ar", "theta", "profile", "regression", "ensemble")


@dataclass(frozen=True, slots=True, eq=False)
class Question:
    """One window of the parts.

    past       [N, T]   nan where a part is not recorded
    truth      [N, h]
    complete   [N]      recorded in every month up to the end of the horizon
    """

    window: Window
    past: Floats
    truth: Floats
    complete: Bools

    def scores(self, quantiles: Floats) -> tuple[float, float]:
        """MASE of the complete parts, WQL of all, from deciles [N, h, 9]."""
        scale = metrics.seasonal_error(self.past, SEASON)
        median = quantiles[:, :, DECILES.index(0.5)]
        scale = np.where(self.complete, scale, np.nan)
        mase = metrics.mase(self.truth, median, scale)
        return float(mase), float(metrics.wql(self.truth, quantiles, DECILES))


def panel_of(wide: pl.DataFrame) -> Panel:
    """The parts, from one column a part and one of months; a month without a record has no row."""
    (months,) = (name for name, kind in wide.schema.items() if kind.is_temporal())
    long = wide.rename({months: "ds"}).unpivot(
        index="ds", variable_name="unique_id", value_name="y"
    )
    return Panel.from_frame(long.fill_nan(None).drop_nulls("y"), FREQ)


def question(panel: Panel, *, dev: bool) -> Question:
    """The last 12 months, or the 12 before them."""
    cutoff: datetime = next_ds(panel.end, FREQ, -2 * H if dev else -H)
    task = Task(h=H, season=SEASON, cutoffs=(cutoff,))
    window = task.window(panel, cutoff)
    past, truth = window.past.wide(), truth_at(panel, task, cutoff, window.past.ids)
    complete = np.isfinite(np.concatenate([past, truth], axis=1)).all(axis=1)
    return Question(window, past, truth, np.asarray(complete))


def answer(name: str, asked: Question) -> Floats:
    """Deciles of one model, [N, h, 9]."""
    if name == NAIVE:
        return seasonal_naive(asked.past, H, SEASON, DECILES)
    model: Forecaster = forecaster(name)
    fitted = model.fit(asked.window.past, asked.window.task)
    made = fitted.forecast(H, DECILES, asked.window.known)
    return made.select(asked.window.past.ids).quantiles


def main() -> int:
    """Ask every model and print one line each."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--data", type=Path, default=Path("../shared/bench/carparts"))
    parser.add_argument("--dev", action="store_true", help="the window a year earlier")
    parser.add_argument("--models", nargs="+", choices=(*MODELS, *OPTIONAL), default=list(MODELS))
    asked = parser.parse_args()
    file = asked.data / FILE
    if not file.exists():
        print(f"{file} is absent: name its folder with --data", file=sys.stderr)
        return 2
    window = question(panel_of(pl.read_parquet(file)), dev=asked.dev)
    cutoff, complete = window.window.cutoff, int(window.complete.sum())
    print(f"{len(window.past)} parts, {complete} complete, cutoff {cutoff:%Y-%m}")
    print(f"{'model':16s} {'MASE':>6s} {'WQL':>6s} {'seconds':>8s}")
    for name in asked.models:
        start = time.perf_counter()
        mase, wql = window.scores(answer(name, window))
        print(f"{name:16s} {mase:6.3f} {wql:6.3f} {time.perf_counter() - start:8.1f}", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
