"""Order lines of a synthetic shop as the exports that each marketplace writes."""

from __future__ import annotations

from datetime import timedelta

import polars as pl

CLOCK = "%Y-%m-%d %H:%M:%S"
RETURNED, UNSHIPPED = 6, 40
"""Percent of paid lines that came back after they were sent; one cancelled line in so many days."""
PRESALE_PEAKS = ((5, 31), (10, 31))
"""Month and day on which the balances of presales are paid, before 6.18 and before 11.11."""
PRESALE = 30
"""Percent of that day's lines on Tmall that were presales."""


def numbered(lines: pl.DataFrame) -> pl.DataFrame:
    """The lines with a `place` from 0, and a `chance` in 0 … 99 that is the same every time."""
    place = pl.int_range(pl.len(), dtype=pl.Int64)
    return lines.with_columns(place.alias("place"), (place * 7919 % 100).alias("chance"))


def tmall(lines: pl.DataFrame) -> pl.DataFrame:
    """宝贝报表: a sub-order a line; cancelled lines are unpaid, or refunded before shipping.

    lines   canonical lines of the channel, their product as the channel codes it
    """
    rows = numbered(lines)
    waits = _presales(rows).filter(pl.col("chance") < PRESALE // 6)
    waits = waits.with_columns(pl.lit("waits").alias("status"), pl.col("place") + len(rows))
    rows = pl.concat([rows, waits])
    paid, waiting = pl.col("status") == "paid", pl.col("status") == "waits"
    back = paid & (pl.col("chance") >= 100 - RETURNED)
    refunded = ~paid & ~waiting & (pl.col("chance") < UNSHIPPED)
    presale = _is_presale()
    at, amount = pl.col("ordered_at"), pl.col("quantity") * pl.col("price")
    deposit = at - pl.duration(days=1 + pl.col("chance") % 9)
    made = pl.when(presale).then(deposit).otherwise(at - timedelta(seconds=20))
    state = (
        pl.when(waiting)
        .then(pl.lit("等待买家付尾款"))
        .when(paid)
        .then(pl.lit("交易成功"))
        .otherwise(pl.lit("交易关闭"))
    )
    return rows.select(
        _formula(pl.col("place") * 10 + 4_100_000_000_000_001).alias("子订单编号"),
        _formula(pl.col("place") * 10 + 4_100_000_000_000_000).alias("主订单编号"),
        pl.col("name").alias("商品标题"),
        _money(pl.col("regular_price")).alias("商品价格"),
        _whole(pl.col("quantity")).alias("购买数量"),
        state.alias("订单状态"),
        pl.col("product").alias("商家编码"),
        _money(amount).alias("买家应付货款"),
        _money(amount).alias("买家实际支付金额"),
        _either(back | refunded, "退款成功", "没有申请退款").alias("退款状态"),
        made.dt.strftime(CLOCK).alias("订单创建时间"),
        _when(paid | refunded, at).alias("订单付款时间"),
        _when(presale, deposit).alias("定金支付时间"),
        _when(presale & paid, at).alias("尾款支付时间"),
        _when(paid, at + timedelta(hours=9)).alias("发货时间"),
    ).sort("订单创建时间", "子订单编号")


def _is_presale() -> pl.Expr:
    at = pl.col("ordered_at").dt
    day = [(at.month() == month) & (at.day() == day) for month, day in PRESALE_PEAKS]
    return pl.any_horizontal(day) & (pl.col("chance") < PRESALE) & (pl.col("status") != "cancelled")


def _presales(rows: pl.DataFrame) -> pl.DataFrame:
    return rows.filter(_is_presale())


def jd(lines: pl.DataFrame) -> pl.DataFrame:
    """订单明细: an order a line; cancelled ones are deleted before they were paid."""
    paid, at = pl.col("status") == "paid", pl.col("ordered_at")
    amount = pl.col("quantity") * pl.col("price")
    return numbered(lines).select(
        _formula(pl.col("place") + 290_000_000_001).alias("订单号"),
        _formula(pl.col("product").rank("dense") + 100_012_345_000).alias("商品ID"),
        pl.col("name").alias("商品名称"),
        _whole(pl.col("quantity")).alias("订购数量"),
        pl.lit("在线支付").alias("支付方式"),
        (at - timedelta(seconds=20)).dt.strftime(CLOCK).alias("下单时间"),
        _money(pl.col("price")).alias("京东价"),
        _money(amount).alias("订单金额"),
        _either(paid, "完成", "(删除)等待付款确认").alias("订单状态"),
        pl.format("jd_{}", pl.col("customer").str.to_lowercase()).alias("下单帐号"),
        _when(paid, at).alias("付款确认时间"),
        pl.col("product").alias("商家SKUID"),
    )


def pinduoduo(lines: pl.DataFrame) -> pl.DataFrame:
    """订单导出: an order a line; cancelled ones were refunded before they were sent."""
    paid, at = pl.col("status") == "paid", pl.col("ordered_at")
    amount = pl.col("quantity") * pl.col("price")
    back = paid & (pl.col("chance") >= 100 - RETURNED)
    state = (
        pl.when(back)
        .then(pl.lit("已发货，退款成功"))
        .when(paid)
        .then(pl.lit("已收货"))
        .otherwise(pl.lit("未发货，退款成功"))
    )
    return numbered(lines).select(
        pl.col("name").alias("商品"),
        pl.format(
            "{}-{}",
            at.dt.strftime("%y%m%d"),
            (pl.col("place") + 100_000_000_000_001).cast(pl.String),
        ).alias("订单号"),
        state.alias("订单状态"),
        _money(amount).alias("商品总价(元)"),
        _money(amount).alias("用户实付金额(元)"),
        _money(amount).alias("商家实收金额(元)"),
        _whole(pl.col("quantity")).alias("商品数量(件)"),
        _when(paid, at + timedelta(hours=11)).alias("发货时间"),
        (pl.col("product").rank("dense") + 5_550_000).alias("商品id"),
        pl.col("product").alias("商家编码-规格维度"),
        at.dt.strftime(CLOCK).alias("支付时间"),
        (at - timedelta(seconds=10)).dt.strftime(CLOCK).alias("订单成交时间"),
        _either(back | ~paid, "退款成功", "无售后或售后取消").alias("售后状态"),
    )


def amazon(lines: pl.DataFrame) -> pl.DataFrame:
    """All Orders: moments in UTC; a cancelled item has no price and the quantity 0.

    lines   their `ordered_at` is the wall time of the marketplace, Amazon.com
    """
    paid = pl.col("status") == "paid"
    wall = pl.col("ordered_at").dt.offset_by(
        pl.when(_skipped()).then(pl.lit("1h")).otherwise(pl.lit("0h"))
    )
    instant = wall.dt.replace_time_zone(
        "America/Los_Angeles", ambiguous="earliest"
    ).dt.convert_time_zone("UTC")
    form = "%Y-%m-%dT%H:%M:%S+00:00"
    number = (pl.col("place") + 1).cast(pl.String).str.zfill(7)
    return numbered(lines).select(
        pl.format("111-{}-{}", number, number).alias("amazon-order-id"),
        instant.dt.strftime(form).alias("purchase-date"),
        (instant + timedelta(hours=20)).dt.strftime(form).alias("last-updated-date"),
        _either(paid, "Shipped", "Cancelled").alias("order-status"),
        pl.lit("Amazon").alias("fulfillment-channel"),
        pl.lit("Amazon.com").alias("sales-channel"),
        pl.col("name").alias("product-name"),
        pl.col("product").alias("sku"),
        _either(paid, "Shipped", "Cancelled").alias("item-status"),
        pl.when(paid).then(_whole(pl.col("quantity"))).otherwise(0).alias("quantity"),
        pl.col("currency"),
        pl.when(paid).then(_money(pl.col("quantity") * pl.col("price"))).alias("item-price"),
        pl.lit("US").alias("ship-country"),
    )


def _skipped() -> pl.Expr:
    """Whether a wall time lies in the hour that American clocks skip in March."""
    at = pl.col("ordered_at").dt
    second_sunday = (at.month() == 3) & (at.weekday() == 7) & at.day().is_between(8, 14)
    return second_sunday & (at.hour() == 2)


def _formula(number: pl.Expr) -> pl.Expr:
    """As Chinese exports keep spreadsheets from rounding a long number."""
    return pl.format('="{}"', number.cast(pl.Int64))


def _money(amount: pl.Expr) -> pl.Expr:
    return amount.round(2)


def _whole(quantity: pl.Expr) -> pl.Expr:
    return quantity.cast(pl.Int64)


def _either(told: pl.Expr, yes: str, no: str) -> pl.Expr:
    return pl.when(told).then(pl.lit(yes)).otherwise(pl.lit(no))


def _when(told: pl.Expr, at: pl.Expr) -> pl.Expr:
    """The moment as these exports write it, where there is one."""
    return pl.when(told).then(at.dt.strftime(CLOCK))
