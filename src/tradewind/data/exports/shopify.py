"""Shopify: the orders CSV of the admin, and orders of the Admin API as JSON."""

from __future__ import annotations

import polars as pl

from tradewind.data.exports.export import OWN, STATUS, Export, inherited, text

ORDER = (
    *("Email", "Financial Status", "Fulfillment Status", "Currency", "Created at", "Cancelled at"),
    *("Fulfilled at", "Source", "Location", "Id"),
)
"""What only an order's first line tells."""


def orders(raw: pl.DataFrame) -> pl.DataFrame:
    """Lines of the CSV; an order's later lines carry its number and their item alone.

    The product is the SKU, else the item's name: Shopify leaves it empty where none was given.
    """
    table = inherited(raw, "Name", ORDER)
    table = table.with_columns(
        pl.coalesce(text(raw, "Lineitem sku"), text(raw, "Lineitem name")).alias("Lineitem sku")
    )
    return _with_status(table, "Financial Status", "Cancelled at", "Fulfillment Status")


def documents(raw: pl.DataFrame) -> pl.DataFrame:
    """Order lines of the Admin API; a refunded line is a line of its own (`documents.lines`)."""
    product = [text(raw, c) for c in ("line.sku", "line.variant_id", "line.title")]
    table = raw.with_columns(pl.coalesce(product).alias("line.sku"))
    table = _with_status(
        table, "order.financial_status", "order.cancelled_at", "order.fulfillment_status"
    )
    returned = pl.col("line.returned_at").is_not_null()
    return table.with_columns(
        pl.when(returned).then(pl.lit("return")).otherwise(STATUS).alias(STATUS),
        pl.when(returned).then("line.returned_at").otherwise("order.created_at").alias("line.at"),
    )


def _with_status(table: pl.DataFrame, paid: str, cancelled: str, shipped: str) -> pl.DataFrame:
    """Cancelled before anything was shipped is no demand; refunded later on, it was."""
    status, sent = text(table, paid), text(table, shipped)
    off = text(table, cancelled).is_not_null()
    kept = sent.str.to_lowercase().is_in(["fulfilled", "partial", "shipped"]).fill_null(False)
    early = (off | (status.str.to_lowercase() == "refunded").fill_null(False)) & ~kept
    return table.with_columns(
        pl.when(early).then(pl.lit("cancelled")).otherwise(status).alias(STATUS)
    )


SHOPIFY = Export(
    name="shopify-orders",
    title=("Shopify orders (CSV)", "Shopify 订单（CSV）"),
    channel="Shopify",
    known_by=("Name", "Financial Status", "Lineitem quantity", "Lineitem name", "Created at"),
    nouns={
        "order": ("Name",),
        "date": ("Created at",),
        "product": ("Lineitem sku",),
        "name": ("Lineitem name",),
        "quantity": ("Lineitem quantity",),
        "price": ("Lineitem price",),
        "regular_price": ("Lineitem compare at price",),
        "currency": ("Currency",),
        "customer": ("Email",),
        "brand": ("Vendor",),
        "location": ("Location",),
        "status": (STATUS,),
    },
    prepare=orders,
    clock=OWN,
)

SHOPIFY_JSON = Export(
    name="shopify-json",
    title=("Shopify orders (Admin API, JSON)", "Shopify 订单（Admin API，JSON）"),
    channel="Shopify",
    known_by=("order.financial_status", "order.created_at", "line.quantity", "line.id"),
    nouns={
        "order": ("order.name", "order.id"),
        "line": ("line.id",),
        "date": ("line.at",),
        "product": ("line.sku",),
        "name": ("line.name", "line.title"),
        "quantity": ("line.quantity",),
        "price": ("line.price",),
        "currency": ("order.currency",),
        "customer": ("order.email",),
        "brand": ("line.vendor",),
        "location": ("order.location_id",),
        "recorded": ("order.updated_at",),
        "restockable": ("line.restockable",),
        "status": (STATUS,),
    },
    prepare=documents,
    clock=OWN,
)
