"""neuralforecast as the benchmark sees it: what it is given, where it runs, what it answers.

neuralforecast_worker.py trains there; here its requests are written and its answers read.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import IO, Any

import numpy as np
import polars as pl

from tradewind import metrics
from tradewind.arrays import Dates, Floats
from tradewind.backtest.published import load_task
from tradewind.backtest.run import truth_at
from tradewind.models.pretrained.phase import calendar_phase
from tradewind.panel import Panel, dates_from, next_ds
from tradewind.task import DECILES, Window

TASK = "hierarchical_sales_1D"
CONTEXT, HIDDEN, WINDOWS = 84, 64, 128
CLOCKS = tuple(f"clock_{k}" for k in range(2, 8))
"""Sines and cosines of weekday, day of the month and day of the year, as our networks read them."""


@dataclass(frozen=True, slots=True)
class Recipe:
    """What of theirs is free to choose.

    scaler          of each window by its own past
    learning_rate   of Adam
    decays          times that it is halved, evenly over the steps; -1 for never
    calendar        whether CLOCKS are told, as they are to ours
    series          out of which a step's windows are drawn: ours draws from all
    """

    scaler: str = "standard"
    learning_rate: float = 3e-3
    decays: int = -1
    calendar: bool = False
    series: int = 32


RECIPE = Recipe()
"""Their settings, better on the first dev window than the library's own (robust, 1e-3)."""


@dataclass(frozen=True, slots=True)
class Place:
    """How their process computes."""

    threads: int = 1
    flush: bool = False

    def __str__(self) -> str:
        threads = "1 thread" if self.threads == 1 else f"{self.threads} threads"
        return threads + (", denormals as 0" if self.flush else "")


@dataclass(frozen=True, slots=True, eq=False)
class Question:
    """One window, and what it is scored by.

    ds      [h]      days that are asked for
    truth   [N, h]   nan where nothing was observed
    scale   [N]      seasonal naive error of the past
    """

    name: int
    window: Window
    ids: list[str]
    ds: Dates
    truth: Floats
    scale: Floats

    def scores(self, quantiles: Floats) -> dict[str, float]:
        """SQL, MASE and WQL of deciles [N, h, 9]."""
        median = quantiles[:, :, DECILES.index(0.5)]
        return {
            "sql": float(metrics.sql(self.truth, quantiles, DECILES, self.scale)),
            "mase": float(metrics.mase(self.truth, median, self.scale)),
            "wql": float(metrics.wql(self.truth, quantiles, DECILES)),
        }


@dataclass(frozen=True, slots=True, eq=False)
class Made:
    """One fit: seconds by the clock and of the processor, seconds of the forecast, its deciles."""

    seconds: float
    cpu: float
    forecast_seconds: float
    quantiles: Floats = field(repr=False)


Fit = Callable[[Question, str, int, int], Made]
"""(question, cell, steps, seed) → one fit."""


def questions(data: Path, windows: Sequence[int]) -> list[Question]:
    """Dev windows of the task, counted from 1."""
    whole = load_task(TASK, data, dev=True)
    made = []
    for number in windows:
        cutoff = whole.task.cutoffs[number - 1]
        (window,) = replace(whole.task, cutoffs=(cutoff,)).windows(whole.panel)
        ids = list(window.past.ids)
        truth = truth_at(whole.panel, whole.task, cutoff, ids)
        scale = metrics.seasonal_error(window.past.wide("y"), whole.metric_season)
        ds = dates_from(next_ds(cutoff, whole.panel.freq), whole.task.h, whole.panel.freq)
        made.append(Question(number, window, ids, ds, truth, scale))
    return made


class Theirs:
    """Their processes, one a place, and the files through which they are asked."""

    def __init__(self, python: Path, folder: Path) -> None:
        self.python, self.folder = python, folder
        self.running: dict[Place, subprocess.Popen[str]] = {}
        self.versions: dict[str, str] = {}

    def at(self, place: Place, recipe: Recipe = RECIPE) -> Fit:
        """Fits there, by a recipe."""

        def fit(asked: Question, cell: str, steps: int, seed: int) -> Made:
            past, ahead = self._files(asked)
            out = self.folder / "answer.parquet"
            out.unlink(missing_ok=True)
            request = asdict(recipe) | {
                "calendar": list(CLOCKS) if recipe.calendar else [],
                "past": str(past),
                "ahead": str(ahead),
                "out": str(out),
                "cell": cell,
                "steps": steps,
                "seed": seed,
                "h": len(asked.ds),
                "context": CONTEXT,
                "hidden": HIDDEN,
                "windows": WINDOWS,
                "levels": DECILES,
            }
            told = said(self._process(place), request)
            made = aligned(pl.read_parquet(out), asked.ids, asked.ds)
            return Made(told["seconds"], told["cpu"], told["forecast_seconds"], made)

        return fit

    def _files(self, asked: Question) -> tuple[Path, Path]:
        past, ahead = (self.folder / f"{part}{asked.name}.parquet" for part in ("past", "ahead"))
        if not past.exists():
            table_of(asked.window.past).write_parquet(past)
            grid = pl.DataFrame({"unique_id": asked.ids}).join(
                pl.DataFrame({"ds": asked.ds}), how="cross"
            )
            clocked(grid, asked.window.past.freq).write_parquet(ahead)
        return past, ahead

    def _process(self, place: Place) -> subprocess.Popen[str]:
        if place not in self.running:
            worker = Path(__file__).with_name("neuralforecast_worker.py")
            words = [str(self.python), str(worker), "--threads", str(place.threads)]
            with (self.folder / "worker.log").open("a") as log:
                self.running[place] = subprocess.Popen(
                    words + ["--flush"] * place.flush,
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=log,
                    cwd=self.folder,
                    text=True,
                )
            self.versions = answer(self.running[place].stdout)
        return self.running[place]

    def close(self) -> None:
        """End the processes."""
        for process in self.running.values():
            process.communicate()


@contextmanager
def theirs_of(python: Path) -> Iterator[Theirs]:
    """Their side, ended at the end; its files are gone then."""
    with tempfile.TemporaryDirectory() as folder:
        side = Theirs(python, Path(folder))
        try:
            yield side
        except BaseException:
            log = Path(folder) / "worker.log"
            if log.exists():
                print(log.read_text()[-2000:], file=sys.stderr)
            raise
        finally:
            side.close()


def said(process: subprocess.Popen[str], request: dict[str, Any]) -> dict[str, float]:
    """What a worker answers to a request."""
    assert process.stdin is not None
    process.stdin.write(json.dumps(request) + "\n")
    process.stdin.flush()
    told = answer(process.stdout)
    return {name: float(told[name]) for name in ("seconds", "cpu", "forecast_seconds")}


def answer(lines: IO[str] | None) -> dict[str, Any]:
    """The next line of a worker. Raises RuntimeError where it has ended."""
    line = lines.readline() if lines is not None else ""
    if not line:
        raise RuntimeError("the worker of neuralforecast has ended: its last words stand above")
    told: dict[str, Any] = json.loads(line)
    return told


def table_of(past: Panel) -> pl.DataFrame:
    """The past as neuralforecast wants it: no gaps, and a mask that leaves out those filled.

    A gap has the value of a week before, which is read but never trained on.
    """
    y = pl.col("y")
    week = pl.coalesce(y, y.shift(7), y.shift(14), y.forward_fill()).over("unique_id").fill_null(0)
    table = past.frame.sort("unique_id", "ds").select(
        "unique_id", "ds", y=week, available_mask=y.is_not_null().cast(pl.Float64)
    )
    return clocked(table, past.freq)


def clocked(table: pl.DataFrame, freq: str) -> pl.DataFrame:
    """The table with CLOCKS."""
    phase = calendar_phase(table["ds"].to_numpy(), freq)
    return table.with_columns(
        pl.Series(name, phase[:, int(name.removeprefix("clock_"))]) for name in CLOCKS
    )


def aligned(table: pl.DataFrame, ids: Sequence[str], ds: Dates) -> Floats:
    """Deciles [N, h, 9] of a long table, for these series and days, in order of their size.

    Raises ValueError where a series or a day lacks, is there twice, or is not asked for.
    """
    steps = pl.DataFrame({"ds": ds}).with_row_index("step")
    rows = pl.DataFrame({"unique_id": list(ids)}).with_row_index("row")
    known = table.with_columns(pl.col("ds").cast(steps.schema["ds"]))
    known = known.join(steps, on="ds").join(rows, on="unique_id")
    size = len(ids) * len(ds)
    if (
        len(table) != size
        or len(known) != size
        or known.select("row", "step").is_duplicated().any()
    ):
        raise ValueError(
            f"{len(ids)} series and {len(ds)} days were asked for: {len(known)} of "
            f"{len(table)} rows are of them, {known.select('row', 'step').n_unique()} different"
        )
    values = known.sort("row", "step").select([str(level) for level in DECILES]).to_numpy()
    return np.sort(values.astype(np.float64), axis=1).reshape(len(ids), len(ds), len(DECILES))
