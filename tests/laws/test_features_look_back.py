"""What lies after the origin changes no feature, unless it is known ahead."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tradewind.arrays import Floats
from tradewind.features.age import age_steps, steps_since_sold
from tradewind.features.category import group_means
from tradewind.features.lags import Sums, lagged, mean_around, trailing_mean, trailing_spread
from tradewind.features.price import price_to_category, regular_price, relative_price
from tradewind.features.promotion import known_at, steps_since_change, steps_until_change
from tradewind.models.field import Field
from tradewind.models.trees_columns import Rows, feature_table
from tradewind.panel import dates_from

N, T, H, ORIGIN = 4, 420, 10, 399
GROUPS = np.array([0, 0, 1, 1])


def past_values(seed: int = 3) -> Floats:
    values = np.random.default_rng(seed).gamma(2.0, 3.0, (N, T))
    values[1, 50:60] = np.nan
    return values


def tampered(values: Floats, first: int) -> Floats:
    """The same up to `first`, and something else from there on."""
    out = values.copy()
    out[:, first:] = 1000.0 + np.arange(values.shape[1] - first)
    return out


def rows() -> Rows:
    series = np.repeat(np.arange(N), H)
    at = ORIGIN + np.tile(np.arange(1, H + 1), N)
    return Rows(series, np.full(len(at), ORIGIN), at, H)


def lag_features(y: Floats) -> list[Floats]:
    r = rows()
    sums, squares = Sums.of(y), Sums.of(y**2)
    return [
        lagged(y, r.series, r.origin, r.at - 7),
        trailing_mean(sums, r.series, r.origin, 28),
        trailing_mean(sums, r.series, r.origin, 28, back=364),
        mean_around(sums, r.series, r.origin, r.at - 7, 30),
        trailing_spread(sums, squares, r.series, r.origin, 28),
        Sums.of(y, 7).phase_mean(r.series, r.origin, r.at, 4),
        age_steps(y, r.series, r.origin),
        steps_since_sold(y, r.series, r.origin),
        Sums.of(group_means(y, GROUPS)).mean(GROUPS[r.series], r.origin - 5, r.origin + 1),
    ]


def test_lags_age_and_category_do_not_see_beyond_the_origin() -> None:
    for before, after in zip(
        lag_features(past_values()), lag_features(tampered(past_values(), ORIGIN + 1)), strict=True
    ):
        np.testing.assert_array_equal(before, after)


def test_prices_and_runs_at_a_step_do_not_see_later_steps() -> None:
    y, other = past_values(), tampered(past_values(), ORIGIN + 1)
    for feature in (
        lambda v: regular_price(v, 28),
        lambda v: relative_price(v, 28),
        lambda v: price_to_category(v, GROUPS),
        steps_since_change,
    ):
        np.testing.assert_array_equal(feature(y)[:, : ORIGIN + 1], feature(other)[:, : ORIGIN + 1])


def test_known_columns_are_read_up_to_the_horizon_and_no_further() -> None:
    r = rows()
    flag = (past_values() > 6).astype(float)
    other = flag.copy()
    other[:, ORIGIN + H + 1 :] = 1 - other[:, ORIGIN + H + 1 :]
    for shift in (0, 3):
        np.testing.assert_array_equal(
            known_at(flag, r.series, r.at + shift, r.limit),
            known_at(other, r.series, r.at + shift, r.limit),
        )
    np.testing.assert_array_equal(
        steps_until_change(flag, r.series, r.at, r.limit),
        steps_until_change(other, r.series, r.at, r.limit),
    )


def field(y: Floats, flag: Floats, past: Floats) -> Field:
    return Field(
        ids=tuple("abcd"),
        ds=dates_from(np.datetime64("2024-01-01", "us").item(), T, "D"),
        freq="D",
        y=y.astype(np.float32),
        known={"flag": flag.astype(np.float32)},
        past={"views": past.astype(np.float32)},
        static={"kind": GROUPS.astype(np.float32)},
        texts=("kind",),
        closed=np.zeros((N, T), dtype=np.bool_),
        dated={},
    )


@pytest.mark.parametrize("what", ["y", "views", "flag"])
def test_the_feature_table_of_the_trees_looks_back(what: str) -> None:
    flag = (past_values(5) > 6).astype(float)
    honest = field(past_values(), flag, past_values(9))
    changed = {
        "y": lambda: field(tampered(past_values(), ORIGIN + 1), flag, past_values(9)),
        "views": lambda: field(past_values(), flag, tampered(past_values(9), ORIGIN + 1)),
        "flag": lambda: replace(
            honest, known={"flag": _flipped(flag, ORIGIN + H + 1).astype(np.float32)}
        ),
    }[what]()
    before, level = feature_table(honest, np.log1p(honest.y), rows(), 364, "flag")
    after, level_after = feature_table(changed, np.log1p(changed.y), rows(), 364, "flag")
    np.testing.assert_array_equal(level, level_after)
    assert before.keys() == after.keys()
    for name in before:
        np.testing.assert_array_equal(before[name], after[name], err_msg=name)


def _flipped(flag: Floats, first: int) -> Floats:
    out = flag.copy()
    out[:, first:] = 1 - out[:, first:]
    return out
