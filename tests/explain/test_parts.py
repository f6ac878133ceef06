"""History and forecast taken apart: the sum is exact, and known causes are found."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from tests.laws.test_forecasters import TASK, H, past_of, shop
from tradewind.explain.decomposition import PARTS, decompose
from tradewind.explain.facts import facts_of
from tradewind.explain.imagined import Asked
from tradewind.explain.season import season_index
from tradewind.panel import Panel
from tradewind.task import Roles, Task


@pytest.mark.parametrize("of", ["s0", "s3", "s4"])
def test_parts_add_up_to_what_was_sold_and_what_is_forecast(of: str) -> None:
    past, known = past_of(shop())
    shown = np.linspace(3.0, 9.0, H)
    made = decompose(Asked(of, past, known, TASK), shown)
    np.testing.assert_allclose(made.parts.sum(axis=0), made.y)
    np.testing.assert_allclose(made.y[made.cutoff + 1 :], shown)
    assert made.table().columns == ["ds", "y", *PARTS]


def known_causes() -> Asked:
    """20 a day and growing; 15 more on Sundays, 40 more when promoted, 8 less per dearer 10 %."""
    steps = 210
    ds = np.arange("2024-01-01", "2024-08-05", dtype="datetime64[D]").astype("datetime64[us]")
    rng = np.random.default_rng(5)
    t = np.arange(len(ds))
    promotion = (rng.random(len(ds)) < 0.1).astype(np.float64)
    price = np.where(rng.random(len(ds)) < 0.15, 11.0, 10.0)
    y = 20 + 0.05 * t + 15 * (t % 7 == 6) + 40 * promotion - 8 * (price == 11)
    frame = pl.DataFrame(
        {"unique_id": "a", "ds": ds, "y": y, "promotion": promotion, "price": price}
    )
    task = Task(h=len(ds) - steps, roles=Roles(known=("promotion", "price")))
    window = task.window(Panel.from_frame(frame, "D"), ds[steps - 1].item())
    return Asked("a", window.past, window.known, task)


def test_known_causes_are_found_in_units() -> None:
    one = known_causes()
    made = decompose(one, np.full(one.task.h, 30.0))
    parts = dict(zip(PARTS, made.parts, strict=True))
    own = one.own
    promoted = own["promotion"].to_numpy() > 0
    dear = own["price"].to_numpy() > 10
    steps = len(own)
    assert parts["promotion"][:steps][promoted].mean() == pytest.approx(40, rel=0.08)
    assert np.abs(parts["promotion"][:steps][~promoted]).max() == 0
    assert parts["price"][:steps][dear].mean() == pytest.approx(-8, rel=0.15)
    assert parts["trend"][steps - 1] - parts["trend"][0] == pytest.approx(10, rel=0.25)
    assert np.abs(parts["rest"][:steps]).mean() < 2


def test_gaps_have_no_rest_and_the_season_none_either() -> None:
    one = known_causes()
    holes = one.past.frame.with_columns(
        pl.when(pl.col("ds").dt.day() < 4).then(None).otherwise("y").alias("y")
    )
    past = Panel(holes, "D", one.past.static)
    made = decompose(Asked("a", past, one.known, one.task), np.full(one.task.h, 30.0))
    gone = holes["y"].is_null().to_numpy()
    rest = made.parts[-1][: len(gone)]
    assert np.isnan(rest[gone]).all()
    assert np.isfinite(rest[~gone]).all()
    assert np.isfinite(made.parts[:-1]).all()


def test_a_season_of_the_year_is_not_taken_from_a_single_year() -> None:
    months = np.arange("2022-01", "2026-01", dtype="datetime64[M]").astype("datetime64[us]")
    y = np.where(np.arange(48) % 12 == 11, 300.0, 100.0)
    long = season_index(y[:36], months[:42], "MS")
    assert long[35] > 1.5
    assert long[11] == pytest.approx(long[35])
    assert (season_index(y[:12], months[:18], "MS") == 1).all()


def test_facts_say_how_far_off_the_usual_each_cause_is() -> None:
    facts = facts_of(known_causes())
    assert facts["planned_price"] == facts["planned_promotion"] == 1
    one = known_causes()
    plan = one.plan
    assert plan is not None
    assert facts["promoted"] == plan["promotion"].sum()
    mean = plan["price"].mean()
    assert isinstance(mean, float)
    assert facts["price"] == pytest.approx(mean / 10 - 1)
