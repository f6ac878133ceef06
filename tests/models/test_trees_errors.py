"""The shape of the trees' errors: what a unit is worth, few sales apart, and no absurd quantile."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from tradewind.metrics import wql
from tradewind.models.naive import Average
from tradewind.models.trees import Trees
from tradewind.models.trees_errors import (
    GRID,
    GROUPS,
    PER_GROUP,
    grain_of,
    scores_of,
    shape_of,
)
from tradewind.models.trees_scale import scale_of
from tradewind.panel import Panel, dates_from, next_ds
from tradewind.task import DECILES, Task

SMALL = Trees(rows=20_000, trees=60, leaves=15, threads=1)
PARTS, SEEN, H = 300, 27, 12
HIGH = DECILES.index(0.9)


def slow_movers(unit: float) -> Panel:
    """300 parts over 39 months, sold in one month of four, a few times `unit` at once."""
    rng = np.random.default_rng(7)
    share = np.clip(rng.beta(1.2, 3.6, (PARTS, 1)), 0.01, 0.9)
    size = 1 + rng.poisson(rng.gamma(1.5, 0.7, (PARTS, 1)), (PARTS, SEEN + H))
    y = unit * size * (rng.random(size.shape) < share)
    ds = dates_from(np.datetime64("2020-01-01", "us").item(), SEEN + H, "MS")
    ids = np.repeat([f"s{k:03d}" for k in range(PARTS)], SEEN + H)
    frame = pl.DataFrame({"unique_id": ids, "ds": np.tile(np.array(ds), PARTS), "y": y.ravel()})
    return Panel.from_frame(frame, "MS")


@pytest.mark.parametrize("unit", [1.0, 12.0, 19.99], ids=["pieces", "dozens", "money"])
def test_upper_quantiles_of_slow_movers_stay_near_what_they_sold(unit: float) -> None:
    panel, task = slow_movers(unit), Task(h=H)
    window = task.window(panel, next_ds(panel.start, "MS", SEEN - 1))
    quantiles = SMALL.fit(window.past, task).forecast(H, (*DECILES, 0.99)).quantiles
    usual = Average().fit(window.past, task).forecast(H, DECILES).quantiles
    truth, most = panel.after(window.past.end).wide(), window.past.wide().max()
    assert quantiles[:, :, HIGH].max() < 3 * most
    assert np.median(quantiles[:, :, -1]) < most
    assert 0.87 < (truth <= quantiles[:, :, HIGH]).mean() < 0.94
    assert (truth >= quantiles[:, :, 0]).mean() > 0.97
    assert wql(truth, quantiles[:, :, : len(DECILES)], DECILES) < 0.9 * wql(truth, usual, DECILES)


def test_half_a_step_is_the_way_to_the_next_sale_on_the_scale() -> None:
    y = np.array([[0, 3, 0, 1], [2.5, 0, 0.5, 1], [0, 0, 0, np.nan]], np.float32)
    scale = scale_of(y, 0.1)
    grain = grain_of(y, scale)
    np.testing.assert_allclose(scale.size, [1, 1, 1])
    none, one = np.log(0.1), np.log(1.1)
    z, series = np.array([none, one, none, one, none]), np.array([0, 0, 1, 1, 2])
    to_half = np.log(0.6 / 0.1) / 2
    nothing_between = 0.0
    want = [np.log(11) / 2, np.log(2.1 / 1.1) / 2, to_half, nothing_between, np.log(11) / 2]
    np.testing.assert_allclose(grain.half(z, series), want, rtol=1e-6)


def test_what_is_nearer_to_none_than_to_the_first_sale_is_none_if_none_has_been() -> None:
    y = np.array([[0, 4, 9, 4], [40, 50.5, 60, 50], [7, 7, 8, 7], [0, 0, 0, 0]], np.float32)
    grain = grain_of(y, scale_of(y, 0.1))
    values = np.array([[1.9, 2.1], [0.0, 9.0], [0.4, 2.0], [3.5, 3.7]])
    none = grain.none(values, np.arange(4))
    assert none.tolist() == [[True, False], [False, False], [True, False], [True, False]]


def test_on_the_linear_scale_a_step_is_the_same_from_everywhere() -> None:
    y = np.array([[-4, 0, 4, 0]], np.float32)
    grain = grain_of(y, scale_of(y, 0.1))
    half = grain.half(np.array([-2.0, 1.5, 2.0]), np.zeros(3, np.int64))
    np.testing.assert_allclose(half, 1 / 2 / 2)


def test_an_exact_hit_is_as_wrong_as_half_a_step_and_a_miss_keeps_its_size() -> None:
    y = np.array([[0, 1, 0, 3]], np.float32)
    grain = grain_of(y, scale_of(y, 0.1))
    z, series = np.full(2, np.log(0.1)), np.zeros(2, np.int64)
    size = np.exp(grain.size_of(np.array([0.0, -5.0]), z, series))
    np.testing.assert_allclose(size, [np.log(11) / 2 + 1e-3, 5.001], rtol=1e-6)


def test_a_fast_mover_is_fine_and_a_slow_one_coarse() -> None:
    y = np.array([[90, 110, 100, 100], [0, 1, 0, 0]], np.float32)
    scale = scale_of(y, 0.1)
    middle = scale.forward(np.array([[100], [0]], np.float32)).ravel().astype(np.float64)
    coarse = grain_of(y, scale).coarse(middle, np.array([0.2, 2.0]), np.arange(2))
    assert coarse.tolist() == [False, True]


def test_fine_errors_have_the_plain_quantiles_of_their_scores() -> None:
    rng = np.random.default_rng(1)
    size = np.exp(rng.normal(size=1000))
    error = size * rng.normal(size=1000)
    shape = shape_of(error, size, np.zeros(1000, np.bool_))
    plain = np.quantile(error / size, GRID)
    got = shape.at(np.array([0.1, 9.0]), np.array([False, False]), GRID)
    np.testing.assert_allclose(got, [plain, plain])


def test_a_rare_sale_widens_the_coarse_errors_of_its_size_only() -> None:
    """Small errors are one sale in twenty, large ones every second: 4 either way."""
    rng = np.random.default_rng(2)
    large = np.arange(20_000) % 2 == 0
    error = 4.0 * (rng.random(20_000) < np.where(large, 0.5, 0.05))
    size = (np.where(large, 1.0, 0.1) * rng.uniform(0.99, 1.01, 20_000)).astype(np.float64)
    shape = shape_of(error.astype(np.float64), size, np.ones(20_000, np.bool_))
    probe, coarse = np.array([0.1, 1.0]), np.array([True, True])
    high = probe[:, None] * shape.at(probe, coarse, np.array([0.9]))
    np.testing.assert_allclose(high.ravel(), [0.0, 4.0], atol=0.05)


def test_a_kind_with_few_errors_takes_the_shape_of_all() -> None:
    rng = np.random.default_rng(3)
    coarse = np.arange(1000) < PER_GROUP - 1
    error, size = rng.normal(size=1000) * np.where(coarse, 9.0, 1.0), np.ones(1000)
    shape = shape_of(error, size, coarse)
    assert len(shape_of(error, size, ~coarse).coarse.sizes) == (1000 - PER_GROUP + 1) // PER_GROUP
    assert len(shape.coarse.sizes) == GROUPS
    np.testing.assert_allclose(scores_of(error, size, GROUPS).quantiles, shape.coarse.quantiles)


def test_the_place_of_a_quantile_is_its_level() -> None:
    rng = np.random.default_rng(5)
    size = np.exp(rng.normal(size=4000))
    coarse = rng.random(4000) < 0.5
    shape = shape_of(rng.normal(size=4000) * size ** np.where(coarse, 1.5, 1), size, coarse)
    levels = np.array([0.03, 0.5, 0.9])
    some, kinds = np.repeat(size[:6], 3), np.repeat(coarse[:6], 3)
    score = shape.at(size[:6], coarse[:6], levels).ravel()
    assert set(coarse[:6].tolist()) == {True, False}
    np.testing.assert_allclose(shape.place(score, some, kinds), np.tile(levels, 6), atol=1e-6)
