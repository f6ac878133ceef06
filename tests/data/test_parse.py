"""From cells to canonical lines."""

from __future__ import annotations

import hashlib
from datetime import datetime

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tradewind.data.columns import guess_columns
from tradewind.data.event_ids import kind_of, with_event_ids
from tradewind.data.parse import ALWAYS, Reading, parse
from tradewind.data.repair import repair
from tradewind.data.statuses import parse_status
from tradewind.errors import DataError

AS_IT_IS = Reading()
BERLIN = Reading(zone="Europe/Berlin")


def lines_of(table: pl.DataFrame, reading: Reading = AS_IT_IS) -> pl.DataFrame:
    columns = guess_columns(table).corrected({"date": "date"} if "date" in table.columns else {})
    return parse(table, columns, "s.csv", reading)


DAILY = pl.DataFrame(
    {
        "sku": ["A", "A", "B"],
        "date": ["2024-03-01", "2024-03-02", "2024-03-01"],
        "qty": ["2", "1", "4"],
        "price": ["9.5", "", "3"],
    }
)
ORDERS = pl.DataFrame(
    {
        "order id": ["1", "1", "1", "2"],
        "sku": ["A", "A", "A", "B"],
        "date": ["2024-03-01 10:00:00"] * 3 + ["2024-03-02 10:00:00"],
        "qty": ["2", "2", "1", "4"],
        "price": ["9.5", "9.5", "0", "3"],
        "status": ["paid", "cancelled", "paid", "paid"],
    }
)


def test_lines_always_have_the_same_columns() -> None:
    lines = lines_of(DAILY)
    assert lines.columns == list(ALWAYS)
    assert lines["price"].to_list() == [9.5, None, 3.0]
    assert lines["status"].to_list() == ["paid"] * 3
    assert lines.schema["ordered_at"] == pl.Datetime("us")
    assert lines.schema["customer"] == pl.String


def test_a_price_comes_from_an_amount() -> None:
    table = DAILY.drop("price").with_columns(pl.Series("销售额", ["19", "9.5", "0"]))
    assert lines_of(table)["price"].to_list() == [9.5, 9.5, 0.0]


def test_the_decimal_sign_is_decided_for_the_whole_table() -> None:
    table = DAILY.with_columns(
        pl.Series("qty", ["1.234", "2", "3"]), pl.Series("price", ["9,50", "9,5", "1.000,00"])
    )
    lines = lines_of(table)
    assert lines["quantity"].to_list() == [1234.0, 2.0, 3.0]
    assert lines["price"].to_list() == [9.5, 9.5, 1000.0]
    whole = DAILY.drop("price").with_columns(qty=pl.lit("1,234"))
    told = lines_of(whole, Reading(decimal=","))
    assert told["quantity"].to_list() == [1.234] * 3


def test_a_currency_written_once_holds_for_the_column() -> None:
    table = DAILY.with_columns(pl.Series("price", ["¥9.5", "", "3"]))
    assert lines_of(table)["currency"].to_list() == ["CNY"] * 3
    named = DAILY.rename({"price": "price (USD)"})
    assert lines_of(named)["currency"].to_list() == ["USD"] * 3
    assert lines_of(DAILY, Reading(currency="EUR"))["currency"].to_list() == ["EUR"] * 3


def test_numeric_ids_become_text_without_a_point() -> None:
    table = DAILY.with_columns(pl.Series("sku", [7.0, 7.0, 12.0]))
    assert lines_of(table)["product"].to_list() == ["7", "7", "12"]


def test_blank_rows_do_not_shift_the_row_that_is_named() -> None:
    table = pl.concat([DAILY.head(1), DAILY.head(1).clear(1), DAILY, DAILY, DAILY, DAILY])
    table = pl.concat([table, DAILY.head(1).with_columns(qty=pl.lit("many"))])
    with pytest.raises(DataError, match=r"row 16, column 'qty': 'many'"):
        lines_of(table)


def test_a_time_without_an_offset_among_others_needs_a_zone() -> None:
    times = ["2024-03-01 10:00:00 +0100", "2024-03-02 10:00:00", "2024-03-03"]
    table = DAILY.with_columns(pl.Series("date", times))
    with pytest.raises(DataError, match=r"s.csv row 3, column 'date'.*--zone Asia/Shanghai"):
        lines_of(table)
    read = lines_of(table, Reading(zone="Asia/Shanghai"))
    assert read["ordered_at"].dt.hour().to_list() == [17, 10, 0]


@pytest.mark.parametrize(
    "times",
    [
        pl.Series(["2024-03-01", "2024-03-02", "2024-03-03 09:30:00"]),
        pl.Series([datetime(2024, 3, 1), datetime(2024, 3, 2, 9, 30), datetime(2024, 3, 3)]),
        pl.Series([1_709_510_400, 1_709_510_400, 1_709_542_800]),  # moments: no day without a clock
        pl.Series(["45356", "45357", "45358.25"]),
    ],
    ids=["text", "typed", "seconds since 1970", "days of a spreadsheet"],
)
def test_times_of_day_need_a_clock(times: pl.Series) -> None:
    table = DAILY.with_columns(times.alias("date"))
    with pytest.raises(DataError) as refused:
        lines_of(table)
    said = str(refused.value)
    for word in ("s.csv row ", "column 'date'", "--zone Asia/Shanghai", "+08:00"):
        assert word in said
    lines_of(table, Reading(zone="Asia/Shanghai"))
    lines_of(table, Reading(own_clock=True))


def test_a_stated_zone_leaves_times_without_an_offset_and_turns_moments() -> None:
    naive = DAILY.with_columns(date=pl.lit("2024-03-01 23:30:00"))
    assert lines_of(naive, BERLIN)["ordered_at"][0] == datetime(2024, 3, 1, 23, 30)
    moment = DAILY.with_columns(date=pl.lit(1_709_335_800))  # 2024-03-01 23:30 UTC
    assert lines_of(moment, BERLIN)["ordered_at"][0] == datetime(2024, 3, 2, 0, 30)
    typed = DAILY.with_columns(
        date=pl.lit(datetime(2024, 3, 1, 23, 30)).dt.replace_time_zone("UTC")
    )
    assert lines_of(typed, BERLIN)["ordered_at"][0] == datetime(2024, 3, 2, 0, 30)
    assert lines_of(typed)["ordered_at"][0] == datetime(2024, 3, 1, 23, 30)


def test_days_and_midnights_need_no_clock() -> None:
    midnights = DAILY.with_columns(date=pl.col("date") + " 00:00:00")
    assert lines_of(midnights)["ordered_at"].equals(lines_of(DAILY)["ordered_at"])
    recorded = DAILY.with_columns(updated_at=pl.lit("2024-03-09 17:05:00"))
    assert lines_of(recorded)["recorded_at"][0] == datetime(2024, 3, 9, 17, 5)


def test_kinds_are_told_apart() -> None:
    def canonical(table: pl.DataFrame) -> pl.DataFrame:
        return table.rename(
            {"sku": "product", "date": "ordered_at", "qty": "quantity"}
        ).with_columns(
            pl.col("ordered_at").str.to_datetime(), channel=pl.lit(None), location=pl.lit(None)
        )

    daily = canonical(DAILY)
    assert kind_of(daily) == "daily"
    assert kind_of(daily.with_columns(order=pl.lit("1"))) == "orders"
    assert kind_of(daily.with_columns(customer=pl.lit("u"))) == "sales"
    later = pl.col("ordered_at") + pl.duration(hours=10)
    assert kind_of(daily.with_columns(later)) == "sales"
    twice = pl.concat([daily, daily.with_columns(quantity=pl.lit("9"))])
    assert kind_of(twice) == "sales"


def test_loading_the_same_lines_again_gives_the_same_ids() -> None:
    for table in (DAILY, ORDERS):
        once, again = lines_of(table, BERLIN), lines_of(table, BERLIN)
        assert once["event_id"].equals(again["event_id"])
    assert lines_of(DAILY)["event_id"].n_unique() == 3


@settings(deadline=None)
@given(st.permutations(range(3)))
def test_daily_ids_do_not_depend_on_the_order_of_rows(order: list[int]) -> None:
    ids, shuffled = lines_of(DAILY)["event_id"], lines_of(DAILY[order])["event_id"]
    assert ids.gather(order).equals(shuffled)


def test_daily_ids_depend_on_product_place_and_day_only() -> None:
    other = DAILY.with_columns(
        pl.Series("qty", ["7", "8", "9"]), pl.Series("price", ["1", "2", "3"])
    )
    assert lines_of(other)["event_id"].equals(lines_of(DAILY)["event_id"])
    elsewhere = lines_of(DAILY.with_columns(channel=pl.lit("jd")))["event_id"]
    assert not set(elsewhere) & set(lines_of(DAILY)["event_id"])


def test_order_lines_that_differ_in_status_are_one_line() -> None:
    ids = lines_of(ORDERS, BERLIN)["event_id"].to_list()
    assert ids[0] == ids[1]
    assert len(set(ids)) == 3


def test_an_order_line_number_is_the_key() -> None:
    table = ORDERS.with_columns(pl.Series("line", ["1", "2", "2", "1"]))
    ids = lines_of(table, BERLIN)["event_id"].to_list()
    assert ids[1] == ids[2]
    assert len(set(ids)) == 3


def test_identical_lines_of_a_till_all_count() -> None:
    table = pl.DataFrame(
        {"sku": ["A", "A"], "date": ["2024-03-01 10:00:00"] * 2, "qty": ["1", "1"]}
    )
    lines, cleaning = repair(lines_of(table, BERLIN))
    assert lines["quantity"].sum() == 2
    assert cleaning.counts() == {}
    assert lines["event_id"].n_unique() == 2


def test_ids_are_digests_of_known_text() -> None:
    lines = pl.DataFrame(
        {
            "product": ["A"],
            "channel": [None],
            "location": [None],
            "ordered_at": [datetime(2024, 3, 1)],
            "quantity": [1.0],
            "price": [None],
        }
    )
    ids = with_event_ids(lines, "daily")["event_id"]
    assert ids.to_list() == [hashlib.md5(b"daily\x1fA\x1f\x1f\x1f2024-03-01").hexdigest()]


def test_statuses_are_ours_or_as_written() -> None:
    text = pl.Series(["Paid", "交易关闭", "Partially Refunded", "已 退款", None, "misc", "待付款"])
    ours = ["paid", "cancelled", "paid", "returned", "paid", "misc", "pending"]
    assert parse_status(text).to_list() == ours


@pytest.mark.parametrize("wrong", [{"date_order": "dym"}, {"decimal": ";"}, {"kind": "weekly"}])
def test_a_reading_refuses_what_is_not_there(wrong: dict[str, str]) -> None:
    with pytest.raises(DataError):
        Reading(**wrong)  # type: ignore[arg-type]  # any of its fields
