"""Task: what we ask; Window: what may be seen at one cutoff."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime

import polars as pl

from tradewind.errors import NotEnoughHistory, UnknownName
from tradewind.panel import KEYS, Panel, next_ds, season_length

DECILES = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)


@dataclass(frozen=True, slots=True)
class Roles:
    """What each column is in one task, and when it may be looked at."""

    targets: tuple[str, ...] = ("y",)
    static: tuple[str, ...] = ()  # never changes: category, brand (columns of Panel.static)
    known: tuple[str, ...] = ()  # known over the horizon: planned price, promotion, opening days
    past: tuple[str, ...] = ()  # seen only afterwards: views, carts, stock on hand


@dataclass(frozen=True, slots=True)
class Task:
    """A forecasting question: h steps ahead of some columns, with certainty, at some cutoffs.

    h              steps to forecast
    roles          targets and covariates
    levels         quantile levels, ascending, in (0, 1)
    season         steps in a season; 0 means the usual one of the frequency
    n_windows      cutoffs of a back-test, the last one leaves h steps at the end
    step           steps between cutoffs; 0 means h
    cutoffs        explicit cutoffs, in place of n_windows and step
    country        whose holidays apply (ISO 3166), None for none
    hierarchy      named levels, each a combination of static columns; () is the total
    estimate       adds the columns that are estimated from sales (`censored`, `demand`) to a past;
                   every window calls it on its own, so that no estimate has seen what came later
    """

    h: int
    roles: Roles = Roles()
    levels: tuple[float, ...] = DECILES
    season: int = 0
    n_windows: int = 1
    step: int = 0
    cutoffs: tuple[datetime, ...] = ()
    country: str | None = None
    hierarchy: dict[str, tuple[str, ...]] = field(default_factory=dict)
    estimate: Callable[[Panel], Panel] | None = None

    def __post_init__(self) -> None:
        if self.h < 1:
            raise ValueError(f"h must be at least 1, it is {self.h}")
        if list(self.levels) != sorted(set(self.levels)) or not all(0 < q < 1 for q in self.levels):
            raise ValueError(f"levels must ascend within (0, 1), they are {self.levels}")

    def season_of(self, panel: Panel) -> int:
        """Steps in a season of this panel."""
        return self.season or season_length(panel.freq)

    def cutoffs_of(self, panel: Panel) -> tuple[datetime, ...]:
        """The cutoffs of the back-test, oldest first."""
        if self.cutoffs:
            return self.cutoffs
        step = self.step or self.h
        ends = [-self.h - step * k for k in reversed(range(self.n_windows))]
        cutoffs = tuple(next_ds(panel.end, panel.freq, end) for end in ends)
        if cutoffs[0] < panel.start:
            raise NotEnoughHistory(
                f"{self.n_windows} windows of {self.h} steps need history from before "
                f"{panel.start}; ask for fewer windows or a shorter h"
            )
        return cutoffs

    def check(self, panel: Panel) -> None:
        """Raise UnknownName if a role names a column that the panel lacks."""
        wanted = [*self.roles.targets, *self.roles.known, *self.roles.past]
        if missing := [c for c in wanted if c not in panel.frame.columns]:
            raise UnknownName(
                f"the task names columns {missing}; the panel has {panel.frame.columns}"
            )
        if missing := [c for c in self.roles.static if c not in panel.static.columns]:
            raise UnknownName(
                f"the task names static columns {missing}; the panel has {panel.static.columns}"
            )

    def windows(self, panel: Panel) -> Iterator[Window]:
        """One window per cutoff, oldest first."""
        self.check(panel)
        for cutoff in self.cutoffs_of(panel):
            yield self.window(panel, cutoff)

    def window(self, panel: Panel, cutoff: datetime) -> Window:
        """What may be seen at `cutoff`: the past, and the known columns of the next h steps."""
        roles = self.roles
        panel = replace(panel, static=panel.static.drop(HINDSIGHT, strict=False))
        past, made = panel.until(cutoff), OBSERVED
        if self.estimate is not None:
            bare = [c for c in past.frame.columns if c not in ESTIMATED]
            past, made = self.estimate(past.select(bare)), MARKS
        seen = [*roles.targets, *roles.known, *roles.past]
        seen += [c for c in made if c in past.frame.columns]
        past = past.select(list(dict.fromkeys(seen)))
        ahead = panel.only(past.ids).after(cutoff, self.h).select(roles.known)
        return Window(cutoff, past, ahead, replace(self, n_windows=1, cutoffs=(cutoff,)))

    def truth(self, panel: Panel, cutoff: datetime, target: str = "y") -> pl.DataFrame:
        """unique_id, ds, and the target after the cutoff. Never handed to a model."""
        return panel.after(cutoff, self.h).frame.select(*KEYS, target)


FESTIVAL = "festival_"
"""Known columns so named, festival_EVENT_PHASE, hold the days of a period that lie in that phase of
the festival; an entry of a shop's calendar so named says that its day does."""
OBSERVED: tuple[str, ...] = ("stock",)
"""Counted when it happened: travels with the past of every task, never known ahead."""
ESTIMATED = ("censored", "demand", "outlier")
"""Told from a whole history, later periods too: a window has only those that it made itself."""
MARKS = (*OBSERVED, *ESTIMATED)
"""Columns made by the loader, none of them a covariate."""
HINDSIGHT = ("last_sale", "ended")
"""Static columns that tell what became of a series; no window has them."""


@dataclass(frozen=True, slots=True)
class Window:
    """One cutoff: what is known then. The truth is not in it."""

    cutoff: datetime
    past: Panel
    known: Panel
    task: Task
