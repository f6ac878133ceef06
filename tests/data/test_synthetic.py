"""Synthetic shops keep what they promise about their truth."""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import timedelta

import numpy as np
import polars as pl
import pytest

from tradewind.data.synthetic import ShopSettings, SyntheticShop, crossborder_shop, shop
from tradewind.data.synthetic.demand import ar1, counts
from tradewind.data.synthetic.inventory import Sourcing, run_inventory

SMALL = ShopSettings(products=40, days=420)


def made(settings: ShopSettings = SMALL, seed: int = 3) -> SyntheticShop:
    return shop(settings, np.random.default_rng(seed))


def test_the_same_seed_gives_the_same_shop_and_another_seed_another() -> None:
    assert made().panel.frame.equals(made().panel.frame)
    assert made().lines.equals(made().lines)
    assert not made().panel.frame.equals(made(seed=4).panel.frame)


@pytest.mark.parametrize("freq", ["D", "W-MON"])
def test_sales_never_exceed_demand_and_truth_has_the_shape_of_the_panel(freq: str) -> None:
    invented = made(replace(SMALL, freq=freq))
    y = invented.panel.wide()
    assert y.shape == invented.demand.shape == invented.mean.shape
    assert (np.isnan(y) == np.isnan(invented.demand)).all()
    assert (y <= invented.demand)[~np.isnan(y)].all()
    assert invented.elasticity.shape == (len(invented.panel.ids),)


def test_sales_fall_short_of_demand_only_where_the_stock_ends_at_zero() -> None:
    invented = made()
    short = invented.panel.wide() < invented.demand
    assert short.sum() > 50
    assert (invented.panel.wide("stock")[short] == 0).all()


def test_without_stockouts_sales_are_demand_and_a_shop_may_record_no_stock() -> None:
    invented = made(replace(SMALL, stockouts=False, stock_column=False))
    np.testing.assert_array_equal(invented.panel.wide(), invented.demand)
    assert "stock" not in invented.panel.frame.columns


def test_mean_demand_is_the_mean_of_demand() -> None:
    invented = made(replace(SMALL, products=600, stockouts=False, shock=0.0))
    ratio = np.nansum(invented.demand) / np.nansum(invented.mean)
    assert ratio == pytest.approx(1, abs=0.01)


def test_a_regression_on_prices_finds_the_true_elasticity() -> None:
    invented = made(
        replace(SMALL, products=60, days=730, intermittent=0.0, sales_per_day=60.0, stockouts=False)
    )
    depth = invented.panel.wide("promotion")
    price = np.log(invented.panel.wide("price") / invented.panel.wide("regular_price"))
    found = []
    for n in range(len(invented.elasticity)):
        cut = depth[n] > 0
        mean = np.log(invented.mean[n])
        gap = np.roll(cut, 7) | np.roll(cut, -7)
        late = cut & ~np.isnan(mean)
        calm = ~cut & gap & ~np.isnan(mean)
        found.append((mean[late].mean() - mean[calm].mean()) / price[n][late].mean())
    error = np.asarray(found) - invented.elasticity
    assert abs(np.median(error)) < 0.6
    assert np.corrcoef(found, invented.elasticity)[0, 1] > 0.6


def test_errors_are_shared_across_series_and_over_time() -> None:
    settings = replace(SMALL, products=200, shock=0.2, categories=1, sales_per_day=200.0)
    invented = made(replace(settings, intermittent=0.0, stockouts=False))
    log = np.nanmean(np.log((invented.demand + 0.5) / (invented.mean + 0.5)), axis=0)
    assert log.std() > 0.15
    assert np.corrcoef(log[1:], log[:-1])[0, 1] == pytest.approx(0.7, abs=0.15)


def test_ar1_has_the_standard_deviation_and_correlation_asked_for() -> None:
    paths = ar1(400, 500, 0.6, 0.3, np.random.default_rng(1))
    assert paths.std() == pytest.approx(0.3, abs=0.01)
    assert np.corrcoef(paths[:, 1:].ravel(), paths[:, :-1].ravel())[0, 1] == pytest.approx(
        0.6, abs=0.02
    )


def test_counts_have_the_negative_binomial_variance() -> None:
    mean = np.full((1, 200_000), 8.0)
    drawn = counts(mean, np.array([0.25]), np.random.default_rng(2))
    assert drawn.mean() == pytest.approx(8, rel=0.01)
    assert drawn.var() == pytest.approx(8 + 0.25 * 64, rel=0.03)


def test_the_inventory_equals_a_plain_loop_over_one_series() -> None:
    demand = np.random.default_rng(5).poisson(5.0, (1, 200)).astype(float)
    one = np.ones(1)
    got = run_inventory(demand, Sourcing(7 * one, 0 * one, one, one), 1.0, np.random.default_rng(6))
    arrivals = np.zeros(400)
    for _, _, day, units in got.orders:
        arrivals[day] += units
    on_hand = got.stock[0, 0] + got.sales[0, 0]
    for t in range(200):
        on_hand += arrivals[t] if t else 0
        sold = min(demand[0, t], on_hand)
        on_hand -= sold
        assert (sold, on_hand) == (got.sales[0, t], got.stock[0, t])


def test_paid_lines_add_up_to_sales() -> None:
    invented = made(replace(SMALL, channels=("shop", "web"), locations=("E", "W")))
    paid = invented.lines.filter(pl.col("status") == "paid")
    day = pl.col("ordered_at").dt.truncate("1d").alias("ds")
    by_line = paid.group_by("product", "channel", "location", day).agg(pl.col("quantity").sum())
    static = invented.panel.static
    by_panel = invented.panel.frame.join(static, on="unique_id").filter(pl.col("y") > 0)
    both = by_panel.join(by_line, on=["product", "channel", "location", "ds"], how="full")
    assert both["y"].equals(both["quantity"], null_equal=False)
    assert paid.select("category", "brand", "name").null_count().sum_horizontal().item() == 0
    assert paid["customer"].is_in(invented.customers["customer"].implode()).all()
    assert invented.lines["event_id"].n_unique() == len(invented.lines)


def test_open_orders_and_the_snapshot_agree() -> None:
    invented = made()
    waiting = invented.supply.filter(pl.col("received_at").is_null())["quantity"].sum()
    assert waiting == invented.stock["on_order"].sum() > 0
    last = np.nan_to_num(invented.panel.wide("stock")[:, -1])
    np.testing.assert_array_equal(invented.stock["on_hand"].to_numpy(), last)


def test_planned_prices_follow_the_history_without_a_gap() -> None:
    invented = made()
    assert invented.planned["ds"].to_list()[0] - invented.panel.end == timedelta(days=1)
    assert len(invented.planned) == 56 * len(invented.panel.ids)
    assert (invented.planned["price"] <= invented.planned["regular_price"]).all()


def test_the_crossborder_shop_sells_on_four_channels_in_two_currencies() -> None:
    invented = crossborder_shop(np.random.default_rng(1), products=16, days=420)
    static = invented.panel.static
    assert set(static["channel"]) == {"tmall", "jd", "pinduoduo", "amazon"}
    assert set(static.filter(pl.col("channel") == "amazon")["currency"]) == {"USD"}
    assert set(static.filter(pl.col("channel") != "amazon")["currency"]) == {"CNY"}
    assert invented.rates == {"CNY": 1.0, "USD": 7.2}
    assert static["name"].str.contains(r"\p{Han}").all()
    assert (invented.products["unit_cost"] < invented.products["price"]).all()


def test_double_eleven_is_the_peak_in_china_and_not_on_amazon() -> None:
    invented = crossborder_shop(np.random.default_rng(1), products=40, days=420)
    peak = np.flatnonzero(invented.panel.ds == np.datetime64("2023-11-11"))[0]
    amazon = (invented.panel.static["channel"] == "amazon").to_numpy()
    china = np.nansum(invented.mean[~amazon], axis=0)
    other = np.nansum(invented.mean[amazon], axis=0)
    assert china[peak] > 3 * np.median(china)
    assert other[peak] / np.median(other) < 0.6 * china[peak] / np.median(china)


def test_a_thousand_products_and_two_years_take_less_than_three_seconds() -> None:
    begin = time.perf_counter()
    made(ShopSettings(products=1000, days=730))
    assert time.perf_counter() - begin < 10  # 1.6 s on an idle machine; CI machines are busy
