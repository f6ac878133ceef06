"""From a merchant's table to the network's context: which column goes where; earlier cutoffs."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from tests.models.pretrained_shops import as_shop, field, priced_shop, sales
from tradewind.features.calendar import calendar_columns
from tradewind.models.pretrained.encode import encode


def test_known_columns_come_first_then_dates_then_past_only() -> None:
    y = sales(4, 40)
    rng = np.random.default_rng(0)
    price, views = rng.random((4, 60)), rng.random((4, 40))
    hidden = np.concatenate([rng.random((4, 40)), np.full((4, 20), np.nan)], axis=1)
    holiday = (np.arange(60) % 9 == 0).astype(float)
    dated = {"holiday": holiday, "weekday": np.arange(60.0), "never": np.zeros(60)}
    made = field(
        y, 20, known={"hidden": hidden, "price": price}, past={"views": views}, dated=dated
    )
    shop = as_shop(made)
    assert shop.kinds == (1, 1, 2, 2)
    np.testing.assert_array_equal(shop.slots[0][:, :60], price.astype(np.float32))
    np.testing.assert_array_equal(shop.slots[1][0, :60], holiday)
    np.testing.assert_array_equal(shop.slots[-2], hidden[:, :40].astype(np.float32))
    np.testing.assert_array_equal(shop.slots[-1], views.astype(np.float32))
    assert not (set(dated) - {"holiday", "never"}) - set(calendar_columns(made.ds[:1], "D"))


@pytest.mark.parametrize("role", ["known", "past"])
def test_texts_become_flags_of_their_most_frequent_values(role: str) -> None:
    steps, h = 40, 20
    length = steps + h if role == "known" else steps
    codes = np.zeros((3, length), np.float32)  # the commonest
    codes[:, ::4] = np.tile(np.arange(1, 7), 9)[: codes[:, ::4].shape[1]]
    codes[0, 1::8], codes[1, 1::9], codes[2, 1::11], codes[1, 2::13] = 5, 3, 3, 2
    codes[0, 7] = np.nan
    shop = as_shop(field(sales(3, steps), h, **{role: {"kind": codes}}), texts=("kind",))
    assert shop.kinds == ((1,) * 4 if role == "known" else (2,) * 4)
    counts = {code: (codes[:, :steps] == code).sum() for code in range(1, 7)}  # of the past
    order = sorted(counts, key=lambda code: (-counts[code], code))[:4]
    for flag, code in zip(shop.slots, order, strict=True):
        np.testing.assert_array_equal(flag[:, :length], codes == code)


def test_the_first_sixteen_columns_are_kept() -> None:
    y = sales(3, 40)
    rng = np.random.default_rng(0)
    known = {f"k{i}": rng.random((3, 60)) for i in range(12)}
    past = {f"p{i}": rng.random((3, 40)) for i in range(9)}
    shop = as_shop(field(y, 20, known=known, past=past))
    assert shop.kinds == (1,) * 12 + (2,) * 4
    np.testing.assert_array_equal(shop.slots[11][:, :60], known["k11"].astype(np.float32))
    np.testing.assert_array_equal(shop.slots[15], past["p3"].astype(np.float32))


def test_gaps_of_a_column_are_as_before_and_those_of_a_flag_are_none() -> None:
    price = np.array([[np.nan, np.nan, 5, 6, np.nan, 7, np.nan, np.nan]])
    promo = np.array([[np.nan, 1, 0, 0, np.nan, 1, np.nan, 1]])
    never = np.full((1, 8), np.nan)
    y = np.ones((1, 6), np.float32)
    shop = as_shop(
        field(y, 2, known={"price": price, "promo": promo}, past={"never": never[:, :6]})
    )
    assert shop.kinds == (1, 2, 2)
    assert shop.slots[0][0, :8].tolist() == [0, 1, 0, 0, 0, 1, 0, 1]
    assert shop.slots[1][0].tolist() == [5, 5, 5, 6, 6, 7]
    assert (shop.slots[2] == 0).all()


@pytest.mark.parametrize("h", [7, 16, 20, 28])
def test_a_horizon_is_read_alike_whether_or_not_it_fills_its_tokens(h: int) -> None:
    """A price that stays, to the end of the last token or only to the end of the horizon."""
    y, rng = sales(steps=60), np.random.default_rng(0)
    price = 9 + rng.random((12, 60 + 32))
    price[:, 60 + h - 1 :] = price[:, 60 + h - 1, None]
    promo = (rng.random(price.shape) < 0.2).astype(np.float32)
    promo[:, 60 + h :] = 0
    got = {}
    for ahead in (h, 32 if h > 16 else 16):
        columns = {"price": price[:, : 60 + ahead], "promo": promo[:, : 60 + ahead]}
        context = as_shop(field(y, ahead, known=columns)).context(np.arange(12), 64)
        got[ahead], _ = encode(context, -(-h // 16))
    short, full = got.values() if len(got) == 2 else (got[h], got[h])
    np.testing.assert_allclose(short.query, full.query, atol=1e-5)
    np.testing.assert_allclose(short.fine, full.fine, atol=1e-5)


# Earlier cutoffs


def test_nothing_after_an_earlier_cutoff_is_read_but_what_is_known_ahead() -> None:
    whole, rows, end, h = priced_shop(), np.arange(12), 100, 20
    before, _ = encode(whole.earlier(rows, end, h).context(rows, 128), 2)
    y, views = whole.field.y.copy(), whole.field.past["views"].copy()
    y[:, end:], views[:, end:] = 999, 999
    censored = whole.censored.copy()
    censored[:, end:] = True
    known = {name: v.copy() for name, v in whole.field.known.items()}
    known["price"][:, end + h :] = 77
    changed = replace(
        whole,
        field=replace(whole.field, y=y, past={"views": views}, known=known),
        censored=censored,
    )
    after, _ = encode(changed.earlier(rows, end, h).context(rows, 128), 2)
    for name, value in after.arrays().items():
        np.testing.assert_array_equal(value, getattr(before, name), err_msg=name)
    known["price"][:, end : end + h] += 1
    planned, _ = encode(changed.earlier(rows, end, h).context(rows, 128), 2)
    born = np.isfinite(y[:, :end]).any(axis=1)
    assert (np.abs(planned.query - before.query).max(axis=(1, 2, 3))[born] > 0.1).all()
    assert born.sum() == 9


def test_an_earlier_shop_is_the_shop_of_an_earlier_day() -> None:
    whole, rows, end = priced_shop(steps=150), np.array([0, 2, 7]), 110
    then = whole.earlier(rows, end, 20)
    assert (then.field.steps, then.field.h, then.field.ids) == (110, 20, ("s0", "s2", "s7"))
    made = field(
        whole.field.y[rows, :end],
        20,
        known={k: v[rows, : end + 20] for k, v in whole.field.known.items()},
        past={k: v[rows, :end] for k, v in whole.field.past.items()},
    )
    mine, _ = encode(then.context(np.arange(3), 128), 2)
    want, _ = encode(as_shop(made).context(np.arange(3), 128), 2)
    for name, value in mine.arrays().items():
        np.testing.assert_array_equal(value, getattr(want, name), err_msg=name)


def test_a_flag_means_the_same_in_every_window() -> None:
    """Of the two rarer texts the first leads early on, the second in the whole past."""
    codes = np.zeros((3, 120), np.float32)
    codes[:, 0:50:8], codes[:, 61::4] = 1, 2
    early = as_shop(field(sales(3, 75), 20, known={"kind": codes[:, :95]}), texts=("kind",))
    assert early.flags == {"kind": (1.0, 2.0)}
    whole = as_shop(field(sales(3, 100), 20, known={"kind": codes}), texts=("kind",))
    then = whole.earlier(np.array([0, 2]), 75, 20)
    assert then.flags == whole.flags == {"kind": (2.0, 1.0)}
    np.testing.assert_array_equal(then.slots[0][:, :75], codes[[0, 2], :75] == 2)


def test_a_series_is_told_the_usual_size_of_its_kind() -> None:
    y = np.random.default_rng(0).gamma(2, 9, (12, 60)).astype(np.float32)
    y[0] = np.nan  # a launch tells nothing, and is told like any other
    y[1] = -5  # no logarithm
    kind = np.array([0, 1, 2] * 4, np.float32)
    kind[11] = 9
    y[11] = 0
    shop = as_shop(replace(field(y, 20), static={"kind": kind}, texts=("kind",)))
    for k in range(12):
        kin = [y[j].mean() for j in range(2, 11) if kind[j] == kind[k]]
        want = (np.mean([math.log(v) for v in kin]) - 3) / 2 if kin else 0
        assert shop.static[k, 0] == pytest.approx(want, rel=1e-5), k
    assert not shop.static[:, 1:].any()
    assert not as_shop(field(y, 20)).static.any()


def test_a_launch_is_lent_the_mean_past_of_its_kind() -> None:
    y = sales(12, 60)
    y[0] = y[5] = np.nan
    made = field(y, 20)
    kind = np.array([0, 1] * 6, np.float32)
    shop = as_shop(replace(made, static={"kind": kind}, texts=("kind",)))
    assert shop.borrowed.tolist() == [k in (0, 5) for k in range(12)]
    for launch in (0, 5):
        for t in range(60):
            theirs = [y[k, t] for k in range(12) if kind[k] == kind[launch]]
            theirs = [v for v in theirs if np.isfinite(v)]
            assert shop.y[launch, t] == pytest.approx(np.mean(theirs), rel=1e-5)
    others = ~shop.borrowed
    np.testing.assert_array_equal(shop.y[others], y[others])
    context = shop.context(np.array([5, 6]), 64)
    assert context.borrowed.tolist() == [True, False]
    assert not np.array_equal(as_shop(made).y[5], shop.y[5])  # without kinds: of all others
    nothing = as_shop(field(np.full((2, 40), np.nan, np.float32)))
    assert not nothing.borrowed.any()
