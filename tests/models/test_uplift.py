"""Uplift: festivals are learnt by phase, taken out of the past and put back where they come."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from tradewind.models.naive import Average
from tradewind.models.settings import from_toml, to_toml
from tradewind.models.uplift import Uplift, usual_sales, widening
from tradewind.panel import Panel, dates_from
from tradewind.task import DECILES, Roles, Task

STEPS, H = 200, 28
TASK = Task(h=H, roles=Roles(static=("category",), known=("festival_618_peak", "promotion")))
PEAK = (100, 103)
"""Days of the festival in the past; in the horizon it comes on days 10 to 12."""


def panels(effects: tuple[float, float] = (3.0, 1.5)) -> tuple[Panel, Panel]:
    """Two categories that a festival does different things to, and the plan of the horizon."""
    rng = np.random.default_rng(1)
    ds = dates_from(datetime(2026, 1, 1), STEPS + H, "D")
    festive = np.zeros(STEPS + H)
    festive[PEAK[0] : PEAK[1]] = 1
    festive[STEPS + 10 : STEPS + 13] = 1
    tables = []
    for k in range(8):
        rate = 100 * np.where(festive, effects[k % 2], 1.0)
        y = rng.poisson(rate).astype(float)
        tables.append(
            pl.DataFrame(
                {
                    "unique_id": f"p{k}",
                    "ds": ds,
                    "y": y,
                    "festival_618_peak": festive,
                    "promotion": 0.0,
                }
            )
        )
    kinds = pl.DataFrame(
        {"unique_id": [f"p{k}" for k in range(8)], "category": ["tea", "rice"] * 4}
    )
    whole = Panel.from_frame(pl.concat(tables), "D", kinds)
    cutoff = ds[STEPS - 1].item()
    window = TASK.window(whole, cutoff)
    return window.past, window.known


def test_each_group_gets_its_own_effect_on_the_days_it_comes() -> None:
    past, known = panels()
    made = Uplift(Average(), trust=1.0).fit(past, TASK).forecast(H, DECILES, known)
    tea, rice = made.select(["p0"]).median[0], made.select(["p1"]).median[0]
    assert tea[10:13] / tea[:3] == pytest.approx([3.0] * 3, rel=0.06)
    assert rice[10:13] / rice[:3] == pytest.approx([1.5] * 3, rel=0.06)
    assert tea[:10] == pytest.approx(tea[0]), "without a festival nothing is added"


def test_the_past_is_fitted_without_its_festivals() -> None:
    past, _ = panels((9.0, 9.0))
    last = past.until(dates_from(datetime(2026, 1, 1), PEAK[1], "D")[-1].item())
    fitted = Uplift(Average(), trust=1.0).fit(last, TASK)
    assert fitted.forecast(3, DECILES).median.mean() == pytest.approx(100, rel=0.15)


def test_without_an_entry_the_forecast_is_that_of_the_inner_model() -> None:
    past, known = panels()
    quiet = Panel(
        known.frame.with_columns(pl.lit(0.0).alias("festival_618_peak")), "D", known.static
    )
    fitted = Uplift(Average()).fit(past, TASK)
    assert np.array_equal(
        fitted.forecast(H, DECILES, quiet).quantiles, fitted.forecast(H, DECILES).quantiles
    )


def test_little_evidence_is_drawn_to_the_other_groups() -> None:
    past, _ = panels((3.0, 1.0))
    trusting = Uplift(Average(), trust=1.0).fit(past, TASK).learnt.of_group
    wary = Uplift(Average(), trust=1e4).fit(past, TASK).learnt.of_group
    assert trusting["tea"][0] - trusting["rice"][0] > 1.8
    assert abs(wary["tea"][0] - wary["rice"][0]) < 0.4


def test_usual_sales_are_those_of_the_same_weekdays_around() -> None:
    week = np.array([10.0, 20, 30, 40, 50, 60, 70])
    y = np.tile(week, 10)[None]
    festive = np.zeros(y.shape, np.bool_)
    festive[0, 30:33] = True
    y[0, 30:33] = 999.0
    assert usual_sales(y, festive, "D")[0, 30:33].tolist() == [30.0, 40.0, 50.0]


def test_a_kept_model_forecasts_the_same(tmp_path: Path) -> None:
    past, known = panels()
    model = from_toml(to_toml(Uplift(Average())))
    fitted = model.fit(past, TASK)
    fitted.save(tmp_path)
    again = model.restore(tmp_path, past, TASK)
    assert np.array_equal(
        again.forecast(H, DECILES, known).quantiles, fitted.forecast(H, DECILES, known).quantiles
    )


def test_intervals_widen_by_half_of_what_the_errors_grew() -> None:
    expected = np.full((1, 8), 100.0)
    y = expected + np.array([[1.0, -1, 1, -1, 4, -4, 4, -4]])
    festive = np.array([[False] * 4 + [True] * 4])
    assert widening(y, expected, festive) == pytest.approx(2.0)
    assert widening(y, expected, ~festive) == 1.0, "never narrower"
