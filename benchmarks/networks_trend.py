"""Rise, flat or fall: the class that a network is trained on, beside what its quantiles say.

    python benchmarks/networks_trend.py [--models gru mlp] [--seeds 2]

The Complete Journey (1,000 products by the week, the sum of 8 weeks against the 8 before) and
synthetic shops (150 products and 500 days, 28 days against the 28 before); three windows each, a
sum within 5 % is flat. For one and the same network: the `head` of the classes (`trend=0.5`), and
`trends`, which counts sample paths of the forecast. `shares` are those of the classes that came,
the best constant in hindsight. `quantiles` is the WQL of the forecast, with head and without.

log_loss      mean −ln p of what came (p at least 0.001); lower is better
accuracy      share of series whose likeliest class came
said, came    of those called with 80 % or more: the mean probability, and the share that came
"""

from __future__ import annotations

import argparse
from collections import defaultdict
from collections.abc import Iterator

import numpy as np
from networks import groceries, scored
from run import RESULTS, append_results

from tradewind.arrays import Floats
from tradewind.backtest import trend
from tradewind.data.synthetic import ShopSettings, shop
from tradewind.models.neural.forecaster import Neural
from tradewind.models.neural.nets import MLP, Recurrent
from tradewind.models.neural.pace import Pace
from tradewind.panel import Panel
from tradewind.task import Roles, Task

NETS = {"mlp": MLP(), "gru": Recurrent("gru")}
LEAST, SURE, WEIGHT = 0.001, 0.8, 0.5
Asked = tuple[Panel, Task]


def grocery_week(seed: int) -> Asked:
    """The sample as it is asked in the demo, with plans."""
    found = groceries()
    return found.panel, found.task


def synthetic_day(seed: int) -> Asked:
    """A shop whose prices and promotions are planned."""
    made = shop(ShopSettings(products=150, days=500), np.random.default_rng(seed))
    roles = Roles(static=("category",), known=("price", "promotion"))
    return made.panel, Task(h=28, roles=roles, n_windows=3)


SETS = {"groceries": grocery_week, "shops": synthetic_day}


def judged(chance: Floats, came: list[str]) -> dict[str, float]:
    """Scores of probabilities [N, 3] of rise, flat and fall against what came."""
    place = np.array([trend.DIRECTIONS.index(one) for one in came])
    of_truth = chance[np.arange(len(place)), place]
    best = chance.argmax(axis=1)
    called = chance.max(axis=1) >= SURE
    return {
        "log_loss": float(-np.log(np.maximum(of_truth, LEAST)).mean()),
        "accuracy": float((best == place).mean()),
        "called": float(called.mean()),
        "said": float(chance.max(axis=1)[called].mean()) if called.any() else np.nan,
        "came": float((best == place)[called].mean()) if called.any() else np.nan,
    }


def windows(asked: Asked, model: Neural) -> Iterator[dict[str, float]]:
    """The scores of each window."""
    panel, task = asked
    for window in task.windows(panel):
        fitted = model.fit(window.past, window.task)
        made = fitted.forecast(task.h, task.levels, window.known)
        out = {"quantiles": scored(panel, window, made)["wql"]}
        truth = panel.only(list(made.ids)).after(window.cutoff, task.h).wide("y")
        before = trend.before_of(window.past, made.ids, "y", task.h)
        usable = (before > 0) & np.isfinite(truth).all(axis=1)
        came = trend.outcome(before[usable], truth[usable].sum(axis=1), trend.FLAT)
        paths = made.paths(1000, np.random.default_rng(0)).sum(axis=1)
        chances = {"trends": trend.shares(paths, before, trend.FLAT)[usable]}
        if model.trend:
            chances["head"] = fitted.trend(window.known)[usable]
        shares = np.array([came.count(name) for name in trend.DIRECTIONS]) / len(came)
        chances["shares"] = np.broadcast_to(shares, (len(came), 3))
        for name, chance in chances.items():
            out |= {f"{name} {key}": value for key, value in judged(chance, came).items()}
        yield out


def main() -> None:
    """Measure, print, and append to the results."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sets", nargs="+", choices=list(SETS), default=list(SETS))
    parser.add_argument("--models", nargs="+", choices=list(NETS), default=list(NETS))
    parser.add_argument("--seeds", type=int, default=2)
    asked = parser.parse_args()
    for what in asked.sets:
        for name in asked.models:
            found: dict[str, list[float]] = defaultdict(list)
            for seed in range(asked.seeds):
                for weight in (WEIGHT, 0.0):
                    model = Neural(NETS[name], trend=weight, pace=Pace(seed=seed))
                    for told in windows(SETS[what](seed), model):
                        for key, value in told.items():
                            found[key if weight else f"without head: {key}"].append(value)
            mean = {key: round(float(np.nanmean(values)), 4) for key, values in found.items()}
            print(what, name, mean, flush=True)
            about = {"benchmark": "networks-trend", "task": what, "model": name}
            about |= {"command": "python benchmarks/networks_trend.py"}
            append_results(RESULTS, [about | {"metric": k, "value": v} for k, v in mean.items()])


if __name__ == "__main__":
    main()
