"""Trees: gradient-boosted trees on all series with every covariate, direct over the horizon."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Self

import numpy as np

from tradewind.arrays import Floats, Ints
from tradewind.errors import NotEnoughHistory
from tradewind.features.lags import Matrix
from tradewind.forecast import Dependence, Forecast
from tradewind.models.dependence import dependence_of, resized
from tradewind.models.field import Field, Single, field_of, labels_of
from tradewind.models.history import check_rows, check_target
from tradewind.models.protocol import Rescue
from tradewind.models.trees_boost import Boosting, blend, boost_folds, predict, tables_of
from tradewind.models.trees_columns import (
    SPANS,
    Rows,
    feature_table,
    flag_of,
    matrix_of,
    relative_columns,
)
from tradewind.models.trees_errors import grain_of, shape_of
from tradewind.models.trees_learnt import Learnt, read_learnt, write_learnt
from tradewind.models.trees_linear import Lesson
from tradewind.models.trees_rows import future_rows, sample_rows, time_folds
from tradewind.models.trees_scale import scale_of
from tradewind.models.twins import Twins, asked, field_with
from tradewind.panel import Panel, every
from tradewind.task import Task

FEWEST_ROWS = 50
"""Fewer known answers than this teach trees nothing."""
COMPANY = 4000
"""Trees learn from so many series at most, drawn at random, and forecast so many at once."""
SERIES_FOR_DEPENDENCE, WINDOWS_FOR_DEPENDENCE = 400, 3


@dataclass(frozen=True, slots=True)
class Trees:
    """One LightGBM on all series; what it learns is each value relative to its series' own level.

    Each of `n_folds` models leaves out a span of time and forecasts it; the forecast is the mean
    of the models, and its quantiles come from those errors on unseen time, scaled by a second
    model of their size.

    rows            questions to learn from, sampled over series, origins and steps ahead
    trees           most boosting rounds; the spans left out say how many are used
    leaves          most leaves of a tree
    learning_rate   step of each tree
    n_folds         spans of time, 2 or more
    columns         share of the columns each tree sees
    offset          added to the share of a series' mean before the logarithm; keeps zero finite
    level           place among the usual spans of the level that all is relative to; −1 the longest
    refit           update() learns again instead of keeping the trees
    threads, seed   threads of LightGBM, seed of sampling and boosting
    """

    rows: int = 100_000
    trees: int = 150
    leaves: int = 95
    learning_rate: float = 0.08
    n_folds: int = 3
    columns: float = 0.5
    offset: float = 0.1
    level: int = -1
    refit: bool = False
    threads: int = 2
    seed: int = 1

    def fit(self, past: Panel, task: Task) -> FittedTrees:
        """Learn every target of the task.

        Raises NotEnoughHistory with fewer than fifty known answers.
        """
        check_rows(past, self)
        task.check(past)
        learnt = {name: self._learn(past, task, name) for name in task.roles.targets}
        return FittedTrees(self, past, task, learnt)

    def restore(self, folder: Path, past: Panel, task: Task) -> FittedTrees:
        """The trees that `save` wrote, over the past they had seen."""
        learnt = {
            name: read_learnt(folder / f"target_{place}")
            for place, name in enumerate(task.roles.targets)
        }
        return FittedTrees(self, past, task, learnt)

    def boosting(self) -> Boosting:
        """Settings of the models of the value."""
        return Boosting(
            self.trees, self.leaves, self.learning_rate, self.columns, self.threads, self.seed
        )

    def spread_boosting(self) -> Boosting:
        """Settings of the models of the size of the error: few and small, for it is noisy."""
        return Boosting(60, 15, 0.1, self.columns, self.threads, self.seed + 1)

    def _learn(self, past: Panel, task: Task, target: str) -> Learnt:
        rng = np.random.default_rng(self.seed)
        labels = labels_of(past, task)
        seen = field_of(past, task, labels, target, (0, None))
        if len(seen.ids) > COMPANY:
            seen = seen.part(np.sort(rng.choice(len(seen.ids), COMPANY, replace=False)))
        scale = scale_of(seen.open_y, self.offset)
        z = scale.forward(seen.open_y)
        rows = sample_rows(seen, z, task.h, self.rows, rng)
        if len(rows.at) < FEWEST_ROWS:
            raise NotEnoughHistory(
                f"{target!r} has {len(rows.at)} values to learn from, {self} needs {FEWEST_ROWS}; "
                f"give a longer history or more series, or use a model of single series"
            )
        usual = SPANS[every(past.freq)]
        level_steps = usual[self.level]
        flag = flag_of(seen, z)
        table, level = feature_table(seen, z, rows, level_steps, flag)
        names = tuple(table)
        x = matrix_of(table, names)
        answer = z[rows.series, rows.at] - level
        fold, edges = time_folds(rows.at, self.n_folds)
        share = (rows.at - rows.origin) / task.h
        lesson = Lesson(x, answer, np.ones(len(answer)), fold, share)
        tables = tables_of(lesson, self.threads)
        models, unseen = blend(lesson, tables, self.boosting(), relative_columns(names))
        error = answer - unseen
        grain = grain_of(seen.open_y, scale)
        size = replace(lesson, answer=grain.size_of(error, level + answer, rows.series))
        spread, sizes = boost_folds(size, tables, self.spread_boosting(), "regression")
        sizes = np.exp(sizes)
        learnt = Learnt(
            names=names,
            labels=labels,
            level_steps=level_steps,
            flag=flag,
            models=models,
            spread=spread,
            shape=shape_of(error, sizes, grain.coarse(level + unseen, sizes, rows.series)),
            dependence=None,
        )
        return replace(learnt, dependence=_dependence(learnt, seen, self, task.h, edges))


@dataclass(frozen=True, slots=True)
class FittedTrees:
    """Trees, and the past on which their next forecast stands."""

    settings: Trees
    past: Panel
    task: Task
    learnt: dict[str, Learnt]
    rescues: tuple[Rescue, ...] = field(default=())
    twins: Twins | None = None

    def forecast(
        self, h: int, levels: tuple[float, ...], known: Panel | None = None, target: str = "y"
    ) -> Forecast:
        """As Fitted.forecast."""
        check_target(target, self.task)
        mine = self.learnt[target]
        ahead = self.ahead(h, known, target)
        quantiles = np.empty((len(ahead.rows), h, len(levels)))
        groups = 1 if ahead.asked is not None else -(-len(ahead.ids) // COMPANY)
        for first in range(groups):
            some = np.arange(first, len(ahead.ids), groups)
            part = ahead if groups == 1 else ahead.part(some)
            quantiles[first::groups] = self._quantiles(mine, part, levels)
        joint = None if mine.dependence is None else resized(mine.dependence, h)
        return ahead.to_forecast(target, levels, quantiles, joint)

    def ahead(self, h: int, known: Panel | None, target: str) -> Field:
        """The matrices that are asked about; twins stand in the company of the series they copy."""
        labels = self.learnt[target].labels
        seen = field_with(self.past, self.task, labels, target, (h, known), self.twins)
        if self.twins is None:
            return seen
        count = len(seen.ids) - len(self.twins.ids)
        groups = -(-count // COMPANY)
        own = np.arange(seen.ids.index(self.twins.of) % groups, count, groups)
        return asked(seen.part(np.r_[own, count : len(seen.ids)]), self.twins)

    def table(
        self, h: int, known: Panel | None, target: str, keep: Ints | None = None
    ) -> tuple[Rows, Single, Floats]:
        """The questions of a forecast, what the trees look at [R, F], and the levels [R].

        keep   places of some questions, series by series; None for all
        """
        mine, ahead = self.learnt[target], self.ahead(h, known, target)
        z = scale_of(ahead.open_y, self.settings.offset).forward(ahead.open_y)
        rows = future_rows(ahead) if keep is None else future_rows(ahead).part(keep)
        columns, level = feature_table(ahead, z, rows, mine.level_steps, mine.flag)
        return rows, matrix_of(columns, mine.names), level

    def imagine(self, twins: Twins) -> Self:
        """As Imagining.imagine."""
        return replace(self, past=twins.past, twins=twins)

    def _quantiles(self, learnt: Learnt, ahead: Field, levels: tuple[float, ...]) -> Floats:
        scale = scale_of(ahead.open_y, self.settings.offset)
        z = scale.forward(ahead.open_y)
        rows = future_rows(ahead)
        middle, size = _middle_and_size(learnt, ahead, z, rows, self.settings.threads)
        grain = grain_of(ahead.open_y, scale)
        coarse = grain.coarse(middle, size, rows.series)
        scores = learnt.shape.at(size, coarse, np.array(levels))
        values = scale.back(middle[:, None] + size[:, None] * scores, rows.series)
        values[coarse[:, None] & grain.none(values, rows.series)] = 0.0
        return values.reshape(len(ahead.rows), ahead.h, len(levels))

    def update(self, new: Panel) -> Self:
        """The same trees at the new end of the past; learnt again if the settings say so."""
        past = self.past.append(new)
        if self.settings.refit:
            again = self.settings.fit(past, self.task)
            return replace(self, past=past, learnt=again.learnt)
        return replace(self, past=past)

    def save(self, folder: Path) -> None:
        """One folder a target: the boosters as text, the rest as JSON."""
        for place, name in enumerate(self.task.roles.targets):
            write_learnt(folder / f"target_{place}", self.learnt[name])


def _middle_and_size(
    learnt: Learnt, seen: Field, z: Matrix, rows: Rows, threads: int
) -> tuple[Floats, Floats]:
    """Median of z, and the size of its error, [R]."""
    table, level = feature_table(seen, z, rows, learnt.level_steps, learnt.flag)
    x = matrix_of(table, learnt.names)
    share = (rows.at - rows.origin) / rows.h
    middle = level + predict(learnt.models, x, share, threads)
    return middle, np.exp(predict(learnt.spread, x, share, threads))


def _dependence(
    learnt: Learnt, seen: Field, settings: Trees, h: int, edges: Ints
) -> Dependence | None:
    """How the errors over one horizon hang together, on spans that the model asked had not seen."""
    from scipy import special

    if seen.steps <= h + 1:
        return None
    scale = scale_of(seen.open_y, settings.offset)
    z, grain = scale.forward(seen.open_y), grain_of(seen.open_y, scale)
    count = len(seen.ids)
    chosen = np.unique(np.linspace(0, count - 1, min(count, SERIES_FOR_DEPENDENCE)).astype(int))
    cube = []
    for back in range(1, WINDOWS_FOR_DEPENDENCE + 1):
        origin = seen.steps - 1 - h * back
        if origin < 1:
            break
        series = np.repeat(chosen, h)
        at = origin + np.tile(np.arange(1, h + 1), len(chosen))
        rows = Rows(series, np.full(len(series), origin), at, h)
        held = int(np.searchsorted(edges, origin + (h + 1) // 2))
        alone = replace(learnt, models=learnt.models[held :: len(edges) + 1])
        middle, size = _middle_and_size(alone, seen, z, rows, settings.threads)
        coarse = grain.coarse(middle, size, series)
        place = learnt.shape.place((z[series, at] - middle) / size, size, coarse)
        cube.append(special.ndtri(place).reshape(len(chosen), h))
    return dependence_of(np.stack(cube)) if cube else None
