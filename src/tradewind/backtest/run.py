"""Run models at cutoffs whose truth is known, and score what they said."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import datetime

import numpy as np
import polars as pl

from tradewind import metrics
from tradewind.arrays import Floats
from tradewind.errors import TradewindError
from tradewind.forecast import Forecast
from tradewind.models.hindsight import Answer, Memory
from tradewind.models.protocol import Forecaster
from tradewind.panel import Panel, dates_from, next_ds
from tradewind.task import Task, Window

Progress = Callable[[int, int, str], None]
"""Called with (done, total, what was done)."""

ONE_CORE = 1.3
"""A model that keeps fewer cores than this busy may run beside another one."""

TEXT, DS, NUMBER = pl.String(), pl.Datetime("us"), pl.Float64()
TOTALS = {"model": TEXT, "cutoff": DS, "metric": TEXT, "value": NUMBER}
SECONDS = {"model": TEXT, "cutoff": DS, "seconds": NUMBER}
FAILURES = {"model": TEXT, "cutoff": DS, "unique_id": TEXT, "by": TEXT, "reason": TEXT}


@dataclass(frozen=True, slots=True)
class Backtest:
    """What each model said at each cutoff, and how good it was.

    panel       the data, truth included
    task        with its cutoffs spelled out; the first target is forecast and scored
    models      names, in the order given
    forecasts   by (model, cutoff); one that failed is absent
    ids         by cutoff: the series that had begun, N of them, in the order of every forecast
    truths      by cutoff: what came, [N, h]; nan where nothing was observed
    scales      by cutoff: what scaled scores are divided by, [N] (`scale_of`)
    scores      model, cutoff, unique_id, metric, value: one row per series; nan where undefined
    totals      model, cutoff, metric, value: pooled over series
    failures    model, cutoff, unique_id (null: the whole window), by, reason: what a model could
                not do; `by` is the member that could not, where the model has members
    seconds     model, cutoff, seconds of fit and forecast when it was computed; what a model with
                members finds in the memory was counted with the member
    """

    panel: Panel
    task: Task
    models: tuple[str, ...]
    forecasts: Mapping[tuple[str, datetime], Forecast]
    ids: Mapping[datetime, list[str]]
    truths: Mapping[datetime, Floats]
    scales: Mapping[datetime, Floats]
    scores: pl.DataFrame
    totals: pl.DataFrame
    failures: pl.DataFrame
    seconds: pl.DataFrame

    @property
    def target(self) -> str:
        """The column that was forecast."""
        return self.task.roles.targets[0]

    @property
    def cutoffs(self) -> tuple[datetime, ...]:
        """Cutoffs, oldest first."""
        return self.task.cutoffs


@dataclass(slots=True)
class _Log:
    """What a run has gathered so far."""

    answers: dict[tuple[str, datetime], Answer] = field(default_factory=dict)
    failures: list[tuple[str, datetime, str | None, str, str]] = field(default_factory=list)


def backtest(
    panel: Panel,
    task: Task,
    models: Mapping[str, Forecaster],
    *,
    workers: int = 2,
    progress: Progress | None = None,
    memory: Memory | None = None,
) -> Backtest:
    """Forecast and score every model in every window of the task.

    A window shows a model nothing after its cutoff. A model that raises a TradewindError in a
    window, or falls back for a series, is counted in `failures`; the others go on.

    workers    models that run side by side. In its first window each model runs alone, and only
               those that then kept one core busy are later run together: trees and compiled models
               that use every core themselves are never slowed down. A model with members (it holds
               a memory) runs after the others, so that it finds their forecasts there.
    memory     remembers forecasts by settings and data: the same back-test again computes nothing
    """
    memory = memory or Memory()
    task = replace(task, cutoffs=task.cutoffs_of(panel))
    task.check(panel)
    log = _Log()
    done, total = 0, len(models) * len(task.cutoffs)
    light: set[str] = set()
    for window in task.windows(panel):
        for name in _in_turn(window, models, light, log, memory, workers):
            done += 1
            if progress is not None:
                progress(done, total, f"{name} at {window.cutoff:%Y-%m-%d}")
    return _scored(panel, task, tuple(models), log)


def _in_turn(
    window: Window,
    models: Mapping[str, Forecaster],
    light: set[str],
    log: _Log,
    memory: Memory,
    workers: int,
) -> Iterator[str]:
    """Run every model in one window, the light ones side by side; yields names as they finish."""
    target = window.task.roles.targets[0]
    together = [n for n in models if n in light] if workers > 1 else []
    if together:
        memory.key(models[together[0]], window, target)  # digests the window once, for all
    with ThreadPoolExecutor(max(workers, 1)) as pool:
        jobs = {n: pool.submit(_ask, memory, models[n], window, target) for n in together}
        for name, job in jobs.items():
            _note(log, name, window.cutoff, job.result())
            yield name
    alone = [n for n in models if n not in together]
    for name in sorted(alone, key=lambda n: _has_members(models[n])):
        start = _clocks()
        answer = _ask(memory, models[name], window, target)
        busy, wall = (b - a for a, b in zip(start, _clocks(), strict=True))
        if not _has_members(models[name]) and wall > 0 and busy / wall < ONE_CORE:
            light.add(name)
        _note(log, name, window.cutoff, answer)
        yield name


def _has_members(forecaster: Forecaster) -> bool:
    return hasattr(forecaster, "memory")


def _clocks() -> tuple[float, float]:
    """CPU seconds of this process and its finished children, and wall seconds."""
    spent = os.times()
    cpu = spent.user + spent.system + spent.children_user + spent.children_system
    return cpu, time.perf_counter()


def _ask(
    memory: Memory, forecaster: Forecaster, window: Window, target: str
) -> Answer | TradewindError:
    try:
        answer = memory.answer(forecaster, window, target)
        if answer.forecast.ids != tuple(window.past.ids):
            answer = replace(answer, forecast=answer.forecast.select(window.past.ids))
    except TradewindError as failure:
        return failure
    return answer


def _note(log: _Log, name: str, cutoff: datetime, answer: Answer | TradewindError) -> None:
    if isinstance(answer, TradewindError):
        reason = f"{type(answer).__name__}: {answer}"
        log.failures.append((name, cutoff, None, name, reason))
        return
    log.answers[name, cutoff] = answer
    log.failures += [(name, cutoff, r.unique_id, r.model, r.reason) for r in answer.rescues]


def truth_at(panel: Panel, task: Task, cutoff: datetime, ids: list[str]) -> Floats:
    """What came after the cutoff for these series, [N, h]; nan where nothing was observed."""
    target, steps = task.roles.targets[0], task.h
    rows = task.truth(panel, cutoff, target)
    grid = dates_from(next_ds(cutoff, panel.freq), steps, panel.freq)
    place = pl.DataFrame({"unique_id": ids, "row": np.arange(len(ids))})
    rows = rows.join(place, on="unique_id").filter(pl.col(target).is_not_null())
    truth = np.full((len(ids), steps), np.nan)
    step = np.searchsorted(grid, rows["ds"].to_numpy())
    truth[rows["row"].to_numpy(), step] = rows[target].cast(pl.Float64).to_numpy()
    return truth


def scale_of(past: Floats, season: int, *, squared: bool = False) -> Floats:
    """Seasonal naive error of each series, [N]; of the naive one where that is missing or zero.

    A year of weeks has no pair of observations 52 apart; every model is scaled alike, so
    that skill means the same.
    """
    seasonal = metrics.seasonal_error(past, season, squared=squared)
    naive = metrics.seasonal_error(past, 1, squared=squared)
    scale: Floats = np.where(np.isfinite(seasonal) & (seasonal > 0), seasonal, naive)
    return scale


def score(
    truth: Floats, forecast: Forecast, past: Floats, season: int, axis: int | None = None
) -> dict[str, metrics.Score]:
    """Every score of one forecast: pooled, or with axis=1 of each series, [N]."""
    median, quantiles, levels = forecast.median, forecast.quantiles, forecast.levels
    low, high = np.moveaxis(forecast.at((0.1, 0.9)), 2, 0)
    scale, square = scale_of(past, season), scale_of(past, season, squared=True)
    return {
        "mae": metrics.mae(truth, median, axis),
        "mse": metrics.mse(truth, median, axis),
        "rmse": metrics.rmse(truth, median, axis),
        "wape": metrics.wape(truth, median, axis),
        "bias": metrics.bias(truth, median, axis),
        "mase": metrics.mase(truth, median, scale, axis),
        "rmsse": metrics.rmsse(truth, median, square, axis),
        "pinball": metrics.pinball(truth, quantiles, levels, axis),
        "sql": metrics.sql(truth, quantiles, levels, scale, axis),
        "wql": metrics.wql(truth, quantiles, levels, axis),
        "coverage80": metrics.coverage(truth, low, high, axis),
        "winkler80": metrics.winkler(truth, low, high, 0.8, axis),
    }


def _scored(panel: Panel, task: Task, models: tuple[str, ...], log: _Log) -> Backtest:
    season, target = task.season_of(panel), task.roles.targets[0]
    scores, totals, seconds = [], [], []
    ids: dict[datetime, list[str]] = {}
    truths: dict[datetime, Floats] = {}
    scales: dict[datetime, Floats] = {}
    for cutoff in task.cutoffs:
        past = task.window(panel, cutoff).past  # scales too must not have seen the future
        seen, ids[cutoff] = past.wide(target), past.ids
        truths[cutoff] = truth_at(panel, task, cutoff, past.ids)
        scales[cutoff] = scale_of(seen, season)
        keys = pl.Series("unique_id", past.ids, dtype=pl.String)
        for model in models:
            answer = log.answers.get((model, cutoff))
            if answer is None:
                continue
            seconds.append((model, cutoff, answer.seconds))
            for metric, value in score(truths[cutoff], answer.forecast, seen, season).items():
                totals.append((model, cutoff, metric, float(value)))
            own = score(truths[cutoff], answer.forecast, seen, season, axis=1)
            scores += [_long(model, cutoff, keys, m, np.asarray(v)) for m, v in own.items()]
    return Backtest(
        panel,
        task,
        models,
        {key: answer.forecast for key, answer in log.answers.items()},
        ids,
        truths,
        scales,
        pl.concat(scores) if scores else _long("", task.cutoffs[0], keys[:0], "", np.zeros(0)),
        pl.DataFrame(totals, TOTALS, orient="row"),
        pl.DataFrame(log.failures, FAILURES, orient="row"),
        pl.DataFrame(seconds, SECONDS, orient="row"),
    )


def _long(
    model: str, cutoff: datetime, ids: pl.Series, metric: str, values: Floats
) -> pl.DataFrame:
    return pl.DataFrame({"unique_id": ids, "value": values}).select(
        pl.lit(model).alias("model"),
        pl.lit(cutoff).cast(DS).alias("cutoff"),
        "unique_id",
        pl.lit(metric).alias("metric"),
        "value",
    )
