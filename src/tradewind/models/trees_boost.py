"""Boosted trees on time folds: each fold's model forecasts the span of time it has not seen."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from tradewind.arrays import Floats, Ints
from tradewind.models.trees_field import Single


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
        "max_bin": 63,
        "num_threads": settings.threads,
        "seed": settings.seed,
        "deterministic": True,
        "force_col_wise": True,
        "verbosity": -1,
    }


def boost_folds(
    x: Single,
    target: Floats,
    weight: Floats,
    fold: Ints,
    settings: Boosting,
    objective: str = "regression",
) -> tuple[tuple[str, ...], Floats]:
    """Models as text, one a fold, and every row's prediction by the model that has not seen it.

    The number of trees is the one that did best on the unseen spans together.
    """
    import lightgbm as lgb

    boosters, curves = [], []
    metric = "l1"
    whole = lgb.Dataset(
        x, target, weight=weight, free_raw_data=False, params={"max_bin": 63, "verbosity": -1}
    )
    whole.construct()
    for held in np.unique(fold):
        seen, unseen = np.flatnonzero(fold != held), np.flatnonzero(fold == held)
        record: dict[str, Any] = {}
        told = {**parameters(settings, objective, len(seen)), "metric": metric}
        boosters.append(
            lgb.train(
                told,
                whole.subset(seen),
                settings.trees,
                valid_sets=[whole.subset(unseen)],
                valid_names=["unseen"],
                callbacks=[lgb.record_evaluation(record)],
            )
        )
        curves.append(np.array(record["unseen"][metric]) * len(unseen))
    best = int(np.argmin(np.sum(curves, axis=0))) + 1
    out = np.zeros(len(target))
    for held, booster in zip(np.unique(fold), boosters, strict=True):
        mine = fold == held
        out[mine] = booster.predict(x[mine], num_iteration=best, num_threads=settings.threads)
    return tuple(b.model_to_string(num_iteration=best) for b in boosters), out


def predict(models: tuple[str, ...], x: Single, threads: int) -> Floats:
    """Mean prediction of the fold models, [R]."""
    import lightgbm as lgb

    total = np.zeros(len(x))
    for text in models:
        total += lgb.Booster(model_str=text).predict(x, num_threads=threads)
    return total / max(len(models), 1)
