"""How long an explanation takes: of products of a shop whose model is restored from its version.

    python benchmarks/explain.py --workspace tradewind-demo      a shop that has forecast before
    python benchmarks/explain.py [--days 400] [--products 1000]  a synthetic one, trained first

Looking at a shop (reading it, restoring the model, forecasting all of it) is paid once; then each
product is explained, and asked about other plans where any are known ahead.
"""

from __future__ import annotations

import argparse
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
from tradewind.store import Workspace

SAMPLE = 20
H = 28


def trained(place: Path, products: int, days: int) -> None:
    """A synthetic shop whose promotions and prices are planned, with the default preset's ensemble.

    The sales of the last H days are kept back: their promotions and prices are the plan.
    """
    settings = ShopSettings(products=products, days=days, stock_column=False)
    made = shop(settings, np.random.default_rng(1))
    end = made.panel.ds[-H - 1].item()
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
        asked = Question(h=H, freq="D", country="US", n_windows=1, models=("ensemble",))
        forecast(kept, asked, at=datetime(2026, 1, 1))


def measured(place: Path) -> tuple[dict[str, float], Looked]:
    """Seconds of each part."""
    with Workspace(place) as kept:
        start = time.perf_counter()
        looked = look(kept)
        seconds = {"seconds_look": time.perf_counter() - start}
        count = len(looked.series.ids)
        some = np.unique(np.linspace(0, count - 1, SAMPLE).astype(int))
        told = [explained(looked, looked.series.ids[k]) for k in some]
        each = np.array([one.seconds for one in told])
        seconds |= {
            "seconds_product_median": float(np.median(each)),
            "seconds_product_max": float(each.max()),
            "groups_alive_max": float(max(len(one.attribution.alive) for one in told)),
        }
        start = time.perf_counter()
        matters(looked)
        seconds["seconds_importance"] = time.perf_counter() - start
    return seconds, looked


def main() -> None:
    """Measure, print, append."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--workspace", type=Path)
    parser.add_argument("--products", type=int, default=1000)
    parser.add_argument("--days", type=int, default=400)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        place = given.workspace or Path(folder) / "shop"
        if given.workspace is None:
            trained(place, given.products, given.days)
        seconds, looked = measured(place)
    name = looked.seen.name if given.workspace else f"synthetic, {given.days} days"
    task = f"{name}, {len(looked.series.ids)} products, {looked.question.freq}"
    command = "python benchmarks/explain.py" + (
        f" --workspace {given.workspace.name}"
        if given.workspace
        else f" --products {given.products} --days {given.days}"
    )
    about = {
        "benchmark": "explain",
        "task": task,
        "model": looked.trained.version.forecaster,
        "preset": looked.question.preset,
        "command": command,
        "note": f"{SAMPLE} products; the machine was shared with other work",
    }
    print(seconds)
    append_results(RESULTS, [about | {"metric": k, "value": v} for k, v in seconds.items()])


if __name__ == "__main__":
    main()
