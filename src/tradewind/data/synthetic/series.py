"""The series of a synthetic shop: product × channel × location, and how they differ."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from tradewind.arrays import Floats
from tradewind.data.synthetic.catalogue import Catalogue
from tradewind.data.synthetic.demand import Traits
from tradewind.data.synthetic.prices import PricePlan, festival_days, price_plan
from tradewind.data.synthetic.settings import ShopSettings
from tradewind.panel import unique_id


@dataclass(frozen=True, slots=True)
class Market:
    """What one channel is like.

    share      of a product's `sales_per_day` that it sells
    price      its price level, as a multiple of the product's price
    currency   its money; "" is the shop's
    rate       how much of the shop's currency one unit of `currency` is worth
    """

    share: float = 1.0
    price: float = 1.0
    currency: str = ""
    rate: float = 1.0


def series_keys(
    settings: ShopSettings, goods: Catalogue, markets: dict[str, Market]
) -> pl.DataFrame:
    """One row per series, by unique_id: its keys, its product's index, its market."""
    rows = []
    for channel in settings.channels or (None,):
        market = markets.get(channel or "", Market())
        for location in settings.locations or (None,):
            rows += [
                {
                    "unique_id": unique_id(product, channel, location),
                    "product": product,
                    "channel": channel,
                    "location": location,
                    "index": index,
                    "share": market.share,
                    "base": goods.price[index] * market.price / market.rate,
                    "currency": market.currency or settings.currency,
                }
                for index, product in enumerate(goods.ids)
            ]
    text = {"channel": pl.String, "location": pl.String}
    return pl.DataFrame(rows, schema_overrides=text, infer_schema_length=None).sort("unique_id")


def currency_rates(settings: ShopSettings, markets: dict[str, Market]) -> dict[str, float]:
    """What one unit of each currency that the shop sells in is worth in its own."""
    abroad = {m.currency: m.rate for m in markets.values() if m.currency}
    return {settings.currency: 1.0, **abroad}


def traits(
    settings: ShopSettings, goods: Catalogue, keys: pl.DataFrame, rng: np.random.Generator
) -> Traits:
    """Level, elasticity, growth and life of each series, alike over a product's channels."""
    n, days = settings.products, settings.days
    level = settings.sales_per_day * rng.lognormal(0, 0.9, n)
    slow = rng.random(n) < settings.intermittent
    level[slow] = np.exp(rng.uniform(np.log(0.02), np.log(0.5), slow.sum()))
    elasticity = np.clip(rng.normal(settings.elasticity, settings.elasticity_spread, n), -6.0, -0.2)
    growth = rng.normal(0, settings.trend, n)
    launched = rng.random(n) < settings.launches
    launched[0] = False  # somebody sells from the first day, so that the panel begins there
    launch = np.where(launched, rng.integers(days // 10, max(days * 85 // 100, 2), n), 0)
    fades = rng.random(n) < settings.declines
    fade = np.where(fades, rng.integers(days * 3 // 10, max(days * 9 // 10, 2), n), 10 * days)
    row = keys["index"].to_numpy()
    share = keys["share"].to_numpy() * rng.lognormal(0, 0.3 if len(keys) > n else 0.0, len(keys))
    return Traits(
        category=goods.category[row],
        level=level[row] * share,
        elasticity=elasticity[row],
        growth=growth[row],
        launch=launch[row],
        fade=fade[row],
        dispersion=settings.dispersion * rng.lognormal(0, 0.4, len(keys)),
    )


def plan_prices(
    settings: ShopSettings,
    goods: Catalogue,
    keys: pl.DataFrame,
    steps: int,
    rng: np.random.Generator,
) -> tuple[PricePlan, Floats]:
    """Prices of each series over `steps` days, and what each festival adds to ln demand, [N, K]."""
    festivals = settings.festivals
    on = festival_days(festivals, settings.start, steps)
    channel = keys["channel"].to_list()
    kept = np.array(
        [[not f.channels or c in f.channels for f in festivals] for c in channel], np.bool_
    ).reshape(len(keys), len(festivals))
    row = keys["index"].to_numpy()
    joins = rng.random((settings.products, len(festivals))) < 0.6
    depth = kept * joins[row] * np.array([f.depth for f in festivals])
    size = rng.uniform(0.5, 1.5, (settings.categories, len(festivals)))[goods.category[row]]
    lifts = kept * size * np.array([f.lift for f in festivals])
    base = keys["base"].to_numpy()
    return price_plan(base, settings.promotion_rate, on, depth, rng), lifts
