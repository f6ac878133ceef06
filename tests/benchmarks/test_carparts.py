"""The question that car_parts asks, and the published answer of the Seasonal Naive to it."""

from __future__ import annotations

import os
from datetime import datetime
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from benchmarks import carparts
from tradewind.panel import dates_from

ROOT = Path(__file__).parents[2]
DATA = Path(os.environ.get("TRADEWIND_BENCH", ROOT.parent / "shared" / "bench")) / "carparts"


def small() -> pl.DataFrame:
    """Two parts over 51 months, one of which ends after 44."""
    months = dates_from(datetime(1998, 1, 1), 51, "MS")
    y = np.arange(51.0)
    early = np.where(np.arange(51) < 44, 2 * y, np.nan)
    return pl.DataFrame({"part_1": y, "part_2": early, "month": months})


def test_the_last_year_is_asked_and_on_dev_the_one_before() -> None:
    panel = carparts.panel_of(small())
    last, dev = (carparts.question(panel, dev=dev) for dev in (False, True))
    assert (last.past.shape, dev.past.shape) == ((2, 39), (2, 27))
    np.testing.assert_array_equal(last.truth[0], np.arange(39.0, 51))
    np.testing.assert_array_equal(dev.truth[1], 2 * np.arange(27.0, 39))
    assert last.complete.tolist() == [True, False]
    assert dev.complete.tolist() == [True, True]


def test_mase_is_of_complete_parts_and_wql_of_all() -> None:
    asked = carparts.question(carparts.panel_of(small()), dev=False)
    sure = np.repeat((asked.past[:, -1:] + 1)[:, :, None], 9, axis=2) + np.zeros((2, 12, 9))
    mase, wql = asked.scores(sure)
    assert mase == pytest.approx(np.mean(np.abs(np.arange(39.0, 51) - 39)) / 12)
    error = np.abs(np.arange(39.0, 51) - 39).sum() + np.abs(2 * np.arange(39.0, 44) - 77).sum()
    assert wql == pytest.approx(error / (np.arange(39, 51).sum() + 2 * np.arange(39, 44).sum()))


def test_the_published_seasonal_naive_is_reproduced() -> None:
    file = DATA / carparts.FILE
    if not file.exists():
        pytest.skip("the benchmark files are not here")
    asked = carparts.question(carparts.panel_of(pl.read_parquet(file)), dev=False)
    assert (len(asked.past), asked.complete.sum()) == (2674, 2509)
    mase, wql = asked.scores(carparts.answer(carparts.NAIVE, asked))
    assert mase == pytest.approx(1.2014638, abs=1e-6)
    assert wql == pytest.approx(1.7217438, abs=1e-4)
