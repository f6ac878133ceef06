"""Calendars, holidays and festivals at known dates."""

from __future__ import annotations

import numpy as np
import pytest

from tradewind.errors import UnknownName
from tradewind.features.calendar import calendar_columns
from tradewind.features.festivals import festival_columns
from tradewind.features.holidays import holiday_columns
from tradewind.features.periods import days_of_periods


def days(*texts: str) -> np.ndarray[tuple[int], np.dtype[np.datetime64]]:
    return np.array(texts, dtype="datetime64[us]")


def test_china_works_on_make_up_days_and_rests_on_golden_week() -> None:
    ds = days("2024-09-29", "2024-10-01", "2024-10-03")
    columns = holiday_columns(ds, "D", "CN")
    assert columns["work_on_weekend"].tolist() == [1, 0, 0]
    assert columns["holiday"].tolist() == [0, 1, 1]


def test_distances_to_christmas() -> None:
    columns = holiday_columns(days("2025-12-22", "2025-12-25", "2025-12-28"), "D", "US")
    assert columns["days_to_holiday"].tolist() == [3, 0, 4]
    assert columns["days_since_holiday"][2] == 3


def test_a_week_counts_the_holidays_inside_it() -> None:
    columns = holiday_columns(days("2025-12-22", "2025-12-29"), "W", "DE")
    assert columns["holiday"].tolist() == [2, 1]


def test_an_unknown_country_is_named() -> None:
    with pytest.raises(UnknownName, match="no holidays of country 'XX'"):
        holiday_columns(days("2025-12-22"), "D", "XX")


def test_black_friday_moves_and_single_day_does_not() -> None:
    columns = festival_columns(days("2025-11-28", "2024-11-29", "2024-11-11", "2024-11-12"), "D")
    assert columns["black_friday_peak"].tolist() == [1, 1, 0, 0]
    assert columns["double_11_peak"].tolist() == [0, 0, 1, 0]
    assert columns["double_11_aftermath"].tolist() == [0, 0, 0, 1]


def test_a_month_holds_its_own_days() -> None:
    found, owner = days_of_periods(days("2024-02-01", "2024-03-01"), "MS")
    assert np.bincount(owner).tolist() == [29, 31]
    assert str(found[-1]) == "2024-03-31"


def test_the_month_s_last_day_is_zero_days_from_its_end() -> None:
    assert calendar_columns(days("2024-02-29"), "D")["days_to_month_end"].tolist() == [0]
