"""Promotions as shops mark them: flags, depths in percent, 折, or the name of a campaign."""

from __future__ import annotations

import polars as pl

from tradewind.data.numbers import EMPTY, parse_distinct, parse_numbers, plain_text

NO = (*EMPTY, "no", "n", "false", "f", "否", "没有", "0", "none", "不", "未参加", "非促销")
YES = ("yes", "y", "true", "t", "是", "有", "x", "√", "✓")
SMALLEST_PERCENT = 5.0
"""Bare numbers above 1 are percent if none of them lies below this and none above 100."""


def parse_promotions(column: pl.Series, decimal: str = ".") -> pl.Series:
    """How strong a promotion is, in [0, 1]: 0 none, 1 one of unknown depth, 0.2 = 20 % off.

    "8折" is 0.2; bare numbers of a column that all lie in 5…100 are percent, other numbers above 1
    a mark; any other text names a campaign.

    >>> parse_promotions(pl.Series(["是", "20%", "8折", "618大促", "", "no"])).to_list()
    [1.0, 0.2, 0.2, 1.0, 0.0, 0.0]
    """
    if column.dtype == pl.Boolean:
        return column.cast(pl.Float64).fill_null(0.0)
    if column.dtype.is_numeric() and column.is_between(0, 1).fill_null(False).all():
        return column.cast(pl.Float64)
    return parse_distinct(column, lambda cells: _depths(cells, decimal)).alias("promotion")


def _depths(column: pl.Series, decimal: str) -> pl.Series:
    filled = column.cast(pl.String).str.strip_chars()
    folded = plain_text(column).str.to_lowercase() if column.dtype == pl.String else filled
    number = parse_numbers(column, decimal).fill_nan(None).abs()
    above = number.filter((number > 1).fill_null(False))
    percent = len(above) > 0 and above.min() >= SMALLEST_PERCENT and above.max() <= 100  # type: ignore[operator]  # polars types min as any literal
    depth = number / 100 if percent else pl.Series([1.0] * len(number), dtype=pl.Float64)
    fold = folded.str.extract(r"(\d(?:\.\d+)?)\s*折$").cast(pl.Float64, strict=False)
    result = (
        pl.when(folded.is_null() | folded.is_in(NO).fill_null(True)).then(0.0)
        .when(folded.is_in(YES)).then(1.0)
        .when(fold.is_between(0.1, 9.9)).then((1 - fold / 10).round(6))
        .when(number <= 1).then(number)
        .when(number > 1).then(depth)
        .otherwise(1.0)
    )  # fmt: skip
    return pl.select(result.alias("promotion")).to_series()
