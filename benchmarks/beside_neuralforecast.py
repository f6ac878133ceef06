"""Our GRU and LSTM beside neuralforecast's: training time at equal steps, error at equal seconds.

    python3 -m venv ENV; ENV/bin/pip install torch==2.13.0 neuralforecast==3.3.0 "pandas<3"
    python benchmarks/beside_neuralforecast.py --data FOLDER --python ENV/bin/python

hierarchical_sales_1D, dev windows: 118 daily series, 28 days ahead. Both sides have the same past,
84 days of it as input, one layer of 64 numbers, 128 windows a step, the nine deciles, no early
stopping and no GPU. A fit counts whole, from the table to the trained network; imports do not
count, and every process has made a short fit before. Sides take turns.

Ours computes half of each batch on each of two threads. Theirs is trained in an environment of its
own, on two threads as torch comes, on one, and on one with numbers below 1e-38 as 0
(`torch.set_flush_denormal`, which our training sets by itself).

Each of their steps draws its windows from 32 series, as the library comes; from all, as ours does,
in rows of their own. At more than the first number of steps theirs is only run as it is fastest.

--choose prints what their settings in RECIPE were chosen by: SQL on the first dev window.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import torch
from neuralforecast_side import (
    CONTEXT,
    HIDDEN,
    RECIPE,
    TASK,
    WINDOWS,
    Fit,
    Made,
    Place,
    Question,
    Recipe,
    Theirs,
    questions,
    theirs_of,
)
from run import RESULTS, append_results

from tradewind.models.neural.forecaster import Neural
from tradewind.models.neural.nets import Recurrent
from tradewind.models.neural.pace import Pace
from tradewind.task import DECILES

CELLS = ("gru", "lstm")
NEVER = 99
"""Patience that does not run out in twelve looks."""
SHORT = 2, 60
"""Steps of a first fit that does not count, and of one that says how long a step takes."""
OURS = "ours"
PLAIN, BEST, PAIRED = Place(1), Place(1, flush=True), Place(2)
"""On one thread as the library comes, on one without denormals, and on two."""
WHOLE = f"{BEST}, from all series"
CHOICES = (
    Recipe("standard", 1e-3),
    Recipe("standard", 3e-3),
    Recipe("robust", 1e-3),
    Recipe("robust", 3e-3),
    Recipe("standard", 3e-3, 3),
    Recipe("standard", 3e-3, calendar=True),
    Recipe("standard", 3e-3, 3, calendar=True),
)
COMMAND = "python benchmarks/beside_neuralforecast.py --data FOLDER --python ENV/bin/python"
MEASURED = ("seconds", "cpu", "sql", "mase", "wql")


def ours(asked: Question, cell: str, steps: int, seed: int) -> Made:
    """A fit and a forecast of our network."""
    pace = Pace(steps=steps, batch=WINDOWS, patience=NEVER, seed=seed)
    net = Recurrent("gru" if cell == "gru" else "lstm", hidden=HIDDEN)
    model = Neural(net, context=CONTEXT, pace=pace)
    wall, cpu = time.perf_counter(), time.process_time()
    fitted = model.fit(asked.window.past, asked.window.task)
    seconds, cpu = time.perf_counter() - wall, time.process_time() - cpu
    began = time.perf_counter()
    made = fitted.forecast(len(asked.ds), DECILES, asked.window.known)
    return Made(seconds, cpu, time.perf_counter() - began, made.select(asked.ids).quantiles)


def turns(names: Sequence[str], repeats: int) -> list[tuple[int, str]]:
    """(Repeat, name) in such an order that no side is always the first.

    >>> turns(["ours", "theirs"], 2)
    [(0, 'ours'), (0, 'theirs'), (1, 'theirs'), (1, 'ours')]
    """
    size = len(names)
    return [(k, names[(k + place) % size]) for k in range(repeats) for place in range(size)]


def steps_in(seconds: float, short: tuple[int, float], long: tuple[int, float]) -> int:
    """Steps that fill `seconds`, from the steps and seconds of two fits.

    >>> steps_in(5.0, (2, 0.4), (60, 3.3))
    94
    """
    each = (long[1] - short[1]) / (long[0] - short[0])
    if each <= 0:  # the machine was busy during the short one
        return max(1, round(seconds * long[0] / long[1]))
    return max(1, round(long[0] + (seconds - long[1]) / each))


def ratio(runs: pl.DataFrame, side: str, value: str) -> float:
    """Median over the repeats of ours / theirs in the same repeat."""
    both = runs.filter(side=OURS).join(runs.filter(side=side), on="repeat", suffix="_theirs")
    return float(np.median(both[value].to_numpy() / both[f"{value}_theirs"].to_numpy()))


class Log:
    """All fits, each told as it ends."""

    def __init__(self) -> None:
        self.rows: list[dict[str, str | float]] = []
        self.began = time.perf_counter()

    def add(self, about: dict[str, str | float], asked: Question, made: Made) -> None:
        found = {"seconds": made.seconds, "cpu": made.cpu, "forecast": made.forecast_seconds}
        row = about | {"window": asked.name} | found | asked.scores(made.quantiles)
        self.rows.append(row)
        words = [f"{n} {v:.3f}" if isinstance(v, float) else str(v) for n, v in row.items()]
        print(f"{time.perf_counter() - self.began:5.0f} s", *words, flush=True)

    def of(self, part: str) -> Iterator[tuple[tuple[str, float], pl.DataFrame]]:
        """The fits of a part by cell and budget, in the order in which they were made."""
        runs = pl.DataFrame(self.rows).filter(part=part)
        for (cell, budget), some in runs.group_by("cell", "budget", maintain_order=True):
            yield (str(cell), float(budget)), some


def same_steps(log: Log, sides: dict[str, Fit], asked: list[Question], budget: int, n: int) -> None:
    """n fits of each side and cell with the same number of steps, a window after the other."""
    for cell in CELLS:
        for repeat, side in turns(list(sides), n):
            question = asked[repeat % len(asked)]
            made = sides[side](question, cell, budget, repeat)
            about: dict[str, str | float] = {"part": "steps", "cell": cell, "budget": budget}
            log.add(about | {"side": side, "repeat": repeat, "steps": budget}, question, made)


def same_seconds(
    log: Log, sides: dict[str, Fit], asked: list[Question], budget: float, seeds: int
) -> None:
    """A fit of each side, cell, window and seed that lasts so many seconds, as near as can be said.

    The number of steps comes from how long the side's fit before took, so that every schedule of
    learning rates runs to its end.
    """
    for cell in CELLS:
        first, latest = {}, {}
        for side, fit in sides.items():
            first[side], latest[side] = (
                (steps, fit(asked[0], cell, steps, 0).seconds) for steps in SHORT
            )
        for repeat, side in turns(list(sides), len(asked) * seeds):
            question, seed = asked[repeat % len(asked)], repeat // len(asked)
            steps = steps_in(budget, first[side], latest[side])
            made = sides[side](question, cell, steps, seed)
            latest[side] = steps, made.seconds
            about: dict[str, str | float] = {"part": "seconds", "cell": cell, "budget": budget}
            log.add(about | {"side": side, "repeat": repeat, "steps": steps}, question, made)


def tables(log: Log) -> str:
    """What was measured, for the documentation."""
    lines = ["", "| steps | | seconds | of CPU | ratio | of CPU | SQL |", "|" + "--|" * 7]
    for (cell, budget), runs in log.of("steps"):
        for side in runs["side"].unique(maintain_order=True):
            own = runs.filter(side=side)
            ratios = [f"{ratio(runs, side, value):.2f}" for value in ("seconds", "cpu")]
            seen = f"{median(own, 'seconds'):.1f} | {median(own, 'cpu'):.1f}"
            told = " | ".join(["", ""] if side == OURS else ratios)
            lines.append(
                f"| {budget:.0f} | {cell} {side} | {seen} | {told} | {mean(own, 'sql'):.3f} |"
            )
    lines += ["", "| seconds | | took | steps | SQL | MASE | WQL | SQL ratio |", "|" + "--|" * 8]
    for (cell, budget), runs in log.of("seconds"):
        for side in runs["side"].unique(maintain_order=True):
            own = runs.filter(side=side)
            scores = " | ".join(f"{mean(own, name):.3f}" for name in ("sql", "mase", "wql"))
            told = "" if side == OURS else f"{error_ratio(runs, side, 'sql'):.3f}"
            seen = f"{mean(own, 'seconds'):.1f} | {mean(own, 'steps'):.0f}"
            lines.append(f"| {budget:g} | {cell} {side} | {seen} | {scores} | {told} |")
    return "\n".join(lines)


def error_ratio(runs: pl.DataFrame, side: str, value: str) -> float:
    """Mean of ours / mean of theirs."""
    return mean(runs.filter(side=OURS), value) / mean(runs.filter(side=side), value)


def mean(runs: pl.DataFrame, value: str) -> float:
    """Of some fits."""
    return float(runs[value].to_numpy().mean())


def median(runs: pl.DataFrame, value: str) -> float:
    """Of some fits."""
    return float(np.median(runs[value].to_numpy()))


def rows(log: Log, windows: Sequence[int], note: str) -> list[dict[str, str | float]]:
    """Rows for the results."""
    about: dict[str, str | float] = {
        "benchmark": "beside neuralforecast",
        "task": f"{TASK}, dev windows {', '.join(map(str, windows))}",
        "command": COMMAND,
        "note": note,
    }
    made = []
    for part, unit in (("steps", "steps"), ("seconds", "s")):
        for (cell, budget), runs in log.of(part):
            for side in runs["side"].unique(maintain_order=True):
                own = runs.filter(side=side)
                found = {
                    name: median(own, name) if name in ("seconds", "cpu") else mean(own, name)
                    for name in MEASURED
                }
                if side != OURS:
                    found |= {"seconds ratio": ratio(runs, side, "seconds")}
                    found |= {"cpu ratio": ratio(runs, side, "cpu")}
                    found |= {"sql ratio": error_ratio(runs, side, "sql")}
                model = f"{cell}, {side}"
                for name, value in found.items():
                    told = {"model": model, "metric": f"{name}, {budget:g} {unit}"}
                    made.append(about | told | {"value": round(value, 4)})
    return made


def choose(theirs: Theirs, asked: Question, steps: int, seeds: int) -> None:
    """Print their SQL by CHOICES on one window."""
    for cell in CELLS:
        for recipe in CHOICES:
            made = [theirs.at(BEST, recipe)(asked, cell, steps, seed) for seed in range(seeds)]
            found = [asked.scores(one.quantiles)["sql"] for one in made]
            cpu = np.mean([one.cpu for one in made])
            print(f"{cell} {recipe}: SQL {np.mean(found):.4f}, {cpu:.1f} s of CPU", flush=True)


def main() -> None:
    """Measure, print, and append to the results."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--python", type=Path, required=True, help="of their environment")
    parser.add_argument("--windows", type=int, nargs="+", default=[1, 5, 10])
    parser.add_argument("--steps", type=int, nargs="*", default=[200, 600])
    parser.add_argument("--paired", type=int, nargs="*", default=[60], help="steps, two threads")
    parser.add_argument("--repeats", type=int, default=3, help="of each number of steps")
    parser.add_argument("--seconds", type=float, nargs="*", default=[4, 12])
    parser.add_argument("--seeds", type=int, default=2, help="of each number of seconds")
    parser.add_argument("--choose", action="store_true", help="only say what RECIPE was chosen by")
    parser.add_argument("--note", default="", help="on the machine, for the results")
    parser.add_argument("--dry", action="store_true", help="append nothing to the results")
    asked = parser.parse_args()
    torch.set_num_threads(1)
    found = questions(asked.data, asked.windows)
    with theirs_of(asked.python) as theirs:
        if asked.choose:
            choose(theirs, found[0], steps=300, seeds=2)
            return
        places = (PLAIN, BEST, PAIRED) if asked.paired else (PLAIN, BEST)
        sides = {OURS: ours} | {str(place): theirs.at(place) for place in places}
        for fit in sides.values():
            for cell in CELLS:
                fit(found[0], cell, SHORT[0], 0)
        log, paired = Log(), sides.pop(str(PAIRED), None)
        best = {name: sides[name] for name in (OURS, str(BEST))}
        sides[WHOLE] = theirs.at(BEST, replace(RECIPE, series=len(found[0].ids)))
        for k, steps in enumerate(asked.steps):
            same_steps(log, best if k else sides, found, steps, asked.repeats)
        for seconds in asked.seconds:
            same_seconds(log, best, found, seconds, asked.seeds)
        for steps in asked.paired:
            assert paired is not None
            both = {OURS: ours, str(PAIRED): paired}
            same_steps(log, both, found, steps, asked.repeats)
        print(theirs.versions, RECIPE, tables(log), sep="\n")
        if not asked.dry:
            told = [f"{name} {number}" for name, number in theirs.versions.items()]
            note = ", ".join([*told, asked.note] if asked.note else told)
            append_results(RESULTS, rows(log, asked.windows, note))


if __name__ == "__main__":
    main()
