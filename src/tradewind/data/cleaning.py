"""Cleaning: what was repaired, counted exactly and listed by example."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import polars as pl

LISTED = 200
"""Entries kept per kind; the counts are exact."""

SCHEMA: dict[str, pl.DataType] = {
    "kind": pl.String(),
    "unique_id": pl.String(),
    "ds": pl.Datetime("us"),
    "before": pl.String(),
    "after": pl.String(),
    "note": pl.String(),
}

KINDS = {
    "missing_quantity": "lines without a quantity, left out",
    "exact_duplicate": "lines that stood there twice, kept once",
    "key_duplicate": "lines told twice with different contents, the latest kept",
    "unknown_status": "lines with a status that is not known, counted as sold",
    "cancelled": "cancelled lines, kept apart from demand",
    "pending": "lines not yet paid, kept apart from demand",
    "returned": "lines that were returned later: demand all the same",
    "return": "returns, kept apart from demand",
    "negative_quantity": "lines with a negative quantity, taken as returns",
    "absurd_quantity": "lines with a quantity no product sells, kept apart from demand",
    "missing_price": "lines without a price, which got the one before (or after) it",
    "partial_period": "periods that the data cover in part, left out",
    "missing_period": "periods without a line inside the life of a series, filled with zero",
    "before_launch": "zeros before the first sale of a series, left out",
    "never_sold": "series without a single sale, left out",
    "outlier": "periods far from the series' usual sales, marked",
    "ended": "series that stopped selling, marked",
    "sold_after_end": "periods with sales after the last order date of a product, kept",
}
"""Every kind of repair, in the order in which they are made, and what it means."""


@dataclass(frozen=True, slots=True)
class Cleaning:
    """A record of repairs.

    entries   kind, unique_id, ds, before, after, note: at most LISTED rows per kind
    totals    kind → exact number of repairs

    `a + b` is what both did.
    """

    entries: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=SCHEMA))
    totals: Mapping[str, int] = field(default_factory=dict)

    def counts(self) -> dict[str, int]:
        """Kind → exact number of repairs, in the order of KINDS, none of them zero."""
        return {k: self.totals[k] for k in KINDS if self.totals.get(k)}

    def __add__(self, other: Cleaning) -> Cleaning:
        both = pl.concat([self.entries, other.entries])
        listed = both.filter(pl.int_range(pl.len()).over("kind") < LISTED)
        kinds = dict.fromkeys([*self.totals, *other.totals])
        sums = {k: self.totals.get(k, 0) + other.totals.get(k, 0) for k in kinds}
        return Cleaning(listed, sums)


def cleaning_of(kind: str, rows: pl.DataFrame, count: int | None = None) -> Cleaning:
    """The record of one kind of repair.

    rows    one row per repair, with any of unique_id, ds, before, after, note; others are null
    count   how many there were, where `rows` holds examples only
    """
    assert kind in KINDS, kind
    head = rows.head(LISTED)
    columns = [
        (pl.col(c) if c in head.columns else pl.lit(None)).cast(t).alias(c)
        for c, t in SCHEMA.items()
        if c != "kind"
    ]
    entries = head.select(pl.lit(kind).alias("kind"), *columns) if len(head) else Cleaning().entries
    return Cleaning(entries, {kind: len(rows) if count is None else count})
