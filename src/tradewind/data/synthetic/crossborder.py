"""A Chinese cross-border shop on Tmall, JD, Pinduoduo and Amazon, kept in RMB."""

from __future__ import annotations

from datetime import datetime

import numpy as np

from tradewind.data.synthetic.series import Market
from tradewind.data.synthetic.settings import Festival, ShopSettings
from tradewind.data.synthetic.shop import SyntheticShop, shop

CHINA = ("jd", "pinduoduo", "tmall")
MARKETS = {
    "tmall": Market(share=1.0),
    "jd": Market(share=0.6, price=1.03),
    "pinduoduo": Market(share=0.8, price=0.85),
    "amazon": Market(share=0.35, price=1.6, currency="USD", rate=7.2),
}
FESTIVALS = (
    Festival("6.18 pre-sale", 5, 24, days=8, lift=-0.15, channels=CHINA),
    Festival("6.18 opening", 5, 31, days=4, lift=0.7, depth=0.15, channels=CHINA),
    Festival("6.18 finale", 6, 16, days=3, lift=1.1, depth=0.2, channels=CHINA),
    Festival("6.18 aftermath", 6, 19, days=7, lift=-0.3, channels=CHINA),
    Festival("11.11 pre-sale", 10, 21, days=10, lift=-0.2, channels=CHINA),
    Festival("11.11 opening", 10, 31, days=3, lift=0.9, depth=0.2, channels=CHINA),
    Festival("11.11 finale", 11, 10, days=2, lift=1.5, depth=0.25, channels=CHINA),
    Festival("11.11 aftermath", 11, 12, days=8, lift=-0.4, channels=CHINA),
    Festival("12.12", 12, 12, lift=0.5, depth=0.1, channels=CHINA),
    Festival("National Day", 10, 1, days=7, lift=-0.15, channels=CHINA),
    Festival("Prime Day", 7, 8, days=2, lift=0.9, depth=0.2, weekday=1, channels=("amazon",)),
    Festival("Black Friday", 11, 23, days=4, lift=1.0, depth=0.25, weekday=4, channels=("amazon",)),
    Festival("Christmas shopping", 12, 5, days=15, lift=0.5, channels=("amazon",)),
    Festival("Christmas", 12, 24, days=3, lift=-0.7, channels=("amazon",)),
)
"""Phases of each festival: shoppers wait, buy at the opening and the finale, and are done. The
lengths follow the usual calendar of the marketplaces; the sizes are invented."""


def crossborder_shop(
    rng: np.random.Generator,
    products: int = 60,
    days: int = 730,
    start: datetime = datetime(2023, 1, 2),
    freq: str = "D",
    sales_per_day: float = 6.0,
) -> SyntheticShop:
    """A shop with Chinese names on four channels; Amazon sells in USD, all costs are in CNY.

    Suppliers take two to six weeks. Order lines, stock, purchase orders and customers as in `shop`.
    """
    settings = ShopSettings(
        products=products,
        days=days,
        start=start,
        freq=freq,
        categories=8,
        channels=("amazon", *CHINA),
        sales_per_day=sales_per_day,
        median_price=80.0,
        festivals=FESTIVALS,
        currency="CNY",
        language="zh",
    )
    return shop(settings, rng, MARKETS, lead_times=(14.0, 42.0))
