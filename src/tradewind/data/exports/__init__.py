"""Marketplace exports: which one a file is, and how it becomes order lines."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from tradewind.data.exports import taobao
from tradewind.data.exports.amazon import AMAZON, AMAZON_SETTLEMENT
from tradewind.data.exports.china import ERP, JD, PINDUODUO, TAOBAO
from tradewind.data.exports.export import Export
from tradewind.data.exports.shopify import SHOPIFY, SHOPIFY_JSON
from tradewind.data.exports.woocommerce import WOOCOMMERCE, WOOCOMMERCE_JSON

EXPORTS = (
    *(SHOPIFY, SHOPIFY_JSON, WOOCOMMERCE, WOOCOMMERCE_JSON, AMAZON, AMAZON_SETTLEMENT),
    *(TAOBAO, taobao.ORDERS, taobao.ITEMS, JD, PINDUODUO, ERP),
)
"""Every export that is known by its header."""


def export_of(headers: Sequence[str]) -> Export | None:
    """The export that has these headers, None if it is a table of another kind."""
    return next((one for one in EXPORTS if one.fits(headers)), None)


def recognised(
    tables: Sequence[tuple[str, pl.DataFrame]],
) -> list[tuple[str, pl.DataFrame, Export | None]]:
    """Tables that are loaded together, by name, each with its export.

    Where Taobao's items without dates stand beside its order reports, they become dated items.
    """
    known = [(name, raw, export_of(raw.columns)) for name, raw in tables]
    orders, items = (
        [(name, raw) for name, raw, export in known if export is wanted]
        for wanted in (taobao.ORDERS, taobao.ITEMS)
    )
    if not (orders and items):
        return known
    rest = [one for one in known if one[2] not in (taobao.ORDERS, taobao.ITEMS)]
    return [*taobao.joined(items, orders), *rest]
