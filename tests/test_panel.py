"""The panel is checked once, at the door."""

from __future__ import annotations

from datetime import date, datetime

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tradewind.errors import DataError, UnknownName
from tradewind.panel import Panel, dates_from, next_ds, split_unique_id, unique_id


def table() -> pl.DataFrame:
    return pl.DataFrame(
        {
            "unique_id": ["b", "a", "a"],
            "ds": [date(2024, 1, 3), date(2024, 1, 4), date(2024, 1, 1)],
            "y": [3, 2, 1],
        }
    )


def test_rows_are_sorted_and_gaps_become_nulls() -> None:
    panel = Panel.from_frame(table(), "D")
    assert panel.frame["y"].to_list() == [1.0, None, None, 2.0, 3.0]
    assert panel.ids == ["a", "b"]


def test_wide_places_each_series_on_the_common_grid() -> None:
    panel = Panel.from_frame(table(), "D")
    expected = np.array([[1, np.nan, np.nan, 2], [np.nan, np.nan, 3, np.nan]])
    np.testing.assert_array_equal(panel.wide(), expected)


def test_wide_equals_a_plain_loop() -> None:
    rng = np.random.default_rng(1)
    rows = [
        (f"s{k}", datetime(2024, 1, 1 + d), float(rng.poisson(3)))
        for k in range(7)
        for d in sorted(rng.choice(28, 9, replace=False).tolist())
    ]
    panel = Panel.from_frame(pl.DataFrame(rows, schema=["unique_id", "ds", "y"], orient="row"), "D")
    grid = list(panel.ds.astype("datetime64[D]"))
    expected = np.full((7, len(grid)), np.nan)
    for name, ds, y in rows:
        expected[panel.ids.index(name), grid.index(np.datetime64(ds, "D"))] = y
    np.testing.assert_array_equal(panel.wide(), expected)


@pytest.mark.parametrize("convert", [pl.DataFrame.to_pandas, pl.DataFrame.to_arrow, lambda t: t])
def test_any_data_frame_is_accepted(convert: object) -> None:
    assert callable(convert)
    native = convert(table())
    assert isinstance(native, (pd.DataFrame, pa.Table, pl.DataFrame))
    assert Panel.from_frame(native, "D").frame.equals(Panel.from_frame(table(), "D").frame)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda t: t.drop("ds"), r"columns \['ds'\] are missing"),
        (lambda t: pl.concat([t, t]), "series 'a' has two rows at 2024-01-01"),
        (lambda t: t.with_columns(ds=pl.lit("x")), "ds must be dates"),
        (lambda t: t.with_columns(y=pl.lit("x")), "y must be numbers"),
        (lambda t: t.with_columns(y=pl.lit(float("inf"))), "infinite y at 2024-01-01"),
        (lambda t: t.with_columns(unique_id=None), "must not be empty"),
    ],
)
def test_a_bad_table_is_refused_with_a_reason(change: object, message: str) -> None:
    assert callable(change)
    with pytest.raises(DataError, match=message):
        Panel.from_frame(change(table()), "D")


def test_a_row_off_the_grid_is_refused() -> None:
    with pytest.raises(DataError, match="not a period start of frequency 'W-MON'"):
        Panel.from_frame(table(), "W-MON")


def test_an_unknown_frequency_or_column_is_named() -> None:
    with pytest.raises(DataError, match="'fortnight' is not known"):
        Panel.from_frame(table(), "fortnight")
    with pytest.raises(UnknownName, match="no column 'z'"):
        Panel.from_frame(table(), "D").wide("z")


def test_until_and_after_split_the_rows() -> None:
    panel = Panel.from_frame(table(), "D")
    cutoff = datetime(2024, 1, 2)
    past, ahead = panel.until(cutoff), panel.after(cutoff, h=1)
    assert past.ids == ["a"]
    assert past.end == cutoff
    assert ahead.frame["ds"].unique().to_list() == [datetime(2024, 1, 3)]


def test_append_continues_a_panel() -> None:
    panel = Panel.from_frame(table(), "D")
    cutoff = datetime(2024, 1, 2)
    assert panel.until(cutoff).append(panel.after(cutoff)).frame.equals(panel.frame)


@given(
    st.text("abc-/", min_size=1), st.none() | st.text("xy", min_size=1), st.none() | st.just("SH")
)
def test_series_keys_are_taken_apart_as_they_were_made(
    product: str, channel: str | None, location: str | None
) -> None:
    assert split_unique_id(unique_id(product, channel, location)) == (product, channel, location)


@pytest.mark.parametrize(
    ("freq", "last"),
    [("h", "2024-01-07T02"), ("D", "2024-01-09"), ("W-SUN", "2024-01-21"), ("MS", "2024-03-07")],
)
def test_dates_step_by_the_frequency(freq: str, last: str) -> None:
    first = datetime(2024, 1, 7)
    ds = dates_from(first, 3, freq)
    assert ds[-1] == np.datetime64(last)
    assert np.datetime64(next_ds(first, freq, 2)) == ds[-1]
