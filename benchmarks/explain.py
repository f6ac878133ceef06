"""How long an explanation takes: of products of a shop whose model is restored from its version.

    python benchmarks/explain.py --workspace tradewind-demo      a shop that has forecast before
    python benchmarks/explain.py [--days 400] [--products 1000] [--preset fast] [--freq W-MON]
                                                                 a synthetic one, trained first
    --keep DIR    leave it there, for --workspace DIR

Looking at a shop (reading it, restoring the model, forecasting all of it) is paid once; then each
product is explained, and asked what a price 10 % lower would change. Beside the seconds stand those
of the processor, which other work on the machine does not change.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from datetime import datetime
from pathlib import Path

import numpy as np
import polars as pl
from run import RESULTS, append_results

from tradewind.data.synthetic import ShopSettings, shop
from tradewind.flows.asked import Question
from tradewind.flows.explain import explained, matters
from tradewind.flows.forecast import forecast
from tradewind.flows.load import load
from tradewind.flows.looked import Looked, look
from tradewind.flows.others import load_other
from tradewind.flows.what_if import supposed
from tradewind.store import Workspace

SAMPLE, TIMES = 20, 3
"""Products, and how often each is explained: the fastest counts, as other work only slows it."""
H = {"D": 28, "W-MON": 8}


def trained(place: Path, settings: ShopSettings, freq: str, preset: str) -> None:
    """A synthetic shop whose promotions and prices are planned, with the ensemble of a preset.

    The sales of the last 56 days are kept back: their promotions and prices are the plan.
    """
    made = shop(settings, np.random.default_rng(1))
    end = made.panel.ds[-56 - 1].item()
    plan = made.panel.frame.filter(pl.col("ds") > end)
    with Workspace(place, create=True) as kept:
        load(kept, made.lines.filter(pl.col("ordered_at") < plan["ds"].min()), zone="Europe/Berlin")
        told = plan.select(
            pl.col("ds").alias("from"),
            pl.col("ds").alias("to"),
            pl.col("unique_id").alias("product"),
            pl.lit("promotion").alias("kind"),
            pl.col("promotion").cast(pl.Float64),
            "price",
        )
        load_other(kept, "calendar", told)
        asked = Question(
            h=H[freq], freq=freq, country="US", n_windows=1, models=("ensemble",), preset=preset
        )
        forecast(kept, asked, at=datetime(2026, 1, 1))


def measured(place: Path, freq: str) -> tuple[dict[str, float], Looked]:
    """Seconds of each part."""
    with Workspace(place) as kept:
        start = time.perf_counter()
        looked = look(kept, Question(freq=freq, country="US", h=H[freq]) if freq else None)
        seconds = {"seconds_look": time.perf_counter() - start}
        count = len(looked.series.ids)
        some = [
            looked.series.ids[k] for k in np.unique(np.linspace(0, count - 1, SAMPLE, dtype=int))
        ]
        told, each, busy = [], [], []
        for key in some:
            tries = []
            for _ in range(TIMES):
                wall, cpu = time.perf_counter(), time.process_time()
                one = explained(looked, key)
                tries.append((time.perf_counter() - wall, time.process_time() - cpu))
            told.append(one)
            each.append(min(wall for wall, _ in tries))
            busy.append(min(cpu for _, cpu in tries))
        seconds |= summed("seconds_product", each) | summed("cpu_seconds_product", busy)
        seconds["groups_alive_max"] = float(max(len(one.attribution.alive) for one in told))
        if "price" in looked.seen.roles.known:
            other = [supposed(looked, key, ["price=-10%"]).seconds for key in some]
            seconds |= summed("seconds_what_if", other)
        if any(one.trees for one in told):
            start = time.perf_counter()
            matters(looked)
            seconds["seconds_importance"] = time.perf_counter() - start
    return seconds, looked


def summed(name: str, values: list[float]) -> dict[str, float]:
    """The median and the largest."""
    return {f"{name}_median": float(np.median(values)), f"{name}_max": max(values)}


def main() -> None:
    """Measure, print, append."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--workspace", type=Path)
    parser.add_argument("--keep", type=Path)
    parser.add_argument("--products", type=int, default=1000)
    parser.add_argument("--days", type=int, default=400)
    parser.add_argument("--freq", choices=tuple(H), default="")
    parser.add_argument("--preset", choices=("fast", "default", "best"), default="default")
    given = parser.parse_args()
    settings = ShopSettings(products=given.products, days=given.days, stock_column=False)
    with tempfile.TemporaryDirectory() as folder:
        place = given.workspace or given.keep or Path(folder) / "shop"
        if given.workspace is None:
            trained(place, settings, given.freq or "D", given.preset)
        seconds, looked = measured(place, given.freq if given.workspace else given.freq or "D")
    name = looked.seen.name if given.workspace else f"synthetic, {given.days} days"
    task = f"{name}, {len(looked.series.ids)} products, {looked.question.freq}"
    command = "python benchmarks/explain.py" + (
        f" --workspace {given.workspace.name}"
        if given.workspace
        else f" --products {given.products} --days {given.days} --freq {given.freq or 'D'} "
        f"--preset {given.preset}"
    )
    about = {
        "benchmark": "explain",
        "task": task,
        "model": looked.trained.version.forecaster,
        "preset": looked.trained.version.task["question"]["preset"],
        "command": command,
        "note": f"{SAMPLE} products, the fastest of {TIMES}; load {os.getloadavg()[0]:.1f}",
    }
    print(seconds)
    append_results(RESULTS, [about | {"metric": k, "value": v} for k, v in seconds.items()])


if __name__ == "__main__":
    main()
