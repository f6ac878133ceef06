"""Movements: what came in and went out, as quantities with a sign."""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from tradewind.errors import DataError

GOES = {
    "in": ("in", "receipt", "return", "adjust in", "transfer in"),
    "out": ("out", "sale", "adjust out", "transfer out"),
}
"""Which of our words for a movement say that it comes in, and which that it goes out."""


def signed(rows: pl.DataFrame, source_name: str, headers: Mapping[str, str]) -> pl.DataFrame:
    """The movements with quantity below zero where something goes out, and movement in one word.

    rows      quantity, and movement and direction where told (`choices.CHOICES`)
    headers   noun → header, for messages

    What the direction says goes before what the movement implies. Quantities that go out stand all
    above zero in a file, or all below. A movement without a direction, an adjustment say, keeps
    its sign; one that comes in keeps it too, so that a receipt below zero takes one back.

    Raises DataError naming the row where quantities that go out have both signs.
    """
    nouns = ("direction", "movement")
    missing = [pl.lit(None, pl.String).alias(c) for c in nouns if c not in rows.columns]
    full = rows.with_columns(missing)
    words = {word: way for way, called in GOES.items() for word in called}
    implied = pl.col("movement").replace_strict(words, default=None, return_dtype=pl.String)
    goes_out = (pl.coalesce("direction", implied) == "out").fill_null(False)
    out, quantity = full.select(goes_out).to_series(), full["quantity"]
    below = out & (quantity < 0)
    if below.any() and (out & (quantity > 0)).any():
        row = int(below.arg_true()[0])
        raise DataError(
            f"{source_name} row {row + 2}, column {headers['quantity']!r}: {quantity[row]:g} goes "
            "out below zero, others go out above zero; wanted one sign for what goes out, and what "
            "comes back as a movement in"
        )
    kind = pl.col("movement").str.split(" ").list.first()
    return full.with_columns(
        pl.when(goes_out).then(-pl.col("quantity").abs()).otherwise("quantity").alias("quantity"),
        pl.when(kind.is_in(["in", "out"])).then(None).otherwise(kind).alias("movement"),
    ).drop("direction")
