"""Money of several currencies in one, by dated exchange rates."""

from __future__ import annotations

import polars as pl

from tradewind.errors import DataError

MONEY = ("price", "regular_price", "competitor_price")
STALE = "7d"
"""A rate holds for so long: over weekends and holidays, not over a gap in the file."""


def checked(rates: pl.DataFrame) -> pl.DataFrame:
    """Rates (ds, from_currency, to_currency, rate) with codes in capitals.

    Raises DataError for a rate that is not above zero, or from a currency to itself.
    """
    upper = rates.with_columns(
        pl.col(c).str.strip_chars().str.to_uppercase() for c in ("from_currency", "to_currency")
    )
    wrong = upper.filter(
        (pl.col("rate") <= 0).fill_null(True) | (pl.col("from_currency") == pl.col("to_currency"))
    )
    if len(wrong):
        ds, have, want, rate = wrong.select("ds", "from_currency", "to_currency", "rate").row(0)
        raise DataError(
            f"the rate of {ds:%Y-%m-%d} from {have} to {want} is {rate}; wanted a number above "
            "zero: how much of the second currency one unit of the first is worth"
        )
    return upper


def converted(lines: pl.DataFrame, rates: pl.DataFrame, to: str) -> pl.DataFrame:
    """The lines with every amount of money in the currency `to`, by the rate of the line's day.

    rates   ds, from_currency, to_currency, rate: one unit of the first is worth `rate` of the
            second. Where only the other direction is told, its inverse counts. The newest rate of
            the last seven days counts

    Lines without a currency stay as they are. Raises DataError, naming the currency and the days,
    where a rate is missing.
    """
    money = [c for c in MONEY if c in lines.columns]
    foreign = (pl.col("currency") != to).fill_null(False)
    if not money or not lines.select(foreign.any()).item():
        return lines
    days = lines.filter(foreign).select("currency", pl.col("ordered_at").alias("ds")).unique()
    factors = _factors(days, rates, to)
    _refuse_missing(factors, to)
    joined = lines.join(
        factors,
        left_on=["currency", "ordered_at"],
        right_on=["currency", "ds"],
        how="left",
        maintain_order="left",
    )
    factor = pl.col("rate").fill_null(1.0)
    return joined.with_columns(
        *[(pl.col(c) * factor).alias(c) for c in money],
        pl.when(pl.col("currency").is_not_null()).then(pl.lit(to)).alias("currency"),
    ).drop("rate")


def _factors(days: pl.DataFrame, rates: pl.DataFrame, to: str) -> pl.DataFrame:
    """currency, ds, rate into `to`; null where no rate of the last seven days is known."""
    told = rates.filter(pl.col("to_currency") == to).select(
        pl.col("from_currency").alias("currency"), "ds", "rate"
    )
    inverse = rates.filter(pl.col("from_currency") == to).select(
        pl.col("to_currency").alias("currency"), "ds", (1 / pl.col("rate")).alias("rate")
    )
    known = pl.concat([told, inverse]).unique(["currency", "ds"], keep="first").sort("ds")
    return days.sort("ds").join_asof(
        known, on="ds", by="currency", strategy="backward", tolerance=STALE, check_sortedness=False
    )


def _refuse_missing(factors: pl.DataFrame, to: str) -> None:
    missing = factors.filter(pl.col("rate").is_null())
    if missing.is_empty():
        return
    gaps = missing.group_by("currency").agg(
        pl.col("ds").min().alias("first"),
        pl.col("ds").max().alias("last"),
        pl.col("ds").dt.date().n_unique().alias("days"),
    )
    said = "; ".join(
        f"{row['currency']}: {row['days']} days from {row['first']:%Y-%m-%d} to "
        f"{row['last']:%Y-%m-%d}"
        for row in gaps.sort("currency").iter_rows(named=True)
    )
    raise DataError(
        f"no exchange rate to {to} is known for {said}. Load a table with date, from, to and rate "
        "(tradewind load rates.csv --kind rates); a rate counts for its day and the next seven"
    )
