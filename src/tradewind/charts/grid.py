"""A small table in a notebook, as our pages show tables."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape

import polars as pl


@dataclass(frozen=True, slots=True)
class Grid:
    """A table that a notebook shows: words to the left, numbers to the right, nothing quoted."""

    frame: pl.DataFrame

    def __repr__(self) -> str:
        with pl.Config(tbl_rows=-1, tbl_cols=-1, tbl_hide_dataframe_shape=True):
            return str(self.frame)

    def _repr_html_(self) -> str:
        sides = ["right" if kind.is_numeric() else "left" for kind in self.frame.dtypes]
        rows = zip(*(cells(column) for column in self.frame), strict=True)
        head, *body = (
            "".join(
                f'<{tag} align="{side}" style="text-align:{side}">{escape(text)}</{tag}>'
                for side, text in zip(sides, row, strict=True)
            )
            for tag, row in [("th", self.frame.columns), *(("td", row) for row in rows)]
        )
        inside = "".join(f"<tr>{row}</tr>" for row in body)
        table = f"<thead><tr>{head}</tr></thead><tbody>{inside}</tbody>"
        return f'<table style="font-variant-numeric:tabular-nums">{table}</table>'


def cells(column: pl.Series) -> list[str]:
    """A column as text; numbers with as many decimals as the column needs, three at most.

    >>> cells(pl.Series([1234.5, 0.25, None]))
    ['1,234.50', '0.25', '–']
    """
    values = column.to_list()
    if column.dtype.is_float():
        digits = next(d for d in range(4) if d == 3 or (column.round(d) == column).all())
        return ["–" if value is None else f"{value:,.{digits}f}" for value in values]
    if column.dtype.is_integer():
        return ["–" if value is None else f"{value:,}" for value in values]
    return ["–" if value is None else str(value) for value in values]


def grid(frame: pl.DataFrame) -> Grid:
    """Show a small table in a notebook, whole."""
    return Grid(frame)
