"""Order lines and customers behind the sales of a synthetic shop."""

from __future__ import annotations

import numpy as np
import polars as pl

from tradewind.arrays import Floats, Ints
from tradewind.data.synthetic.names import WORDS
from tradewind.data.synthetic.settings import ShopSettings

US_PER_DAY = 86_400_000_000
HOURS = np.array([1, 1, 1, 1, 1, 2, 3, 5, 7, 8, 9, 9, 8, 7, 7, 7, 7, 8, 10, 12, 13, 11, 6, 3])
"""How orders spread over the hours of a day."""
LABELS = ("product", "channel", "location", "currency", "category", "brand", "name")
"""Static columns that every order line carries."""


def order_lines(
    frame: pl.DataFrame, customers: pl.DataFrame, category: Ints, rng: np.random.Generator
) -> pl.DataFrame:
    """Canonical sales lines whose quantities add up to y of each row of `frame`.

    A customer buys 1 to 4 units a line, favours some categories, and comes back in proportion to
    her own rate. One order line in fifty is cancelled; those come on top and do not count as sales.

    frame     panel rows with LABELS beside ds, y, price, regular_price and promotion
    category  [rows]  category index of each row
    """
    units = frame["y"].fill_null(0).to_numpy().astype(np.int64)
    row, quantity = _split(units, rng)
    cancelled = rng.random(len(row)) < 0.02
    row = np.concatenate([row, row[cancelled]])
    quantity = np.concatenate([quantity, quantity[cancelled]])
    status = np.where(np.arange(len(row)) < len(cancelled), "paid", "cancelled")
    second = rng.choice(24, len(row), p=HOURS / HOURS.sum()) * 3600 + rng.integers(
        0, 3600, len(row)
    )
    who = _buyers(category[row], customers, rng)
    at = frame["ds"].to_numpy()[row] + second.astype("timedelta64[s]")
    take = frame.select(*LABELS, "price", "regular_price", "promotion")[row]
    lines = take.with_columns(
        pl.Series("ordered_at", at).cast(pl.Datetime("us")),
        pl.Series("quantity", quantity.astype(np.float64)),
        pl.Series("customer", customers["customer"].to_numpy()[who]).cast(pl.String),
        pl.Series("status", status).cast(pl.String),
    ).sort("ordered_at", "product", "customer", "quantity", "status")
    width = len(str(len(lines)))
    return lines.select(
        pl.format("L{}", pl.int_range(1, pl.len() + 1).cast(pl.String).str.zfill(width)).alias(
            "event_id"
        ),
        pl.col("ordered_at").alias("recorded_at"),
        "ordered_at",
        "product",
        "channel",
        "location",
        "customer",
        "quantity",
        "price",
        "currency",
        "status",
        "regular_price",
        "promotion",
        "category",
        "brand",
        "name",
    )


def customers(n: int, settings: ShopSettings, rng: np.random.Generator) -> pl.DataFrame:
    """n customers: id, region, first seen, how often they buy, and the category they favour."""
    places = WORDS[settings.language].places
    width = len(str(n))
    return pl.DataFrame(
        {
            "customer": [f"C{i:0{width}d}" for i in range(1, n + 1)],
            "region": [places[k] for k in rng.integers(0, len(places), n)],
            "since": np.datetime64(settings.start, "us")
            - (rng.integers(0, 700, n) * US_PER_DAY).astype("timedelta64[us]"),
            "rate": np.round(rng.gamma(0.7, 1.0, n) + 0.02, 3),
            "favourite": rng.integers(0, settings.categories, n),
        }
    )


def _split(units: Ints, rng: np.random.Generator) -> tuple[Ints, Ints]:
    """Cut each total into lines of 1 to 4 units: the row of each line, and its quantity."""
    row = np.repeat(np.arange(len(units)), units)
    if not len(row):
        return row, row
    fresh = rng.random(len(row)) < 0.75  # a unit opens a new line, or joins the one before
    fresh[0] = True
    fresh[1:] |= row[1:] != row[:-1]
    start = np.flatnonzero(fresh)
    within = np.arange(len(row)) - np.repeat(start, np.diff([*start, len(row)]))
    fresh |= within % 4 == 0
    start = np.flatnonzero(fresh)
    return row[start], np.diff([*start, len(row)])


def _buyers(category: Ints, people: pl.DataFrame, rng: np.random.Generator) -> Ints:
    """A customer for each line: half the time one who favours its category, [lines]."""
    rate: Floats = people["rate"].to_numpy()
    anyone = np.searchsorted(np.cumsum(rate) / rate.sum(), rng.random(len(category)))
    favourite = people["favourite"].to_numpy()
    loyal = rng.random(len(category)) < 0.5
    for c in range(int(category.max(initial=-1)) + 1):
        fans = np.flatnonzero(favourite == c)
        mine = np.flatnonzero(loyal & (category == c))
        if len(fans) and len(mine):
            share = np.cumsum(rate[fans]) / rate[fans].sum()
            anyone[mine] = fans[np.searchsorted(share, rng.random(len(mine)))]
    return np.minimum(anyone, len(people) - 1)
