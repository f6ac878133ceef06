"""Search: which settings of one model forecast best at earlier cutoffs, within a budget of time."""

from __future__ import annotations

import math
import time
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from importlib.util import find_spec
from typing import Any, Literal

import numpy as np

from tradewind import metrics
from tradewind.backtest.run import scale_of, truth_at
from tradewind.errors import MissingPackage, NotEnoughHistory, TradewindError
from tradewind.models.hindsight import Memory
from tradewind.models.protocol import Forecaster
from tradewind.models.spaces import Choice, Range, Space, Whole, setting, with_settings
from tradewind.panel import Panel, next_ds
from tradewind.task import ESTIMATED, Task

Params = Mapping[str, Any]
"""Name of a setting → a number, or the `repr` of one of the options of a choice."""

STARTUP = 2
"""Finished trials before any is cut short for being worse than their median so far."""
RANDOM = 8
"""Trials drawn at random before the sampler learns from them."""
MARGIN = 0.01
"""Share by which a score must be lower to count as better: the best of many trials always looks a
little better than it is (docs/guide/tune.md has a measured case)."""
SLOWEST, A_SECOND = 3.0, 1.0
"""A trial is given up where a window takes it so many times as long as the default settings, and
longer than a second: nobody would want it, and many others fit into its time."""
REPEATS = 25
"""Draws in a row of settings already tried, after which the space counts as tried out."""
FEWEST = 10
"""Finished trials that tell which settings matter."""


@dataclass(frozen=True, slots=True)
class Trial:
    """One set of settings, and how it did.

    number    from 0, which is the default settings
    state     done; pruned: given up as worse than half of the others so far; stopped: the time was
              used up; failed: the model could not
    score     mean SQL over all windows; nan unless done
    windows   SQL of each window that was scored, oldest first
    """

    number: int
    params: Params
    state: Literal["done", "pruned", "stopped", "failed"]
    score: float
    windows: tuple[float, ...]
    seconds: float
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Budget:
    """How long a search may take.

    seconds   on the clock; where the usual trial would end later none is begun, and one that turns
              out to is stopped after the window it is in. The default settings are scored anyway
    trials    at most so many new ones; 0 for no limit
    clock     seconds, from any start
    """

    seconds: float = 600.0
    trials: int = 0
    clock: Callable[[], float] = time.monotonic


@dataclass(frozen=True, slots=True)
class Search:
    """What is searched.

    panel   ends where the truth of the last window does: a search sees nothing later
    task    its cutoffs are the windows that every trial is scored on
    start   the default settings
    dress   makes the forecaster that is asked from one with settings, as the shop's back-test does
    """

    panel: Panel
    task: Task
    start: Forecaster
    space: Space
    dress: Callable[[Forecaster], Forecaster] = field(default=lambda forecaster: forecaster)

    @property
    def default(self) -> Params:
        """The default settings."""
        return encoded({name: setting(self.start, name) for name in self.space}, self.space)

    def forecaster(self, params: Params) -> Forecaster:
        """The model with these settings."""
        return with_settings(self.start, decoded(params, self.space))


@dataclass(frozen=True, slots=True)
class Found:
    """Trials of this and of earlier sittings, by number, and what ended the search."""

    trials: tuple[Trial, ...]
    ended: Literal["time", "trials", "tried_out"]

    @property
    def default(self) -> Trial:
        """The trial of the default settings."""
        return self.trials[0]

    @property
    def best(self) -> Trial:
        """The trial with the lowest score, if lower than the default one's by MARGIN at least, and
        lower in most windows; else the default one."""
        done = [t for t in self.trials if t.state == "done"]
        lowest, default = min(done, key=lambda t: (t.score, t.number)), self.default
        pairs = zip(lowest.windows, default.windows, strict=True)
        wins = sum(mine < theirs for mine, theirs in pairs)
        is_better = lowest.score <= default.score * (1 - MARGIN) and 2 * wins > len(lowest.windows)
        return lowest if is_better else default


def before_backtest(panel: Panel, task: Task, kept: int, windows: int) -> tuple[Panel, Task]:
    """The panel and the task of a search whose windows end before a back-test's begin.

    kept      windows of the back-test that reports: h steps apart, at the end of the panel
    windows   earlier cutoffs to score trials on, h steps apart; fewer where the history is short,
              as each leaves a third of it, and h steps, to learn from

    Raises NotEnoughHistory without room for one.
    """
    h, end = task.h, next_ds(panel.end, panel.freq, -kept * task.h)
    steps = len(panel.ds) - kept * h
    room = [k for k in range(1, windows + 1) if steps - k * h >= max(h, steps / 3, 2)]
    if not room:
        raise NotEnoughHistory(
            f"{len(panel.ds)} periods hold no window of {h} before the {kept} that a back-test "
            f"reports; ask for a shorter --h or fewer --windows, or load a longer history"
        )
    earlier = panel.until(end)
    if task.estimate is not None:  # what was estimated from the whole history has seen the future
        bare = [c for c in earlier.frame.columns if c not in ESTIMATED]
        earlier = task.estimate(earlier.select(bare))
    cutoffs = tuple(next_ds(end, panel.freq, -k * h) for k in reversed(room))
    return earlier, replace(task, cutoffs=cutoffs)


def search(
    asked: Search,
    budget: Budget,
    *,
    seed: int = 0,
    before: Sequence[Trial] = (),
    hints: Sequence[Params] = (),
    told: Callable[[Trial], None] | None = None,
) -> Found:
    """Try settings until the budget is used up: the default ones first, then what promises most.

    Settings are drawn by a tree-structured Parzen estimator and given up after a window in which
    they are worse than the median of the others so far.

    before   trials of earlier sittings of the same search: it goes on from there
    hints    settings to try right after the default ones
    told     hears of each new trial as it ends

    Raises MissingPackage without the extra `tune`; NotEnoughHistory where the default settings have
    no score; what the model raises where it cannot do with the default settings.
    """
    with _quiet():
        return _search(asked, budget, seed, tuple(before), (hints, told or (lambda trial: None)))


def importance(trials: Sequence[Trial], space: Space) -> dict[str, float]:
    """Share of each setting in what made the best tenth of the trials good, largest first.

    Empty with fewer than ten finished trials, or where all scored alike.
    Source: PED-ANOVA, Watanabe, Bansal & Hutter (2023), as Optuna has it.
    """
    done = [t for t in trials if t.state == "done"]
    if len(done) < FEWEST or len({t.score for t in done}) < 2:
        return {}
    with _quiet():
        from optuna.importance import PedAnovaImportanceEvaluator, get_param_importances

        study = _study(space, 0, done)
        evaluator = PedAnovaImportanceEvaluator()
        found = get_param_importances(study, evaluator=evaluator)
    return {name: float(share) for name, share in found.items() if math.isfinite(share)}


def encoded(values: Mapping[str, Any], space: Space) -> dict[str, Any]:
    """Values of settings as a search keeps them: options by their `repr`."""
    return {n: repr(v) if isinstance(space[n], Choice) else v for n, v in values.items()}


def decoded(params: Params, space: Space) -> dict[str, Any]:
    """The values that `encoded` was given."""
    values: dict[str, Any] = {}
    for name, value in params.items():
        kind = space[name]
        if isinstance(kind, Choice):
            value = {repr(option): option for option in kind.options}[value]
        values[name] = value
    return values


def _search(
    asked: Search,
    budget: Budget,
    seed: int,
    before: tuple[Trial, ...],
    around: tuple[Sequence[Params], Callable[[Trial], None]],
) -> Found:
    hints, told = around
    begun = budget.clock()
    kept = [t for t in before if t.state != "stopped"]
    again = [t.params for t in before if t.state == "stopped"]
    study = _study(asked.space, seed + len(before), kept)
    for params in [asked.default] * (not kept) + again + list(hints):
        study.enqueue_trial(dict(params), skip_if_exists=True)
    trials = list(before)
    judge = _Judge(asked, before[0] if before else None)
    known = {_key(t.params): t for t in kept}
    repeats = 0
    while True:
        new = len(trials) - len(before)
        left = budget.seconds - (budget.clock() - begun)
        if trials and (left <= 0 or _expected(trials) > left):
            return Found(tuple(trials), "time")
        if budget.trials and new >= budget.trials:
            return Found(tuple(trials), "trials")
        drawn = study.ask(_distributions(asked.space))
        if (same := known.get(_key(drawn.params))) is not None:
            _tell(study, drawn, same)
            repeats += 1
            if repeats >= REPEATS:
                return Found(tuple(trials), "tried_out")
            continue
        repeats = 0
        until = begun + budget.seconds if trials else math.inf
        trial = judge.trial(len(trials), drawn, budget.clock, until)
        if not trials:
            judge.pace = trial.seconds / len(trial.windows)
        known[_key(drawn.params)] = trial
        trials.append(trial)
        told(trial)
        _tell(study, drawn, trial)


class _Judge:
    """The windows of a search, prepared once, and what a trial scores on them."""

    def __init__(self, asked: Search, default: Trial | None) -> None:
        self.pace = math.inf if default is None else default.seconds / len(default.windows)
        self.asked, panel, task = asked, asked.panel, asked.task
        target, season = task.roles.targets[0], task.season_of(panel)
        self.windows = list(task.windows(panel))
        self.truths = [truth_at(panel, task, w.cutoff, w.past.ids) for w in self.windows]
        self.scales = [scale_of(w.past.wide(target), season) for w in self.windows]

    def trial(self, number: int, drawn: Any, clock: Callable[[], float], until: float) -> Trial:
        """Score settings window by window.

        drawn   what Optuna asks, which is told of each window and may have it given up
        until   on the clock; the trial stops when its next window would probably end later
        """
        start, scores = clock(), list[float]()
        params: Params = dict(drawn.params)
        state: Literal["done", "pruned", "stopped", "failed"] = "done"
        reason = ""
        try:
            for score in self._scores(self.asked.forecaster(params)):
                scores.append(score)
                if len(scores) == len(self.windows):
                    break
                drawn.report(float(np.mean(scores)), len(scores))
                each = (clock() - start) / len(scores)
                if clock() + each > until:
                    state = "stopped"
                elif number:
                    state, reason = self._judged(drawn, each)
                if state != "done":
                    break
        except TradewindError as error:
            if not number:
                raise
            state, reason = "failed", str(error)
        score = float(np.mean(scores)) if state == "done" else math.nan
        if state == "done" and not math.isfinite(score):
            state, reason, score = "failed", "no window could be scored", math.nan
            if not number:
                raise NotEnoughHistory(
                    "the sales of the windows before the back-test give no score; ask for another "
                    "--h or fewer --windows, or load a longer history"
                )
        return Trial(number, params, state, score, tuple(scores), clock() - start, reason)

    def _judged(self, drawn: Any, each: float) -> tuple[Literal["done", "pruned"], str]:
        """Whether a trial, whose windows take so many seconds each, is worth going on."""
        if each > max(SLOWEST * self.pace, A_SECOND):
            return "pruned", f"{SLOWEST:g} times as slow as the default settings"
        return ("pruned" if drawn.should_prune() else "done"), ""

    def _scores(self, forecaster: Forecaster) -> Iterator[float]:
        memory, dressed = Memory(), self.asked.dress(forecaster)
        target = self.asked.task.roles.targets[0]
        for window, truth, scale in zip(self.windows, self.truths, self.scales, strict=True):
            made = memory.answer(dressed, window, target).forecast
            if made.ids != tuple(window.past.ids):
                made = made.select(window.past.ids)
            yield float(metrics.sql(truth, made.quantiles, made.levels, scale))


def _expected(trials: Sequence[Trial]) -> float:
    """Seconds that a trial takes: the median of those that were scored on every window."""
    return float(np.median([t.seconds for t in trials if t.state == "done"]))


def _key(params: Params) -> str:
    return repr(sorted(params.items()))


def _tell(study: Any, drawn: Any, trial: Trial) -> None:
    from optuna.trial import TrialState

    if trial.state == "done":
        study.tell(drawn, trial.score)
    else:
        # a trial that was given up counts with what it had shown, one that was not, with nothing
        pruned = trial.state == "pruned"
        study.tell(drawn, state=TrialState.PRUNED if pruned else TrialState.FAIL)


def _study(space: Space, seed: int, trials: Sequence[Trial]) -> Any:
    """A study of Optuna that knows these trials. It lives in memory: what is kept is ours."""
    import optuna

    study = optuna.create_study(
        sampler=optuna.samplers.TPESampler(seed=seed, n_startup_trials=RANDOM, multivariate=True),
        pruner=optuna.pruners.MedianPruner(n_startup_trials=STARTUP),
    )
    state = {"done": optuna.trial.TrialState.COMPLETE, "pruned": optuna.trial.TrialState.PRUNED}
    for trial in trials:
        if trial.state not in state:
            continue
        means = np.cumsum(trial.windows) / np.arange(1, len(trial.windows) + 1)
        study.add_trial(
            optuna.trial.create_trial(
                params=dict(trial.params),
                distributions=_distributions(space),
                value=trial.score if trial.state == "done" else None,
                state=state[trial.state],
                intermediate_values={k + 1: float(v) for k, v in enumerate(means)},
            )
        )
    return study


def _distributions(space: Space) -> dict[str, Any]:
    return {name: _distribution(kind) for name, kind in space.items()}


def _distribution(kind: Range) -> Any:
    from optuna import distributions

    if isinstance(kind, Choice):
        return distributions.CategoricalDistribution([repr(option) for option in kind.options])
    if isinstance(kind, Whole):
        return distributions.IntDistribution(kind.low, kind.high, log=kind.log)
    return distributions.FloatDistribution(kind.low, kind.high, log=kind.log)


@contextmanager
def _quiet() -> Iterator[None]:
    """Optuna without its own log; MissingPackage where it is not installed."""
    if find_spec("optuna") is None:
        raise MissingPackage(
            "tuning needs optuna, which is not installed: pip install tradewind[tune]"
        )
    with warnings.catch_warnings():
        # tqdm, of which nothing is drawn here, in a notebook without ipywidgets
        warnings.filterwarnings("ignore", "IProgress not found")
        import optuna

    before = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    try:
        yield
    finally:
        optuna.logging.set_verbosity(before)
