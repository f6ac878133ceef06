"""The products and suppliers of a synthetic shop."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from tradewind.arrays import Floats, Ints
from tradewind.data.synthetic.inventory import LONGEST, Sourcing
from tradewind.data.synthetic.names import WORDS, category_names
from tradewind.data.synthetic.settings import ShopSettings


@dataclass(frozen=True, slots=True)
class Catalogue:
    """P products and the suppliers behind them.

    ids, names, categories, brands   text of each product
    category, supplier               indices, [P]
    price, unit_cost                 in the shop's currency, [P]
    moq, pack_size                   units, [P]
    suppliers                        supplier, lead_time_days_mean, lead_time_days_sd
    """

    ids: list[str]
    names: list[str]
    categories: list[str]
    brands: list[str]
    category: Ints
    supplier: Ints
    price: Floats
    unit_cost: Floats
    moq: Floats
    pack_size: Floats
    suppliers: pl.DataFrame

    def sourcing(self, product: Ints) -> Sourcing:
        """How series are supplied; `product` is the product's index of each series."""
        mean = self.suppliers["lead_time_days_mean"].to_numpy()[self.supplier]
        sd = self.suppliers["lead_time_days_sd"].to_numpy()[self.supplier]
        return Sourcing(mean[product], sd[product], self.moq[product], self.pack_size[product])


def catalogue(
    settings: ShopSettings, lead_times: tuple[float, float], rng: np.random.Generator
) -> Catalogue:
    """Invent products and suppliers; `lead_times` is the range of a supplier's mean, in days."""
    n, words = settings.products, WORDS[settings.language]
    groups = category_names(settings.language, settings.categories)
    category = np.arange(n) % settings.categories
    kinds = [words.goods[g.split(" ")[0]] for g in groups]
    kind, adjective, brand = rng.integers(0, (5, 8, len(words.brands)), (n, 3)).T
    names = [
        words.separator.join(
            (words.brands[brand[i]], words.adjectives[adjective[i]], kinds[category[i]][kind[i]])
        )
        for i in range(n)
    ]
    usual = settings.median_price * rng.lognormal(0, 0.6, settings.categories)
    price = np.maximum(usual[category] * rng.lognormal(0, 0.4, n), 1.5)
    width = max(len(str(n)), 4)
    return Catalogue(
        ids=[f"P{i:0{width}d}" for i in range(1, n + 1)],
        names=names,
        categories=[groups[c] for c in category],
        brands=[words.brands[b] for b in brand],
        category=category,
        supplier=rng.integers(0, len(words.suppliers), n),
        price=price,
        unit_cost=np.round(price * rng.uniform(0.4, 0.7, n), 2),
        moq=rng.choice([1.0, 6.0, 12.0, 24.0], n),
        pack_size=rng.choice([1.0, 6.0, 12.0], n, p=[0.5, 0.3, 0.2]),
        suppliers=_suppliers(words.suppliers, lead_times, rng),
    )


def _suppliers(
    names: tuple[str, ...], lead_times: tuple[float, float], rng: np.random.Generator
) -> pl.DataFrame:
    mean = np.round(rng.uniform(*lead_times, len(names)), 1)
    return pl.DataFrame(
        {
            "supplier": list(names),
            "lead_time_days_mean": np.minimum(mean, LONGEST / 2),
            "lead_time_days_sd": np.round(mean * rng.uniform(0.1, 0.35, len(names)), 1),
        }
    )
