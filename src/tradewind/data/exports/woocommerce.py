"""WooCommerce: order lines as the export plug-ins write them, and orders of the REST API."""

from __future__ import annotations

import polars as pl

from tradewind.data.exports.export import OWN, Export, inherited, text

ORDER = (
    *("Order Status", "Order Date", "Customer Note", "Email (Billing)", "Order Currency"),
    *("Paid Date", "Customer User ID"),
)
"""What may stand in an order's first line alone."""


def orders(raw: pl.DataFrame) -> pl.DataFrame:
    """Lines of the CSV: the product is the SKU, else the item's name."""
    table = inherited(raw, "Order Number", ORDER)
    return table.with_columns(pl.coalesce(text(raw, "SKU"), text(raw, "Item Name")).alias("SKU"))


def documents(raw: pl.DataFrame) -> pl.DataFrame:
    """Order lines of the REST API: SKU, else variation, else product; `total` is without tax."""
    product = [text(raw, c) for c in ("line.sku", "line.variation_id", "line.product_id")]
    known = [pl.when(code != "0").then(code) for code in product]
    return raw.with_columns(pl.coalesce(known).alias("line.sku"))


WOOCOMMERCE = Export(
    name="woocommerce-orders",
    title=("WooCommerce orders (CSV)", "WooCommerce 订单（CSV）"),
    channel="WooCommerce",
    known_by=("Order Number", "Order Status", "Order Date", "Item Name", "Item Cost"),
    nouns={
        "order": ("Order Number",),
        "line": ("Item #",),
        "date": ("Order Date",),
        "product": ("SKU", "Item Name"),
        "name": ("Item Name",),
        "quantity": ("Quantity (- Refund)", "Quantity"),
        "price": ("Item Cost",),
        "currency": ("Order Currency",),
        "customer": ("Email (Billing)", "Customer User ID"),
        "category": ("Category",),
        "status": ("Order Status",),
    },
    prepare=orders,
    clock=OWN,
)

WOOCOMMERCE_JSON = Export(
    name="woocommerce-json",
    title=("WooCommerce orders (REST, JSON)", "WooCommerce 订单（REST，JSON）"),
    channel="WooCommerce",
    known_by=("order.date_created", "order.status", "line.product_id", "line.total"),
    nouns={
        "order": ("order.number", "order.id"),
        "line": ("line.id",),
        "date": ("order.date_created",),
        "product": ("line.sku",),
        "name": ("line.name",),
        "quantity": ("line.quantity",),
        "amount": ("line.total",),
        "currency": ("order.currency",),
        "customer": ("order.customer_id",),
        "recorded": ("order.date_modified",),
        "status": ("order.status",),
    },
    prepare=documents,
    clock=OWN,
)
