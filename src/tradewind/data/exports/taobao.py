"""Taobao and Tmall's older pair of reports: orders without products, and items without dates."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from tradewind.data.exports.china import CLOCK, CURRENCY, paid_else_made
from tradewind.data.exports.export import STATUS, Export, has, text, without_formulas
from tradewind.errors import DataError

AMOUNT, OF_ORDER = "tradewind amount", "tradewind order status"
ORDER = (
    "订单状态",
    "订单创建时间",
    "订单付款时间",
    "买家应付货款",
    "买家会员名",
    "店铺名称",
    "物流单号",
)
"""What the order report knows of an order, beside its number."""

ORDERS = Export(
    name="taobao-orders",
    title=("Taobao and Tmall order report", "淘宝/天猫订单报表"),
    channel="Tmall",
    known_by=(
        "订单编号",
        "买家应付货款",
        "买家实际支付金额",
        "订单状态",
        "订单创建时间",
        "宝贝总数量",
    ),
    nouns={},
    alone=(
        "an order report (订单报表) does not say how much of which product was sold; export the "
        "item report (宝贝报表) of the same orders too and load both: tradewind load 订单报表.csv "
        "宝贝报表.csv. An item report that has dates (订单创建时间) is loaded without this one"
    ),
)

ITEMS = Export(
    name="taobao-undated-items",
    title=("Taobao and Tmall item report without dates", "淘宝/天猫宝贝报表（无日期）"),
    channel="Tmall",
    known_by=("订单编号", "标题", "价格", "购买数量", "外部系统编号", "订单状态"),
    lacks=("订单创建时间", "订单付款时间", "创建时间", "付款时间"),
    nouns={},
    alone=(
        "this item report (宝贝报表) has no dates; export the order report (订单报表) of the same "
        "orders too and load both: tradewind load 订单报表.csv 宝贝报表.csv"
    ),
)


def dated(table: pl.DataFrame) -> pl.DataFrame:
    """Items beside what their orders say, as order lines.

    An order that was closed after it was sent came back: it was demand all the same.
    """
    own, whole = text(table, "订单状态"), text(table, OF_ORDER)
    closed = (own.str.contains("关闭") | whole.str.contains("关闭")).fill_null(False)
    sent = text(table, "物流单号").is_not_null() & text(table, "订单付款时间").is_not_null()
    codes = ("商家编码", "外部系统编号", "标题")
    return table.with_columns(
        pl.when(closed & sent)
        .then(pl.lit("returned"))
        .when(closed)
        .then(pl.lit("cancelled"))
        .otherwise(pl.coalesce(whole, own))
        .alias(STATUS),
        pl.coalesce(text(table, c) for c in codes).alias("商家编码"),
        _shared_out().alias(AMOUNT),
        *paid_else_made(table, "订单付款时间", "订单创建时间"),
    )


def _shared_out() -> pl.Expr:
    """Each item's part of what its order's goods come to, in proportion to its list price.

    Two cups at 30 and one pot at 40 of an order of 90 for its goods: 54 and 36.
    """

    def number(header: str) -> pl.Expr:
        return pl.col(header).cast(pl.String).str.strip_chars().cast(pl.Float64, strict=False)

    listed = number("价格") * number("购买数量")
    whole = listed.sum().over("订单编号")
    return pl.when(whole > 0).then(number("买家应付货款") * listed / whole)


DATED = Export(
    name="taobao-orders-and-items",
    title=("Taobao and Tmall order and item reports", "淘宝/天猫订单报表与宝贝报表"),
    channel="Tmall",
    known_by=(),
    nouns={
        "order": ("订单编号",),
        "date": ("订单付款时间", "订单创建时间"),
        "product": ("商家编码",),
        "name": ("标题",),
        "quantity": ("购买数量",),
        "amount": (AMOUNT,),
        "regular_price": ("价格",),
        "customer": ("买家会员名",),
        "location": ("店铺名称",),
        "status": (STATUS,),
    },
    prepare=dated,
    currency=CURRENCY,
    clock=CLOCK,
)
"""What the two become; no file is one."""


def joined(
    items: Sequence[tuple[str, pl.DataFrame]], orders: Sequence[tuple[str, pl.DataFrame]]
) -> list[tuple[str, pl.DataFrame, Export]]:
    """Each item report with what the order reports say of its orders: name, table, `DATED`.

    items, orders   names and tables of the files; of an order told twice the later file counts

    Raises DataError for an item without its order, and an order without any item.
    """
    keyed = [(name, _keyed(raw, ORDERS)) for name, raw in orders]
    known = pl.concat(
        [table.select(pl.col(c).cast(pl.String) for c in _told(table)) for _, table in keyed],
        how="diagonal",
    ).unique("订单编号", keep="last", maintain_order=True)
    wanted = [(name, _keyed(raw, ITEMS)) for name, raw in items]
    sold = pl.concat([table["订单编号"] for _, table in wanted])
    beside = ", ".join(name for name, _ in orders)
    reports = ", ".join(name for name, _ in items)
    for name, table in wanted:
        _refuse_strangers(name, table["订单编号"], known["订单编号"], f"order report ({beside})")
    for name, table in keyed:
        _refuse_strangers(name, table["订单编号"], sold, f"item report ({reports})")
    known = known.rename({"订单状态": OF_ORDER})
    return [(f"{name} + {beside}", _beside(table, known), DATED) for name, table in wanted]


def _beside(items: pl.DataFrame, orders: pl.DataFrame) -> pl.DataFrame:
    """Items with what their orders say, which goes before what they say of the same."""
    own = items.drop([c for c in orders.columns if c != "订单编号"], strict=False)
    return own.join(orders, on="订单编号", how="left", maintain_order="left")


def _keyed(raw: pl.DataFrame, export: Export) -> pl.DataFrame:
    """The table with its headers as we write them, and order numbers as plain text."""
    table = without_formulas(export.with_plain_headers(raw))
    return table.with_columns(text(table, "订单编号").alias("订单编号"))


def _told(table: pl.DataFrame) -> list[str]:
    return ["订单编号", *(c for c in ORDER if has(table, c))]


def _refuse_strangers(name: str, mine: pl.Series, others: pl.Series, report: str) -> None:
    """Raise DataError for the first order that the reports of the other kind do not have."""
    strange = mine.is_not_null() & ~mine.is_in(others.implode())
    if strange.any():
        row = int(strange.arg_true()[0])
        raise DataError(
            f"{name} row {row + 2}, column '订单编号': {mine[row]!r} is in no {report} that is "
            f"loaded with it ({int(strange.sum())} such rows); export both of the same orders"
        )
