"""Parts: a large table worked on piece by piece, so that what is made meanwhile stays small."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import accumulate

import polars as pl

PART = 1_000_000
"""Lines worked on at once."""


def in_like_pieces(table: pl.DataFrame) -> pl.DataFrame:
    """The columns in pieces of memory that match; `table` loses them one by one.

    Pieces that do not match would be copied, all of them, by whatever comes next. Those that match
    and are no longer than a part stay: what is made by parts lies in the same pieces then. Others
    are brought into one.
    """
    pieces = [table[name].chunk_lengths() for name in table.columns]
    if all(p == pieces[0] for p in pieces) and max(pieces[0], default=0) <= PART:
        return taken(table)
    return pl.DataFrame([table.drop_in_place(name).rechunk() for name in table.columns])


def alike(column: pl.Series, other: pl.Series) -> pl.Series:
    """A column in the pieces of memory of another one of its length."""
    lengths = other.chunk_lengths()
    if column.chunk_lengths() == lengths:
        return column
    whole, ends = column.rechunk(), list(accumulate(lengths))
    pieces = [whole.slice(end - length, length) for end, length in zip(ends, lengths, strict=True)]
    return pl.concat(pieces, rechunk=False) if pieces else whole


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
