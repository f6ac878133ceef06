"""Marketplace exports: which one a file is, and how it becomes order lines."""

from __future__ import annotations

from collections.abc import Sequence

from tradewind.data.exports.amazon import AMAZON, AMAZON_SETTLEMENT
from tradewind.data.exports.china import ERP, JD, PINDUODUO, TAOBAO
from tradewind.data.exports.export import Export
from tradewind.data.exports.shopify import SHOPIFY, SHOPIFY_JSON
from tradewind.data.exports.woocommerce import WOOCOMMERCE, WOOCOMMERCE_JSON

EXPORTS = (
    *(SHOPIFY, SHOPIFY_JSON, WOOCOMMERCE, WOOCOMMERCE_JSON, AMAZON, AMAZON_SETTLEMENT),
    *(TAOBAO, JD, PINDUODUO, ERP),
)
"""Every export that is known by its header."""


def export_of(headers: Sequence[str]) -> Export | None:
    """The export that has these headers, None if it is a table of another kind."""
    return next((one for one in EXPORTS if one.fits(headers)), None)
