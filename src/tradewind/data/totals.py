"""Totals: the lines that fall into one period of one series become one value."""

from __future__ import annotations

import numpy as np
import polars as pl

from tradewind.arrays import Floats, Ints
from tradewind.data.grid import Grid, carried

CARRIED = ("price", "regular_price", "competitor_price")
"""Columns that a period without a line takes from the period before it (else from the next one)."""

SUMMED = ("views", "carts")


def sums(place: Ints, values: Floats, size: int) -> Floats:
    """Σ values at each place, [size]; nan counts as nothing."""
    return _added(place, np.nan_to_num(values) if np.isnan(values).any() else values, size)


def _added(place: Ints, values: Floats, size: int) -> Floats:
    return np.bincount(place, values, size).astype(np.float64, copy=False)


def weighted_means(place: Ints, values: Floats, units: Floats, size: int) -> Floats:
    """Mean of values at each place, weighted by units where there are any, [size].

    Where no units were sold the plain mean; nan where no value is told.

        Σ units · value / Σ units    over the lines that tell a value

    >>> place, price, units = np.array([0, 0, 1]), np.array([2.0, 4, 7]), np.array([3.0, 1, 0])
    >>> weighted_means(place, price, units, 3).tolist()
    [2.5, 7.0, nan]
    """
    told = ~np.isnan(values)
    if not told.all():
        place, values, units = place[told], values[told], units[told]
    weight = _added(place, units, size)
    means = _added(place, units * values, size)
    idle = (weight <= 0)[place]
    with np.errstate(invalid="ignore", divide="ignore"):
        means /= weight
        if idle.any():
            plain = _added(place[idle], values[idle], size)
            plain /= np.bincount(place[idle], minlength=size)
            np.copyto(means, plain, where=weight <= 0)
    return means


def promoted(place: Ints, depth: Floats, units: Floats, size: int) -> Floats:
    """Σ units · depth / Σ units at each place; where nothing was sold the largest depth, else 0."""
    depth = np.nan_to_num(depth)
    weight = _added(place, units, size)
    share = _added(place, units * depth, size)
    np.divide(share, weight, out=share, where=weight > 0)
    idle = (weight <= 0)[place]
    np.maximum.at(share, place[idle], depth[idle])
    return share


def columns_of(lines: pl.DataFrame, place: Ints, grid: Grid) -> dict[str, Floats]:
    """The flat columns of a panel, [size] each, from lines (q = units sold) and their places.

    Lines whose place is `grid.size` lie outside every series: they are cut off.
    """
    units, size = lines["q"].to_numpy(), grid.size
    columns = {"y": sums(place, units, size + 1)[:size]}
    for c in CARRIED:
        if is_told(lines, c):
            means = weighted_means(place, _floats(lines, c), units, size + 1)[:size]
            columns[c] = carried(means, grid.offset)
    if is_told(lines, "promotion"):
        depth = _floats(lines, "promotion")
        columns["promotion"] = promoted(place, depth, units, size + 1)[:size]
    if is_told(lines, "stock"):
        columns["stock"] = _last_told(lines, place, size + 1)[:size]
    for c in SUMMED:
        if is_told(lines, c):
            columns[c] = sums(place, _floats(lines, c), size + 1)[:size]
    return columns


def _last_told(lines: pl.DataFrame, place: Ints, size: int) -> Floats:
    told = lines.select("ordered_at", "stock", pl.Series("place", place)).drop_nulls("stock")
    last = told.sort("ordered_at", maintain_order=True)
    flat = np.full(size, np.nan)
    flat[last["place"].to_numpy()] = last[
        "stock"
    ].to_numpy()  # of a place told twice the last stays
    return flat


def is_told(lines: pl.DataFrame, column: str) -> bool:
    """Whether any line tells something in a column."""
    if column not in lines.columns:
        return False
    gaps: int = lines.select(pl.col(column).null_count()).item()
    return gaps < len(lines)


def _floats(lines: pl.DataFrame, column: str) -> Floats:
    values: Floats = lines[column].cast(pl.Float64).fill_null(np.nan).to_numpy()
    return values
