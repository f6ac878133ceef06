"""Uplift: any forecaster, told of the festivals that its past holds and of those to come."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import polars as pl

from tradewind.arrays import Bools, Dates, Floats, Ints
from tradewind.forecast import Forecast
from tradewind.models.hindsight import Resumable
from tradewind.models.protocol import Fitted, Forecaster, Rescue
from tradewind.models.twins import Twins, imagine
from tradewind.panel import Panel, dates_from, every, next_ds
from tradewind.task import FESTIVAL, Task

AROUND = {"1h": 35 * 24, "1d": 35, "1w": 6, "1mo": 3}
"""Periods before and after which tell what would have been sold without the festival."""
DAYS = {"1h": 1, "1d": 1, "1w": 7, "1mo": 30}
LOWEST = 0.05
"""No phase is taken to leave less of the usual sales than this."""
MOST_WIDER = 2.0
GROUPS = ("category", "channel")


@dataclass(frozen=True)
class Uplift:
    """`inner`, fitted on sales without their festivals; what they add is put back by phase.

    inner    the model
    trust    units of usual sales during a phase after which a group's own effect counts as much as
             that of all groups

    What a phase does is learnt from how the sales of each group (category × channel) differed from
    those of the same weekdays around it, and holds for the same phase of the same festival on
    whatever day it falls. A phase never seen is taken to do nothing.
    """

    inner: Forecaster
    trust: float = 500.0

    def fit(self, past: Panel, task: Task) -> FittedUplift:
        """Learn the effects, and fit the inner model on what is left of the sales."""
        learnt = self.learnt(past, task)
        bare = without_festivals(past, learnt, task)
        return FittedUplift(self, self.inner.fit(bare, inner_task(task)), past, task, learnt)

    def resume(self, before: FittedUplift, past: Panel, task: Task) -> FittedUplift:
        """As `fit`; an inner model whose training can go on goes on from an earlier cutoff."""
        if not isinstance(self.inner, Resumable):
            return self.fit(past, task)
        learnt = self.learnt(past, task)
        bare = without_festivals(past, learnt, task)
        inner = self.inner.resume(before.inner, bare, inner_task(task))
        return FittedUplift(self, inner, past, task, learnt)

    def restore(self, folder: Path, past: Panel, task: Task) -> FittedUplift:
        """The model that `save` wrote."""
        told = json.loads((folder / "uplift.json").read_text(encoding="utf-8"))
        learnt = Effects(
            tuple(told["phases"]),
            {g: np.array(e) for g, e in told["of_group"].items()},
            told["wider"],
        )
        bare = without_festivals(past, learnt, task)
        inner = self.inner.restore(folder / "inner", bare, inner_task(task))
        return FittedUplift(self, inner, past, task, learnt)

    def learnt(self, past: Panel, task: Task) -> Effects:
        """What each phase does to each group's sales."""
        phases, y = phases_of(task), past.wide(task.roles.targets[0])
        cells = exposure(past, phases, past.ids, past.ds)
        festive = np.zeros(y.shape, np.bool_)
        festive[cells.row, cells.step] = True
        usual = usual_sales(y, festive, past.freq)
        groups = groups_of(past)
        found = effects_of(y, usual, cells, (phases, groups), self.trust)
        factor = found.factor(cells, groups, y.shape[1])
        return replace(found, wider=widening(y, usual * factor, festive))


@dataclass(frozen=True)
class FittedUplift:
    """The inner model, and what each phase does."""

    settings: Uplift
    inner: Fitted
    past: Panel
    task: Task
    learnt: Effects

    @property
    def rescues(self) -> tuple[Rescue, ...]:
        """Rescues of the inner model."""
        return self.inner.rescues

    def forecast(
        self, h: int, levels: tuple[float, ...], known: Panel | None = None, target: str = "y"
    ) -> Forecast:
        """The inner forecast, times what the festivals of the horizon do."""
        made = self.inner.forecast(h, levels, known, target)
        if known is None or target != self.task.roles.targets[0]:
            return made
        ds = dates_from(next_ds(self.past.end, self.past.freq), h, self.past.freq)
        cells = exposure(known, self.learnt.phases, self.past.ids, ds)
        factor = self.learnt.factor(cells, groups_of(self.past), h)
        row = {key: i for i, key in enumerate(self.past.ids)}
        own = factor[[row[key] for key in made.ids]][:, :, None]
        wider = np.where(own == 1, 1.0, self.learnt.wider)
        median = made.median[:, :, None]
        quantiles = (median + (made.quantiles - median) * wider) * own
        if made.lower is not None:
            quantiles = np.maximum(quantiles, made.lower)
        y = self.past.wide(target)
        whole = bool((np.isnan(y) | (y == np.rint(y))).all())
        return replace(made, quantiles=quantiles, whole=whole)

    def update(self, new: Panel) -> FittedUplift:
        """The model after seeing `new`; what the phases do stays as it was learnt."""
        bare = without_festivals(new, self.learnt, self.task)
        return replace(self, inner=self.inner.update(bare), past=self.past.append(new))

    def imagine(self, twins: Twins) -> FittedUplift:
        """As Imagining.imagine."""
        bare = without_festivals(twins.past, self.learnt, self.task)
        inner = imagine(self.inner, replace(twins, past=bare))
        return replace(self, inner=inner, past=twins.past)

    def save(self, folder: Path) -> None:
        """Write the effects, and the inner model."""
        folder.mkdir(parents=True, exist_ok=True)
        self.inner.save(folder / "inner")
        told = {
            "phases": list(self.learnt.phases),
            "of_group": {g: e.tolist() for g, e in self.learnt.of_group.items()},
            "wider": self.learnt.wider,
        }
        (folder / "uplift.json").write_text(json.dumps(told, ensure_ascii=False), encoding="utf-8")


@dataclass(frozen=True, slots=True)
class Effects:
    """What each phase adds to the sales of a group, as a share of what would have been sold.

    phases     P names of columns
    of_group   [P] of each group; "" is all of them
    wider      times how much wider the intervals are in a festival
    """

    phases: tuple[str, ...]
    of_group: dict[str, Floats]
    wider: float = 1.0

    def factor(self, cells: Exposure, groups: list[str], steps: int) -> Floats:
        """What sales are multiplied by, [N, steps]."""
        out = np.ones((len(groups), steps))
        effect = np.stack([self.of_group.get(g, self.of_group[""]) for g in groups])
        added = (cells.share * effect[cells.row]).sum(axis=1)
        out[cells.row, cells.step] = np.maximum(1 + added, LOWEST)
        return out


@dataclass(frozen=True, slots=True)
class Exposure:
    """The cells of a matrix over (series, periods) that a festival touches.

    row     [C]      series
    step    [C]      period
    share   [C, P]   of the period that lies in each phase, in [0, 1]
    """

    row: Ints
    step: Ints
    share: Floats


def phases_of(task: Task) -> tuple[str, ...]:
    """The columns of the task that tell of festivals."""
    return tuple(c for c in task.roles.known if c.startswith(FESTIVAL))


def inner_task(task: Task) -> Task:
    """The task of the inner model: without columns of festivals, and nothing estimated anew."""
    known = tuple(c for c in task.roles.known if not c.startswith(FESTIVAL))
    return replace(task, roles=replace(task.roles, known=known), estimate=None)


def without_festivals(past: Panel, learnt: Effects, task: Task) -> Panel:
    """The past with the first target as it would have been without its festivals."""
    target = task.roles.targets[0]
    cells = exposure(past, learnt.phases, past.ids, past.ds)
    factor = learnt.factor(cells, groups_of(past), len(past.ds))
    return past.with_wide(target, past.wide(target) / factor)


def groups_of(past: Panel) -> list[str]:
    """The group of each series: its category and channel, as far as they are told."""
    columns = [c for c in GROUPS if c in past.static.columns]
    if not columns:
        return [""] * len(past.ids)
    return ["/".join(str(v) for v in row) for row in past.static.select(columns).iter_rows()]


def exposure(panel: Panel, phases: Sequence[str], ids: Sequence[str], ds: Dates) -> Exposure:
    """Where the rows of a panel lie in a festival, as cells over (ids, ds)."""
    have = [c for c in phases if c in panel.frame.columns]
    held = panel.frame.select("unique_id", "ds", *have)
    if have:
        held = held.filter(pl.any_horizontal(pl.col(c) > 0 for c in have))
    place = {key: i for i, key in enumerate(ids)}
    row = np.array([place.get(key, -1) for key in held["unique_id"]], np.int64)
    step = np.searchsorted(ds, held["ds"].to_numpy())
    inside = (row >= 0) & (step < len(ds)) if have else np.zeros(len(held), np.bool_)
    share = np.zeros((int(inside.sum()), len(phases)))
    for name in have:
        days = held[name].cast(pl.Float64).fill_null(0.0).to_numpy()[inside]
        share[:, list(phases).index(name)] = np.clip(days / DAYS[every(panel.freq)], 0.0, 1.0)
    return Exposure(row[inside], step[inside], share)


def usual_sales(y: Floats, festive: Bools, freq: str) -> Floats:
    """What each period would have sold without festivals, [N, T]: the mean around it.

    Days are compared with the same weekday, hours with the same hour of it.

    festive   [N, T]   periods that a festival touches: they tell nothing of usual sales
    """
    unit = every(freq)
    step = {"1h": 168, "1d": 7}.get(unit, 1)
    reach = AROUND[unit] // step
    plain = np.where(festive | np.isnan(y), 0.0, y)
    known = (~festive & ~np.isnan(y)).astype(np.float64)
    total, count = np.zeros_like(plain), np.zeros_like(plain)
    for k in range(1, reach + 1):
        for shift in (k * step, -k * step):
            total += _moved(plain, shift)
            count += _moved(known, shift)
    with np.errstate(invalid="ignore"):
        usual: Floats = np.where(count > 0, total / count, np.nan)
    return usual


def effects_of(
    y: Floats,
    usual: Floats,
    cells: Exposure,
    names: tuple[tuple[str, ...], list[str]],
    trust: float,
) -> Effects:
    """Least squares of y − usual on usual · share, weighted by 1 / usual, group by group.

    A group's effect is drawn towards that of all groups, and that towards nothing, as if `trust`
    units of usual sales had shown it.

    y, usual   [N, T]
    names      the phases, and the group of each series

    One group sold 300 where 100 are usual, in a phase that was trusted by 100 units:

    >>> once = Exposure(np.array([0]), np.array([0]), np.array([[1.0]]))
    >>> told, names = (np.array([[300.0]]), np.array([[100.0]])), (("festival_x_peak",), ["a"])
    >>> effects_of(*told, once, names, trust=100.0).of_group["a"].round(2).tolist()
    [1.5]
    """
    phases, groups = names
    of_cell, base = y[cells.row, cells.step], usual[cells.row, cells.step]
    told = np.isfinite(of_cell) & np.isfinite(base) & (base > 0)
    share, base = cells.share[told], base[told]
    more = of_cell[told] - base
    labels, codes = np.unique(np.array(groups), return_inverse=True)
    code, size = codes[cells.row[told]], (len(labels), len(phases))
    gram, right = np.zeros((*size, len(phases))), np.zeros(size)
    for p in range(len(phases)):
        right[:, p] = np.bincount(code, share[:, p] * more, len(labels))
        for q in range(len(phases)):
            gram[:, p, q] = np.bincount(code, share[:, p] * share[:, q] * base, len(labels))
    ridge = trust * np.eye(len(phases))
    of_all = np.linalg.solve(gram.sum(axis=0) + ridge, right.sum(axis=0))
    own = {
        str(label): np.linalg.solve(gram[k] + ridge, right[k] + trust * of_all)
        for k, label in enumerate(labels)
    }
    return Effects(phases, {**own, "": of_all})


def widening(y: Floats, expected: Floats, festive: Bools) -> float:
    """How much wider intervals are made in festivals, in [1, MOST_WIDER].

    The ratio of Σ (y − expected)² / expected to Σ expected is taken inside and outside; its fourth
    root, half of what it says of the errors' size, because the intervals of some models hold part
    of it already (docs/experiments.md, "Festivals").

    y, expected   [N, T]
    festive       [N, T]   whether a festival touches the period
    """
    told = np.isfinite(y) & np.isfinite(expected) & (expected > 0)
    variance = []
    for part in (told & festive, told & ~festive):
        if not part.any():
            return 1.0
        error = (y[part] - expected[part]) ** 2 / expected[part]
        variance.append(error.sum() / expected[part].sum())
    ratio = variance[0] / max(variance[1], 1e-9)
    return float(np.clip(ratio**0.25, 1.0, MOST_WIDER))


def _moved(values: Floats, shift: int) -> Floats:
    """Values `shift` periods earlier, 0 where there are none."""
    out = np.zeros_like(values)
    if abs(shift) >= values.shape[1]:
        return out
    if shift > 0:
        out[:, shift:] = values[:, :-shift]
    else:
        out[:, :shift] = values[:, -shift:]
    return out
