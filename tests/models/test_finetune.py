"""Fine-tuning learns a shop's own ways, and is never worse than the network it was lent."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from functools import cache

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="networks need tradewind[deep]")

from tradewind.arrays import Floats32  # noqa: E402
from tradewind.models.field import Field  # noqa: E402
from tradewind.models.pretrained.finetune import (  # noqa: E402
    Tuned,
    encoded,
    finetune,
    score,
    window_batch,
)
from tradewind.models.pretrained.loss import TRUTH  # noqa: E402
from tradewind.models.pretrained.network import Network, Size  # noqa: E402
from tradewind.models.pretrained.slots import Shop, shop_of  # noqa: E402
from tradewind.models.pretrained.tuning import FineTune  # noqa: E402
from tradewind.panel import dates_from  # noqa: E402

H = 8
FEW = FineTune(seconds=600, steps=10, rates=(1e-3,), batch=8)
"""The clock never ends it, so that the result is the same every time."""


def small_network(seed: int = 0) -> Network:
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        network = Network(Size(width=32, layers=2, heads=2, hidden=48, embed=32, step=16))
        torch.nn.init.normal_(network.head.last.weight, std=0.02)
    return network.eval()


def shop_with(y: Floats32, promo: Floats32 | None = None) -> Shop:
    """Daily series without a step ahead, and one column known ahead."""
    made = Field(
        ids=tuple(f"s{k}" for k in range(len(y))),
        ds=dates_from(datetime(2024, 1, 1), y.shape[1], "D"),
        freq="D",
        y=y,
        known={} if promo is None else {"promo": promo},
        past={},
        static={},
        texts=(),
        closed=np.zeros(y.shape, np.bool_),
        dated={},
    )
    return shop_of(made, np.zeros(y.shape, np.bool_), 7, {})


def odd_shop(n: int = 20, steps: int = 120) -> Shop:
    """A shop whose promotions double sales in even weeks and halve them in odd ones."""
    rng = np.random.default_rng(0)
    parity = np.where(np.arange(steps) // 7 % 2 == 0, 1.0, -1.0)
    promo = rng.random((n, steps)) < 0.5
    log_sales = np.log(20) + 0.7 * promo * parity + rng.normal(0, 0.05, (n, steps))
    return shop_with(np.exp(log_sales).astype(np.float32), promo.astype(np.float32))


def plain_shop(n: int = 6, steps: int = 60) -> Shop:
    rng = np.random.default_rng(1)
    return shop_with(rng.gamma(5, 2, (n, steps)).astype(np.float32))


@cache
def tuned_on_odd_shop() -> tuple[Network, Tuned]:
    network = small_network()
    settings = FineTune(seconds=600, steps=100, rates=(3e-3, 1e-9), batch=20)
    return network, finetune(network, odd_shop(), settings, 7)


def test_twenty_series_are_enough_to_learn_what_no_other_shop_does() -> None:
    _, made = tuned_on_odd_shop()
    assert made.after < 0.9 * made.before
    assert made.rate == 3e-3
    assert made.steps == 20 + 20 + 60


def test_what_is_told_of_the_last_window_is_true_of_the_weights() -> None:
    network, made = tuned_on_odd_shop()
    shop = odd_shop()
    arrays = encoded(shop, np.arange(20), 120 - 7, 7)
    test = [{k: torch.from_numpy(np.ascontiguousarray(v)) for k, v in arrays.items()}]
    assert score(network, test) == pytest.approx(made.before, rel=1e-5)
    again = Network(network.size)
    again.load_state_dict(made.weights)
    assert score(again, test) == pytest.approx(made.after, rel=1e-5)


def test_the_network_that_was_lent_is_not_changed() -> None:
    network, made = tuned_on_odd_shop()
    for name, value in small_network().state_dict().items():
        assert torch.equal(network.state_dict()[name], value), name
    assert any(not torch.equal(v, made.weights[k]) for k, v in network.state_dict().items())


@pytest.mark.parametrize("rates", [(1e-12,), (30.0,), (1e-12, 30.0)])
def test_nothing_that_does_worse_is_kept(rates: tuple[float, ...]) -> None:
    """Rates that do nothing, and such that destroy what the network knew."""
    network = small_network()
    made = finetune(network, plain_shop(), replace(FEW, rates=rates), H)
    assert made.after <= made.before
    if made.after == made.before:
        assert made.rate == 0
        for name, value in network.state_dict().items():
            assert torch.equal(made.weights[name], value)


def test_a_hopeless_rate_does_not_spoil_the_others() -> None:
    settings = replace(FEW, steps=150, rates=(1e30, 1e-3), batch=4)
    made = finetune(small_network(), plain_shop(), settings, H)
    assert made.rate in (0, 1e-3)
    assert np.isfinite(made.after)


def test_the_same_seed_gives_the_same_weights_and_another_does_not() -> None:
    first, again = (finetune(small_network(), odd_shop(), FEW, H) for _ in range(2))
    assert first.rate == again.rate == 1e-3
    assert (first.before, first.after, first.steps) == (again.before, again.after, again.steps)
    for name, value in first.weights.items():
        assert torch.equal(value, again.weights[name])
    other = finetune(small_network(), odd_shop(), replace(FEW, seed=5), H)
    assert any(not torch.equal(v, other.weights[k]) for k, v in first.weights.items())


@pytest.mark.parametrize("steps", [4, 29, 36, 37, 40, 49, 50, 51, 70])
def test_any_length_of_history_is_tuned_on_or_left_alone(steps: int) -> None:
    network = small_network()
    made = finetune(network, plain_shop(steps=steps), replace(FEW, steps=5, batch=3), 28)
    if np.isnan(made.before):
        assert (made.rate, made.steps) == (0, 0)
        assert all(torch.equal(v, made.weights[k]) for k, v in network.state_dict().items())
    else:
        assert made.steps > 0
        assert made.after <= made.before
    assert np.isnan(made.before) == (steps < 28 + 14 + 8)  # a horizon, half of one, a past


def test_series_that_are_too_young_or_empty_leave_the_network_as_it_was() -> None:
    for first in (52, 39, 31, 29, 20):
        young = plain_shop().field.y.copy()
        young[:, :first] = np.nan
        made = finetune(small_network(), shop_with(young), replace(FEW, steps=5), 20)
        assert np.isnan(made.before) == (first >= 60 - 20 - 10)
        assert made.rate == 0 or made.after < made.before
    empty = np.full((3, 60), np.nan, np.float32)
    made = finetune(small_network(), shop_with(empty), replace(FEW, steps=5), H)
    assert (made.rate, made.steps) == (0, 0)


def test_series_of_every_age_train_together() -> None:
    y = plain_shop(8, 90).field.y.copy()
    for k in range(8):
        y[k, : 12 * k] = np.nan
    y[2, 30:50] = np.nan
    made = finetune(small_network(), shop_with(y), FEW, H)
    assert np.isfinite([made.before, made.after]).all()


def test_the_last_window_is_never_trained_on() -> None:
    """Whatever it holds, the windows drawn for training are the same."""
    shop, end = odd_shop(), 120 - H
    y = shop.field.y.copy()
    y[:, end:] *= 50
    other = replace(shop, field=replace(shop.field, y=y))
    for k in range(40):
        mine, its = (window_batch(s, 6, (end, H), np.random.default_rng(k)) for s in (shop, other))
        for name, value in mine.items():
            np.testing.assert_array_equal(value, its[name], err_msg=name)


def test_a_window_holds_the_truth_and_its_inputs_do_not() -> None:
    shop, rows = odd_shop(), np.array([3, 0, 7])
    before = encoded(shop, rows, 70, 5)
    assert before["target"].shape == (3, 16)
    assert (before["weight"][:, 5:] == 0).all()
    assert (before["weight"][:, :5] > 0).all()
    y = shop.field.y.copy()
    y[:, 70:75] = 0
    after = encoded(replace(shop, field=replace(shop.field, y=y)), rows, 70, 5)
    assert (after["zero"][:, :5] == 1).all()
    assert (np.abs(after["target"] - before["target"])[:, :5] > 0.1).all()
    for name, value in before.items():
        if name not in TRUTH:
            np.testing.assert_array_equal(after[name], value, err_msg=name)


def test_what_stock_limited_or_was_closed_is_not_learnt() -> None:
    shop = odd_shop()
    censored, closed = shop.censored.copy(), shop.field.closed.copy()
    censored[0, 70], closed[1, 71] = True, True
    y = shop.field.y.copy()
    y[2, 72] = np.nan
    marked = replace(shop, censored=censored, field=replace(shop.field, closed=closed, y=y))
    weight = encoded(marked, np.arange(4), 70, 5)["weight"][:, :5]
    gone = [(0, 0), (1, 1), (2, 2)]
    assert [tuple(place) for place in np.argwhere(weight == 0).tolist()] == gone


def test_going_on_from_tuned_weights_takes_a_while_and_is_never_worse() -> None:
    network, made = tuned_on_odd_shop()
    mine = Network(network.size)
    mine.load_state_dict(made.weights)
    settings = FineTune(seconds=80, steps=100, rates=(3e-3, 1e-3)).once_more(made.rate)
    assert (settings.seconds, settings.steps, settings.rates) == (10, 12, (3e-3,))
    more = finetune(mine, odd_shop(), replace(settings, batch=8), 7)
    assert more.before == pytest.approx(made.after, rel=1e-5)
    assert more.after <= more.before


def test_seconds_end_it_early() -> None:
    settings = FineTune(seconds=0.01, steps=10_000, rates=(1e-3, 1e-4), batch=4)
    assert 2 <= finetune(small_network(), plain_shop(), settings, H).steps <= 12


def test_settings_of_nothing_are_refused() -> None:
    for wrong in ({"seconds": 0}, {"steps": 0}, {"batch": 0}, {"rates": ()}):
        with pytest.raises(ValueError, match="more than nothing"):
            FineTune(**wrong)
