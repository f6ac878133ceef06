"""Money in the store: whole numbers of a currency's smallest unit."""

from __future__ import annotations

import polars as pl

EXPONENTS = {
    **dict.fromkeys(("BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW"), 0),
    **dict.fromkeys(("PYG", "RWF", "UGX", "VND", "VUV", "XAF", "XOF", "XPF"), 0),
    **dict.fromkeys(("BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"), 3),
}
"""Digits behind the point where there are not two (ISO 4217)."""


def exponent(currency: str) -> int:
    """Digits behind the point of a currency.

    >>> exponent("CNY"), exponent("JPY"), exponent("KWD")
    (2, 0, 3)
    """
    return EXPONENTS.get(currency, 2)


def to_units(amount: str, currency: str = "currency") -> pl.Expr:
    """Column `amount` in smallest units, rounded: 12.34 USD → 1234."""
    scaled = pl.col(amount).cast(pl.Float64) * _scale(currency)
    return scaled.round().cast(pl.Int64).alias(amount)


def from_units(units: str, currency: str = "currency") -> pl.Expr:
    """Column `units` as an amount of money: 1234 → 12.34 USD."""
    return (pl.col(units) / _scale(currency)).alias(units)


def _scale(currency: str) -> pl.Expr:
    digits = pl.col(currency).fill_null("").replace_strict(EXPONENTS, default=2)
    return pl.lit(10.0).pow(digits)
