"""A whole shop with known truth: demand, elasticities, stock-outs, suppliers, customers."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cached_property

import numpy as np
import polars as pl

from tradewind.arrays import Floats
from tradewind.data.synthetic import orders, tables
from tradewind.data.synthetic.catalogue import catalogue
from tradewind.data.synthetic.demand import counts, mean_demand, surprises
from tradewind.data.synthetic.inventory import run_inventory
from tradewind.data.synthetic.series import (
    Market,
    currency_rates,
    plan_prices,
    series_keys,
    traits,
)
from tradewind.data.synthetic.settings import ShopSettings
from tradewind.panel import Panel

PLANNED_DAYS = 56
"""How far beyond the history prices and promotions are already planned."""


@dataclass(frozen=True)
class SyntheticShop:
    """A shop and the truth about it. Arrays are in the order of `panel.ids` and `panel.ds`.

    panel        y (units sold), price, regular_price, promotion (price cut, a share), stock (at the
                 end of the period, unless the shop records none); static: product, channel,
                 location, category, brand, name, currency
    demand       [N, T]  units that customers wanted; nan before the launch
    mean         [N, T]  true mean demand, before the period's common surprise
    elasticity   [N]     true own price elasticity
    planned      unique_id, ds, price, regular_price, promotion of the 56 days after the history
                 (8 weeks, in a weekly shop)
    products     product, name, category, brand, supplier, price, unit_cost, currency, moq,
                 pack_size, launch (null: before the history)
    suppliers    supplier, lead_time_days_mean, lead_time_days_sd
    supply       purchase orders: order_id, product, channel, location, supplier, ordered_at,
                 due_at, received_at (null: open), quantity, unit_cost, currency
    stock        at the end: taken_at, product, channel, location, on_hand, on_order
    customers    customer, region, since, rate (how often she buys), favourite (category's index)
    calendar     promotions and festivals, planned ones too: name, unique_id (null: all), channel,
                 start, end (inclusive), depth
    rates        what one unit of each currency is worth in the shop's own
    daily        the panel by day (the same as `panel` in a daily shop)
    seed         of the order lines
    """

    settings: ShopSettings
    panel: Panel
    demand: Floats
    mean: Floats
    elasticity: Floats
    planned: pl.DataFrame
    products: pl.DataFrame
    suppliers: pl.DataFrame
    supply: pl.DataFrame
    stock: pl.DataFrame
    customers: pl.DataFrame
    calendar: pl.DataFrame
    rates: dict[str, float]
    daily: Panel
    seed: int

    @cached_property
    def lines(self) -> pl.DataFrame:
        """Canonical sales lines, made when first asked for; paid quantities add up to y."""
        static = self.daily.static.select("unique_id", *orders.LABELS)
        code = self.daily.static["category"].rank("dense").cast(pl.Int64) - 1
        frame = self.daily.frame.join(
            static.with_columns(code.alias("code")), on="unique_id", maintain_order="left"
        )
        rng = np.random.default_rng(self.seed)
        return orders.order_lines(frame, self.customers, frame["code"].to_numpy(), rng)


def shop(
    settings: ShopSettings,
    rng: np.random.Generator,
    markets: dict[str, Market] | None = None,
    lead_times: tuple[float, float] = (4.0, 14.0),
) -> SyntheticShop:
    """Invent a shop; the same settings and the same generator state give the same shop.

    markets      what each of `settings.channels` is like; equal channels if not given
    lead_times   range of the suppliers' mean lead times, days
    """
    settings = _on_grid(settings)
    days = settings.days
    goods = catalogue(settings, lead_times, rng)
    keys = series_keys(settings, goods, markets or {})
    ids = keys["unique_id"].to_list()
    nature = traits(settings, goods, keys, rng)
    plan, lifts = plan_prices(settings, goods, keys, days + PLANNED_DAYS, rng)
    mean = mean_demand(nature, plan, lifts, settings, rng)[:, :days]
    surprise = np.exp(surprises(settings, nature.category, days, rng))
    demand = counts(mean * surprise, nature.dispersion, rng)
    sourcing = goods.sourcing(keys["index"].to_numpy())
    stocked = run_inventory(demand, sourcing, settings.cover, rng, limited=settings.stockouts)
    daily = tables.daily_panel(settings, tables.static_table(keys, goods), plan, stocked)
    people = orders.customers(12 * settings.products + 40, settings, rng)
    made = SyntheticShop(
        settings=settings,
        panel=daily,
        demand=demand,
        mean=mean,
        elasticity=nature.elasticity,
        planned=tables.planned_table(settings, ids, plan),
        products=tables.products_table(settings, goods, tables.launch_days(nature, keys)),
        suppliers=goods.suppliers,
        supply=tables.purchase_orders(settings, keys, goods, stocked),
        stock=tables.stock_snapshot(settings, keys, stocked),
        customers=people,
        calendar=tables.calendar_table(settings, keys, plan),
        rates=currency_rates(settings, markets or {}),
        daily=daily,
        seed=int(rng.integers(2**32)),
    )
    return made if settings.freq == "D" else _by_week(made)


def _on_grid(settings: ShopSettings) -> ShopSettings:
    """Midnight of the first day; in a weekly shop the Monday from it on, and whole weeks."""
    start = datetime.combine(settings.start.date(), datetime.min.time())
    if settings.freq == "D":
        return replace(settings, start=start)
    start += timedelta(-start.weekday() % 7)
    return replace(settings, start=start, days=settings.days // 7 * 7, freq="W-MON")


def _by_week(daily: SyntheticShop) -> SyntheticShop:
    """The same shop with days added up to weeks; a launch's incomplete week is left out."""
    n = len(daily.demand)
    planned = daily.planned.group_by(
        "unique_id", pl.col("ds").dt.truncate("1w"), maintain_order=True
    ).agg(pl.col(c).mean() for c in tables.AVERAGES)
    return replace(
        daily,
        panel=tables.weekly_panel(daily.daily, daily.settings.freq),
        demand=daily.demand.reshape(n, -1, 7).sum(axis=2),
        mean=daily.mean.reshape(n, -1, 7).sum(axis=2),
        planned=planned,
    )
