"""Bundles: what is sold as one and consists of several, and since when."""

from __future__ import annotations

import polars as pl

from tradewind.store.query import Connection, change, lent, select, shaped

CREATE = """
create table bundles (
    bundle varchar not null, component varchar not null, quantity double not null,
    starts timestamp, ends timestamp
);
create table listings (
    channel varchar, channel_sku varchar not null, product varchar not null
);
"""

BUNDLE: dict[str, pl.DataType] = {
    **dict.fromkeys(("bundle", "component"), pl.String()),
    "quantity": pl.Float64(),
    **dict.fromkeys(("starts", "ends"), pl.Datetime("us")),
}
LISTING: dict[str, pl.DataType] = dict.fromkeys(("channel", "channel_sku", "product"), pl.String())
_BUNDLE, _LISTING = ", ".join(BUNDLE), ", ".join(LISTING)


def merge(db: Connection, bundles: pl.DataFrame) -> int:
    """Keep the components of these bundles in place of what was known of them; how many came in."""
    rows = shaped(bundles, BUNDLE).drop_nulls(["bundle", "component", "quantity"])
    rows = rows.unique(["bundle", "component", "starts"], keep="last", maintain_order=True)
    with lent(db, "incoming", rows):
        change(db, "delete from bundles where bundle in (select bundle from incoming)")
        return change(
            db,
            f"insert into bundles ({_BUNDLE}) select {_BUNDLE} from incoming",
        )


def table(db: Connection) -> pl.DataFrame:
    """Every component of every bundle: bundle, component, quantity, starts, ends."""
    return select(db, f"select {', '.join(BUNDLE)} from bundles order by bundle, component, starts")


def merge_listings(db: Connection, listings: pl.DataFrame) -> int:
    """Keep which product a channel's own code stands for; how many came in."""
    rows = shaped(listings, LISTING).drop_nulls(["channel_sku", "product"])
    rows = rows.unique(["channel", "channel_sku"], keep="last", maintain_order=True)
    same = "l.channel is not distinct from i.channel and l.channel_sku = i.channel_sku"
    with lent(db, "incoming", rows):
        change(db, f"delete from listings l using incoming i where {same}")
        return change(
            db,
            f"insert into listings ({_LISTING}) select {_LISTING} from incoming",
        )


def listings(db: Connection) -> pl.DataFrame:
    """Every listing: channel (null: every channel), channel_sku, product."""
    return select(db, f"select {', '.join(LISTING)} from listings order by channel, channel_sku")
