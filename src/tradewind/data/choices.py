"""Choices: columns that hold one of a few words, and what shops call them."""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

CHOICES: dict[str, Mapping[str, tuple[str, ...]]] = {
    "status": {
        "active": (
            *(
                "active",
                "onsale",
                "live",
                "selling",
                "current",
                "enabled",
                "available",
                "published",
            ),
            *("在售", "在售中", "销售中", "已上架", "上架", "上架中", "正常", "正常销售", "启用"),
        ),
        "discontinued": (
            *("discontinued", "inactive", "ended", "endoflife", "eol", "delisted", "retired"),
            *("archived", "obsolete", "disabled", "phasedout", "phaseout", "stopped"),
            *(
                "停售",
                "已停售",
                "停产",
                "已停产",
                "下架",
                "已下架",
                "淘汰",
                "已淘汰",
                "停用",
                "清退",
            ),
        ),
        "planned": (
            *("planned", "upcoming", "draft", "comingsoon", "prelaunch", "notlaunched"),
            *("待上架", "待上市", "未上架", "未上市", "预售", "计划", "即将上架", "草稿"),
        ),
    },
    "direction": {
        "in": ("in", "inbound", "incoming", "into", "plus", "入库", "入", "收", "收入", "收货"),
        "out": (
            "out",
            "outbound",
            "outgoing",
            "issue",
            "minus",
            "出库",
            "出",
            "发",
            "发出",
            "发货",
        ),
    },
    "movement": {
        "receipt": (
            *("receipt", "received", "receive", "purchase", "goodsreceipt", "production"),
            *("采购入库", "采购", "收货", "到货", "生产入库", "采购到货"),
        ),
        "sale": (
            *("sale", "sales", "sold", "shipment", "shipped", "order", "goodsissue"),
            *("销售出库", "销售", "发货", "订单出库"),
        ),
        "return": (
            *("return", "returned", "customerreturn", "refund"),
            *("退货入库", "销售退货", "退货", "客户退货", "销退入库"),
        ),
        "adjust": (
            *("adjust", "adjustment", "correction", "stocktake", "cyclecount", "inventory"),
            *("调整", "库存调整", "盘点", "盘点调整"),
        ),
        "adjust in": ("gain", "found", "盘盈", "盘盈入库", "调整入库", "其他入库", "其它入库"),
        "adjust out": (
            *("loss", "damage", "damaged", "scrap", "writeoff", "shrinkage"),
            *("盘亏", "盘亏出库", "调整出库", "报损", "报损出库", "报废", "其他出库", "其它出库"),
        ),
        "transfer": ("transfer", "relocation", "move", "调拨"),
        "transfer in": ("transferin", "调拨入库", "调入"),
        "transfer out": ("transferout", "调拨出库", "调出"),
        "in": ("in", "inbound", "incoming", "入库", "入"),
        "out": ("out", "outbound", "outgoing", "出库", "出"),
    },
}
"""Noun → our word for a choice → what else it may be called, squeezed."""


def chosen(noun: str, text: pl.Series) -> pl.Series:
    """Our word for each cell of this noun; null where it is empty, or not one of them.

    >>> chosen("status", pl.Series(["On Sale", "停售", "soon", None])).to_list()
    ['active', 'discontinued', None, None]
    """
    words = {word: ours for ours, called in CHOICES[noun].items() for word in (ours, *called)}
    squeezed = text.str.to_lowercase().str.replace_all(r"[\s_\-/.,，:：]+", "")
    return squeezed.replace_strict(words, default=None, return_dtype=pl.String)
