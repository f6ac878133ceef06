"""The twins of one series: in each, some groups of columns say what they usually say."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import polars as pl

from tradewind.arrays import Dates, Floats
from tradewind.explain.groups import GROUPS, group_of
from tradewind.explain.season import STEPS_A_YEAR, mean_of, season_index
from tradewind.explain.shapley import coalitions
from tradewind.features.festivals import festival_columns
from tradewind.features.holidays import holiday_columns
from tradewind.models.field import ordinary
from tradewind.models.twins import Twins, beside, twin_ids
from tradewind.models.uplift import GROUPS as KIN
from tradewind.panel import Panel, dates_from, every, next_ds
from tradewind.task import Task

AT_ZERO = ("promotion", "holiday")
"""Groups whose columns are usually 0: no promotion, no festival."""


@dataclass(frozen=True)
class Asked:
    """One series of a past, and what is known of the h periods after it.

    known   plans of all series, or None where the task knows nothing ahead
    """

    of: str
    past: Panel
    known: Panel | None
    task: Task

    @property
    def target(self) -> str:
        """The column that is explained."""
        return self.task.roles.targets[0]

    @cached_property
    def own(self) -> pl.DataFrame:
        """The rows of the series."""
        return self.past.frame.filter(pl.col("unique_id") == self.of)

    @cached_property
    def ahead(self) -> Dates:
        """The periods to come, [h]."""
        return dates_from(next_ds(self.past.end, self.past.freq), self.task.h, self.past.freq)

    @cached_property
    def plan(self) -> pl.DataFrame | None:
        """What is known ahead of the series."""
        if self.known is None:
            return None
        return self.known.frame.filter(pl.col("unique_id") == self.of)

    @cached_property
    def season(self) -> Floats:
        """Its season over past and horizon, [T + h]."""
        own = self.own
        y = own[self.target].cast(pl.Float64).fill_null(np.nan).to_numpy()
        return season_index(y, np.concatenate([own["ds"].to_numpy(), self.ahead]), self.past.freq)


@dataclass(frozen=True, slots=True)
class Usual:
    """What a series looks like where a group says what it usually says.

    past     group → its columns of the past, in place of the series' own
    known    the same of what is known ahead
    static   columns of the category, which become unknown
    quiet    whether holidays or festivals of the country lie in the horizon
    target   (lags, season) present or not → the target's past
    """

    past: dict[str, list[pl.Series]]
    known: dict[str, list[pl.Series]]
    static: tuple[str, ...]
    quiet: bool
    target: dict[tuple[bool, bool], pl.Series]

    @property
    def alive(self) -> tuple[str, ...]:
        """The groups that make a difference to what a model sees, in the order of GROUPS."""
        own = self.target[True, True]
        differs = {
            "lags": bool(self.past["lags"]) or not own.equals(self.target[False, True]),
            "season": not self.target[True, True].equals(self.target[True, False]),
            "category": bool(self.static),
            "holiday": self.quiet,
        }
        return tuple(
            group
            for group in GROUPS
            if differs.get(group, False)
            or (group != "lags" and (self.past[group] or self.known[group]))
        )


def usual_of(asked: Asked) -> Usual:
    """Every group of the series as it usually is.

    lags       the mean of its last year, in every period in which it was observed
    season     its past divided by its season
    price      where prices are planned, the median of its last year; where not, a past at its mean
    promotion  none is planned; where none can be, a past at its mean
    holiday    no festival and no public holiday in the horizon
    category   what is fixed is unknown
    other      like price
    """
    roles, own, plan = asked.task.roles, asked.own, asked.plan
    past: dict[str, list[pl.Series]] = {group: [] for group in GROUPS}
    known: dict[str, list[pl.Series]] = {group: [] for group in GROUPS}
    for name in roles.past:
        if name in own.columns:
            level = _middle(own[name], mean=True)
            _differing(past[group_of(name)], own[name], level)
    for name in roles.known:
        if plan is not None and name in plan.columns:
            group = group_of(name)
            recent = own[name].tail(STEPS_A_YEAR[every(asked.past.freq)])
            zero = group in AT_ZERO and recent.dtype != pl.String
            _differing(known[group], plan[name], 0.0 if zero else _middle(recent, mean=False))
    fixed = asked.past.static.filter(pl.col("unique_id") == asked.of)
    static = tuple(
        c
        for c in dict.fromkeys((*roles.static, *KIN))
        if c in fixed.columns and fixed[c].null_count() == 0
    )
    return Usual(past, known, static, _is_festive(asked), _targets(asked))


def imagined(asked: Asked, usual: Usual) -> tuple[Twins, Panel | None]:
    """A twin for each coalition of the groups that are alive, in the order of `coalitions`.

    And what is known ahead of all series, the twins among them.
    """
    alive = usual.alive
    sets = [
        {group for group, there in zip(alive, one, strict=True) if there}
        for one in coalitions(len(alive))
    ]
    absent = [set(alive) - one for one in sets]
    ids = twin_ids(asked.past, len(sets))
    own, plan = asked.own, asked.plan
    rows, plans = [], []
    for key, missing in zip(ids, absent, strict=True):
        target = usual.target["lags" not in missing, "season" not in missing]
        changed = [s for group in missing for s in usual.past[group] if s.name != target.name]
        rows.append(own.with_columns(pl.lit(key).alias("unique_id"), target, *changed))
        if plan is not None:
            ahead = [s for group in missing for s in usual.known[group]]
            plans.append(plan.with_columns(pl.lit(key).alias("unique_id"), *ahead))
    static = _static(asked, usual, ids, absent)
    quiet = frozenset(k for k, missing in zip(ids, absent, strict=True) if "holiday" in missing)
    twins = Twins(asked.of, ids, beside(asked.past, _stacked(rows), static), quiet)
    if asked.known is None:
        return twins, None
    return twins, with_plan(asked.known, plans, ids)


def with_plan(known: Panel, plans: list[pl.DataFrame], ids: tuple[str, ...]) -> Panel:
    """What is known ahead, with the rows of twins after it."""
    names = pl.DataFrame({"unique_id": ids}, {"unique_id": pl.String})
    static = names.join(known.static.clear(), on="unique_id", how="left")
    return beside(known, _stacked(plans), static)


def _stacked(rows: list[pl.DataFrame]) -> pl.DataFrame:
    return pl.concat(rows, how="vertical_relaxed")


def _static(
    asked: Asked, usual: Usual, ids: tuple[str, ...], absent: list[set[str]]
) -> pl.DataFrame:
    own = asked.past.static.filter(pl.col("unique_id") == asked.of).drop("unique_id")
    names = pl.DataFrame(
        {"unique_id": ids, "unknown": ["category" in missing for missing in absent]}
    )
    rows = names.join(own, how="cross")
    return rows.with_columns(
        pl.when(~pl.col("unknown")).then(pl.col(c)).alias(c) for c in usual.static
    ).drop("unknown")


def _targets(asked: Asked) -> dict[tuple[bool, bool], pl.Series]:
    own = asked.own
    y = own[asked.target].cast(pl.Float64)
    values = y.fill_null(np.nan).to_numpy()
    index = asked.season[: len(values)]
    level = np.where(
        np.isfinite(values), mean_of(values[-STEPS_A_YEAR[every(asked.past.freq)] :]), np.nan
    )
    made = {
        (True, True): values,
        (True, False): values / index,
        (False, True): level * index,
        (False, False): level,
    }
    return {
        key: pl.Series(asked.target, column).fill_nan(None) if key != (True, True) else y
        for key, column in made.items()
    }


def _is_festive(asked: Asked) -> bool:
    """Whether the country has a holiday or a festival in the horizon, or close by."""
    country, freq, ds = asked.task.country, asked.past.freq, asked.ahead
    if country is None:
        return False
    columns = holiday_columns(ds, freq, country) | festival_columns(ds, freq)
    return any(bool((values != ordinary(name)).any()) for name, values in columns.items())


def _middle(values: pl.Series, *, mean: bool) -> float | str | None:
    """What a column usually says: of numbers the mean or the median, of texts the commonest."""
    seen = values.drop_nulls()
    if seen.is_empty():
        return None
    if seen.dtype == pl.String:
        return str(seen.mode().sort()[0])
    number = seen.cast(pl.Float64)
    middle = number.mean() if mean else number.median()
    assert isinstance(middle, float)
    return middle


def _differing(columns: list[pl.Series], own: pl.Series, level: float | str | None) -> None:
    """Add the column at one level where it was known, if that is another than its own."""
    if level is None:
        return
    same = pl.select(pl.when(own.is_not_null()).then(pl.lit(level)).alias(own.name)).to_series()
    plain = own if own.dtype == pl.String else own.cast(pl.Float64)
    if not same.equals(plain):
        columns.append(same)
