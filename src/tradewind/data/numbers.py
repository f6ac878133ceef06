"""Numbers as shops write them: decimal commas, thousands, currency signs, percent, full width."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable

import polars as pl

from tradewind.data.parts import alike, parts_of

EMPTY = (
    "",
    "-",
    "--",
    "—",
    "–",
    "na",
    "n/a",
    "#n/a",
    "nan",
    "null",
    "none",
    "nil",
    "无",
    "空",
    "/",
)
"""Cells that say: nothing here (compared without case)."""

SAYS_NOTHING = rf"(?i)^\s|\s$|^(?:{'|'.join(map(re.escape, EMPTY))})$"
"""Fits every cell that says nothing, and those with spaces around what they say."""

CURRENCIES = {
    "USD": r"us\$|usd|美元|美金",
    "HKD": r"hk\$|hkd|港元|港币",
    "AUD": r"a\$|aud|澳元",
    "CAD": r"c\$|cad|加元",
    "JPY": r"jpy|日元|円",
    "EUR": r"€|eur|欧元",
    "GBP": r"£|gbp|英镑",
    "KRW": r"₩|krw|韩元",
    "INR": r"₹|inr",
    "CNY": r"rmb|cny|cn¥|人民币|元|¥",
}
"""Currency code → how it is written, tried in this order; 日元 comes before 元, $ alone is USD."""

GROUPED = {
    ".": r"\d{1,3}(?:(?:,\d{2,3})*,\d{3}|(?: \d{3})+|(?:'\d{3})+)",
    ",": r"\d{1,3}(?:(?:\.\d{3})+|(?: \d{3})+|(?:'\d{3})+)",
}
"""Decimal sign → an integer part with thousands separators that can go with it."""


def plain_text(column: pl.Series) -> pl.Series:
    """Cells in half width without spaces around them; cells that say nothing become null."""
    text = column.cast(pl.String).str.strip_chars()
    if not text.str.contains(r"^[\x21-\x7e]*$").fill_null(True).all():
        text = text.str.normalize("NFKC").str.replace_all(r"[\s\u2009\u202f\u00a0]+", " ")
        text = text.str.strip_chars()
    return text.set(text.str.to_lowercase().is_in(EMPTY).fill_null(False), None)


def looks_like_numbers(sample: pl.Series) -> float:
    """Share of the filled cells that read as a number in some convention, in [0, 1]."""
    if sample.dtype.is_numeric():
        return 1.0
    text = plain_text(sample).drop_nulls()
    if not len(text):
        return 0.0
    body = _body(text)
    fits = body.str.contains(_pattern(".")) | body.str.contains(_pattern(","))
    return float(fits.sum()) / len(text)


def decimal_sign(column: pl.Series) -> str | None:
    """The decimal sign that a column's cells prove: "." or ","; None where they prove neither.

    "1.234,50" and "12,5" prove a comma, "1,234.50" and "12.5" a point; "1.234" alone neither.
    """
    if column.dtype != pl.String:
        return None
    text = plain_text(column.unique()).drop_nulls()
    text = text.filter(text.str.contains(r"[.,]"))
    if not len(text):
        return None
    body = _body(text.unique())
    point, comma = body.str.contains(_pattern(".")), body.str.contains(_pattern(","))
    only_point, only_comma = int((point & ~comma).sum()), int((comma & ~point).sum())
    if only_point == only_comma:
        return None
    return "." if only_point > only_comma else ","


def parse_numbers(column: pl.Series, decimal: str = ".") -> pl.Series:
    """Float64; null where the cell says nothing, nan where it is no number.

    decimal   the sign before decimals, "." or ","; the other one then separates thousands

    "(5)" and "5-" are −5, "20%" is 0.2, "1.2万" is 12000; a currency sign is passed over.

    >>> parse_numbers(pl.Series(["1.234,50", "(3)", "20%", "twelve"]), ",").to_list()
    [1234.5, -3.0, 0.2, nan]
    """
    if column.dtype.is_numeric() or column.dtype == pl.Boolean:
        return column.cast(pl.Float64).fill_nan(None)
    if decimal == ".":
        direct = column.cast(pl.Float64, strict=False) if column.dtype == pl.String else column
        lost = bool((direct.is_null() & column.is_not_null()).any())
        if column.dtype == pl.String and not lost and direct.is_finite().fill_null(True).all():
            return direct
    text = plain_text(column)
    body = _body(text)
    valid = body.str.contains(_pattern(decimal))
    digits = body.str.replace_all(r"[ '%万]" if decimal == "," else r"[ ',%万]", "")
    digits = digits.str.strip_chars_end("-")
    if decimal == ",":
        digits = digits.str.replace_all(".", "", literal=True).str.replace(",", ".", literal=True)
    value = digits.cast(pl.Float64, strict=False).abs()
    sign = pl.when(_negative(text, body)).then(-1.0).otherwise(1.0)
    scale = pl.when(body.str.ends_with("%")).then(100.0).otherwise(1.0)
    times = pl.when(body.str.ends_with("万")).then(10_000.0).otherwise(1.0)
    result = pl.select(value * sign * times / scale).to_series()
    finite = valid.fill_null(False) & result.is_finite().fill_null(False)
    result = result.set(~finite, float("nan"))
    return result.set(text.is_null(), None).alias(column.name)


def parse_distinct(column: pl.Series, parse: Callable[[pl.Series], pl.Series]) -> pl.Series:
    """`parse` of a column, each distinct cell once: a day stands in thousands of lines."""
    cells = column.unique()
    parsed = pl.DataFrame({"cell": cells, "value": parse(cells)})
    joined = [
        part.join(parsed, on="cell", how="left", nulls_equal=True, maintain_order="left")["value"]
        for part in parts_of(column.alias("cell").to_frame())
    ]
    return alike(pl.concat(joined), column).alias(column.name)


def currencies(column: pl.Series) -> pl.Series:
    """The currency code written in each cell, null where none is; a bare $ is USD."""
    plain = r"^[\d.,\s-]*$"
    if column.dtype != pl.String or column.str.contains(plain).fill_null(True).all():
        return pl.repeat(None, len(column), dtype=pl.String, eager=True).alias(column.name)
    text = plain_text(column).str.to_lowercase()
    found = pl.lit(None, dtype=pl.String)
    for code, pattern in reversed([*CURRENCIES.items(), ("USD", r"\$")]):
        found = pl.when(text.str.contains(pattern)).then(pl.lit(code)).otherwise(found)
    return pl.select(found.alias(column.name)).to_series()


def header_currency(header: str) -> str | None:
    """The currency that the heading of a money column names.

    >>> [header_currency(h) for h in ("Unit Price (USD)", "单价（元）", "Europe")]
    ['USD', 'CNY', None]
    """
    plain = unicodedata.normalize("NFKC", header)
    named = re.findall(r"[(\[【](.*?)[)\]】]|[\W_]([A-Za-z]{3})$|([€£₩₹¥$])", plain)
    words = [word for parts in named for word in parts if word]
    found = currencies(pl.Series(words, dtype=pl.String)).drop_nulls()
    return str(found[0]) if len(found) else None


def _body(text: pl.Series) -> pl.Series:
    """The cell without currency, brackets of a negative, and typographic variants of ' and -."""
    words = "|".join([*CURRENCIES.values(), r"\$"])
    return (
        text.str.replace_all(r"[’`´]", "'")
        .str.replace_all(r"[−–]", "-")
        .str.replace_all(f"(?i)(?:{words})", "")
        .str.replace(r"^\s*\((.*)\)\s*$", "$1")
        .str.strip_chars()
        .str.replace(r"^([+-])\s+", "$1")
        .str.replace(r"\s+([%万])$", "$1")
    )


def _pattern(decimal: str) -> str:
    point = r"\." if decimal == "." else ","
    exponent = r"(?:[eE][+-]?\d{1,3})?"
    return rf"^[+-]?(?:(?:{GROUPED[decimal]}|\d+)(?:{point}\d*)?|{point}\d+){exponent}[%万]?-?$"


def _negative(text: pl.Series, body: pl.Series) -> pl.Series:
    return (
        body.str.starts_with("-") | body.str.ends_with("-") | text.str.contains(r"^\W*\(.*\)\W*$")
    )
