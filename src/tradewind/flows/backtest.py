"""backtest: which model to trust on this shop's own past."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

import polars as pl

from tradewind.backtest.compare import calibration_table, error_by_step, leaderboard
from tradewind.backtest.run import Backtest, Progress
from tradewind.backtest.run import backtest as run_backtest
from tradewind.errors import NotEnoughHistory, UnknownName
from tradewind.flows.asked import Question
from tradewind.flows.shop import Seen, see, task_of
from tradewind.flows.tracking import Aloud
from tradewind.flows.tuned import kept
from tradewind.models.hindsight import Memory
from tradewind.models.protocol import Forecaster
from tradewind.models.table import FORECASTERS, forecaster, preset
from tradewind.models.uplift import Uplift
from tradewind.store import Workspace, runs
from tradewind.store.runs import Run
from tradewind.task import FESTIVAL
from tradewind.train.tracker import Onward, Several, Silent, Tracker

TRACKED = ("skill", "sql", "wape", "coverage80")
"""Scores of each model that a tracker is told."""


@dataclass(frozen=True, slots=True)
class Tested:
    """A back-test that was kept as a run.

    leaderboard   one row per model, the best first (`backtest.compare.leaderboard`)
    result        forecasts, scores, failures
    tuned         models with settings of a search, and how many of the windows that search saw
    """

    run: Run
    question: Question
    seen: Seen
    leaderboard: pl.DataFrame
    result: Backtest
    tuned: dict[str, int] = field(default_factory=dict)

    @property
    def best(self) -> str:
        """The model at the top that answered every window. Raises NotEnoughHistory without one."""
        whole = self.leaderboard.filter(
            pl.col("windows") == len(self.result.cutoffs), pl.col("sql").is_not_null()
        )
        if whole.is_empty():
            why = self.result.failures["reason"].unique().to_list()[:2]
            raise NotEnoughHistory(
                f"no model answered every window of the back-test "
                f"({'; '.join(why) or 'no scores'}); ask for fewer windows or a shorter h"
            )
        return str(whole[0, "model"])

    def to_dict(self) -> dict[str, Any]:
        """As plain values, for JSON."""
        failures = self.result.failures.group_by("model", "reason").len("series")
        return {
            "run": self.run.run_id,
            "target": self.question.target,
            "series": len(self.seen.panel.ids),
            "cutoffs": list(self.result.cutoffs),
            "leaderboard": self.leaderboard.to_dicts(),
            "tuned": self.tuned,
            "failures": failures.sort("series", descending=True).to_dicts(),
            "seconds": self.run.seconds,
        }


def backtest(
    shop: Workspace,
    question: Question | None = None,
    *,
    at: datetime | None = None,
    progress: Progress | None = None,
    tracker: Tracker | None = None,
) -> Tested:
    """Forecast the shop's own past from several cutoffs with every model of the preset.

    tracker   is told what is asked, how networks learn, and the scores

    Raises UnknownName for a model that is not in the preset.
    """
    asked = (question or Question()).settled(shop)
    seen = see(shop, asked)
    at, tracker = at or datetime.now(), tracker or Silent()
    tracker.settings({"question": asked.to_dict(), "data": seen.digest})
    tested = evaluate(shop, asked, seen, at=at, progress=progress, tracker=tracker)
    for row in tested.leaderboard.iter_rows(named=True):
        scores = {f"{row['model']}/{m}": row[m] for m in TRACKED if row[m] is not None}
        tracker.summary(scores)
    return tested


def evaluate(
    shop: Workspace,
    asked: Question,
    seen: Seen,
    *,
    at: datetime,
    progress: Progress | None = None,
    tracker: Tracker | None = None,
) -> Tested:
    """Back-test a panel that was already seen, and keep the run."""
    start = time.perf_counter()
    memory, aloud = memory_of(shop), Aloud(progress)
    told: list[Tracker] = [aloud] if tracker is None else [Onward(tracker), aloud]
    have = models_of(shop, asked, seen, memory, Several(told))
    if unknown := [name for name in asked.models if name not in have]:
        raise UnknownName(
            f"preset {asked.preset!r} has no model {unknown[0]!r}; it has {', '.join(have)}"
        )
    chosen = {name: have[name] for name in asked.models or have}
    task = task_of(asked, seen, n_windows=asked.n_windows)
    result = run_backtest(seen.panel, task, chosen, progress=aloud, memory=memory)
    table = leaderboard(result)
    run = Run(
        runs.run_id(shop.db, "backtest", at),
        "backtest",
        at,
        cutoff=seen.panel.end,
        digest=seen.digest,
        seconds=time.perf_counter() - start,
        settings=asked.to_dict(),
        result={
            "leaderboard": table.to_dicts(),
            "error_by_step": error_by_step(result).to_dicts(),
            "calibration": calibration_table(result).to_dicts(),
        },
    )
    runs.add(shop.db, run)
    tuned = {
        name: sum(cutoff < one.until for cutoff in result.cutoffs)
        for name, one in kept(shop, asked).items()
        if name in chosen
    }
    return Tested(run, asked, seen, table, result, tuned)


def models_of(
    shop: Workspace,
    asked: Question,
    seen: Seen,
    memory: Memory,
    tracker: Tracker | None = None,
) -> dict[str, Forecaster]:
    """The models of the preset and those asked for by name, told of the shop's festivals.

    They are as tuned for this shop where a search found better settings.
    The seasonal naive stays as it is: it is what the others are measured against.
    """
    tuned = {name: one.forecaster for name, one in kept(shop, asked).items()}
    if tracker is not None:
        tuned |= tracked(preset(asked.preset, memory) | tuned, tracker)
    field = preset(asked.preset, memory, tuned=tuned)
    beyond = [name for name in asked.models if name in FORECASTERS and name not in field]
    more = {name: forecaster(name) for name in beyond}
    if tracker is not None:
        more |= tracked(more, tracker)
    if is_festive(asked, seen):
        # the members and not their ensemble: what they said at earlier cutoffs serves both
        told = {k: Uplift(v) for k, v in field.items() if k not in ("seasonal_naive", "ensemble")}
        field = preset(asked.preset, memory, tuned=told)
        more = {name: Uplift(model) for name, model in more.items()}
    return field | more


def tracked(models: Mapping[str, Forecaster], tracker: Tracker) -> dict[str, Forecaster]:
    """Those of the models that learn by steps, telling the tracker how it goes."""
    learning: dict[str, Any] = {k: m for k, m in models.items() if hasattr(m, "tracker")}
    return {name: replace(model, tracker=tracker) for name, model in learning.items()}


def is_festive(asked: Question, seen: Seen) -> bool:
    """Whether models are told of festivals: prices are not moved by them alone."""
    return asked.target != "price" and any(c.startswith(FESTIVAL) for c in seen.roles.known)


def memory_of(shop: Workspace) -> Memory:
    """Forecasts of the workspace's back-tests, kept in its folder."""
    return Memory(shop.path / "cache")
