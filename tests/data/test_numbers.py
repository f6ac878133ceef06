"""Numbers as shops write them."""

from __future__ import annotations

import math

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tradewind.data.numbers import (
    currencies,
    decimal_sign,
    header_currency,
    looks_like_numbers,
    parse_numbers,
)
from tradewind.data.promotions import parse_promotions


def grouped(value: float, thousands: str, decimal: str) -> str:
    text = f"{value:,.2f}"
    return text.replace(",", "\x00").replace(".", decimal).replace("\x00", thousands)


@settings(deadline=None)
@given(
    st.lists(st.decimals(-(10**9), 10**9, places=2, allow_nan=False), min_size=1, max_size=20),
    st.sampled_from([(",", "."), (".", ","), (" ", ","), ("'", "."), ("", "."), ("", ",")]),
)
def test_numbers_survive_being_written_in_any_convention(
    values: list[float], convention: tuple[str, str]
) -> None:
    thousands, decimal = convention
    column = pl.Series([grouped(float(v), thousands, decimal) for v in values])
    parsed = parse_numbers(column, decimal).to_list()
    assert parsed == pytest.approx([float(v) for v in values])


@settings(deadline=None)
@given(
    st.lists(
        st.decimals(0, 10**6, places=2, allow_nan=False).map(float), min_size=1, max_size=20
    ).filter(lambda values: any(v != int(v) for v in values)),
    st.sampled_from([(",", "."), (".", ",")]),
)
def test_a_column_with_two_decimals_proves_its_sign(
    values: list[float], convention: tuple[str, str]
) -> None:
    column = pl.Series([grouped(v, *convention) for v in values])
    assert decimal_sign(column) == convention[1]


@pytest.mark.parametrize(
    ("cells", "sign"),
    [
        (["1,234"], None),
        (["1.234", "5"], None),
        (["1,234", "12,5"], ","),
        (["1.234.567"], ","),
        (["1,234,567"], "."),
        (["0.5", "1,234"], "."),
        (["1 234,5"], ","),
        (["7"], None),
    ],
)
def test_the_decimal_sign_is_what_the_column_proves(cells: list[str], sign: str | None) -> None:
    assert decimal_sign(pl.Series(cells)) == sign


@pytest.mark.parametrize(
    ("cell", "value"),
    [
        ("¥1,234.50", 1234.5),
        ("￥１２．５", 12.5),
        ("12.5元", 12.5),
        ("RMB 12", 12.0),
        ("$ 1,000", 1000.0),
        ("(3.50)", -3.5),
        ("3-", -3.0),
        ("−4", -4.0),
        ("20%", 0.2),
        ("1.2万", 12000.0),
        ("1e3", 1000.0),
        ("12,34,567", 1234567.0),
        (".5", 0.5),
        (" 7 ", 7.0),
    ],
)
def test_a_cell_is_read_as_its_number(cell: str, value: float) -> None:
    assert parse_numbers(pl.Series([cell, "1 x"]))[0] == pytest.approx(value)


@pytest.mark.parametrize("cell", ["", "-", "n/a", "NULL", "无", "  ", "#N/A"])
def test_a_cell_that_says_nothing_is_null(cell: str) -> None:
    assert parse_numbers(pl.Series([cell])).to_list() == [None]


@pytest.mark.parametrize("cell", ["twelve", "1,23", "1.2.3", "3kg", "inf", "1,2345", "--5", "5 6"])
def test_a_cell_that_is_no_number_is_nan(cell: str) -> None:
    assert math.isnan(parse_numbers(pl.Series([cell]))[0])


def test_currencies_are_told_apart() -> None:
    cells = pl.Series(["¥5", "5元", "$5", "US$5", "HK$5", "€5", "£5", "5"])
    assert currencies(cells).to_list() == ["CNY", "CNY", "USD", "USD", "HKD", "EUR", "GBP", None]


def test_words_do_not_look_like_numbers() -> None:
    assert looks_like_numbers(pl.Series(["shoe", "hat", "3"])) == pytest.approx(1 / 3)


@pytest.mark.parametrize(
    ("cells", "depths"),
    [
        (["1", "0", ""], [1.0, 0.0, 0.0]),
        (["20", "35", "0"], [0.2, 0.35, 0.0]),
        (["0.2", "0"], [0.2, 0.0]),
        (["1", "2", "3"], [1.0, 1.0, 1.0]),
        (["8折", "8.5 折", "无"], [0.2, 0.15, 0.0]),
        (["618大促", "否"], [1.0, 0.0]),
        (["TRUE", "FALSE"], [1.0, 0.0]),
        (["15%", None], [0.15, 0.0]),
    ],
)
def test_promotions_are_depths(cells: list[str | None], depths: list[float]) -> None:
    assert parse_promotions(pl.Series(cells)).to_list() == pytest.approx(depths)


def test_promotions_that_are_flags_or_numbers_stay() -> None:
    assert parse_promotions(pl.Series([True, False, None])).to_list() == [1.0, 0.0, 0.0]
    assert parse_promotions(pl.Series([10.0, 0.0, 25.0])).to_list() == [0.1, 0.0, 0.25]


@pytest.mark.parametrize(
    ("header", "code"),
    [
        *(("Unit Price (USD)", "USD"), ("单价（元）", "CNY"), ("金额(日元)", "JPY")),
        *(("价格【美元】", "USD"), ("price ($)", "USD"), ("sum GBP", "GBP")),
        *(("Price €", "EUR"), ("price_cad", "CAD"), ("Europe price", None), ("Unit Price", None)),
        *(("销量（件）", None), ("price (net)", None)),
    ],
)
def test_a_heading_names_its_currency(header: str, code: str | None) -> None:
    assert header_currency(header) == code
