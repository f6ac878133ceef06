"""Grid: where each period of each series lies in the flat columns of a panel."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import polars as pl

from tradewind.arrays import Bools, Dates, Floats, Ints

CHUNK = 2_000_000
"""Cells of a matrix that are worked on at a time."""


@dataclass(frozen=True, slots=True)
class Grid:
    """Series of different births that all run to the last period, one after another.

    keys     one row per series: series (0 … N − 1), unique_id and what makes it, by unique_id
    ds       every period, [T]
    first    first period of each series as a place in ds, [N]
    offset   place of that period in the flat columns, and their length at the end, [N + 1]
    """

    keys: pl.DataFrame
    ds: Dates
    first: Ints
    offset: Ints

    @classmethod
    def of(cls, keys: pl.DataFrame, ds: Dates, first: Ints) -> Grid:
        """The grid of series that are born at `first`."""
        return cls(
            keys, ds, first, np.concatenate([[0], np.cumsum(len(ds) - first)]).astype(np.int64)
        )

    @property
    def size(self) -> int:
        """Length of the flat columns."""
        return int(self.offset[-1])

    def place(self, series: Ints, period: Ints) -> Ints:
        """Place in the flat columns of (series, period) pairs."""
        places: Ints = (self.offset[:-1] - self.first)[series] + period
        return places

    def spread(self, told: pl.DataFrame, column: str, empty: float) -> Floats:
        """A flat column: `told` (series, ds, column) inside the lives, `empty` elsewhere."""
        series, at = told["series"].to_numpy(), told["ds"].to_numpy()
        period = np.searchsorted(self.ds, at)
        alive = (period >= self.first[series]) & (period < len(self.ds))
        flat = np.full(self.size, empty)
        values = told[column].cast(pl.Float64).fill_null(np.nan).to_numpy()
        flat[self.place(series[alive], period[alive])] = values[alive]
        return flat


def carried(values: Floats, offset: Ints) -> Floats:
    """Flat values, each nan filled from the one before it in its series, else from the next one.

    >>> carried(np.array([np.nan, 1, np.nan, np.nan, 5]), np.array([0, 3, 5])).tolist()
    [1.0, 1.0, 1.0, 5.0, 5.0]
    """
    if not np.isnan(values).any():
        return values
    filled = np.empty_like(values)
    for start, stop in blocks(offset):
        part = slice(offset[start], offset[stop])
        filled[part] = _carried(values[part], offset[start : stop + 1] - offset[start])
    return filled


def blocks(offset: Ints) -> Iterator[tuple[int, int]]:
    """First series and the one after the last of each block; as a matrix it has CHUNK cells."""
    size = max(1, CHUNK // max(1, int(np.diff(offset).max(initial=1))))
    for start in range(0, len(offset) - 1, size):
        yield start, min(start + size, len(offset) - 1)


def _carried(values: Floats, offset: Ints) -> Floats:
    lengths = np.diff(offset)
    known = ~np.isnan(values)
    before = np.maximum.accumulate(np.where(known, np.arange(len(values)), -1))
    open_start = before < np.repeat(offset[:-1], lengths)
    filled: Floats = values[np.maximum(before, 0)]
    if open_start.any():
        at = np.flatnonzero(open_start)
        known_at = np.flatnonzero(known)
        ends = np.repeat(offset[1:], lengths)[at]
        after = np.append(known_at, len(values))[np.searchsorted(known_at, at)]
        filled[at] = np.where(after < ends, values[np.minimum(after, len(values) - 1)], np.nan)
    return filled


def row_medians(matrix: Floats) -> Floats:
    """Median of each row without its nan, [N]; nan for a row of nan."""
    ordered = np.sort(matrix, axis=1)  # nan last
    count = (~np.isnan(ordered)).sum(axis=1)
    low, high = np.maximum(count - 1, 0) // 2, count // 2
    rows = np.arange(len(matrix))
    high = np.minimum(high, matrix.shape[1] - 1)
    medians: Floats = (ordered[rows, low] + ordered[rows, high]) / 2
    return np.where(count > 0, medians, np.nan)


def as_rows(flat: Floats, offset: Ints, start: int, stop: int) -> tuple[Floats, Bools]:
    """Series start … stop − 1 of a flat column as rows of a matrix that end together, [n, T]; and
    where the matrix holds values (a series younger than the oldest has nan before its birth)."""
    lengths = np.diff(offset[start : stop + 1])
    width = int(lengths.max())
    alive = np.arange(width) >= (width - lengths)[:, None]
    matrix = np.full((stop - start, width), np.nan)
    matrix[alive] = flat[offset[start] : offset[stop]]
    return matrix, alive
