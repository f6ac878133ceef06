"""The files of a synthetic cross-border merchant: four exports, and what stands beside them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
import polars as pl

from tradewind.data.synthetic import marketplaces
from tradewind.data.synthetic.crossborder import FESTIVALS, crossborder_shop
from tradewind.data.synthetic.shop import SyntheticShop

START = datetime(2023, 11, 20)
DAYS = 728
"""Up to Sunday 2025-11-16: the eight weeks after it hold Black Friday, 12.12 and Christmas."""
SEED = 11
CHANNELS = {"tmall": "Tmall", "jd": "JD", "pinduoduo": "Pinduoduo", "amazon": "Amazon.com"}
"""Channel of the shop → as the export's lines are called once they are loaded."""
BUNDLE, LAUNCH, OLD = "SET-01", "N0001", "-V1"
OWN_CODES = {"jd": "JD-{}", "amazon": "{}-US"}
"""How the channels with codes of their own write every third product."""
LEDGER_DAYS, COUNTS = 28, 12
"""Days of the ledger of movements, and weekly counts of the stock before the end."""
PLANNED = timedelta(56)
"""How far ahead the calendar plans."""
LEFT_OUT = "12.12"
"""The festival that the merchant has not entered."""
PHASES = {
    "6.18 pre-sale": ("618", "presale"),
    "6.18 opening": ("618", "peak"),
    "6.18 finale": ("618", "peak"),
    "6.18 aftermath": ("618", "aftermath"),
    "11.11 pre-sale": ("11.11", "presale"),
    "11.11 opening": ("11.11", "peak"),
    "11.11 finale": ("11.11", "peak"),
    "11.11 aftermath": ("11.11", "aftermath"),
}
"""Festival of the shop → event and phase in the calendar; the others are their own peak."""


@dataclass(frozen=True, slots=True)
class Merchant:
    """A shop with known truth, and its tables as the merchant has them: file name → table."""

    shop: SyntheticShop
    exports: dict[str, pl.DataFrame]
    others: dict[str, pl.DataFrame]


def merchant(products: int = 40, days: int = DAYS) -> Merchant:
    """The merchant of the guide; the same every time. She sells `products` ≥ 10, on four channels.

    days   of history, up to 2025-11-16 whatever their number

    The first two products are sold as a bundle too, on Tmall. The third was sold under another
    code until the middle of the history; the fourth ends two weeks after it; N0001 comes a week
    after it, and sells like the fifth.
    """
    start = START + timedelta(DAYS - days)
    rng = np.random.default_rng(SEED)
    shop = crossborder_shop(rng, products, days, start, sales_per_day=2.5)
    end = start + timedelta(days - 1)
    lines = _with_bundle(_with_old_code(shop.lines, start + timedelta(days // 2)))
    exports = {}
    writers: dict[str, Callable[[pl.DataFrame], pl.DataFrame]] = {
        "tmall": marketplaces.tmall,
        "jd": marketplaces.jd,
        "pinduoduo": marketplaces.pinduoduo,
        "amazon": marketplaces.amazon,
    }
    for channel, write in writers.items():
        mine = _listed(lines.filter(pl.col("channel") == channel), channel)
        exports[f"{channel}.{'txt' if channel == 'amazon' else 'csv'}"] = write(mine)
    others = {
        "items.csv": items(shop, end),
        "bundles.csv": bundles(),
        "rates.csv": rates(start, end),
        "stock.csv": stock(shop, end),
        "movements.csv": movements(shop, end),
        "calendar.csv": calendar(shop, end),
        "launches.csv": launches(shop, end),
    }
    return Merchant(shop, exports, others)


def _with_old_code(lines: pl.DataFrame, until: datetime) -> pl.DataFrame:
    """The third product under its old code before the day on which its successor came."""
    old = (pl.col("product") == "P0003") & (pl.col("ordered_at") < until)
    return lines.with_columns(
        pl.when(old).then(pl.format("{}{}", "product", pl.lit(OLD))).otherwise("product")
        .alias("product")
    )  # fmt: skip


def _with_bundle(lines: pl.DataFrame) -> pl.DataFrame:
    """Single pieces of the first two products, on Tmall on one day, sold together as a bundle."""
    single = (
        lines.with_row_index("row")
        .filter(
            pl.col("channel") == "tmall",
            pl.col("status") == "paid",
            pl.col("quantity") == 1,
            pl.col("product").is_in(["P0001", "P0002"]),
        )
        .with_columns(pl.col("ordered_at").dt.truncate("1d").alias("day"))
        .with_columns(pl.int_range(pl.len()).over("day", "product").alias("turn"))
    )
    one, two = (single.filter(pl.col("product") == p) for p in ("P0001", "P0002"))
    pairs = one.join(two, on=["day", "turn"], suffix="_two", maintain_order="left")
    pairs = pairs.filter(pl.col("turn") % 2 == 0)
    sets = pairs.with_columns(
        pl.lit(BUNDLE).alias("product"),
        (0.9 * (pl.col("price") + pl.col("price_two"))).round(2).alias("price"),
        (pl.col("regular_price") + pl.col("regular_price_two")).alias("regular_price"),
        pl.format("{} + {}", "name", "name_two").alias("name"),
    ).select(lines.columns)
    gone = pl.concat([pairs["row"], pairs["row_two"]]).implode()
    rest = lines.with_row_index("row").filter(~pl.col("row").is_in(gone)).drop("row")
    return pl.concat([rest, sets]).sort("ordered_at", "event_id")


def _own_code(channel: str) -> pl.Expr:
    """The code that the channel gives to every third product, null for the others."""
    form = OWN_CODES.get(channel)
    third = pl.col("product").str.slice(1, 4).cast(pl.Int64, strict=False) % 3 == 1
    code = pl.format(form, "product") if form else pl.lit(None, pl.String)
    return pl.when(third & ~pl.col("product").str.ends_with(OLD)).then(code)


def _listed(lines: pl.DataFrame, channel: str) -> pl.DataFrame:
    return lines.with_columns(pl.coalesce(_own_code(channel), "product").alias("product"))


def items(shop: SyntheticShop, end: datetime) -> pl.DataFrame:
    """items.csv: a row for each product, one more for each code of a channel's own."""
    last = pl.col("product") == "P0004"
    goods = shop.products.select(
        pl.col("product"),
        *("name", "category", "brand"),
        pl.lit("active").alias("status"),
        *("supplier", "unit_cost", "currency"),
        pl.lit(None, pl.String).alias("successor"),
        pl.col("launch").dt.date().alias("launch_date"),
        pl.when(last).then(pl.lit((end + timedelta(14)).date())).alias("last_order_date"),
    )
    old = goods.filter(pl.col("product") == "P0003").with_columns(
        pl.lit("P0003" + OLD).alias("product"),
        pl.lit("discontinued").alias("status"),
        pl.lit("P0003").alias("successor"),
    )
    plain = [pl.lit(None, pl.String).alias(c) for c in ("channel", "channel_sku")]
    tables = [pl.concat([goods, old]).with_columns(plain)]
    for channel in OWN_CODES:
        own = goods.with_columns(
            pl.lit(CHANNELS[channel]).alias("channel"), _own_code(channel).alias("channel_sku")
        )
        tables.append(own.drop_nulls("channel_sku"))
    return pl.concat(tables).rename({"product": "sku"})


def bundles() -> pl.DataFrame:
    """bundles.csv: what the set consists of."""
    parts = ["P0001", "P0002"]
    return pl.DataFrame({"bundle": [BUNDLE] * 2, "component": parts, "quantity": [1, 1]})


def rates(start: datetime, end: datetime) -> pl.DataFrame:
    """rates.csv: US dollars in CNY, each working day."""
    days = pl.DataFrame({"date": pl.date_range(start.date(), end.date(), "1d", eager=True)})
    drift = 7.2 + 0.08 * (pl.int_range(pl.len()) / 90).sin()
    return days.select(
        "date",
        pl.lit("USD").alias("from"),
        pl.lit("CNY").alias("to"),
        drift.round(4).alias("rate"),
    ).filter(pl.col("date").dt.weekday() <= 5)


def stock(shop: SyntheticShop, end: datetime) -> pl.DataFrame:
    """stock.csv: weekly counts; the last one of what Tmall has most of is three short."""
    counted = _levels(shop).filter(
        pl.col("ds") > end - timedelta(7 * COUNTS), pl.col("ds").dt.weekday() == 7
    )
    last = (pl.col("channel") == "Tmall") & (pl.col("ds") == end)
    short = last & (pl.int_range(pl.len()) == pl.when(last).then("stock").arg_max())
    there = (pl.col("stock") - pl.when(short).then(3).otherwise(0)).cast(pl.Int64)
    reserved = (there // 12).alias("reserved")
    return counted.select(
        pl.col("product").alias("sku"),
        "channel",
        pl.col("ds").dt.date().alias("as_of"),
        (there - reserved).alias("sellable"),
        reserved,
    )


def movements(shop: SyntheticShop, end: datetime) -> pl.DataFrame:
    """movements.csv: what came in and went out on Tmall in the last four weeks."""
    days = _levels(shop).with_columns(
        (pl.col("stock").diff().over("product", "channel") + pl.col("y")).alias("receipt"),
        pl.col("y").alias("sale"),
    )
    recent = days.filter(pl.col("channel") == "Tmall", pl.col("ds") > end - timedelta(LEDGER_DAYS))
    moved = recent.unpivot(
        ["receipt", "sale"],
        index=["product", "channel", "ds"],
        variable_name="type",
        value_name="quantity",
    )
    return moved.filter(pl.col("quantity") > 0).sort("ds", "product", "type").select(
        pl.col("product").alias("sku"),
        "channel",
        pl.col("ds").dt.date().alias("date"),
        "type",
        pl.col("quantity").cast(pl.Int64),
    )  # fmt: skip


def _levels(shop: SyntheticShop) -> pl.DataFrame:
    """product, channel, ds, y, stock of every day, by series."""
    static = shop.panel.static.select("unique_id", "product", "channel")
    rows = shop.panel.frame.select("unique_id", "ds", "y", "stock")
    found = rows.join(static, on="unique_id", maintain_order="left").drop("unique_id")
    return found.with_columns(pl.col("channel").replace(CHANNELS))


def calendar(shop: SyntheticShop, end: datetime) -> pl.DataFrame:
    """calendar.csv: past festivals by phase and promotions, and the plans of eight weeks."""
    rows = shop.calendar.filter(pl.col("start") <= end + PLANNED)
    own = pl.col("name") == "promotion"
    twelfth = (pl.col("start").dt.month() == 12) & (pl.col("start").dt.day() == 12)
    forgotten = (pl.col("start") > end) & pl.when(own).then(twelfth).otherwise(
        pl.col("name") == LEFT_OUT
    )
    names = {f.name: PHASES.get(f.name, (f.name, "peak")) for f in FESTIVALS}
    event = {name: told[0] for name, told in names.items()}
    phase = {name: told[1] for name, told in names.items()}
    product = pl.col("unique_id").str.slice(0, 5)
    return rows.filter(~forgotten).select(
        pl.when(~own).then(pl.col("name").replace(event)).alias("event"),
        pl.col("channel").replace(CHANNELS),
        pl.when(own).then(product).alias("scope"),
        pl.col("start").dt.date().alias("from"),
        pl.col("end").dt.date().alias("to"),
        pl.when(own).then("depth").alias("depth"),
        pl.when(own).then(pl.lit("promotion")).otherwise(pl.col("name").replace(phase))
        .alias("kind"),
        pl.when(pl.col("start") > end).then(pl.lit("planned")).otherwise(pl.lit("confirmed"))
        .alias("status"),
    )  # fmt: skip


def launches(shop: SyntheticShop, end: datetime) -> pl.DataFrame:
    """launches.csv: one product that comes a week after the end, like the fifth at four fifths."""
    like = shop.products.filter(pl.col("product") == "P0005")
    return like.select(
        pl.lit(LAUNCH).alias("sku"),
        pl.lit((end + timedelta(8)).date()).alias("launch_date"),
        pl.lit("P0005").alias("like_sku"),
        pl.lit(0.8).alias("factor"),
        "price",
        pl.lit("Tmall").alias("channel"),
        pl.format("{} 2026", "name").alias("name"),
        *("category", "brand"),
    )
