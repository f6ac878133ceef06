"""Export: how a marketplace writes its order lines, and how they become a table that we parse."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import polars as pl

from tradewind.data.columns import Columns, columns_told
from tradewind.data.headers import squeezed
from tradewind.data.parse import ROW

CHANNEL, STATUS = "tradewind channel", "tradewind status"
"""Headers of the columns that an export's reading adds to those of the file."""

OWN = "own"
"""The clock of a file whose times are at the shop's own, or at that of each line's market."""
FORMULA = r'^="(.*)"$'
"""How Chinese exports keep spreadsheets from rounding a long number."""


def as_it_is(raw: pl.DataFrame) -> pl.DataFrame:
    """The cells as found."""
    return raw


@dataclass(frozen=True, slots=True)
class Export:
    """One kind of file that a marketplace, shop system or ERP writes.

    name       what commands call it: "shopify-orders"
    title      what people call it, in English and Chinese
    channel    of lines whose file names none
    known_by   headers that together no other export has
    nouns      our noun → headers that hold it; the first one that the file has counts
    prepare    repeats what continuation lines inherit, and works out what no column says as it is;
               keeps the number of rows, or says in a column ROW which rows it kept
    currency   of amounts that the file leaves without one
    lacks      headers that a file of it does not have
    alone      why a file of it is no table of sales by itself, and what to do
    clock      IANA time zone whose clock the times are written by; OWN: that of the market itself;
               None: the file does not say, and a time of day needs a zone
    """

    name: str
    title: tuple[str, str]
    channel: str
    known_by: tuple[str, ...]
    nouns: Mapping[str, tuple[str, ...]]
    prepare: Callable[[pl.DataFrame], pl.DataFrame] = as_it_is
    currency: str | None = None
    clock: str | None = None
    lacks: tuple[str, ...] = ()
    alone: str = ""

    def fits(self, headers: Sequence[str]) -> bool:
        """Whether a file with these headers is one."""
        have = {squeezed(h) for h in headers}
        return all(squeezed(h) in have for h in self.known_by) and not any(
            squeezed(h) in have for h in self.lacks
        )

    def read(self, raw: pl.DataFrame) -> tuple[pl.DataFrame, Columns]:
        """The file's table, prepared, and which header holds which noun."""
        table = self.prepare(without_formulas(self.with_plain_headers(raw)))
        mapping = {
            noun: found
            for noun, names in self.nouns.items()
            if (found := next((h for h in names if h in table.columns), None))
        }
        if "channel" not in mapping:
            table = table.with_columns(pl.lit(self.channel).alias(CHANNEL))
            mapping["channel"] = CHANNEL
        return table, columns_told(table.drop(ROW, strict=False), mapping)

    def with_plain_headers(self, raw: pl.DataFrame) -> pl.DataFrame:
        """The file's table, the headers that we know spelt as we spell them."""
        plain = {squeezed(h): h for h in raw.columns}
        wanted = {squeezed(h): h for names in self.nouns.values() for h in names}
        wanted |= {squeezed(h): h for h in self.known_by}
        return raw.rename({plain[s]: h for s, h in wanted.items() if s in plain})


def without_formulas(raw: pl.DataFrame) -> pl.DataFrame:
    """Long numbers without the formula that keeps them whole: ="4100…" is 4100…"""
    return raw.with_columns(
        pl.col(h).str.replace(FORMULA, "$1")
        for h, kind in raw.schema.items()
        if kind == pl.String and raw[h].str.starts_with('="').any()
    )


def text(table: pl.DataFrame, header: str) -> pl.Expr:
    """The cells of a column as text without spaces around, null where they say nothing.

    Null throughout where the table has no such column.
    """
    if header not in table.columns:
        return pl.lit(None, pl.String)
    plain = pl.col(header).cast(pl.String).str.strip_chars()
    return pl.when(plain != "").then(plain)


def has(table: pl.DataFrame, *headers: str) -> bool:
    """Whether the table has all of these columns."""
    return all(h in table.columns for h in headers)


def inherited(table: pl.DataFrame, key: str, headers: Sequence[str]) -> pl.DataFrame:
    """Continuation lines: empty cells take what the order's earlier lines say.

    key       the order number; an empty one continues the order above
    headers   columns of the order, those that the table has
    """
    kept = [h for h in headers if h in table.columns]
    order = text(table, key).forward_fill()
    table = table.with_columns(order.alias(key))
    return table.with_columns(text(table, h).forward_fill().over(key).alias(h) for h in kept)
