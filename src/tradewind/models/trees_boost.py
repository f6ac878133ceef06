"""Boosted trees on time folds: each fold's model forecasts the span of time it has not seen."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

import numpy as np

from tradewind.arrays import Bools, Floats, Ints
from tradewind.models.field import Single
from tradewind.models.trees_linear import Lesson, Linear, fit_linear

BINS = 63
"""Bins of a column."""
BOOSTERS = 32
"""Trees that stay read; those of three spans of three models are used by each explanation."""
TRUSTS = (0.0, 0.25, 0.5, 0.75, 1.0)
"""Shares of the ridge regression that are tried."""
TABLE = {"max_bin": BINS, "feature_pre_filter": False, "verbosity": -1}
"""How LightGBM bins a feature table."""


@dataclass(frozen=True, slots=True)
class Boosting:
    """Settings of LightGBM.

    trees, leaves, learning_rate     most trees, leaves of each, step
    columns                          share of the columns that each tree sees
    threads, seed
    """

    trees: int = 300
    leaves: int = 63
    learning_rate: float = 0.06
    columns: float = 0.5
    threads: int = 2
    seed: int = 1


def parameters(settings: Boosting, objective: str, rows: int) -> dict[str, Any]:
    """What LightGBM is told."""
    return {
        "objective": objective,
        "num_leaves": int(np.clip(rows // 200, 7, settings.leaves)),
        "learning_rate": settings.learning_rate,
        "min_data_in_leaf": int(np.clip(rows // 2000, 10, 60)),
        "feature_fraction": settings.columns,
        "bagging_fraction": 0.7,
        "bagging_freq": 1,
        "lambda_l2": 2.0,
        **TABLE,
        "num_threads": settings.threads,
        "seed": settings.seed,
        "deterministic": True,
        "force_col_wise": True,
    }


@dataclass(frozen=True, slots=True)
class Member:
    """One fold's model: a line, trees (LightGBM's text) on what it leaves, its weight."""

    trees: str
    line: Linear | None
    weight: float = 1.0

    def predict(self, x: Single, share: Floats, threads: int) -> Floats:
        """[R, F], step ahead / h [R] → [R]."""
        out = np.asarray(booster_of(self.trees).predict(x, num_threads=threads), dtype=np.float64)
        return out if self.line is None else out + self.line.predict(x, share)


@lru_cache(maxsize=BOOSTERS)
def booster_of(text: str) -> Any:
    """The trees that LightGBM wrote as text; reading them takes as long as a small prediction."""
    import lightgbm as lgb

    return lgb.Booster(model_str=text)


@dataclass(frozen=True, slots=True)
class Tables:
    """A feature table as LightGBM bins it, once for all the models that learn from it.

    fold   [K]   the spans of time
    seen         for each span, the rows outside it
    unseen       for each span, its rows
    """

    fold: Ints
    seen: list[Any]
    unseen: list[Any]


def tables_of(lesson: Lesson, threads: int) -> Tables:
    """The tables of each fold, with the bins of the whole.

    Dataset.subset would save the copies, but LightGBM 4.7 then ended with a corrupted heap when one
    fit followed another.
    """
    import lightgbm as lgb

    whole = lgb.Dataset(
        lesson.x,
        lesson.answer,
        free_raw_data=False,
        params={**TABLE, "num_threads": threads},
    ).construct()

    def part(rows: Bools) -> Any:
        table = lgb.Dataset(
            lesson.x[rows],
            lesson.answer[rows],
            weight=lesson.weight[rows],
            reference=whole,
            params={**TABLE, "num_threads": threads},
        )
        return table.construct()

    spans = np.unique(lesson.fold)
    seen = [part(lesson.fold != held) for held in spans]
    return Tables(spans, seen, [part(lesson.fold == held) for held in spans])


def boost_folds(
    lesson: Lesson,
    tables: Tables,
    settings: Boosting,
    objective: str,
    numbers: Bools | None = None,
) -> tuple[tuple[Member, ...], Floats]:
    """One model a fold, and every row's prediction by the model that has not seen its span.

    The number of trees is the one that did best on the unseen spans together.
    tables        of this lesson, or of one with another answer
    numbers   [F]   columns that a ridge regression sees first; None for no regression
    """
    import lightgbm as lgb

    x = lesson.x
    lines = _lines(lesson, tables.fold, numbers)
    boosters, curves = [], []
    for held, line, taught, tried in zip(
        tables.fold, lines, tables.seen, tables.unseen, strict=True
    ):
        seen, unseen = lesson.fold != held, lesson.fold == held
        left: Floats = lesson.answer
        if line is not None:
            left = lesson.answer - line.predict(x, lesson.share)
        record: dict[str, Any] = {}
        boosters.append(
            lgb.train(
                {**parameters(settings, objective, int(seen.sum())), "metric": "l1"},
                taught.set_label(left[seen]),
                settings.trees,
                valid_sets=[tried.set_label(left[unseen])],
                valid_names=["unseen"],
                callbacks=[lgb.record_evaluation(record)],
            )
        )
        curves.append(np.array(record["unseen"]["l1"]) * unseen.sum())
    best = int(np.argmin(np.sum(curves, axis=0))) + 1
    members = tuple(
        Member(booster.model_to_string(num_iteration=best), line)
        for booster, line in zip(boosters, lines, strict=True)
    )
    out = np.zeros(len(lesson.answer))
    for held, member in zip(tables.fold, members, strict=True):
        unseen = lesson.fold == held
        out[unseen] = member.predict(x[unseen], lesson.share[unseen], settings.threads)
    return members, out


def _lines(lesson: Lesson, spans: Ints, numbers: Bools | None) -> list[Linear | None]:
    """A ridge regression a fold, shrunk as did best on unseen spans; None if by all."""
    nothing: list[Linear | None] = [None] * len(spans)
    if numbers is None or not numbers.any():
        return nothing
    lines = []
    unseen = np.zeros(len(lesson.answer))
    for held in spans:
        seen = lesson.fold != held
        lines.append(fit_linear(lesson.part(seen), numbers))
        unseen[~seen] = lines[-1].predict(lesson.x[~seen], lesson.share[~seen])
    losses = [
        float((lesson.weight * np.abs(lesson.answer - trust * unseen)).sum()) for trust in TRUSTS
    ]
    trust = TRUSTS[int(np.argmin(losses))]
    return [replace(line, weights=line.weights * trust) for line in lines] if trust else nothing


def blend(
    lesson: Lesson, tables: Tables, settings: Boosting, numbers: Bools
) -> tuple[tuple[Member, ...], Floats]:
    """Two kinds of model, mixed as did best on unseen spans, and the unseen predictions.

    One aims at the median on top of a line, the other at the mean without one: where the line
    helps, and where it misleads, differs from shop to shop.
    """
    first, unseen = boost_folds(lesson, tables, settings, "regression_l1", numbers)
    again = replace(settings, seed=settings.seed + 100)
    second, unseen_too = boost_folds(lesson, tables, again, "regression", None)
    mixes = [trust * unseen + (1 - trust) * unseen_too for trust in TRUSTS]
    losses = [float((lesson.weight * np.abs(lesson.answer - mix)).sum()) for mix in mixes]
    best = int(np.argmin(losses))
    trust = TRUSTS[best]
    members = [
        replace(member, weight=part)
        for kind, part in ((first, trust), (second, 1 - trust))
        for member in kind
        if part
    ]
    return tuple(members), mixes[best]


def predict(members: tuple[Member, ...], x: Single, share: Floats, threads: int) -> Floats:
    """Mean prediction of the fold models, [R]."""
    out = np.zeros(len(x))
    for member in members:
        out += member.weight * member.predict(x, share, threads)
    return out / sum(member.weight for member in members)
