"""Our models among the published ones, on the retail tasks of fev-bench."""

from __future__ import annotations

import json
import math
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl

from tradewind.arrays import Floats
from tradewind.backtest.compare import draw_weights, window_mean
from tradewind.backtest.protocol import (
    WindowScore,
    mean_scores,
    score_window,
    seasonal_naive,
    skill,
)
from tradewind.backtest.published import HEADLINE, TASKS, PublishedTask, load_task
from tradewind.backtest.run import Backtest, Progress, backtest, truth_at
from tradewind.errors import DataError, UnknownName
from tradewind.models.hindsight import Memory
from tradewind.models.protocol import Forecaster
from tradewind.models.table import preset

BASELINE = "seasonal_naive"
PUBLISHED_BASELINE = "Seasonal Naive"
ROWS = ("model", "task", "SQL", "MASE", "WAPE", "WQL", "coverage80", "seconds", "published")


@dataclass(frozen=True, slots=True)
class FevRequest:
    """What to run.

    dev       the windows before the published ones: for choosing settings. Nothing published
              exists there; skill divides by the Seasonal Naive recomputed on the same windows
    tasks     names of `TASKS`; skill counts those of the headline
    models    names within the preset; () means all of it
    preset    of the models' table: "fast", "default", "best"
    workers   models that run side by side (`backtest`)
    cache     folder that keeps finished forecasts, so that an interrupted run goes on
    fresh     forget what the cache holds
    """

    dev: bool = False
    tasks: tuple[str, ...] = HEADLINE
    models: tuple[str, ...] = ()
    preset: str = "default"
    workers: int = 2
    cache: Path | None = None
    fresh: bool = False


@dataclass(frozen=True, slots=True)
class TaskRun:
    """Our models in one task: by model, one score per window, and the seconds of all windows."""

    task: str
    scores: Mapping[str, list[WindowScore]]
    seconds: Mapping[str, float]
    failures: pl.DataFrame

    @property
    def sql(self) -> dict[str, float]:
        """SQL of each model, its mean over windows; the best first."""
        means = {name: mean_scores(windows)["SQL"] for name, windows in self.scores.items()}
        return dict(sorted(means.items(), key=lambda pair: pair[1]))


@dataclass(frozen=True, slots=True)
class FevResult:
    """Scores of ours and, on the published windows, of the published models.

    rows       model, task, SQL, MASE, WAPE, WQL, coverage80, seconds, published,
               trained_on_this_dataset: one row per model and task
    skill      model, skill, low, high (80 % bootstrap interval over windows and series; null for
               published models), published, trained_on_this_dataset (on any of the tasks): the
               best first. Only models that answered every headline task of the request
    failures   task, model, cutoff, unique_id, by, reason. A window without an answer is scored
               with the Seasonal Naive, a series without one by the model that stood in
    """

    request: FevRequest
    rows: pl.DataFrame
    skill: pl.DataFrame
    failures: pl.DataFrame

    def table(self, metric: str = "SQL") -> pl.DataFrame:
        """Every model with its skill, if it has one, and its score by `metric` in each task."""
        keys = ["model", "published"]
        wide = self.rows.pivot("task", index=keys, values=metric)
        table = self.skill.join(wide, on=keys, how="full", coalesce=True)
        return table.sort("skill", descending=True, nulls_last=True)

    def to_json(self) -> str:
        """The rows and the skill of every model; what is not known is null."""
        rows = [dict(zip(ROWS, row, strict=True)) for row in self.rows.select(ROWS).iter_rows()]
        ranks = self.skill.select("model", "skill", "published").to_dicts()
        return json.dumps({"rows": _clean(rows), "skill": _clean(ranks)}, allow_nan=False)


def _clean(rows: list[dict[str, object]]) -> list[dict[str, object]]:
    bad = (float("inf"), float("-inf"))
    return [
        {
            k: None if isinstance(v, float) and (math.isnan(v) or v in bad) else v
            for k, v in r.items()
        }
        for r in rows
    ]


def run_fev(
    folder: str | Path,
    request: FevRequest | None = None,
    *,
    progress: Progress | None = None,
    finished: Callable[[TaskRun], None] | None = None,
) -> FevResult:
    """Run a preset on the tasks by the published protocol and rank it among the published models.

    folder     of the benchmark files (README, published/, one folder per data set)
    finished   called with each task as it ends

    The row `seasonal_naive` is the publisher's Seasonal Naive, recomputed with its seasons; ours,
    with the natural season of the frequency, may be a member of an ensemble but has no row.

    Raises UnknownName for a task or a model that is not there, DataError if files are absent.
    """
    request = request or FevRequest()
    if unknown := [name for name in request.tasks if name not in TASKS]:
        raise UnknownName(f"no published task {unknown[0]!r}; there are {', '.join(TASKS)}")
    memory = open_memory(request)
    models = chosen_models(request, memory)
    sizes = [len(load_task(t, folder, dev=request.dev).task.cutoffs) for t in request.tasks]
    total, done, runs = sum(sizes) * len(models), 0, []
    for name, size in zip(request.tasks, sizes, strict=True):

        def report(part: int, of: int, what: str, name: str = name, before: int = done) -> None:
            if progress is not None:
                progress(before + part, total, f"{name}: {what}")

        task = load_task(name, folder, dev=request.dev)
        runs.append(run_task(task, models, memory, workers=request.workers, progress=report))
        done += size * len(models)
        if finished is not None:
            finished(runs[-1])
    return compare_published(runs, folder, request)


def open_memory(request: FevRequest) -> Memory:
    """The memory of a run; emptied first where the request is to start afresh."""
    if request.fresh and request.cache is not None and request.cache.is_dir():
        for file in [*request.cache.glob("*.npz"), *request.cache.glob("*.json")]:
            file.unlink()
    return Memory(request.cache)


def chosen_models(request: FevRequest, memory: Memory) -> dict[str, Forecaster]:
    """The models of the preset that the request names, without the baseline."""
    available = preset(request.preset, memory)
    if unknown := [m for m in request.models if m not in available and m != BASELINE]:
        raise UnknownName(
            f"preset {request.preset!r} has no model {unknown[0]!r}; it has {', '.join(available)}"
        )
    wanted = request.models or tuple(available)
    return {name: model for name, model in available.items() if name in wanted and name != BASELINE}


def run_task(
    published: PublishedTask,
    models: Mapping[str, Forecaster],
    memory: Memory,
    *,
    workers: int = 2,
    progress: Progress | None = None,
) -> TaskRun:
    """Every model, and the Seasonal Naive, in every window of one task."""
    panel, task, season = published.panel, published.task, published.metric_season
    run = backtest(panel, task, models, workers=workers, progress=progress, memory=memory)
    scores: dict[str, list[WindowScore]] = {name: [] for name in (BASELINE, *models)}
    seconds = {BASELINE: 0.0} | _seconds(run)
    for cutoff in task.cutoffs:
        seen = panel.until(cutoff)
        past, truth = seen.wide(), truth_at(panel, task, cutoff, seen.ids)
        start = time.perf_counter()
        naive = seasonal_naive(past, task.h, season, task.levels)
        seconds[BASELINE] += time.perf_counter() - start
        scores[BASELINE].append(score_window(past, truth, naive, task.levels, season))
        for name in models:
            forecast = run.forecasts.get((name, cutoff))
            quantiles = naive if forecast is None else forecast.quantiles
            scores[name].append(score_window(past, truth, quantiles, task.levels, season))
    failures = run.failures.select(pl.lit(published.name).alias("task"), pl.all())
    return TaskRun(published.name, scores, seconds, failures)


def _seconds(run: Backtest) -> dict[str, float]:
    spent = dict(run.seconds.group_by("model").agg(pl.col("seconds").sum()).iter_rows())
    return {name: float(spent.get(name, 0.0)) for name in run.models}


def compare_published(
    runs: list[TaskRun], folder: str | Path, request: FevRequest | None = None
) -> FevResult:
    """Rank what was run among the published models, and give each skill of ours an interval.

    Skill divides by the published SQL of the Seasonal Naive, on dev windows by the recomputed one.
    """
    request = request or FevRequest(tasks=tuple(run.task for run in runs))
    tasks = [run.task for run in runs]
    theirs = published_rows(folder, tasks) if not request.dev else _no_rows()
    rows = pl.concat([_our_rows(runs), theirs], how="vertical_relaxed")
    headline = [task for task in tasks if task in HEADLINE]
    source = (BASELINE, False) if request.dev else (PUBLISHED_BASELINE, True)
    is_base = (pl.col("model") == source[0]) & (pl.col("published") == source[1])
    base = dict(rows.filter(is_base).select("task", "SQL").iter_rows())
    ranks = []
    for model, published in rows.select("model", "published").unique().iter_rows():
        mine = rows.filter((pl.col("model") == model) & (pl.col("published") == published))
        sql = {t: s for t, s in mine.select("task", "SQL").iter_rows() if t in headline}
        if not headline or set(sql) != set(headline):
            continue
        low, high = (None, None) if published else skill_interval(runs, model, base)
        seen = mine["trained_on_this_dataset"].any()
        ranks.append((model, skill(sql, base), low, high, published, seen))
    table = pl.DataFrame(ranks, SKILL, orient="row").sort("skill", descending=True)
    return FevResult(request, rows, table, pl.concat([run.failures for run in runs]))


TEXT, NUMBER, YES = pl.String(), pl.Float64(), pl.Boolean()
SCHEMA = {
    "model": TEXT,
    "task": TEXT,
    "SQL": NUMBER,
    "MASE": NUMBER,
    "WAPE": NUMBER,
    "WQL": NUMBER,
    "coverage80": NUMBER,
    "seconds": NUMBER,
    "published": YES,
    "trained_on_this_dataset": YES,
}
SKILL = {
    "model": TEXT,
    "skill": NUMBER,
    "low": NUMBER,
    "high": NUMBER,
    "published": YES,
    "trained_on_this_dataset": YES,
}


def _no_rows() -> pl.DataFrame:
    return pl.DataFrame(schema=SCHEMA)


def _our_rows(runs: list[TaskRun]) -> pl.DataFrame:
    rows = [
        {
            "model": model,
            "task": run.task,
            **mean_scores(windows),
            "seconds": run.seconds[model],
            "published": False,
            "trained_on_this_dataset": False,
        }
        for run in runs
        for model, windows in run.scores.items()
    ]
    return pl.DataFrame(rows, SCHEMA)


def published_rows(folder: str | Path, tasks: list[str]) -> pl.DataFrame:
    """Published scores on these tasks; seconds are of the publisher's machines, fit and forecast.

    Raises DataError if the table is absent.
    """
    path = Path(folder) / "published" / "fev_bench_retail.csv"
    if not path.exists():
        raise DataError(f"{path} is absent; name the folder of benchmark files with --data")
    table = pl.read_csv(path, infer_schema_length=None)
    return table.filter(pl.col("dataset_config").is_in(tasks)).select(
        pl.col("model_name").alias("model"),
        pl.col("dataset_config").alias("task"),
        *("SQL", "MASE", "WAPE", "WQL"),
        pl.lit(None, pl.Float64).alias("coverage80"),
        (pl.col("training_time_s").fill_null(0) + pl.col("inference_time_s")).alias("seconds"),
        pl.lit(value=True).alias("published"),
        "trained_on_this_dataset",
    )


def skill_interval(
    runs: list[TaskRun], model: str, base: Mapping[str, float], seed: int = 0
) -> tuple[float, float]:
    """80 % bootstrap interval of a skill: each task's windows and series drawn with replacement.

    The baseline is a published number and stays fixed.
    """
    rng = np.random.default_rng(seed)
    logs: list[Floats] = []
    for run in runs:
        if run.task not in HEADLINE:
            continue
        sums = np.stack([w.sums for w in run.scores[model]], axis=1)
        counts = np.stack([w.counts for w in run.scores[model]], axis=1)
        weights = draw_weights(sums.shape[0], sums.shape[1], rng)
        drawn = [window_mean(sums, counts, *weight) for weight in weights]
        logs.append(np.log(np.concatenate(drawn) / base[run.task]))
    low, high = np.quantile(1 - np.exp(np.mean(logs, axis=0)), (0.1, 0.9))
    return float(low), float(high)
