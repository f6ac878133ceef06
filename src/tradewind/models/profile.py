"""Profile: a season borrowed from the category, for products whose own history is short."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Self

import numpy as np
from scipy import special

from tradewind.arrays import Floats, Ints
from tradewind.errors import NotEnoughHistory
from tradewind.features.category import group_means
from tradewind.features.lags import Matrix, Sums, mean_around, trailing_mean
from tradewind.forecast import Dependence, Forecast
from tradewind.models.dependence import dependence_of, resized
from tradewind.models.field import Field, Labels, Single, field_of, labels_of, seen_by_others
from tradewind.models.history import check_rows, check_target
from tradewind.models.protocol import Rescue
from tradewind.models.trees_columns import REACH, SPANS, Rows
from tradewind.models.trees_errors import GRID
from tradewind.models.trees_rows import future_rows
from tradewind.models.trees_scale import scale_of
from tradewind.models.twins import Twins, asked, field_with
from tradewind.panel import Panel, every
from tradewind.task import Task

SHARES = (0.0, 0.25, 0.5, 0.75, 1.0)
POWERS = (0.0, 0.3, 0.6, 1.0)


@dataclass(frozen=True, slots=True)
class Mix:
    """How a profile is put together, and how far off it was.

    share     of the category's season; the rest is the series' own
    power     to which the growth since last year is raised
    scores    [K, G]   quantiles at GRID of the error, for spans of steps ahead
    edges     [K − 1]  last step ahead of each span but the last
    """

    share: float
    power: float
    scores: Floats
    edges: Ints
    dependence: Dependence | None


@dataclass(frozen=True, slots=True)
class Profile:
    """Level of the last periods × season, half the product's own and half its category's.

        log ŷ = power · (level now − level a year ago) + (1 − share) · own last year
                + share · (own level last year + category's move since)

    Where there is no last year, the level now and the mean of the same phase stand in for it.

    share, power   nan: chosen on earlier origins, by the size of the error in logarithms
    windows        earlier origins that choose, and whose errors give the quantiles
    offset         as in Trees
    """

    share: float = float("nan")
    power: float = float("nan")
    windows: int = 8
    offset: float = 0.1

    def fit(self, past: Panel, task: Task) -> FittedProfile:
        """Choose the mix of every target on earlier origins.

        Raises NotEnoughHistory if no value follows an earlier origin.
        """
        check_rows(past, self)
        task.check(past)
        labels = labels_of(past, task)
        mixes = {name: self._choose(past, task, labels, name) for name in task.roles.targets}
        return FittedProfile(self, past, task, labels, mixes)

    def restore(self, folder: Path, past: Panel, task: Task) -> FittedProfile:
        """The mixes that `save` wrote."""
        about = json.loads((folder / "profile.json").read_text(encoding="utf-8"))
        mixes = {
            name: Mix(
                mix["share"],
                mix["power"],
                np.array(mix["scores"]),
                np.array(mix["edges"], dtype=np.int64),
                None if mix["steps"] is None else Dependence(np.array(mix["steps"]), mix["common"]),
            )
            for name, mix in about["mixes"].items()
        }
        labels = Labels({name: tuple(texts) for name, texts in about["labels"].items()})
        return FittedProfile(self, past, task, labels, mixes)

    def _choose(self, past: Panel, task: Task, labels: Labels, target: str) -> Mix:
        seen = field_of(past, task, labels, target, (0, None))
        z = scale_of(seen.open_y, self.offset).forward(seen.open_y)
        last = seen.steps - 1
        reach = min(task.h, last)
        backs = np.unique(
            np.linspace(1, max(reach, min(last, seen.year)), self.windows).astype(int)
        )
        cubes, errors = [], {}
        shares = SHARES if np.isnan(self.share) else (self.share,)
        powers = POWERS if np.isnan(self.power) else (self.power,)
        for back in backs:
            if last - back < 1:
                continue
            rows = _horizon_rows(seen, last - int(back), min(task.h, int(back)), task.h)
            parts = _parts(seen, z, rows)
            truth = z[rows.series, rows.at]
            cubes.append((rows, truth, parts))
        for share in shares:
            for power in powers:
                missed = [truth - _mixed(parts, share, power) for _, truth, parts in cubes]
                errors[share, power] = np.concatenate(missed) if missed else np.zeros(0)
        lost = {
            mix: float(np.nanmean(np.abs(e))) for mix, e in errors.items() if np.isfinite(e).any()
        }
        if not lost:
            raise NotEnoughHistory(
                f"{target!r} has no value after its first step, {self} needs some to learn from"
            )
        share, power = min(lost, key=lambda mix: lost[mix])
        error = errors[share, power]
        ahead = np.concatenate([rows.at - rows.origin for rows, _, _ in cubes])
        edges = np.unique([max(1, task.h // 4), max(1, task.h // 2)])[: task.h // 2]
        span = np.searchsorted(edges, ahead, side="left")
        pooled = np.quantile(error[np.isfinite(error)], GRID)
        scores = np.stack([_quantiles(error[span == k], pooled) for k in range(len(edges) + 1)])
        mix = Mix(share, power, scores, edges.astype(np.int64), None)
        return replace(mix, dependence=_dependence_of(mix, cubes, len(seen.ids), task.h))


@dataclass(frozen=True, slots=True)
class FittedProfile:
    """A mix, and the past on which the next forecast stands."""

    settings: Profile
    past: Panel
    task: Task
    labels: Labels
    mixes: dict[str, Mix]
    rescues: tuple[Rescue, ...] = ()
    twins: Twins | None = None

    def forecast(
        self, h: int, levels: tuple[float, ...], known: Panel | None = None, target: str = "y"
    ) -> Forecast:
        """As Fitted.forecast."""
        check_target(target, self.task)
        mix = self.mixes[target]
        ahead = field_with(self.past, self.task, self.labels, target, (h, known), self.twins)
        ahead = asked(ahead, self.twins)
        scale = scale_of(ahead.open_y, self.settings.offset)
        z = scale.forward(ahead.open_y)
        rows = future_rows(ahead)
        middle = _mixed(_parts(ahead, z, rows), mix.share, mix.power)
        span = np.searchsorted(mix.edges, rows.at - rows.origin, side="left")
        scores = np.stack([np.interp(levels, GRID, row) for row in mix.scores])
        values = scale.back(middle[:, None] + scores[span], rows.series)
        quantiles = values.reshape(len(ahead.rows), h, len(levels))
        joint = None if mix.dependence is None else resized(mix.dependence, h)
        return ahead.to_forecast(target, levels, quantiles, joint)

    def update(self, new: Panel) -> Self:
        """The same mix at the new end of the past."""
        return replace(self, past=self.past.append(new))

    def imagine(self, twins: Twins) -> Self:
        """As Imagining.imagine."""
        return replace(self, past=twins.past, twins=twins)

    def save(self, folder: Path) -> None:
        """One JSON file."""
        folder.mkdir(parents=True, exist_ok=True)
        mixes = {
            name: {
                "share": mix.share,
                "power": mix.power,
                "scores": mix.scores.tolist(),
                "edges": mix.edges.tolist(),
                "steps": None if mix.dependence is None else mix.dependence.steps.tolist(),
                "common": None if mix.dependence is None else mix.dependence.common,
            }
            for name, mix in self.mixes.items()
        }
        text = json.dumps({"labels": self.labels.columns, "mixes": mixes}, ensure_ascii=False)
        (folder / "profile.json").write_text(text, encoding="utf-8")


@dataclass(frozen=True, slots=True)
class _Parts:
    """Own last year, own level last year, the category's move since, growth, [R] each."""

    own: Floats
    then: Floats
    move: Floats
    growth: Floats
    instead: Floats


def _mixed(parts: _Parts, share: float, power: float) -> Floats:
    """log-scale forecast of each row, [R]."""
    own = np.where(np.isfinite(parts.own), parts.own, parts.then + parts.move)
    move = np.where(np.isfinite(parts.move), parts.move, parts.own - parts.then)
    season = (1 - share) * own + share * (parts.then + move)
    yearly = season + power * np.nan_to_num(parts.growth)
    return np.where(np.isfinite(yearly), yearly, parts.instead + share * np.nan_to_num(parts.move))


def _parts(field: Field, z: Single, rows: Rows) -> _Parts:
    unit = every(field.freq)
    short, reach, year = (
        SPANS[unit][-3 if len(SPANS[unit]) > 3 else 0],
        REACH.get(unit, 0),
        field.year,
    )
    series, origin, at = rows.series, rows.origin, rows.at
    groups = _groups(field)
    sums, means = Sums.of(z), group_means(seen_by_others(z, field), groups)
    many, group = Sums.of(means), groups[series]
    level = trailing_mean(sums, series, origin, short)
    level = np.where(np.isfinite(level), level, trailing_mean(sums, series, origin, field.steps))
    usual = trailing_mean(many, group, origin, field.steps)
    level = np.nan_to_num(np.where(np.isfinite(level), level, usual))
    back = at - year * np.maximum(1, -((origin - at) // year))
    then = trailing_mean(sums, series, origin, short, back=year)
    phase = np.zeros(len(at))
    if field.season > 1:
        phased = Sums.of(z, field.season).phase_mean(series, origin, at, 8)
        whole_weeks = trailing_mean(sums, series, origin, 8 * field.season)
        phase = np.nan_to_num(phased - whole_weeks)
    return _Parts(
        own=mean_around(sums, series, origin, back, 0 if field.season > 1 else reach),
        then=then,
        move=mean_around(many, group, origin, back, 0)
        - trailing_mean(many, group, origin, short, back=year),
        growth=np.clip(level - then, -1.5, 1.5),
        instead=level + phase,
    )


def _groups(field: Field) -> Ints:
    """The category of each series: the finest text column with three series a group or more."""
    best = np.zeros(len(field.ids), dtype=np.int64)
    most = 1
    for name in field.texts:
        told = np.nan_to_num(field.static[name], nan=-1)
        _, codes = np.unique(told, return_inverse=True)
        count = len(np.unique(told[field.crowd]))
        if most < count <= len(field.crowd) // 3:
            best, most = codes.astype(np.int64), count
    return best


def _horizon_rows(field: Field, origin: int, steps: int, h: int) -> Rows:
    count = len(field.ids)
    series = np.repeat(np.arange(count), steps)
    at = origin + np.tile(np.arange(1, steps + 1), count)
    return Rows(series, np.full(len(series), origin), at, h)


def _quantiles(error: Floats, pooled: Floats) -> Floats:
    """Quantiles of the errors at GRID; the pooled ones where there are too few."""
    seen = error[np.isfinite(error)]
    return np.quantile(seen, GRID) if len(seen) >= 30 else pooled


def _dependence_of(
    mix: Mix, cubes: Sequence[tuple[Rows, Matrix, _Parts]], count: int, h: int
) -> Dependence | None:
    full = []
    for rows, truth, parts in cubes:
        if len(rows.at) != count * h:
            continue
        error = truth - _mixed(parts, mix.share, mix.power)
        span = np.searchsorted(mix.edges, rows.at - rows.origin, side="left")
        place = np.full(len(error), np.nan)
        for k, scores in enumerate(mix.scores):
            place[span == k] = np.interp(error[span == k], scores, GRID)
        full.append(special.ndtri(place).reshape(count, h))
    return dependence_of(np.stack(full)) if full else None
