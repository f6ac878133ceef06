"""Amazon: the All Orders report, and settlement reports (flat file, version 2)."""

from __future__ import annotations

import polars as pl

from tradewind.data.exports.export import STATUS, Export, text
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


def orders(raw: pl.DataFrame) -> pl.DataFrame:
    """Lines of the report, each purchase at the wall time of its marketplace.

    The report writes UTC. A cancelled item has no price and mostly the quantity 0.
    """
    channel = text("sales-channel") if "sales-channel" in raw.columns else pl.lit(None, pl.String)
    status = text("item-status") if "item-status" in raw.columns else pl.lit(None, pl.String)
    return raw.with_columns(
        _at_home(raw["purchase-date"], raw.select(channel.alias("c"))["c"]),
        pl.coalesce(
            pl.when(text("order-status").str.to_lowercase() == "cancelled").then(
                pl.lit("cancelled")
            ),
            pl.when(text("order-status").str.to_lowercase().str.starts_with("pending")).then(
                pl.lit("pending")
            ),
            pl.when(status.str.to_lowercase() == "cancelled").then(pl.lit("cancelled")),
            pl.lit("paid"),
        ).alias(STATUS),
    )


def _at_home(purchased: pl.Series, channel: pl.Series) -> pl.Series:
    """Times with an offset, at the wall time of their sales channel; others as they are."""
    plain = purchased.cast(pl.String).str.strip_chars()
    stated = plain.str.to_datetime(FORMS[0], strict=False, time_zone="UTC")
    bare = plain.str.strip_suffix(" UTC")
    naive = [
        bare.str.to_datetime(form, strict=False).dt.replace_time_zone("UTC") for form in FORMS[1:]
    ]
    instant = pl.select(pl.coalesce([stated, *naive]).alias("at"))["at"]
    shown = plain
    for name, zone in ZONES.items():
        mine = (channel.str.to_lowercase() == name).fill_null(False) & instant.is_not_null()
        if mine.any():
            wall = instant.dt.convert_time_zone(zone).dt.strftime("%Y-%m-%d %H:%M:%S")
            shown = shown.zip_with(~mine, wall)
    return shown.alias(purchased.name)


def settlement(raw: pl.DataFrame) -> pl.DataFrame:
    """The principal of orders and refunds; fees, taxes, shipping and transfers are no sales."""
    kind, item = (text(c).str.to_lowercase() for c in ("amount-type", "amount-description"))
    rows = raw.with_row_index(ROW, offset=2).filter(
        (kind == "itemprice")
        & (item == "principal")
        & text("transaction-type").str.to_lowercase().is_in(["order", "refund"])
    )
    back = text("transaction-type").str.to_lowercase() == "refund"
    quantity = text("quantity-purchased")
    at = rows.select(pl.coalesce(text("posted-date-time"), text("posted-date")).alias("at"))["at"]
    return rows.with_columns(
        pl.when(back).then(pl.lit("return")).otherwise(pl.lit("paid")).alias(STATUS),
        pl.when(back & quantity.is_null())
        .then(pl.lit("-1"))
        .when(back & ~quantity.str.starts_with("-"))
        .then(pl.concat_str(pl.lit("-"), quantity))
        .otherwise(quantity)
        .alias("quantity-purchased"),
        pl.when(back)
        .then(pl.concat_str(text("order-item-code"), pl.lit("/refund/"), text("posted-date")))
        .otherwise(text("order-item-code"))
        .alias("order-item-code"),
        _at_home(at, rows["marketplace-name"]).alias("posted-date-time"),
    )


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
)
