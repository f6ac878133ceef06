"""Amazon: the All Orders report, and settlement reports (flat file, version 2)."""

from __future__ import annotations

import polars as pl

from tradewind.data.exports.export import OWN, STATUS, Export, text
from tradewind.data.parse import ROW

ZONES = {
    "amazon.com": "America/Los_Angeles",
    "amazon.ca": "America/Los_Angeles",
    "amazon.com.mx": "America/Mexico_City",
    "amazon.com.br": "America/Sao_Paulo",
    "amazon.co.uk": "Europe/London",
    "amazon.ie": "Europe/Dublin",
    "amazon.de": "Europe/Berlin",
    "amazon.fr": "Europe/Paris",
    "amazon.it": "Europe/Rome",
    "amazon.es": "Europe/Madrid",
    "amazon.nl": "Europe/Amsterdam",
    "amazon.com.be": "Europe/Brussels",
    "amazon.se": "Europe/Stockholm",
    "amazon.pl": "Europe/Warsaw",
    "amazon.com.tr": "Europe/Istanbul",
    "amazon.ae": "Asia/Dubai",
    "amazon.sa": "Asia/Riyadh",
    "amazon.in": "Asia/Kolkata",
    "amazon.sg": "Asia/Singapore",
    "amazon.co.jp": "Asia/Tokyo",
    "amazon.com.au": "Australia/Sydney",
    "amazon.co.za": "Africa/Johannesburg",
}
"""Sales channel → the time zone whose days a seller there counts in."""


FORMS = ("%Y-%m-%dT%H:%M:%S%#z", "%Y-%m-%d %H:%M:%S", "%d.%m.%Y %H:%M:%S")
"""How the reports of the American and the European shops write moments."""
SHOWN = "%Y-%m-%d %H:%M:%S"


def orders(raw: pl.DataFrame) -> pl.DataFrame:
    """Lines of the report, each purchase at the wall time of its marketplace.

    The report writes UTC. A cancelled item has no price and mostly the quantity 0.
    """
    whole, item = (text(raw, c).str.to_lowercase() for c in ("order-status", "item-status"))
    status = (
        pl.when((whole == "cancelled") | (item == "cancelled"))
        .then(pl.lit("cancelled"))
        .when(whole.str.starts_with("pending"))
        .then(pl.lit("pending"))
        .otherwise(pl.lit("paid"))
    )
    table = raw.with_columns(status.alias(STATUS))
    return _at_home(table, "purchase-date", text(raw, "purchase-date"), "sales-channel")


def _at_home(table: pl.DataFrame, name: str, at: pl.Expr, channel: str) -> pl.DataFrame:
    """Column `name`: times with an offset at the wall time of their channel; UTC elsewhere."""
    named = table.with_columns(at.alias(name), text(table, channel).alias("at home"))
    plain, where = named[name], named["at home"].str.to_lowercase()
    stated = plain.str.to_datetime(FORMS[0], strict=False, time_zone="UTC")
    bare = plain.str.strip_suffix(" UTC")
    naive = [
        bare.str.to_datetime(form, strict=False).dt.replace_time_zone("UTC") for form in FORMS[1:]
    ]
    instant = pl.select(pl.coalesce([stated, *naive]).alias("at"))["at"]
    known = instant.is_not_null()
    shown = instant.dt.strftime(SHOWN).zip_with(known, plain)
    for one, zone in ZONES.items():
        mine = (where == one).fill_null(False) & known
        if mine.any():
            wall = instant.dt.convert_time_zone(zone).dt.strftime(SHOWN)
            shown = shown.zip_with(~mine, wall)
    return table.with_columns(shown.alias(name))


def settlement(raw: pl.DataFrame) -> pl.DataFrame:
    """The principal of orders and refunds; fees, taxes, shipping and transfers are no sales.

    An item sent in two shipments, or refunded twice, is a line for each.
    """
    kind, item = (text(raw, c).str.to_lowercase() for c in ("amount-type", "amount-description"))
    rows = raw.with_row_index(ROW, offset=2).filter(
        (kind == "itemprice")
        & (item == "principal")
        & text(raw, "transaction-type").str.to_lowercase().is_in(["order", "refund"])
    )
    back = text(raw, "transaction-type").str.to_lowercase() == "refund"
    quantity, code, day, shipment, refund = (
        text(raw, c)
        for c in (
            *("quantity-purchased", "order-item-code", "posted-date"),
            *("shipment-id", "adjustment-id"),
        )
    )
    table = rows.with_columns(
        pl.when(back).then(pl.lit("return")).otherwise(pl.lit("paid")).alias(STATUS),
        pl.when(back & quantity.is_null())
        .then(pl.lit("-1"))
        .when(back & ~quantity.str.starts_with("-"))
        .then(pl.concat_str(pl.lit("-"), quantity))
        .otherwise(quantity)
        .alias("quantity-purchased"),
        pl.when(back)
        .then(pl.concat_str(code, pl.lit("refund"), day, refund, separator="/", ignore_nulls=True))
        .otherwise(pl.concat_str(code, shipment, separator="/", ignore_nulls=True))
        .alias("order-item-code"),
    )
    at = pl.coalesce(text(raw, "posted-date-time"), day)
    return _at_home(table, "posted-date-time", at, "marketplace-name")


AMAZON = Export(
    name="amazon-orders",
    title=("Amazon All Orders report", "亚马逊所有订单报告"),
    channel="Amazon",
    known_by=("amazon-order-id", "purchase-date", "order-status", "quantity", "item-price"),
    nouns={
        "order": ("amazon-order-id",),
        "date": ("purchase-date",),
        "product": ("sku", "asin"),
        "name": ("product-name",),
        "quantity": ("quantity",),
        "amount": ("item-price",),
        "currency": ("currency",),
        "channel": ("sales-channel",),
        "recorded": ("last-updated-date",),
        "status": (STATUS,),
    },
    prepare=orders,
    clock=OWN,
)

AMAZON_SETTLEMENT = Export(
    name="amazon-settlement",
    title=("Amazon settlement report", "亚马逊结算报告"),
    channel="Amazon",
    known_by=("settlement-id", "transaction-type", "amount-type", "amount-description", "sku"),
    nouns={
        "order": ("order-id",),
        "line": ("order-item-code",),
        "date": ("posted-date-time", "posted-date"),
        "product": ("sku",),
        "quantity": ("quantity-purchased",),
        "amount": ("amount",),
        "currency": ("currency",),
        "channel": ("marketplace-name",),
        "status": (STATUS,),
    },
    prepare=settlement,
    clock=OWN,
)
