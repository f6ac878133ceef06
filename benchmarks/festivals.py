"""What it is worth to know the phases of festivals: the synthetic cross-border shop.

    python benchmarks/festivals.py [--seeds 1 2 3]

Forty products on four channels, two years of days, with one 6.18 and one 11.11 behind them. From 20
May and from 15 October of the second year 42 days are forecast three ways: by models that know
nothing of festivals, by the same with a column for each phase, and by the same with the effects of
phases learnt apart (`models.uplift`). Promotions and prices are seen only afterwards, or planned.

WQL over the deciles, of all days and of the days of the festivals.
"""

from __future__ import annotations

import argparse
from datetime import datetime

import numpy as np
import polars as pl
from run import RESULTS, append_results

from tradewind import metrics
from tradewind.data.ahead import with_plans
from tradewind.data.calendars import PLACES
from tradewind.data.synthetic.crossborder import crossborder_shop
from tradewind.data.synthetic.shop import SyntheticShop
from tradewind.models.pretrained.forecaster import Pretrained
from tradewind.models.protocol import Forecaster
from tradewind.models.trees import Trees
from tradewind.models.uplift import Uplift
from tradewind.task import DECILES, FESTIVAL, Roles, Task, Window

PHASES = {"pre-sale": "presale", "opening": "peak", "finale": "peak", "aftermath": "aftermath"}
"""What the synthetic calendar calls each phase; what has none is a peak."""
H = 42
CUTOFFS = (datetime(2024, 5, 20), datetime(2024, 10, 15))
PLANNED = ("promotion", "price")
MODELS: dict[str, Forecaster] = {
    "trees": Trees(rows=40_000, trees=100, leaves=31, learning_rate=0.1),
    "pretrained": Pretrained(),
}


def entries(shop: SyntheticShop) -> pl.DataFrame:
    """The shop's festivals as entries of a calendar, a row a day, phase and channel."""
    shared = shop.calendar.filter(pl.col("unique_id").is_null()).drop("unique_id")
    name = []
    for told in shared["name"]:
        event, _, phase = told.rpartition(" ")
        known = phase in PHASES
        name.append(f"{FESTIVAL}{event if known else told}_{PHASES.get(phase, 'peak')}")
    days = pl.datetime_ranges("start", "end", "1d", time_unit="us").alias("ds")
    told = shared.with_columns(pl.Series("name", name), pl.lit(1.0).alias("value"), days)
    absent = [pl.lit(None, pl.String).alias(c) for c in PLACES if c not in told.columns]
    return told.explode("ds").with_columns(absent).select("ds", *PLACES, "name", "value")


def scores(
    model: Forecaster, window: Window, truth: pl.DataFrame, festive: pl.DataFrame
) -> dict[str, float]:
    """WQL of all days and of those in `festive`; and how often these lay within the 80 %."""
    made = model.fit(window.past, window.task).forecast(H, DECILES, window.known)
    rows = made.to_frame().join(truth, on=["unique_id", "ds"]).drop_nulls("y")
    on = rows.join(festive, on=["unique_id", "ds"], how="semi")
    out = {}
    for name, part in (("wql", rows), ("wql_festival", on)):
        quantiles = part.select(f"q{q:g}" for q in DECILES).to_numpy()[:, None]
        out[name] = float(metrics.wql(part["y"].to_numpy()[:, None], quantiles, DECILES))
    inside = on["y"].is_between(on["q0.1"], on["q0.9"])
    return {**out, "coverage80_festival": float(inside.mean() or 0.0)}


def measured(seed: int) -> list[dict[str, str | float | None]]:
    """Rows of results for one shop."""
    shop = crossborder_shop(np.random.default_rng(seed), products=40)
    panel = with_plans(shop.panel, entries(shop), 1)
    panel = panel.until(shop.panel.end)
    phases = tuple(c for c in panel.frame.columns if c.startswith(FESTIVAL))
    festive = panel.frame.filter(pl.sum_horizontal(phases) > 0).select("unique_id", "ds")
    rows: list[dict[str, str | float | None]] = []
    for planned in ((), PLANNED):
        unplanned = tuple(c for c in PLANNED if c not in planned)
        plain = Roles(static=("category", "channel"), known=planned, past=unplanned)
        told = Roles(static=("category", "channel"), known=(*phases, *planned), past=unplanned)
        for way, roles in (("none", plain), ("columns", told), ("uplift", told)):
            for cutoff in CUTOFFS:
                task = Task(h=H, roles=roles, cutoffs=(cutoff,))
                window = task.window(panel, cutoff)
                for name, model in MODELS.items():
                    used = Uplift(model) if way == "uplift" else model
                    found = scores(used, window, task.truth(panel, cutoff), festive)
                    plan = "promotions planned" if planned else "promotions unknown"
                    print(seed, plan, way, f"{cutoff:%m}", name, found, flush=True)
                    rows += [
                        {
                            "benchmark": "festivals",
                            "task": f"crossborder {cutoff:%Y-%m-%d}, {plan}",
                            "model": f"{name}, {way}",
                            "metric": metric,
                            "value": round(value, 4),
                            "command": f"python benchmarks/festivals.py --seeds {seed}",
                            "note": f"seed {seed}",
                        }
                        for metric, value in found.items()
                    ]
    return rows


def main() -> None:
    """Measure, print, and append to the results."""
    asked = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    asked.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3])
    for seed in asked.parse_args().seeds:
        append_results(RESULTS, measured(seed))


if __name__ == "__main__":
    main()
