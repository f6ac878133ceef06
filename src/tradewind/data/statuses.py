"""Statuses of order lines: what shops call them, and which of them are not sales."""

from __future__ import annotations

import polars as pl

from tradewind.data.numbers import parse_distinct

SOLD = "paid"
NOT_SOLD = ("cancelled", "return", "pending", "absurd")
"""Kept with the lines, apart from demand. A line that was returned later ("returned") was demand;
the return itself ("return") is a line of its own, with its date and a quantity below zero."""

WORDS = {
    "return": ("return", "退货单"),
    "returned": (
        *(
            "returned",
            "refunded",
            "refund",
            "chargeback",
            "退款",
            "已退款",
            "退货",
            "已退货",
        ),
        *("退款成功", "退货退款", "退款中", "退款完成", "全额退款", "仅退款", "已退货退款"),
    ),
    "cancelled": (
        *("cancelled", "canceled", "cancel", "void", "voided", "failed", "expired", "declined"),
        *(
            "已取消",
            "取消",
            "交易关闭",
            "已关闭",
            "订单取消",
            "订单关闭",
            "关闭",
            "交易取消",
            "用户取消",
        ),
    ),
    "pending": (
        *("pending", "unpaid", "awaitingpayment", "pendingpayment", "未付款", "待付款", "未支付"),
        *("待支付", "等待买家付款", "等待付款"),
        *("depositpaid", "awaitingbalance", "balanceunpaid", "frontpaidfinalnopaid"),
        *("frontnopaidfinalnopaid", "定金已付", "已付定金", "定金已付尾款未付", "待付尾款"),
        *("等待买家付尾款", "尾款未付", "等待付尾款", "待付定金", "定金未付尾款未付"),
    ),
    "paid": (
        *(
            "paid",
            "complete",
            "completed",
            "shipped",
            "delivered",
            "fulfilled",
            "success",
            "closed",
        ),
        *(
            "successful",
            "processing",
            "partiallyrefunded",
            "authorized",
            "dispatched",
            "sold",
            "ok",
        ),
        *(
            "已付款",
            "已支付",
            "已完成",
            "交易成功",
            "交易完成",
            "完成",
            "已发货",
            "待发货",
            "卖家已发货",
        ),
        *(
            "等待卖家发货",
            "买家已付款",
            "已签收",
            "待收货",
            "已收货",
            "待评价",
            "无退款",
            "没有申请退款",
        ),
        *("正常", "成功", "部分退款"),
        *("frontpaidfinalpaid", "balancepaid", "尾款已付", "已付尾款", "定金已付尾款已付"),
    ),
}


def parse_status(text: pl.Series) -> pl.Series:
    """Our word for each status; an unknown one stays as written, an empty one is "paid"."""
    return parse_distinct(text, _our_words).alias("status")


def _our_words(text: pl.Series) -> pl.Series:
    squeezed = text.str.to_lowercase().str.replace_all(r"[\s_\-/.,，:：]+", "")
    words = {word: ours for ours, all_words in WORDS.items() for word in all_words}
    known = squeezed.replace_strict(words, default=None, return_dtype=pl.String)
    return pl.select(pl.coalesce(known, text, pl.lit(SOLD)).alias("status")).to_series()


def is_sold() -> pl.Expr:
    """Whether a line counts as demand."""
    return ~pl.col("status").is_in(NOT_SOLD).fill_null(False)
