"""The trees' own view adds up to what the trees say."""

from __future__ import annotations

import numpy as np
import pytest

from tests.laws.test_forecasters import TASK, H, fitted, past_of, shop
from tradewind.explain.groups import GROUPS
from tradewind.explain.trees import feature_group, importance, tree_view, trees_in
from tradewind.models.ar import AR
from tradewind.models.conformal import Conformal
from tradewind.models.ensemble import Ensemble
from tradewind.models.trees import FittedTrees, Trees
from tradewind.models.trees_boost import predict
from tradewind.models.uplift import Uplift
from tradewind.task import Roles, Task

SMALL = Trees(rows=1500, trees=15, leaves=7, threads=1)


def trees() -> FittedTrees:
    found = trees_in(fitted("trees"))
    assert found is not None
    return found


def test_level_bias_and_groups_add_up_to_the_raw_answer() -> None:
    model, known = trees(), past_of(shop())[1]
    view = tree_view(model, H, known)
    rows, x, level = model.table(H, known, "y")
    share = (rows.at - rows.origin) / rows.h
    raw = level + predict(model.learnt["y"].models, x, share, 1)
    np.testing.assert_allclose(view.raw, raw, atol=1e-5)
    np.testing.assert_allclose(view.bias + view.level + view.groups.sum(axis=0), raw, atol=1e-5)
    assert view.groups.shape == (len(GROUPS), 6 * H)


def test_some_questions_are_those_of_the_whole() -> None:
    model, known = trees(), past_of(shop())[1]
    whole, some = tree_view(model, H, known), tree_view(model, H, known, "y", np.array([9, 3]))
    np.testing.assert_allclose(some.groups, whole.groups[:, [9, 3]])
    assert (some.series.tolist(), some.step.tolist()) == ([1, 0], [2, 3])


def test_importance_is_the_mean_size_and_shares_add_up_to_one() -> None:
    view = tree_view(trees(), H, past_of(shop())[1])
    table = importance(view)
    assert table["share"].sum() == pytest.approx(1)
    assert table["importance"].is_sorted(descending=True)
    price = table.filter(group="price")["importance"][0]
    assert price == pytest.approx(np.abs(view.groups[GROUPS.index("price")]).mean())


def test_trees_are_found_wherever_they_stand() -> None:
    past, known = past_of(shop())
    inner = Conformal(Ensemble((AR(), SMALL), n_windows=1, beliefs=(1e6, 1e-6)), n_windows=1)
    model = Uplift(inner).fit(past, TASK)
    model.forecast(H, TASK.levels, known)
    found = trees_in(model)
    assert found is not None
    assert found.settings == SMALL
    assert trees_in(fitted("theta")) is None


def test_every_feature_has_the_group_that_a_merchant_expects() -> None:
    roles = Roles(
        static=("category",), known=("price", "mailer", "festival_618_peak"), past=("views",)
    )
    names = {
        "lags": ("last", "level_28", "spread_84", "zeros", "age"),
        "season": ("weekday", "year_day", "phase_4", "year_1_around", "month"),
        "price": ("price", "price_off", "price_+1", "price_mean"),
        "promotion": ("mailer", "mailer_since", "mailer_phase_4"),
        "holiday": ("holiday", "days_to_holiday", "618_peak", "festival_618_peak_before"),
        "category": ("category", "category_level", "all_year"),
        "other": ("ahead", "views_7"),
    }
    task = Task(h=7, roles=roles)
    for group, columns in names.items():
        assert {feature_group(name, task) for name in columns} == {group}
