"""Dates as shops write them."""

from __future__ import annotations

from datetime import date, datetime

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_series_equal

from tradewind.data import dates
from tradewind.data.dates import check_zone, looks_like_dates, parse_dates
from tradewind.errors import DataError

FORMS = [
    "%Y-%m-%d",
    "%Y/%m/%d",
    "%Y.%m.%d",
    "%Y%m%d",
    "%d.%m.%Y",
    "%d %b %Y",
    "%d-%b-%Y",
    "%b %d, %Y",
    "%B %d %Y",
    "%Y年%m月%d日",
    "%Y-%m-%d %H:%M:%S",
    "%Y-%m-%dT%H:%M:%SZ",
    "%Y-%m-%d %I:%M:%S %p",
    "%Y年%m月%d日 %H:%M:%S",
]


@settings(deadline=None)
@given(
    st.lists(st.datetimes(datetime(1971, 1, 1), datetime(2099, 12, 31)), min_size=1, max_size=10),
    st.sampled_from(FORMS),
)
def test_dates_survive_being_written_in_any_form(moments: list[datetime], form: str) -> None:
    wanted = [m.replace(microsecond=0) for m in moments]
    if "%H" not in form and "%I" not in form:
        wanted = [m.replace(hour=0, minute=0, second=0) for m in wanted]
    column = pl.Series([m.strftime(form) for m in moments])
    assert parse_dates(column).to_list() == wanted
    assert looks_like_dates(column) == 1.0


@settings(deadline=None)
@given(
    st.lists(st.dates(date(2000, 1, 1), date(2069, 12, 31)), min_size=1, max_size=10),
    st.sampled_from(["dmy", "mdy"]),
    st.sampled_from("/-"),
    st.sampled_from("yY"),
)
def test_a_stated_order_is_kept(days: list[date], order: str, sep: str, year: str) -> None:
    form = sep.join({"d": "%d", "m": "%m", "y": f"%{year}"}[letter] for letter in order)
    column = pl.Series([d.strftime(form) for d in days])
    assert parse_dates(column, order).dt.date().to_list() == days


def test_one_day_above_twelve_settles_the_column() -> None:
    assert parse_dates(pl.Series(["01/02/2024", "13/02/2024"])).dt.month().to_list() == [2, 2]
    assert parse_dates(pl.Series(["01/02/2024", "02/13/2024"])).dt.month().to_list() == [1, 2]


def test_an_open_order_is_asked_for() -> None:
    with pytest.raises(DataError, match="date_order"):
        parse_dates(pl.Series(["01/02/2024", "11/12/2024"]))


def test_serial_days_are_those_of_a_spreadsheet() -> None:
    wanted = [datetime(2024, 3, 5), datetime(2024, 3, 5, 12)]
    assert parse_dates(pl.Series(["45356", "45356.5"])).to_list() == wanted
    assert parse_dates(pl.Series([45356.0, 45356.5])).to_list() == wanted


def test_seconds_and_milliseconds_since_1970_are_dates() -> None:
    column = pl.Series([1709640000, 1709640000000])
    assert parse_dates(column).to_list() == [datetime(2024, 3, 5, 12)] * 2


def test_months_stand_for_their_first_day() -> None:
    column = pl.Series(["2024-03", "2024年3月", "202403"])
    assert parse_dates(column).to_list() == [datetime(2024, 3, 1)] * 3


def test_a_chinese_afternoon_is_after_noon() -> None:
    column = pl.Series(["2024年3月5日 下午3:05", "2024年3月5日 上午12:05", "2024/3/5 3时5分"])
    hours = [(15, 5), (0, 5), (3, 5)]
    assert [(d.hour, d.minute) for d in parse_dates(column)] == hours


def test_an_offset_keeps_the_time_on_the_wall() -> None:
    column = pl.Series(["2024-03-05T23:30:00+08:00"])
    assert parse_dates(column).to_list() == [datetime(2024, 3, 5, 23, 30)]


@pytest.mark.parametrize("cell", ["2024-02-30", "soon", "1850-01-01", "2024-13-01", "2924-01-01"])
def test_what_is_no_date_is_null(cell: str) -> None:
    assert parse_dates(pl.Series([cell, "2024-03-05"])).to_list() == [None, datetime(2024, 3, 5)]


def test_quantities_do_not_look_like_dates() -> None:
    assert looks_like_dates(pl.Series(["1", "12", "3.5", "120", "9999"])) == 0.0


@pytest.mark.parametrize(
    ("text", "zone", "wall"),
    [
        ("2025-03-30T00:30:00Z", "Europe/Berlin", datetime(2025, 3, 30, 1, 30)),
        ("2025-03-30T01:30:00Z", "Europe/Berlin", datetime(2025, 3, 30, 3, 30)),  # clocks moved
        ("2025-10-26T00:30:00+00:00", "Europe/Berlin", datetime(2025, 10, 26, 2, 30)),
        ("2025-10-26T01:30:00+00:00", "Europe/Berlin", datetime(2025, 10, 26, 2, 30)),
        ("2025-11-11 01:00:00 -0500", "Asia/Shanghai", datetime(2025, 11, 11, 14, 0)),
        ("2025-11-11 01:00 +05:30", "UTC", datetime(2025, 11, 10, 19, 30)),
        ("2025-11-11 01:00:00", "Asia/Shanghai", datetime(2025, 11, 11, 1, 0)),
        ("2025-11-11", "America/New_York", datetime(2025, 11, 11)),
    ],
)
def test_times_with_an_offset_count_on_the_clock_of_the_market(
    text: str, zone: str, wall: datetime
) -> None:
    assert parse_dates(pl.Series([text, None]), zone=zone).to_list() == [wall, None]


def test_a_zone_that_nobody_knows_is_refused() -> None:
    with pytest.raises(DataError, match="'Beijing' is no time zone; wanted a name such as Asia/"):
        check_zone("Beijing")


@pytest.mark.parametrize("zone", [None, "Europe/Berlin"])
@pytest.mark.parametrize(
    "odd", ["2024-03-10T02:30:00Z", "2024-02-30T10:00:00Z", "1850-01-01T00:00:00Z"]
)
def test_times_in_iso_form_with_offsets_read_at_once_as_one_by_one(
    zone: str | None, odd: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    moments = [f"2024-{m:02d}-{d:02d}T{m:02d}:{d:02d}:59" for m in (3, 10) for d in range(24, 32)]
    offsets = ("Z", "+08:00", "-0500", "+05:30")
    cells = [moment + offsets[k % 4] for k, moment in enumerate(moments)]
    column = pl.Series("date", [None, *cells, odd, odd.replace("T", " ")])
    at_once = parse_dates(column, zone=zone)
    assert dates._is_iso_with_offset(column)
    monkeypatch.setattr(dates, "_is_iso_with_offset", lambda column: False)
    assert_series_equal(at_once, parse_dates(column, zone=zone))
    assert at_once[1] == (
        datetime(2024, 3, 24, 3, 24, 59) if zone is None else datetime(2024, 3, 24, 4, 24, 59)
    )


@pytest.mark.parametrize("other", ["2024-03-05", "2024-03-05T10:00:00.5Z", "2024-03-05T10:00Z"])
def test_a_column_with_another_form_is_not_read_at_once(other: str) -> None:
    iso = "2024-03-05T14:33:00+08:00"
    assert not dates._is_iso_with_offset(pl.Series([iso, other]))
    assert not dates._is_iso_with_offset(pl.Series([other, iso]))
    assert not dates._is_iso_with_offset(pl.Series([None], dtype=pl.String))
