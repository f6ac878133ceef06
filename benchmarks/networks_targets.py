"""Several targets from one network, against a network for each.

    python benchmarks/networks_targets.py --data FOLDER [--models gru mlp] [--seeds 2]

groceries   the Complete Journey, 1,000 products by the week, 8 ahead: units and price
beer        350 agencies × products of a brewery (stallion) by the month, 6 ahead: volume and price
shops       a synthetic shop of 150 products and 500 days, 28 ahead: units, price and stock

Three windows each; every one is fitted anew. The network for a single target sees the other targets
as columns of the past: both know the same, and no price of the horizon is known to either. WQL by
target, means over windows and seeds (of the training; of the synthetic shop too); the seconds are
those of fitting all targets.
"""

from __future__ import annotations

import argparse
import time
from collections import defaultdict
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
from networks import groceries, scored
from run import RESULTS, append_results

from tradewind.data.synthetic import ShopSettings, shop
from tradewind.models.neural.forecaster import Neural
from tradewind.models.neural.nets import MLP, Recurrent
from tradewind.models.neural.pace import Pace
from tradewind.panel import Panel
from tradewind.task import Roles, Task

NETS = {"mlp": MLP(), "gru": Recurrent("gru"), "lstm": Recurrent("lstm")}
EVENTS = (
    *("easter_day", "good_friday", "new_year", "christmas", "labor_day", "independence_day"),
    *("revolution_day_memorial", "regional_games", "fifa_u_17_world_cup", "football_gold_cup"),
    *("beer_capital", "music_fest"),
)
Asked = tuple[Panel, Task]
"""All targets in the roles of the task; what is seen only afterwards are its past columns."""


def grocery_week(seed: int, data: Path) -> Asked:
    """Units and price; displays and mailers are planned, prices are not."""
    found = groceries()
    roles = Roles(
        targets=("y", "price"),
        static=("category", "brand", "department"),
        known=("display", "mailer"),
        past=("regular_price", "discount"),
    )
    return found.panel, replace(found.task, roles=roles, hierarchy={})


def beer_month(seed: int, data: Path) -> Asked:
    """Volume and the price paid; a price of 0 or less was not observed."""
    table = pl.read_parquet(data / "stallion/stallion.parquet")
    key = pl.concat_str("agency", "sku", separator="/").alias("unique_id")
    frame = table.select(
        key,
        pl.col("date").cast(pl.Datetime("us")).alias("ds"),
        pl.col("volume").alias("y"),
        *[
            pl.when(pl.col(name) > 0).then(pl.col(name)).alias(short)
            for name, short in (("price_actual", "price"), ("price_regular", "regular_price"))
        ],
        *[pl.col(name).cast(pl.Float64) for name in EVENTS],
    )
    static = table.select(key, pl.col("agency", "sku").cast(pl.String)).unique()
    panel = Panel.from_frame(frame, "MS", static)
    roles = Roles(
        targets=("y", "price"), static=("agency", "sku"), known=EVENTS, past=("regular_price",)
    )
    return panel, Task(h=6, roles=roles, n_windows=3)


def synthetic_day(seed: int, data: Path) -> Asked:
    """Units, price and stock of a shop whose promotions are not planned."""
    made = shop(ShopSettings(products=150, days=500), np.random.default_rng(seed))
    roles = Roles(
        targets=("y", "price", "stock"), static=("category",), past=("promotion", "regular_price")
    )
    return made.panel, Task(h=28, roles=roles, n_windows=3)


SETS: dict[str, Callable[[int, Path], Asked]] = {
    "groceries": grocery_week,
    "beer": beer_month,
    "shops": synthetic_day,
}


def compared(asked: Asked, model: Neural) -> dict[str, float]:
    """WQL of each target and seconds of fitting, with one network and with one for each."""
    panel, task = asked
    told: dict[str, list[float]] = defaultdict(list)
    for name, targets in (("joint", (task.roles.targets,)), ("apart", alone(task))):
        for cutoff in task.cutoffs_of(panel):
            spent = 0.0
            for some in targets:
                rest = tuple(one for one in task.roles.targets if one not in some)
                roles = replace(task.roles, targets=some, past=(*task.roles.past, *rest))
                window = replace(task, roles=roles).window(panel, cutoff)
                start = time.perf_counter()
                fitted = model.fit(window.past, window.task)
                spent += time.perf_counter() - start
                for target in some:
                    made = fitted.forecast(task.h, task.levels, window.known, target)
                    told[f"{name} {target}"].append(scored(panel, window, made)["wql"])
            told[f"{name} seconds"].append(spent)
    return {key: float(np.mean(values)) for key, values in told.items()}


def alone(task: Task) -> tuple[tuple[str, ...], ...]:
    """Each target by itself."""
    return tuple((target,) for target in task.roles.targets)


def main() -> None:
    """Measure, print, and append to the results."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, default=Path("../shared/bench"))
    parser.add_argument("--sets", nargs="+", choices=list(SETS), default=list(SETS))
    parser.add_argument("--models", nargs="+", choices=list(NETS), default=["mlp", "gru"])
    parser.add_argument("--seeds", type=int, default=2)
    asked = parser.parse_args()
    command = "python benchmarks/networks_targets.py --data FOLDER"
    for what in asked.sets:
        for name in asked.models:
            found = [
                compared(SETS[what](seed, asked.data), Neural(NETS[name], pace=Pace(seed=seed)))
                for seed in range(asked.seeds)
            ]
            mean = {key: float(np.mean([one[key] for one in found])) for key in found[0]}
            print(what, name, {k: round(v, 4) for k, v in mean.items()}, flush=True)
            about = {"benchmark": "networks-targets", "task": what, "model": name}
            about |= {"command": command, "note": f"{asked.seeds} seeds, beside other work"}
            rows = [about | {"metric": k, "value": round(v, 4)} for k, v in mean.items()]
            append_results(RESULTS, rows)


if __name__ == "__main__":
    main()
