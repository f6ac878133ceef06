"""Exchange rates: amounts in one currency, or an error that says which rate is missing."""

from __future__ import annotations

from datetime import datetime

import polars as pl
import pytest

from tradewind.data.rates import checked, converted
from tradewind.errors import DataError

RATES = pl.DataFrame(
    {
        "ds": [datetime(2025, 3, 7), datetime(2025, 3, 10), datetime(2025, 3, 7)],
        "from_currency": ["USD", "USD", "CNY"],
        "to_currency": ["CNY", "CNY", "JPY"],
        "rate": [7.2, 7.3, 20.0],
    }
)


def lines(*sold: tuple[datetime, str | None, float]) -> pl.DataFrame:
    """Lines with a day, a currency and a price."""
    days, currencies, prices = zip(*sold, strict=True)
    table = {"ordered_at": days, "currency": currencies, "price": prices}
    return pl.DataFrame(table, schema_overrides={"currency": pl.String})


def test_the_newest_rate_of_the_last_days_counts_and_an_inverse_where_it_must() -> None:
    sold = lines(
        (datetime(2025, 3, 9, 23), "USD", 10.0),  # a Sunday: Friday's rate
        (datetime(2025, 3, 10, 1), "USD", 10.0),
        (datetime(2025, 3, 10), "JPY", 4000.0),
        (datetime(2025, 3, 10), "CNY", 5.0),
        (datetime(2025, 3, 10), None, 6.0),
    )
    made = converted(sold, RATES, "CNY")
    assert made["price"].to_list() == pytest.approx([72.0, 73.0, 200.0, 5.0, 6.0])
    assert made["currency"].to_list() == ["CNY"] * 4 + [None]
    assert made.columns == sold.columns


def test_a_missing_rate_names_currency_and_days() -> None:
    sold = lines(
        (datetime(2025, 3, 1), "USD", 1.0),
        (datetime(2025, 3, 2), "USD", 1.0),
        (datetime(2025, 3, 18), "USD", 1.0),
        (datetime(2025, 3, 8), "EUR", 1.0),
    )
    wanted = "EUR: 1 days from 2025-03-08 to 2025-03-08; USD: 3 days from 2025-03-01 to 2025-03-18"
    with pytest.raises(DataError, match=wanted):
        converted(sold, RATES, "CNY")


@pytest.mark.parametrize(("to", "rate"), [("USD", 1.0), ("CNY", 0.0), ("CNY", -7.0)])
def test_a_rate_that_cannot_be_is_refused(to: str, rate: float) -> None:
    row = {"ds": [datetime(2025, 3, 7)], "from_currency": [" usd"], "to_currency": [to]}
    with pytest.raises(DataError, match=f"2025-03-07 from USD to {to} is {rate}"):
        checked(pl.DataFrame({**row, "rate": [rate]}))


def test_lines_of_one_currency_need_no_rate() -> None:
    sold = lines((datetime(2025, 3, 1), "CNY", 1.0))
    assert converted(sold, RATES.clear(), "CNY").equals(sold)
