"""What tuning is worth: settings found on earlier windows, scored on windows that it did not see.

    python benchmarks/tuning.py --minutes 3 --seeds 1

A synthetic shop is loaded into a workspace, the model is tuned there, and the last three windows,
which the search never saw, are forecast with the default settings and with those that scored best,
whether they were clearly better and kept or not.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import numpy as np
import polars as pl
from run import RESULTS, Row, append_results

from tradewind.data.synthetic import ShopSettings, shop
from tradewind.flows import tune as flow
from tradewind.flows.asked import Question
from tradewind.flows.backtest import backtest
from tradewind.flows.load import load
from tradewind.flows.tuned import Kept, keep
from tradewind.store import Workspace

METRICS = ("sql", "wape", "coverage80", "seconds")


def measured(asked: argparse.Namespace, seed: int) -> Iterator[Row]:
    """Rows of one shop."""
    made = shop(ShopSettings(products=asked.products, days=asked.days), np.random.default_rng(seed))
    models = ("seasonal_naive", asked.model)
    question = Question(freq=asked.freq, preset=asked.preset, models=models)
    with tempfile.TemporaryDirectory() as folder, Workspace(folder) as workspace:
        file = Path(folder) / "lines.csv"
        sold_on = pl.col("ordered_at").dt.date()
        made.lines.select("event_id", sold_on, "product", "quantity", "price").write_csv(file)
        load(workspace, file)
        before = backtest(workspace, question)
        order = flow.Order(asked.model, minutes=asked.minutes, seed=seed)
        heard = flow.Audience(
            lambda t, best, s: print(t.number, t.state, t.score, best, round(s), flush=True)
        )
        tuned = flow.tune(workspace, order, question, audience=heard)
        lowest = min(
            (t for t in tuned.found.trials if t.state == "done"), key=lambda t: (t.score, t.number)
        )
        settled, now = question.settled(workspace), datetime.now()
        best = tuned.search.forecaster(lowest.params)  # judged also where its gain is too small
        one = Kept(best, tuned.search.panel.end, lowest.score, tuned.found.default.score, "")
        keep(workspace, settled, asked.model, one, now)
        after = backtest(workspace, question)
    states = [t.state for t in tuned.found.trials]
    print(best, tuned.importance)
    about = {
        "benchmark": "tuning",
        "task": f"synthetic shop, {asked.products} products, {asked.days} days, {asked.freq}",
        "preset": asked.preset,
        "command": f"python benchmarks/tuning.py --model {asked.model} --preset {asked.preset} "
        f"--minutes {asked.minutes:g} --freq {asked.freq} --seeds {asked.seeds}",
        "note": f"seed {seed}; windows that the search did not see",
    }
    scores: dict[str, dict[str, float]] = {}
    for name, tested in ((asked.model, before), (f"{asked.model}, tuned", after)):
        found = {row["model"]: row for row in tested.leaderboard.iter_rows(named=True)}
        scores[name] = found[asked.model]
        for metric in METRICS:
            yield about | {"model": name, "metric": metric, "value": scores[name][metric]}
    gain = 1 - scores[f"{asked.model}, tuned"]["sql"] / scores[asked.model]["sql"]
    yield about | {"model": f"{asked.model}, tuned", "metric": "sql_gain", "value": gain}
    seen = about | {"model": f"{asked.model}, tuned", "note": f"seed {seed}; of the search itself"}
    yield seen | {"metric": "sql_gain", "value": 1 - lowest.score / tuned.found.default.score}
    yield seen | {"metric": "kept", "value": float(tuned.is_kept)}
    yield seen | {"metric": "trials", "value": float(len(states))}
    yield seen | {"metric": "trials_done", "value": float(states.count("done"))}
    yield seen | {"metric": "seconds", "value": tuned.run.seconds}


def main() -> int:
    """Measure, print and append."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--model", default="trees")
    parser.add_argument("--preset", default="default")
    parser.add_argument("--minutes", type=float, default=3.0)
    parser.add_argument("--products", type=int, default=300)
    parser.add_argument("--days", type=int, default=730)
    parser.add_argument("--freq", default="D")
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--results", type=Path, default=RESULTS)
    asked = parser.parse_args()
    for seed in range(1, asked.seeds + 1):
        rows = list(measured(asked, seed))
        for row in rows:
            print(row["model"], row["metric"], row["value"], row["note"])
        append_results(asked.results, rows)
    return 0


if __name__ == "__main__":
    sys.exit(main())
