"""tune: settings of one model, searched on this shop's own past, and kept where they are better."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

import polars as pl

from tradewind.backtest.search import (
    Budget,
    Found,
    Params,
    Search,
    Trial,
    before_backtest,
    decoded,
    encoded,
    importance,
    search,
)
from tradewind.charts.tuning import Tuning, render
from tradewind.flows.asked import Question
from tradewind.flows.backtest import is_festive
from tradewind.flows.shop import Seen, see, task_of
from tradewind.flows.tuned import Kept, forget, keep, kept
from tradewind.models.hindsight import Memory
from tradewind.models.protocol import Forecaster
from tradewind.models.settings import to_toml
from tradewind.models.spaces import Space, holds, setting, space_of
from tradewind.models.table import forecaster, preset
from tradewind.models.uplift import Uplift
from tradewind.store import Workspace, audit, runs
from tradewind.store.runs import Run
from tradewind.train.tracker import Silent, Tracker

WINDOWS = 3
"""Windows before those of the back-test on which every trial is scored."""


@dataclass(frozen=True, slots=True)
class Order:
    """What a search is asked to do.

    minutes   after which it ends
    trials    new ones at most; 0 for no limit
    windows   before those of the back-test, on which each trial is scored
    seed      of what is drawn
    clock     seconds, from any start
    """

    model: str
    minutes: float = 10.0
    trials: int = 0
    windows: int = WINDOWS
    seed: int = 0
    clock: Callable[[], float] = time.monotonic


@dataclass(frozen=True, slots=True)
class Audience:
    """Who hears of a search.

    trial     called with each trial as it ends, the best score so far, and the seconds gone
    tracker   of settings, figures and the page
    """

    trial: Callable[[Trial, float, float], None] | None = None
    tracker: Tracker = field(default_factory=Silent)


@dataclass(frozen=True, slots=True)
class Tuned:
    """A search that was kept as a run.

    search       what was searched
    found        its trials, those of earlier sittings on the same data included
    importance   share of each setting in what made trials good; empty with too few of them
    is_kept      the best settings differ from the default ones, and answer from now on
    """

    run: Run
    question: Question
    seen: Seen
    order: Order
    search: Search
    found: Found
    importance: dict[str, float]
    is_kept: bool

    @property
    def gain(self) -> float:
        """By which share the best score lies below that of the default settings."""
        return 1 - self.found.best.score / self.found.default.score

    @property
    def settings(self) -> list[tuple[str, Any, Any]]:
        """Each setting that was searched: its name, default value, and best value."""
        best = decoded(self.found.best.params, self.search.space)
        return [(n, setting(self.search.start, n), best[n]) for n in self.search.space]

    @property
    def table(self) -> pl.DataFrame:
        """One row per trial: number, state, score (null unless done), seconds, each setting."""
        rows = [
            {
                "trial": t.number,
                "state": t.state,
                "sql": t.score if t.state == "done" else None,
                "seconds": t.seconds,
                **{n: str(v) for n, v in decoded(t.params, self.search.space).items()},
            }
            for t in self.found.trials
        ]
        return pl.DataFrame(rows, infer_schema_length=None)

    def to_dict(self) -> dict[str, Any]:
        """As plain values, for JSON."""
        space = self.search.space
        return {
            "run": self.run.run_id,
            "model": self.order.model,
            "target": self.question.target,
            "preset": self.question.preset,
            "series": len(self.seen.panel.ids),
            "cutoffs": list(self.search.task.cutoffs),
            "until": self.search.panel.end,
            "ended": self.found.ended,
            "default": self.found.default.score,
            "best": self.found.best.score,
            "gain": self.gain,
            "kept": self.is_kept,
            "settings": {name: {"default": a, "best": b} for name, a, b in self.settings},
            "importance": self.importance,
            "trials": [
                {
                    "trial": t.number,
                    "state": t.state,
                    "sql": t.score,
                    "windows": list(t.windows),
                    "seconds": t.seconds,
                    "settings": decoded(t.params, space),
                    "reason": t.reason,
                }
                for t in self.found.trials
            ],
            "seconds": self.run.seconds,
        }


def tune(
    shop: Workspace,
    order: Order,
    question: Question | None = None,
    *,
    at: datetime | None = None,
    audience: Audience | None = None,
) -> Tuned:
    """Search the settings of a model on windows before those that a back-test reports.

    What is found is kept under the model's name for this target, frequency, series key and preset;
    the next back-test and forecast use it. Where nothing beats the default settings, they stay.
    Every trial is a run as soon as it ends: a search that was interrupted goes on with the next one
    on the same data.

    Raises UnknownName for a model that has nothing to tune, NotEnoughHistory without room for a
    window, MissingPackage without the extra `tune`.
    """
    at, audience = at or datetime.now(), audience or Audience()
    asked = (question or Question()).settled(shop)
    space = space_of(order.model)
    start = default_of(order.model, asked)
    seen = see(shop, asked)
    task = task_of(asked, seen)
    panel, task = before_backtest(seen.panel, task, asked.n_windows, order.windows)
    dress = Uplift if is_festive(asked, seen) else _bare
    wanted = Search(panel, task, start, space, dress)
    study, began = study_of(wanted), order.clock()
    earlier = trials_of(shop, study)
    log = _Log(shop, {"study": study, "model": order.model}, at, audience, order.clock)
    log.best = min((t.score for t in earlier if t.state == "done"), default=log.best)
    told = {"model": order.model, "seed": order.seed, "windows": task.cutoffs}
    told |= {"question": asked.to_dict(), "data": seen.digest, "study": study}
    audience.tracker.settings(told)
    found = search(
        wanted,
        Budget(60 * order.minutes, order.trials, order.clock),
        seed=order.seed,
        before=earlier,
        hints=hints_of(shop, asked, order.model, space),
        told=log.told,
    )
    seconds = order.clock() - began
    return _kept(shop, Asked(order, asked, seen, wanted, study), found, (at, seconds), audience)


@dataclass(frozen=True, slots=True)
class Asked:
    """A search, and for whom."""

    order: Order
    question: Question
    seen: Seen
    search: Search
    study: str


def _kept(
    shop: Workspace, asked: Asked, found: Found, when: tuple[datetime, float], audience: Audience
) -> Tuned:
    """Keep what was found, in one transaction, and tell the tracker."""
    at, seconds = when
    order, question, wanted = asked.order, asked.question, asked.search
    best, shares = found.best, importance(found.trials, wanted.space)
    is_better = best.number > 0
    name = runs.run_id(shop.db, "tune", at)
    made = wanted.forecaster(best.params)
    run = Run(
        name,
        "tune",
        at,
        cutoff=wanted.panel.end,
        digest=asked.seen.digest,
        seconds=seconds,
        settings=question.to_dict() | {"model": order.model, "seed": order.seed},
        result={
            "study": asked.study,
            "default": found.default.score,
            "best": best.score,
            "trial": best.number,
            "settings": to_toml(made),
            "importance": shares,
            "ended": found.ended,
        },
    )
    with shop.transaction() as db:
        runs.add(db, run)
        if is_better:
            record = Kept(made, wanted.panel.end, best.score, found.default.score, name)
            keep(shop, question, order.model, record, at)
            audit.add(db, at, "tradewind", "tune", order.model, run=name)
        elif order.model in kept(shop, question):
            forget(shop, question, order.model, at)
            audit.add(db, at, "tradewind", "untune", order.model, run=name)
    tuned = Tuned(run, question, asked.seen, order, wanted, found, shares, is_better)
    audience.tracker.summary(
        {"sql": best.score, "default_sql": found.default.score, "gain": tuned.gain}
    )
    return tuned


def forgotten(
    shop: Workspace, model: str, question: Question | None = None, *, at: datetime | None = None
) -> Kept:
    """Let the default settings of a model answer again. Raises UnknownName if it is not tuned."""
    at = at or datetime.now()
    with shop.transaction() as db:
        found = forget(shop, (question or Question()).settled(shop), model, at)
        audit.add(db, at, "tradewind", "untune", model, run=found.run)
    return found


def publish(
    shop: Workspace,
    tuned: Tuned,
    language: Literal["en", "zh"],
    *,
    at: datetime | None = None,
) -> Path:
    """Write the page of a search into the workspace's reports and say where it lies."""
    at = at or datetime.now()
    contents = Tuning(
        shop=tuned.seen.name,
        model=tuned.order.model,
        made_at=at,
        trials=tuned.table,
        best=tuned.found.best.number,
        settings=tuple(tuned.settings),
        importance=tuned.importance,
        is_kept=tuned.is_kept,
        windows=len(tuned.search.task.cutoffs),
        reported=tuned.question.n_windows,
        command=f"tradewind tune --model {tuned.order.model} --workspace {shop.path.name}",
    )
    path = shop.reports / f"tune-{tuned.order.model}-{at:%Y%m%d-%H%M%S}-{language}.html"
    path.write_text(render(contents, language), encoding="utf-8")
    return path


def default_of(name: str, asked: Question) -> Forecaster:
    """The model as the preset has it, else with its own default settings."""
    return preset(asked.preset, Memory()).get(name) or forecaster(name)


def study_of(wanted: Search) -> str:
    """A name for a search: the same for the same data, windows, model and space."""
    task = wanted.task
    told = (
        repr(wanted.start),
        repr(sorted(wanted.space.items())),
        repr((task.h, task.cutoffs, task.roles, task.levels, task.season, task.country)),
        Memory().digest(wanted.panel),
        wanted.dress.__name__,
    )
    return hashlib.blake2b(repr(told).encode(), digest_size=8).hexdigest()


def trials_of(shop: Workspace, study: str) -> list[Trial]:
    """The trials of a search that ended so far, in their order."""
    mine = [run for run in runs.every(shop.db, "trial") if run.result["study"] == study]
    return [_trial(run) for run in sorted(mine, key=lambda run: run.result["trial"])]


def hints_of(shop: Workspace, asked: Question, model: str, space: Space) -> list[Params]:
    """What an earlier search on other data found best, to be tried again on these."""
    found = kept(shop, asked).get(model)
    if found is None:
        return []
    values = {name: setting(found.forecaster, name) for name in space}
    if not all(holds(space[name], value) for name, value in values.items()):
        return []  # kept by a version whose space was another
    return [encoded(values, space)]


def _bare(forecaster: Forecaster) -> Forecaster:
    return forecaster


class _Log:
    """Keeps each trial as a run as it ends, and tells who listens."""

    def __init__(
        self,
        shop: Workspace,
        about: dict[str, str],
        at: datetime,
        audience: Audience,
        clock: Callable[[], float],
    ) -> None:
        self.shop, self.about, self.at, self.audience = shop, about, at, audience
        self.best = float("inf")
        self.clock, self.began = clock, clock()

    def told(self, trial: Trial) -> None:
        """What a search calls with each trial."""
        is_done = trial.state == "done"
        run = Run(
            runs.run_id(self.shop.db, "trial", self.at),
            "trial",
            self.at,
            seconds=trial.seconds,
            settings=dict(trial.params),
            result={
                **self.about,
                "trial": trial.number,
                "state": trial.state,
                "score": trial.score if is_done else None,
                "windows": list(trial.windows),
                "reason": trial.reason,
            },
        )
        runs.add(self.shop.db, run)
        if is_done:
            self.best = min(self.best, trial.score)
            values = {"sql": trial.score, "best_sql": self.best, "seconds": trial.seconds}
            self.audience.tracker.log(trial.number, values)
        if self.audience.trial is not None:
            seconds = self.clock() - self.began
            self.audience.trial(trial, self.best, seconds)


def _trial(run: Run) -> Trial:
    told = run.result
    score = float("nan") if told["score"] is None else told["score"]
    windows = tuple(told["windows"])
    params, state = run.settings, told["state"]
    return Trial(told["trial"], params, state, score, windows, run.seconds, told["reason"])
