"""Tables of a synthetic shop: panel, products, purchase orders, stock, calendar."""

from __future__ import annotations

from datetime import datetime, timedelta

import numpy as np
import polars as pl

from tradewind.arrays import Floats
from tradewind.data.synthetic.catalogue import Catalogue
from tradewind.data.synthetic.demand import Traits
from tradewind.data.synthetic.inventory import Stocked
from tradewind.data.synthetic.prices import PricePlan
from tradewind.data.synthetic.settings import ShopSettings
from tradewind.panel import Panel, dates_from

AVERAGES = ("price", "regular_price", "promotion")


def static_table(keys: pl.DataFrame, goods: Catalogue) -> pl.DataFrame:
    """unique_id, product, channel, location, category, brand, name, currency."""
    row = keys["index"].to_numpy()
    return keys.select("unique_id", "product", "channel", "location").with_columns(
        pl.Series("category", np.array(goods.categories)[row]).cast(pl.String),
        pl.Series("brand", np.array(goods.brands)[row]).cast(pl.String),
        pl.Series("name", np.array(goods.names)[row]).cast(pl.String),
        keys["currency"],
    )


def long_table(ids: list[str], first: datetime, columns: dict[str, Floats]) -> pl.DataFrame:
    """Matrices [N, T] of days from `first` on as one long table."""
    n, steps = next(iter(columns.values())).shape
    days = pl.Series(dates_from(first, steps, "D"))
    out = pl.DataFrame(
        {
            "unique_id": pl.Series(ids).gather(np.repeat(np.arange(n), steps)),
            "ds": days.gather(np.tile(np.arange(steps), n)),
        }
    )
    return out.with_columns(pl.Series(name, m.reshape(-1)) for name, m in columns.items())


def daily_panel(
    settings: ShopSettings, static: pl.DataFrame, plan: PricePlan, stocked: Stocked
) -> Panel:
    """The history by day; rows before a launch are not there."""
    d = settings.days
    columns = {
        "y": stocked.sales,
        "price": plan.price[:, :d],
        "regular_price": plan.regular[:, :d],
        "promotion": plan.depth[:, :d],
    }
    if settings.stock_column:
        columns["stock"] = stocked.stock
    frame = long_table(static["unique_id"].to_list(), settings.start, columns)
    return Panel.from_frame(frame.filter(pl.col("y").is_not_nan()), "D", static)


def planned_table(settings: ShopSettings, ids: list[str], plan: PricePlan) -> pl.DataFrame:
    """Prices and promotions after the history, by day."""
    d = settings.days
    columns = {
        "price": plan.price[:, d:],
        "regular_price": plan.regular[:, d:],
        "promotion": plan.depth[:, d:],
    }
    return long_table(ids, settings.start + timedelta(d), columns)


def products_table(
    settings: ShopSettings, goods: Catalogue, launch: list[int | None]
) -> pl.DataFrame:
    """One row per product; `launch` is the day of its first sale, None if before the history."""
    supplier = goods.suppliers["supplier"].gather(goods.supplier)
    return pl.DataFrame(
        {
            "product": goods.ids,
            "name": goods.names,
            "category": goods.categories,
            "brand": goods.brands,
            "supplier": supplier,
            "price": np.round(goods.price, 2),
            "unit_cost": goods.unit_cost,
            "currency": [settings.currency] * len(goods.ids),
            "moq": goods.moq,
            "pack_size": goods.pack_size,
            "launch": pl.Series(
                [None if k is None else settings.start + timedelta(k) for k in launch],
                dtype=pl.Datetime("us"),
            ),
        }
    )


def purchase_orders(
    settings: ShopSettings, keys: pl.DataFrame, goods: Catalogue, stocked: Stocked
) -> pl.DataFrame:
    """Every purchase order; those that arrive after the history are open (no received_at)."""
    series, placed, arrives, units = stocked.orders.T
    row = keys["index"].to_numpy()[series]
    mean = goods.suppliers["lead_time_days_mean"].to_numpy()[goods.supplier[row]]
    origin = np.datetime64(settings.start, "D")
    ordered, due = origin + placed, origin + placed + np.rint(mean).astype(np.int64)
    received = pl.Series(origin + arrives).cast(pl.Datetime("us"))
    return pl.DataFrame(
        {
            "order_id": [f"PO{i + 1:07d}" for i in range(len(series))],
            "product": keys["product"].gather(series),
            "channel": keys["channel"].gather(series),
            "location": keys["location"].gather(series),
            "supplier": goods.suppliers["supplier"].gather(goods.supplier[row]),
            "ordered_at": pl.Series(ordered).cast(pl.Datetime("us")),
            "due_at": pl.Series(due).cast(pl.Datetime("us")),
            "received_at": received.zip_with(
                pl.Series(arrives < settings.days), pl.Series([None], dtype=pl.Datetime("us"))
            ),
            "quantity": units.astype(np.float64),
            "unit_cost": goods.unit_cost[row],
            "currency": [settings.currency] * len(series),
        }
    )


def stock_snapshot(settings: ShopSettings, keys: pl.DataFrame, stocked: Stocked) -> pl.DataFrame:
    """What is on hand and on order at the end of the history."""
    series, _, arrives, units = stocked.orders.T
    on_order = np.zeros(len(keys))
    is_open = arrives >= settings.days
    np.add.at(on_order, series[is_open], units[is_open])
    return keys.select(
        pl.lit(settings.start + timedelta(settings.days - 1)).alias("taken_at"),
        "product",
        "channel",
        "location",
    ).with_columns(
        pl.Series("on_hand", np.nan_to_num(stocked.stock[:, -1])), pl.Series("on_order", on_order)
    )


def calendar_table(settings: ShopSettings, keys: pl.DataFrame, plan: PricePlan) -> pl.DataFrame:
    """Promotions of each series (festivals' cuts included), and the festivals themselves."""
    depth = plan.depth
    before = np.pad(depth, ((0, 0), (1, 0)))[:, :-1]
    after = np.pad(depth, ((0, 0), (0, 1)))[:, 1:]
    series, begin = np.nonzero((depth > 0) & (depth != before))
    _, end = np.nonzero((depth > 0) & (depth != after))
    own = pl.DataFrame(
        {
            "name": ["promotion"] * len(series),
            "unique_id": keys["unique_id"].gather(series),
            "channel": keys["channel"].gather(series),
            "start": _dates(settings.start, begin),
            "end": _dates(settings.start, end),
            "depth": depth[series, begin],
        }
    )
    shared = [
        {
            "name": f.name,
            "unique_id": None,
            "channel": channel,
            "start": first,
            "end": first + timedelta(f.days - 1),
            "depth": f.depth,
        }
        for f in settings.festivals
        for channel in f.channels or (None,)
        for year in range(settings.start.year, settings.start.year + depth.shape[1] // 365 + 2)
        for first in [datetime.combine(f.first_day(year), datetime.min.time())]
        if settings.start <= first <= settings.start + timedelta(depth.shape[1] - 1)
    ]
    return pl.concat([own, pl.DataFrame(shared, schema=own.schema)]).sort("start", "name")


def launch_days(traits: Traits, keys: pl.DataFrame) -> list[int | None]:
    """Day of each product's launch inside the history, None if it was always there."""
    first = (
        keys.with_columns(pl.Series("launch", traits.launch))
        .group_by("index")
        .agg(pl.col("launch").min())
    )
    return [day or None for day in first.sort("index")["launch"]]


def _dates(start: datetime, day: np.ndarray[tuple[int, ...], np.dtype[np.int64]]) -> pl.Series:
    return pl.Series(np.datetime64(start, "D") + day).cast(pl.Datetime("us"))


def weekly_panel(daily: Panel, freq: str) -> Panel:
    """Units added up and prices averaged by week; stock at its end; incomplete weeks left out."""
    has = daily.frame.columns
    week = (
        daily.frame.group_by("unique_id", pl.col("ds").dt.truncate("1w"), maintain_order=True)
        .agg(
            pl.col("y").sum(),
            *[pl.col(c).mean() for c in AVERAGES],
            *[pl.col("stock").last() for _ in [0] if "stock" in has],
            pl.len().alias("days"),
        )
        .filter(pl.col("days") == 7)
        .drop("days")
    )
    return Panel.from_frame(week, freq, daily.static)
