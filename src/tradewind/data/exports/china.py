"""Taobao and Tmall, JD, Pinduoduo, and the sheet that Chinese ERP systems write."""

from __future__ import annotations

import polars as pl

from tradewind.data.exports.export import STATUS, Export, has, text

CURRENCY = "CNY"
CLOCK = "Asia/Shanghai"
PRESALE = {
    "deposit_at": ("定金支付时间", "定金付款时间", "预付款时间"),
    "balance_at": ("尾款支付时间", "尾款付款时间"),
}
"""Columns that shops with presales may choose for their exports."""


def items(raw: pl.DataFrame) -> pl.DataFrame:
    """Tmall's 宝贝报表: one line an item; a refund before shipping was no demand."""
    product = ("商家编码", "外部系统编号", "商品ID", "商品标题")
    table = raw.with_columns(
        pl.coalesce(text(raw, c) for c in product).alias("商家编码"),
        *paid_else_made(raw, "订单付款时间", "订单创建时间"),
    )
    return _with_refunds(table, "订单状态", "退款状态", "发货时间")


def pinduoduo(raw: pl.DataFrame) -> pl.DataFrame:
    """Pinduoduo: one line an order; its product is the code of the variant, else of the goods."""
    codes = ("商家编码-规格维度", "商家编码-商品维度", "样式ID", "商品id")
    table = raw.with_columns(
        pl.coalesce(text(raw, c) for c in codes).alias(codes[0]),
        *paid_else_made(raw, "支付时间", "订单成交时间"),
    )
    return _with_refunds(table, "订单状态", "售后状态", "发货时间")


def jd(raw: pl.DataFrame) -> pl.DataFrame:
    """JD: the product is the merchant's own code, else JD's. Deleted orders say so in brackets."""
    product = ("商家SKUID", "货号", "商品ID")
    state = text(raw, "订单状态")
    return raw.with_columns(
        pl.coalesce(text(raw, c) for c in product).alias("商家SKUID"),
        pl.when(state.str.contains("删除|取消"))
        .then(pl.lit("cancelled"))
        .when(state.str.contains("等待付款|未付款"))
        .then(pl.lit("pending"))
        .when(state.str.contains("等待出库|等待确认收货|等待自提|已出库|完成|锁定"))
        .then(pl.lit("paid"))
        .otherwise(state)
        .alias(STATUS),
        *paid_else_made(raw, "付款确认时间", "下单时间"),
    )


def paid_else_made(raw: pl.DataFrame, paid: str, made: str) -> list[pl.Expr]:
    """When an order was paid; when it was made, where it was not."""
    return (
        [pl.coalesce(text(raw, paid), text(raw, made)).alias(paid)] if has(raw, paid, made) else []
    )


def _with_refunds(table: pl.DataFrame, status: str, refund: str, shipped: str) -> pl.DataFrame:
    """Refunded before it was shipped: cancelled; afterwards: returned, and demand all the same."""
    state = text(table, status)
    if not has(table, refund):
        return table.with_columns(state.alias(STATUS))
    back = text(table, refund).str.contains("退款成功|退款完成|已退款").fill_null(False)
    sent = text(table, shipped).is_not_null() if has(table, shipped) else pl.lit(True)
    return table.with_columns(
        pl.when(back & ~sent)
        .then(pl.lit("cancelled"))
        .when(back)
        .then(pl.lit("returned"))
        .otherwise(state)
        .alias(STATUS)
    )


TAOBAO = Export(
    name="taobao-items",
    title=("Taobao and Tmall item report", "淘宝/天猫宝贝报表"),
    channel="Tmall",
    known_by=("子订单编号", "主订单编号", "购买数量", "订单状态", "订单创建时间"),
    nouns={
        "order": ("主订单编号",),
        "line": ("子订单编号",),
        "date": ("订单付款时间", "订单创建时间"),
        **PRESALE,
        "product": ("商家编码",),
        "name": ("商品标题", "标题"),
        "quantity": ("购买数量",),
        "amount": ("买家实际支付金额", "买家应付货款"),
        "regular_price": ("商品价格", "价格"),
        "location": ("店铺名称",),
        "status": (STATUS,),
    },
    prepare=items,
    currency=CURRENCY,
    clock=CLOCK,
)

JD = Export(
    name="jd-orders",
    title=("JD order details", "京东订单明细"),
    channel="JD",
    known_by=("订单号", "商品ID", "订购数量", "下单时间", "京东价"),
    nouns={
        "order": ("订单号",),
        "date": ("付款确认时间", "下单时间"),
        **PRESALE,
        "product": ("商家SKUID",),
        "name": ("商品名称",),
        "quantity": ("订购数量",),
        "price": ("京东价",),
        "customer": ("下单帐号",),
        "location": ("店铺名称",),
        "status": (STATUS,),
    },
    prepare=jd,
    currency=CURRENCY,
    clock=CLOCK,
)

PINDUODUO = Export(
    name="pinduoduo-orders",
    title=("Pinduoduo orders", "拼多多订单导出"),
    channel="Pinduoduo",
    known_by=("订单号", "商品总价(元)", "商品数量(件)", "商品id", "订单状态"),
    nouns={
        "order": ("订单号",),
        "date": ("支付时间", "订单成交时间"),
        "product": ("商家编码-规格维度",),
        "name": ("商品",),
        "quantity": ("商品数量(件)",),
        "amount": ("商家实收金额(元)", "用户实付金额(元)", "商品总价(元)"),
        "status": (STATUS,),
    },
    prepare=pinduoduo,
    currency=CURRENCY,
    clock=CLOCK,
)

ERP = Export(
    name="erp-sheet",
    title=("ERP sales sheet", "ERP 销售出库单"),
    channel="ERP",
    known_by=("平台", "店铺", "订单编号", "商家编码", "货品名称"),
    nouns={
        "order": ("订单编号", "原始单号"),
        "line": ("子单号", "子订单编号"),
        "date": ("付款时间", "下单时间", "交易时间"),
        **PRESALE,
        "product": ("商家编码",),
        "name": ("货品名称",),
        "quantity": ("数量", "货品数量"),
        "price": ("成交价", "单价"),
        "amount": ("分摊后总价", "金额"),
        "channel": ("平台",),
        "location": ("店铺",),
        "category": ("分类", "货品分类"),
        "brand": ("品牌",),
        "status": ("订单状态", "状态"),
    },
    currency=CURRENCY,
    clock=CLOCK,
)
