"""How well demand behind stock-outs is recovered: on synthetic shops, and on capped real sales.

python benchmarks/demand.py [--data FOLDER]    prints a table; docs/experiments.md keeps it
python benchmarks/demand.py --scoring          which truth a forecast of demand is scored against
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import numpy as np
import polars as pl

from tradewind.arrays import Bools, Floats
from tradewind.backtest.run import score
from tradewind.data.demand import mark_censored, recover_demand
from tradewind.data.synthetic import ShopSettings, SyntheticShop, crossborder_shop, shop
from tradewind.models.naive import Average
from tradewind.models.profile import Profile
from tradewind.panel import Panel
from tradewind.task import Roles, Task

SEEDS = 5
SPELLS = 20


def error(truth: Floats, guess: Floats) -> float:
    return float(np.abs(truth - guess).sum() / truth.sum())


def rivals(y: Floats, censored: Bools) -> dict[str, Floats]:
    """What else could stand for demand: sales, the mean of all free days, or of those around."""
    free = np.where(censored, np.nan, y)
    mean = np.broadcast_to(np.nanmean(free, axis=1, keepdims=True), y.shape)
    known, units = np.nan_to_num(~np.isnan(free) * 1.0), np.nan_to_num(free)
    kernel = np.ones(29)
    around = [
        np.convolve(u, kernel, "same") / np.maximum(np.convolve(k, kernel, "same"), 1)
        for u, k in zip(units, known, strict=True)
    ]
    return {"raw": y, "mean of free days": mean, "mean of free days within 14": np.array(around)}


def synthetic(invented: SyntheticShop, panel: Panel) -> dict[str, float]:
    """WAPE against the true demand on the days marked as censored."""
    found = recover_demand(panel)
    censored: Bools = np.equal(found.wide("censored"), 1) & ~np.isnan(invented.demand)
    y, truth = np.where(np.isnan(invented.demand), np.nan, panel.wide()), invented.demand
    whole = censored.sum(axis=1) == (~np.isnan(y)).sum(axis=1)
    keep, censored = ~whole, censored[~whole]
    guesses = {"recovered": found.wide("demand")[keep]}
    guesses |= rivals(y[keep], censored)
    guesses["true mean"] = np.fmax(invented.mean, y)[keep]
    return {k: error(truth[keep][censored], v[censored]) for k, v in guesses.items()}


def brazil(table: pl.DataFrame, rng: np.random.Generator) -> dict[str, float]:
    """Real sales, with spells of 2 to 6 days cut: a part of the first day is sold, then nothing."""
    y = table["y"].to_numpy()
    hit = np.zeros(len(y), np.bool_)
    capped = y.copy()
    for begin in rng.choice(np.arange(30, len(y) - 30), 24, replace=False):
        end = begin + rng.integers(2, 7)
        capped[begin] = np.floor(y[begin] * rng.random())
        capped[begin + 1 : end] = 0
        hit[begin:end] = True
    hit &= table["stock"].to_numpy() > 0
    capped = np.where(hit, capped, y)
    cut = table.with_columns(y=pl.Series(capped), censored=pl.Series(hit) | (pl.col("stock") <= 0))
    panel = Panel.from_frame(cut, "D")
    found = recover_demand(panel).frame.drop_nulls("y")
    marked = found["censored"].to_numpy()
    guesses = {"recovered": found["demand"].to_numpy()}
    guesses |= {k: v[0] for k, v in rivals(capped[None], marked[None]).items()}
    return {k: error(y[hit], v[hit]) for k, v in guesses.items()}


def scoring() -> None:
    """Scores of demand forecasts against the estimate of the whole history, and against sales on
    the days with stock alone, beside those against the true demand."""
    roles = Roles(("demand",), static=("category",), past=("price", "promotion", "y"))
    task = Task(h=28, roles=roles, n_windows=2, estimate=recover_demand)
    rows = []
    for seed in range(3):
        kind = ShopSettings(products=150, days=500)
        invented = shop(kind, np.random.default_rng(seed))
        found = recover_demand(invented.panel)
        for window in task.windows(found):
            ids = window.past.ids
            row = [found.ids.index(key) for key in ids]
            steps = slice(len(found.until(window.cutoff).ds), None)
            whole = found.wide("demand")[row, steps][:, : task.h]
            limited = found.wide("censored")[row, steps][:, : task.h] == 1
            truths = {
                "true demand": invented.demand[row, steps][:, : task.h],
                "estimate of the whole history": whole,
                "days with stock alone": np.where(limited, np.nan, whole),
            }
            for model in (Average(), Profile()):
                made = model.fit(window.past, task).forecast(task.h, task.levels, None, "demand")
                for name, truth in truths.items():
                    scores = score(truth, made.select(ids), window.past.wide("demand"), 7)
                    share = float(np.nansum(made.select(ids).median - truth) / np.nansum(truth))
                    found_scores = [float(scores[m]) for m in ("wape", "sql", "coverage80")]
                    rows.append((type(model).__name__, name, *found_scores, share))
    table = pl.DataFrame(rows, ["model", "truth", "wape", "sql", "in 80 %", "bias"], orient="row")
    means = (
        table.group_by("model", "truth", maintain_order=True)
        .mean()
        .sort("model", maintain_order=True)
    )
    print(means.write_csv(float_precision=4))


def show(name: str, rows: list[dict[str, float]]) -> None:
    mean = {k: float(np.mean([r[k] for r in rows])) for k in rows[0]}
    gain = 1 - np.array([r["recovered"] / min(r["raw"], r["mean of free days"]) for r in rows])
    text = "  ".join(f"{k} {v:.3f}" for k, v in mean.items())
    print(f"{name:22s} {text}  better rival − {gain.mean():.1%} (worst {gain.min():.1%})")


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--data", type=Path, default=Path("../shared/bench"))
    parser.add_argument("--scoring", action="store_true")
    asked = parser.parse_args()
    if asked.scoring:
        scoring()
        return
    data = asked.data
    settings = ShopSettings(products=200, days=730)
    kinds = {
        "shop, days": settings,
        "shop, weeks": ShopSettings(products=200, days=730, freq="W-MON"),
        "shop, no stock record": ShopSettings(products=200, days=730, stock_column=False),
        "fast movers": ShopSettings(products=200, days=730, sales_per_day=50, intermittent=0),
        "slow movers": ShopSettings(products=200, days=730, sales_per_day=1, intermittent=0.5),
    }
    for name, kind in kinds.items():
        shops = [shop(kind, np.random.default_rng(seed)) for seed in range(SEEDS)]
        show(name, [synthetic(s, s.panel) for s in shops])
    abroad = [crossborder_shop(np.random.default_rng(seed)) for seed in range(SEEDS)]
    show("cross-border", [synthetic(s, s.panel) for s in abroad])
    file = data / "brazil_retail_price_stock" / "mock_kaggle.csv"
    if file.exists():
        table = pl.read_csv(file).select(
            pl.lit("sku").alias("unique_id"),
            pl.col("Date").str.to_date("%d-%m-%Y").alias("ds"),
            pl.col("Sales").cast(pl.Float64).alias("y"),
            pl.when(pl.col("Price") > 0).then("Price").alias("price"),
            pl.col("Stock").cast(pl.Float64).alias("stock"),
        )
        show("brazil, one SKU", [brazil(table, np.random.default_rng(s)) for s in range(SPELLS)])
    large = shop(ShopSettings(products=3000, days=730), np.random.default_rng(0)).panel
    begin = time.perf_counter()
    recover_demand(mark_censored(large))
    seconds = time.perf_counter() - begin
    print(f"speed: {3000 / seconds:,.0f} series of 730 days a second")


if __name__ == "__main__":
    main()
