"""Columns of panels as matrices over the series and dates that a chart shows."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import polars as pl

from tradewind.arrays import Bools, Dates, Floats
from tradewind.panel import Panel

PROMOTED = 0.05
"""A share from which on a promotion is drawn: less is rounding, or a single shop."""


def matrix(panels: Sequence[Panel], ids: Sequence[str], dates: Dates, column: str) -> Floats:
    """One numeric column of panels that follow each other, [ids, dates]; nan where unknown.

    Panels that lack the column, and rows of other series or dates, are passed over.
    """
    out = np.full((len(ids), len(dates)), np.nan)
    if not len(ids) or not len(dates):
        return out
    place = {key: i for i, key in enumerate(ids)}
    for panel in panels:
        if column not in panel.frame.columns:
            continue
        rows = panel.frame.filter(
            pl.col("unique_id").is_in(list(ids)),
            pl.col("ds").is_between(dates[0].item(), dates[-1].item()),
        )
        step = np.searchsorted(dates, rows["ds"].to_numpy())
        row = rows["unique_id"].replace_strict(place, return_dtype=pl.Int64).to_numpy()
        out[row, step] = rows[column].cast(pl.Float64).fill_null(np.nan).to_numpy()
    return out


def promoted(
    panels: Sequence[Panel], ids: Sequence[str], dates: Dates, columns: Sequence[str]
) -> Bools:
    """Whether any of these columns is at least PROMOTED, [ids, dates].

    columns   flags, or shares of the price taken off or of the shops that took part
    """
    flags = np.zeros((len(ids), len(dates)), dtype=bool)
    for column in columns:
        flags |= np.nan_to_num(matrix(panels, ids, dates, column)) >= PROMOTED
    return flags
