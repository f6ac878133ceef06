"""What groups add makes up the forecast that is shown, whatever the model."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from tests.laws.test_forecasters import (
    MAKERS,
    TASK,
    H,
    fitted,
    models,
    past_of,
    shop,
    small_network,
    small_trees,
)
from tradewind.explain.attribution import attribute, expected
from tradewind.explain.groups import GROUPS
from tradewind.explain.imagined import Asked
from tradewind.forecast import Forecast
from tradewind.models.conformal import Conformal
from tradewind.models.ensemble import Ensemble
from tradewind.models.naive import Average, SeasonalNaive
from tradewind.models.neural.forecaster import Neural
from tradewind.models.neural.nets import Recurrent
from tradewind.models.neural.pace import Pace
from tradewind.models.pretrained.forecaster import Pretrained
from tradewind.models.protocol import Fitted, Forecaster, Rescue
from tradewind.models.regression import Regression
from tradewind.models.trees import Trees
from tradewind.models.uplift import Uplift
from tradewind.panel import Panel
from tradewind.task import DECILES, Roles, Task


def as_it_is(made: Forecast) -> Forecast:
    return made


@cache
def asked(of: str) -> Asked:
    """A series whose planned price is a fifth below its usual one."""
    past, known = past_of(shop())
    cheap = known.frame.with_columns(
        pl.when(pl.col("unique_id") == of).then(8.0).otherwise("price").alias("price")
    )
    return Asked(of, past, replace(known, frame=cheap), TASK)


@pytest.mark.parametrize("of", ["s0", "s3"])
@pytest.mark.parametrize("name", models())
def test_baseline_and_contributions_add_up_to_the_models_own_forecast(name: str, of: str) -> None:
    model, one = fitted(name), asked(of)
    found = attribute(model, one, as_it_is)
    own = expected(model.forecast(H, DECILES, one.known).select([of]))[0]
    np.testing.assert_allclose(found.baseline + found.contributions.sum(axis=0), found.shown)
    np.testing.assert_allclose(found.shown, own, rtol=5e-4, atol=5e-4)
    assert found.start() + sum(found.total().values()) == pytest.approx(own.sum(), rel=5e-4)


def counting() -> Forecaster:
    """A network that answers with whole numbers, whose mean is not that of nine quantiles."""
    return Neural(Recurrent("gru", 8), context=28, loss="count", pace=Pace(steps=6, batch=16))


def mixed() -> Forecaster:
    """Networks, trees and the pretrained model together, calibrated."""
    members = (small_network(Recurrent("gru", 8))(), small_trees(), Pretrained())
    return Conformal(Ensemble(members, n_windows=2), n_windows=2)


ALONE: dict[str, Callable[[], Forecaster]] = {
    **{name: MAKERS[name] for name in ("gru", "transformer", "pretrained", "trees", "ensemble")},
    "gru, counts": counting,
    "networks in an ensemble": mixed,
}


@pytest.mark.parametrize("name", ALONE)
def test_a_kept_model_is_explained_as_what_it_forecasts(name: str, tmp_path: Path) -> None:
    maker, one = ALONE[name](), asked("s0")
    maker.fit(one.past, TASK).save(tmp_path / "kept")
    model = maker.restore(tmp_path / "kept", one.past, TASK)
    found = attribute(model, one, as_it_is)
    own = expected(model.forecast(H, DECILES, one.known).select(["s0"]))[0]
    np.testing.assert_allclose(found.shown, own, rtol=5e-4, atol=5e-4)
    np.testing.assert_allclose(found.baseline + found.contributions.sum(axis=0), found.shown)
    assert max(abs(value) for value in found.total().values()) > 0.01


def test_what_is_shown_is_what_is_explained() -> None:
    drawn = np.linspace(30.0, 36.0, H)
    found = attribute(fitted("regression"), asked("s0"), as_it_is, drawn)
    np.testing.assert_allclose(found.baseline + found.contributions.sum(axis=0), drawn)
    whole = attribute(fitted("regression"), asked("s0"), as_it_is)
    np.testing.assert_allclose(found.contributions, whole.contributions)
    day = found.total(2)
    assert found.start(2) + sum(day.values()) == pytest.approx(drawn[2])


def test_what_is_done_before_a_forecast_is_shown_is_explained_too() -> None:
    def halved(made: Forecast) -> Forecast:
        return made.scaled(np.full((len(made.ids), H), 0.5))

    whole = attribute(fitted("regression"), asked("s0"), as_it_is)
    half = attribute(fitted("regression"), asked("s0"), halved)
    np.testing.assert_allclose(half.contributions, whole.contributions / 2)


@pytest.mark.parametrize("name", ["seasonal_naive", "theta", "ar"])
def test_a_group_that_a_model_does_not_look_at_adds_nothing(name: str) -> None:
    total = attribute(fitted(name), asked("s0"), as_it_is).total()
    assert total["price"] == 0
    assert total["promotion"] == total["other"] == total["holiday"] == 0
    assert abs(total["season"]) + abs(total["lags"]) > 0.1


def test_a_lower_price_sells_more_where_the_past_says_so() -> None:
    found = attribute(fitted("regression"), asked("s0"), as_it_is)
    assert found.total()["price"] > 10
    assert "price" in found.alive


def test_nothing_is_explained_by_a_price_that_is_usual() -> None:
    past, known = past_of(shop())
    usual = replace(known, frame=known.frame.with_columns(price=pl.lit(10.0)))
    found = attribute(fitted("regression"), Asked("s0", past, usual, TASK), as_it_is)
    assert "price" not in found.alive
    assert found.total()["price"] == 0


@dataclass(frozen=True)
class Strange:
    """A fitted model of somebody else's: nothing but the protocol."""

    inner: Fitted

    @property
    def rescues(self) -> tuple[Rescue, ...]:
        return ()

    def forecast(
        self, h: int, levels: tuple[float, ...], known: Panel | None = None, target: str = "y"
    ) -> Forecast:
        return self.inner.forecast(h, levels, known, target)

    def update(self, new: Panel) -> Strange:
        return Strange(self.inner.update(new))

    def save(self, folder: object) -> None:
        raise NotImplementedError


def test_a_model_that_only_keeps_the_protocol_is_explained() -> None:
    found = attribute(Strange(fitted("seasonal_naive")), asked("s0"), as_it_is)
    own = attribute(fitted("seasonal_naive"), asked("s0"), as_it_is)
    np.testing.assert_allclose(found.contributions, own.contributions)


def festive(country: str | None) -> tuple[Asked, Task]:
    """Four products, of which 6.18 triples the sales in both years; the second time is ahead."""
    rng = np.random.default_rng(3)
    ds = np.arange("2023-05-01", "2024-06-24", dtype="datetime64[D]").astype("datetime64[us]")
    day = ds.astype("datetime64[D]").astype(str)
    peak = np.array([d[5:] in ("06-18", "06-19") for d in day]).astype(np.float64)
    tables = [
        pl.DataFrame(
            {
                "unique_id": f"p{k}",
                "ds": ds,
                "y": rng.poisson(20.0 * (1 + 2 * peak)).astype(np.float64),
                "festival_618_peak": peak,
            }
        )
        for k in range(4)
    ]
    static = pl.DataFrame({"unique_id": [f"p{k}" for k in range(4)], "category": list("aabb")})
    panel = Panel.from_frame(pl.concat(tables), "D", static)
    roles = Roles(static=("category",), known=("festival_618_peak",))
    task = Task(h=10, roles=roles, country=country)
    window = task.window(panel, np.datetime64("2024-06-13").astype("datetime64[us]").item())
    return Asked("p1", window.past, window.known, task), task


@pytest.mark.parametrize("country", [None, "CN"])
def test_a_festival_ahead_is_what_makes_the_difference(country: str | None) -> None:
    one, task = festive(country)
    model = Uplift(Average(), trust=10.0).fit(one.past, task)
    found = attribute(model, one, as_it_is)
    own = expected(model.forecast(10, task.levels, one.known).select(["p1"]))[0]
    np.testing.assert_allclose(found.shown, own, rtol=1e-6)
    assert found.total()["holiday"] == pytest.approx(80, rel=0.2)  # two days, twice 20 more


def test_holidays_of_the_country_and_the_kin_are_taken_away_from_trees() -> None:
    one, task = festive("CN")
    model = Trees(rows=3000, trees=30, leaves=15, threads=1).fit(one.past, task)
    found = attribute(model, one, as_it_is)
    own = expected(model.forecast(10, task.levels, one.known).select(["p1"]))[0]
    np.testing.assert_allclose(found.shown, own, rtol=1e-4)
    np.testing.assert_allclose(found.baseline + found.contributions.sum(axis=0), found.shown)
    assert {"holiday", "category"} <= set(found.alive)


def test_a_product_that_never_sold_is_explained() -> None:
    past, known = past_of(shop())
    never = past.frame.with_columns(
        pl.when(pl.col("unique_id") == "s1").then(0.0).otherwise("y").alias("y")
    )
    none = replace(past, frame=never)
    model = SeasonalNaive().fit(none, TASK)
    found = attribute(model, Asked("s1", none, known, TASK), as_it_is)
    assert np.allclose(found.shown, 0)
    assert set(found.total().values()) == {0.0}
    other = Regression().fit(none, TASK)
    assert np.isfinite(attribute(other, Asked("s1", none, known, TASK), as_it_is).baseline).all()


def test_the_table_has_a_column_for_each_group() -> None:
    table = attribute(fitted("average"), asked("s0"), as_it_is).table()
    assert table.columns == ["ds", "shown", "baseline", *GROUPS]
    assert len(table) == H
