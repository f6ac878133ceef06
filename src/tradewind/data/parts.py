"""Parts: a large table worked on piece by piece, so that what is made meanwhile stays small."""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl

PART = 1_000_000
"""Lines worked on at once."""


def in_one_piece(table: pl.DataFrame) -> pl.DataFrame:
    """The columns, each in one piece of memory; `table` loses them one by one.

    Pieces of columns that do not match would be copied, all of them, by whatever comes next.
    """
    return pl.DataFrame([table.drop_in_place(name).rechunk() for name in table.columns])


def taken(table: pl.DataFrame) -> pl.DataFrame:
    """The columns in a table of their own; `table` loses them: whoever has the new one alone can
    let go of it."""
    return pl.DataFrame([table.drop_in_place(name) for name in table.columns])


def parts_of(lines: pl.DataFrame) -> Iterator[pl.DataFrame]:
    """The lines in order, at most PART at once; one empty part of an empty table.

    None lies across a border between the pieces of memory that hold the lines: what is made of the
    parts lies in the same pieces then, and polars copies neither to put them side by side.
    """
    begin = 0
    for length in lines.to_series(0).chunk_lengths():
        piece = lines.slice(begin, length)
        yield from piece.iter_slices(PART) if length else [piece]
        begin += length
