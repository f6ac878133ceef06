"""Event ids: a line gets the same id in every load, so that loading twice changes nothing."""

from __future__ import annotations

from collections.abc import Iterable

import duckdb
import polars as pl

from tradewind.data.parts import alike, parts_of
from tradewind.panel import SEPARATOR

KINDS = ("orders", "daily", "sales")
DAILY_SHARE = 0.99
"""Share of lines whose product, channel, location and day must be theirs alone in daily totals."""

PLACE = ("product", "channel", "location")


def kind_of(lines: pl.DataFrame) -> str:
    """What a table of lines is: "orders", "daily" or "sales".

    orders   it has order numbers
    daily    it has none, no customers and no time of day, and nearly every product (× channel ×
             location) has one line a day
    sales    neither: lines of a till without numbers, each of which counts
    """
    if "order" in lines.columns:
        return "orders"
    at = lines["ordered_at"]
    if "customer" in lines.columns or (at != at.dt.truncate("1d")).any():
        return "sales"
    keys = [*PLACE, "ordered_at"]
    if lines.select(keys).hash_rows().n_unique() >= DAILY_SHARE * len(lines):
        return "daily"  # different hashes prove different keys; equal ones prove nothing
    once = lines.select(*keys, "quantity", "price").unique()
    return "daily" if once.select(keys).n_unique() >= DAILY_SHARE * len(once) else "sales"


def with_event_ids(lines: pl.DataFrame, kind: str) -> pl.DataFrame:
    """The lines with `event_id`: 32 hex digits from what a line is about, not from where it stood.

    orders   channel, location, order and line number; without a line number, order, product,
             channel and location, and the how-manieth distinct line of these it is (lines that
             differ only in status are one line), returns counted apart
    daily    product, channel, location, day
    sales    product, channel, location, time, customer, and the how-manieth line of these it is
    """
    if kind == "orders" and "line" in lines.columns:
        shop = [pl.col(c) for c in ("channel", "location") if c in lines.columns]
        keys = [*shop, pl.col("order"), pl.col("line").fill_null(""), *_if_blank(lines)]
    elif kind == "orders":
        keys = [pl.col("order"), *map(pl.col, PLACE), pl.col("quantity") < 0]
    elif kind == "daily":
        keys = [*map(pl.col, PLACE), pl.col("ordered_at").dt.date()]
    else:
        who = pl.col("customer") if "customer" in lines.columns else pl.lit(None, pl.String)
        keys = [*map(pl.col, PLACE), pl.col("ordered_at"), who]
    text = pl.concat_str(
        [pl.lit(kind), *[k.cast(pl.String).fill_null("") for k in keys]], separator=SEPARATOR
    )
    if kind == "daily" or (kind == "orders" and "line" in lines.columns):
        parts = (p.select(text.alias("key"))["key"] for p in parts_of(lines))
        return lines.with_columns(alike(_digests(parts), lines["ordered_at"]).alias("event_id"))
    keyed = lines.with_columns(text.alias("key"))
    if kind == "sales":
        keyed = keyed.with_columns(_numbered(pl.int_range(pl.len()).over("key")))
    else:
        keyed = _with_distinct_numbers(keyed)
    parts = (p["key"] for p in parts_of(keyed.select("key")))
    return lines.with_columns(alike(_digests(parts), lines["ordered_at"]).alias("event_id"))


def _if_blank(lines: pl.DataFrame) -> list[pl.Expr]:
    """Where a line number is blank, the product takes its place."""
    return [pl.when(pl.col("line").is_null()).then(pl.col(c)) for c in PLACE if c in lines.columns]


def _numbered(number: pl.Expr) -> pl.Expr:
    return pl.concat_str([pl.col("key"), pl.lit(SEPARATOR), number.cast(pl.String)]).alias("key")


def _with_distinct_numbers(keyed: pl.DataFrame) -> pl.DataFrame:
    """Number the distinct contents under each key in the order in which they first stand."""
    content = ["key", "ordered_at", "quantity", "price"]
    places = keyed["key"].is_duplicated().arg_true()
    again = keyed.select(content)[places]
    numbers = again.unique(maintain_order=True).with_columns(
        pl.int_range(pl.len()).over("key").alias("number")
    )
    joined = again.join(numbers, on=content, how="left", nulls_equal=True, maintain_order="left")
    number = pl.zeros(len(keyed), dtype=pl.Int64, eager=True).scatter(places, joined["number"])
    return keyed.with_columns(number.alias("number")).with_columns(_numbered(pl.col("number")))


def _digests(parts: Iterable[pl.Series]) -> pl.Series:
    """MD5 of each text, in bulk (duckdb; a Python loop takes three times as long).

    >>> _digests([pl.Series(["abc"])])[0]
    '900150983cd24fb0d6963f7d28e17f72'
    """
    made = []
    with duckdb.connect() as connection:
        for keys in parts:
            connection.register("lines", pl.DataFrame({"key": keys}).to_arrow())
            made.append(connection.sql("select md5(key) as id from lines").pl()["id"])
    return pl.concat(made) if made else pl.Series([], dtype=pl.String)
