"""What the trees themselves say: LightGBM's SHAP values, on the scale on which they learn.

Source: Lundberg & Lee (2017); Lundberg et al. (2020) for the exact values of trees.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from tradewind.arrays import Floats, Ints
from tradewind.explain.groups import GROUPS, group_of
from tradewind.features.calendar import calendar_columns
from tradewind.features.festivals import FESTIVALS
from tradewind.models.conformal import FittedConformal
from tradewind.models.ensemble import FittedEnsemble
from tradewind.models.field import Single
from tradewind.models.hindsight import Lazy
from tradewind.models.protocol import Fitted
from tradewind.models.trees import FittedTrees
from tradewind.models.trees_boost import Member, booster_of
from tradewind.models.trees_linear import Linear
from tradewind.models.uplift import FittedUplift
from tradewind.panel import Panel
from tradewind.task import Task

OWN = ("last", "age", "zeros")
SEASON = ("phase_", "year_")


@dataclass(frozen=True, slots=True)
class TreeView:
    """What each group adds to the trees' median of a question, as a logarithm of sales.

        raw = bias + level + Σ groups, exactly

    series, step    [R]      row of the series, step ahead from 0
    raw             [R]      what the trees say
    bias            [R]      their mean answer
    level           [R]      recent mean of the series, which their answer is relative to
    groups          [G, R]   of GROUPS
    """

    series: Ints
    step: Ints
    raw: Floats
    bias: Floats
    level: Floats
    groups: Floats

    def mean(self) -> dict[str, float]:
        """The mean of each part over the questions: raw, level, bias, and the groups."""
        parts = {"raw": self.raw, "bias": self.bias, "level": self.level}
        groups = {name: self.groups[k] for k, name in enumerate(GROUPS)}
        return {name: float(values.mean()) for name, values in (parts | groups).items()}


def trees_in(model: Fitted) -> FittedTrees | None:
    """The trees in a model, or None: itself, or a member of its ensemble."""
    if isinstance(model, FittedTrees):
        return model
    if isinstance(model, Lazy):
        return trees_in(model.fitted)
    if isinstance(model, FittedConformal | FittedUplift):
        return trees_in(model.inner)
    if isinstance(model, FittedEnsemble):
        weight = {k: w for k, w in enumerate(next(iter(model.weights.values())).max(axis=0)) if w}
        found = (trees_in(model.members[k]) for k in weight)
        return next((trees for trees in found if trees is not None), None)
    return None


def tree_view(
    trees: FittedTrees,
    h: int,
    known: Panel | None = None,
    target: str = "y",
    keep: Ints | None = None,
) -> TreeView:
    """The contributions of each group to the questions of a forecast.

    keep   places of some questions, series by series; None for all: SHAP values take milliseconds
    """
    rows, x, level = trees.table(h, known, target, keep)
    learnt = trees.learnt[target]
    share = (rows.at - rows.origin) / rows.h
    total = np.zeros((len(x), x.shape[1] + 1))
    for member in learnt.models:
        total += member.weight * _contributions(member, x, share, trees.settings.threads)
    total /= sum(member.weight for member in learnt.models)
    owner = np.array([GROUPS.index(feature_group(n, trees.task)) for n in learnt.names])
    groups = np.stack([total[:, :-1][:, owner == k].sum(axis=1) for k in range(len(GROUPS))])
    bias = total[:, -1]
    step = rows.at - rows.origin - 1
    return TreeView(rows.series, step, level + total.sum(axis=1), bias, level, groups)


def importance(view: TreeView) -> pl.DataFrame:
    """Which groups matter over all products: group, importance, share; the largest first.

    importance   mean size of the contribution, in logarithms: 0.10 is about 10 % of sales
    """
    size = np.abs(view.groups).mean(axis=1)
    table = pl.DataFrame({"group": GROUPS, "importance": size})
    total = float(size.sum()) or 1.0
    return table.with_columns((pl.col("importance") / total).alias("share")).sort(
        "importance", "group", descending=[True, False]
    )


def feature_group(name: str, task: Task) -> str:
    """The group of a column of the trees' feature table."""
    own = (*task.roles.known, *task.roles.past)
    base = max((c for c in own if name == c or name.startswith(f"{c}_")), key=len, default="")
    if base:
        return group_of(base)
    static = task.roles.static
    if name in static or name.startswith(("all_", *(f"{c}_" for c in static))):
        return "category"
    if name in _dated():
        return "season"
    if "holiday" in name or name == "work_on_weekend" or name.startswith(tuple(FESTIVALS)):
        return "holiday"
    if name.startswith(SEASON):
        return "season"
    if name in OWN or name.startswith(("level_", "spread_")):
        return "lags"
    return "other"


def _dated() -> set[str]:
    """Names of the columns of the calendar at any frequency."""
    some = np.zeros(1, "datetime64[us]")
    return {name for freq in ("h", "D", "W", "MS") for name in calendar_columns(some, freq)}


def _contributions(member: Member, x: Single, share: Floats, threads: int) -> Floats:
    """SHAP values of one model, its line's own and the mean last, [R, F + 1]."""
    told = booster_of(member.trees).predict(x, num_threads=threads, pred_contrib=True)
    out = np.asarray(told, dtype=np.float64)
    return out if member.line is None else out + _of_line(member.line, x, share)


def _of_line(line: Linear, x: Single, share: Floats) -> Floats:
    """A ridge regression's terms, each with its column, the intercept last, [R, F + 1]."""
    design = line.design(x, share)
    used = int(line.use.sum())
    terms = design[:, 1:] * line.weights[1:]
    out = np.zeros((len(x), x.shape[1] + 1))
    out[:, :-1][:, line.use] = terms[:, :used] + terms[:, used:]
    out[:, -1] = line.weights[0]
    return out
