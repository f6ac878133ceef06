"""The profile model borrows a season, and keeps what it chose."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from tradewind.errors import NotEnoughHistory
from tradewind.models.profile import FittedProfile, Profile
from tradewind.panel import Panel, dates_from, next_ds
from tradewind.task import DECILES, Task

WEEKS, BORN = 130, 90
TASK = Task(h=13)


@cache
def panel() -> Panel:
    """Five old products with one yearly season, and a new one with 27 weeks of it."""
    ds = dates_from(np.datetime64("2022-01-03", "us").item(), WEEKS, "W")
    season = season_of()
    tables = [
        pl.DataFrame({"unique_id": f"old{k}", "ds": ds, "y": (10.0 + k) * season}) for k in range(5)
    ]
    tables.append(pl.DataFrame({"unique_id": "new", "ds": ds[BORN:], "y": 20.0 * season[BORN:]}))
    return Panel.from_frame(pl.concat(tables), "W")


def season_of() -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    return 1 + 0.8 * np.sin(2 * np.pi * np.arange(WEEKS) / 52)


def past() -> Panel:
    return TASK.window(panel(), next_ds(panel().start, "W", WEEKS - 14)).past


@cache
def fitted() -> FittedProfile:
    return Profile().fit(past(), TASK)


def test_a_new_product_borrows_the_season_of_the_others() -> None:
    got = fitted().forecast(13, DECILES).select(["new"]).median[0]
    truth = 20.0 * season_of()[-13:]
    flat = np.abs(20.0 * season_of()[WEEKS - 14] - truth).mean()
    assert np.abs(got - truth).mean() < 0.35 * flat


def test_an_old_product_repeats_its_own() -> None:
    got = fitted().forecast(13, DECILES).select(["old3"]).median[0]
    np.testing.assert_allclose(got, 13.0 * season_of()[-13:], rtol=0.15)


def test_a_saved_profile_forecasts_alike(tmp_path: Path) -> None:
    fitted().save(tmp_path)
    again = Profile().restore(tmp_path, past(), TASK)
    np.testing.assert_array_equal(
        again.forecast(13, DECILES).quantiles, fitted().forecast(13, DECILES).quantiles
    )


def test_a_given_mix_is_kept() -> None:
    mix = Profile(share=0.5, power=0.6).fit(past(), TASK).mixes["y"]
    assert (mix.share, mix.power) == (0.5, 0.6)


def test_one_step_of_history_is_too_little() -> None:
    with pytest.raises(NotEnoughHistory, match="no value after its first step"):
        Profile().fit(panel().only(["old0"]).until(panel().start), TASK)
