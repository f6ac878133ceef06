"""What knowing the promotions ahead is worth on the Complete Journey, and how far trends come true.

python benchmarks/journey.py    prints two tables; docs/experiments.md keeps them
"""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import polars as pl

from tradewind import metrics
from tradewind.backtest import trend
from tradewind.backtest.compare import leaderboard
from tradewind.backtest.run import Backtest, backtest, truth_at
from tradewind.data.ahead import with_plans
from tradewind.data.assemble import to_panel
from tradewind.data.repair import repair
from tradewind.data.samples import complete_journey
from tradewind.flows.demo import promotions
from tradewind.models.hindsight import Memory
from tradewind.models.table import preset
from tradewind.panel import Panel
from tradewind.task import Roles, Task

H, WINDOWS, PATHS = 8, 3, 200
STATIC = ("category", "brand")
PROMOTED, PRICES = ("display", "mailer"), ("price", "regular_price")
VARIANTS = {
    "seen afterwards": Roles(static=STATIC, past=(*PRICES, *PROMOTED)),
    "promotions known": Roles(static=STATIC, known=PROMOTED, past=PRICES),
    "and prices": Roles(static=STATIC, known=(*PROMOTED, *PRICES)),
}
BOUNDS = (0.5, 0.6, 0.7, 0.8, 0.9, 1.0)


def panel() -> Panel:
    """The thousand best sellers by the week, as the demo loads them, all 52 weeks."""
    sample = complete_journey("W")
    lines, _ = repair(sample.orders)
    made, _ = to_panel(lines, "W", products=sample.panel.static)
    nowhere = [pl.lit(None, pl.String).alias(c) for c in ("channel", "location")]
    return with_plans(made, promotions(sample).with_columns(nowhere), H)


def unplanned(whole: Panel, task: Task) -> None:
    """The trees that learnt from known promotions, asked with the plan and with an empty one."""
    said: dict[str, list[tuple[float, float, float]]] = {"as planned": [], "nothing planned": []}
    for window in task.windows(whole):
        fitted = preset("default", Memory())["trees"].fit(window.past, window.task)
        truth = truth_at(whole, task, window.cutoff, window.past.ids)
        empty = window.known.frame.with_columns(pl.lit(0.0).alias(c) for c in PROMOTED)
        plans = (window.known, replace(window.known, frame=empty))
        for name, plan in zip(said, plans, strict=True):
            made = fitted.forecast(H, task.levels, plan).select(window.past.ids)
            low, high = np.moveaxis(made.at((0.1, 0.9)), 2, 0)
            mean = made.mean(PATHS, np.random.default_rng(0))
            said[name].append(
                (
                    float(metrics.wape(truth, made.median)),
                    float(metrics.coverage(truth, low, high)),
                    float(mean.sum() / np.nansum(truth) - 1),
                )
            )
    for name, rows in said.items():
        wape, inside, excess = np.mean(rows, axis=0)
        print(f"trees, {name:16s} WAPE {wape:.3f}  in 80 % {inside:.3f}  sum {excess:+.1%}")


def trends(result: Backtest, whole: Panel) -> pl.DataFrame:
    """What the ensemble said of each product in each window, and what came."""
    tables = []
    for cutoff in result.cutoffs:
        made = result.forecasts["ensemble", cutoff]
        before = trend.before_of(whole.until(cutoff), made.ids, "y", H)
        table = trend.trends(before, made, trend.Call(), np.random.default_rng(1))
        sums = np.nansum(result.truths[cutoff], axis=1)
        after = dict(zip(result.ids[cutoff], sums, strict=True))
        later = np.array([after[key] for key in table["unique_id"]])
        came = trend.outcome(table["before"].to_numpy(), later, trend.FLAT)
        tables.append(table.with_columns(pl.Series("came", came)))
    return pl.concat(tables)


def calibration(table: pl.DataFrame) -> None:
    """Probability said beside the share that came, by bins, then for those that were called."""
    sold = table.filter(pl.col("before") > 0)
    for name in ("rise", "fall"):
        came = pl.col("came") == name
        for low, high in pairwise(BOUNDS):
            share = pl.col(f"p_{name}")
            inside = sold.filter(share >= low, (share < high) | (high == BOUNDS[-1]))
            said, true = inside.select(share.mean(), came.mean().alias("came")).row(0)
            print(
                f"  {name} {low:.1f}-{high:.1f}: {len(inside):4d} said {said:.3f} came {true:.3f}"
            )
        some = table.filter(pl.col("direction") == name)
        said, true = some.select(pl.col("probability").mean(), came.mean().alias("came")).row(0)
        print(f"  {name} called:     {len(some):4d} said {said:.3f} came {true:.3f}")
    nothing = table.filter(pl.col("before") == 0, pl.col("p_rise") >= trend.SURE)
    said, true = nothing.select(
        pl.col("p_rise").mean(), (pl.col("came") == "rise").mean().alias("came")
    ).row(0)
    print(f"  sold nothing before: {len(nothing):4d} said {said or 0:.3f} came {true or 0:.3f}")
    print(f"  in all {trend.counted(table)}")


def main() -> None:
    whole = panel()
    for name, roles in VARIANTS.items():
        memory = Memory()
        task = Task(h=H, roles=roles, n_windows=WINDOWS, country="US")
        result = backtest(whole, task, preset("default", memory), memory=memory)
        board = leaderboard(result).filter(pl.col("model").is_in(["trees", "ensemble"]))
        for row in board.to_dicts():
            scores = "  ".join(f"{k} {row[k]:.4f}" for k in ("skill", "wape", "sql", "coverage80"))
            low, high = row["skill_low"], row["skill_high"]
            print(f"{name:16s} {row['model']:8s} {scores}  skill from {low:.3f} to {high:.3f}")
        calibration(trends(result, whole))
    unplanned(whole, Task(h=H, roles=VARIANTS["promotions known"], n_windows=WINDOWS, country="US"))


if __name__ == "__main__":
    main()
