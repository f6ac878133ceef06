"""What every forecaster of the table promises, whatever its arithmetic."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from tradewind.errors import NotEnoughHistory, TradewindError, UnknownName
from tradewind.forecast import Forecast
from tradewind.models.ar import AR
from tradewind.models.classical import ARIMA
from tradewind.models.conformal import Conformal
from tradewind.models.ensemble import Ensemble
from tradewind.models.hindsight import Memory
from tradewind.models.intermittent import TSB
from tradewind.models.local import Local
from tradewind.models.naive import SeasonalNaive
from tradewind.models.neural.forecaster import Neural
from tradewind.models.neural.nets import MLP, Attention, Linear, Net, Recurrent
from tradewind.models.neural.pace import Pace
from tradewind.models.pretrained.forecaster import Pretrained
from tradewind.models.pretrained.tuning import FineTune
from tradewind.models.protocol import Fitted, Forecaster
from tradewind.models.table import FORECASTERS
from tradewind.models.trees import Trees
from tradewind.panel import Panel, dates_from, next_ds
from tradewind.task import DECILES, Roles, Task

H, STEPS = 7, 91
START = datetime(2024, 1, 1)
TASK = Task(h=H, roles=Roles(known=("price",)))


def small_ensemble() -> Forecaster:
    """The table's ensemble holds every model; here a small one: members are tested on their own."""
    return Conformal(Ensemble((SeasonalNaive(), AR(), TSB()), n_windows=2), n_windows=2)


def small_trees() -> Forecaster:
    """Trees that learn in a blink; the laws hold for any number of them."""
    return Trees(rows=1500, trees=15, leaves=7, threads=1)


def small_arima() -> Forecaster:
    """Without a season, on the last weeks: a seasonal search takes seconds for each series."""
    return ARIMA(season_length=1, steps=35)


def small_tuning() -> Forecaster:
    """A few updates; so many that the clock never ends them, and the same every time."""
    tuning = FineTune(seconds=600, steps=5, rates=(1e-3,), batch=8)
    return Pretrained(finetune=tuning)


def small_network(net: Net) -> Callable[[], Forecaster]:
    """A few updates; the laws hold for any number of them."""
    return lambda: Neural(net, context=28, pace=Pace(steps=6, batch=16))


NETWORKS: dict[str, Net] = {
    "linear": Linear(7),
    "mlp": MLP((16,)),
    "rnn": Recurrent("rnn", 8),
    "lstm": Recurrent("lstm", 8),
    "gru": Recurrent("gru", 8),
    "transformer": Attention(16, 1, 2),
}

MAKERS: dict[str, Callable[[], Forecaster]] = {
    **FORECASTERS,
    "arima": small_arima,
    "trees": small_trees,
    "finetuned": small_tuning,
    "ensemble": small_ensemble,
    **{name: small_network(net) for name, net in NETWORKS.items()},
}

EXEMPT: dict[tuple[str, str], str] = {
    ("scaling", "trees"): "counts are learnt as counts, and the objective follows from the values",
    ("scaling", "profile"): "levels are kept above a floor in units",
    ("scaling", "pretrained"): "the level in units tells it what kind of product it sees",
    ("scaling", "finetuned"): "the level in units tells it what kind of product it sees",
    ("refit", "finetuned"): "update goes on from the tuned weights for a while",
    ("refit", "trees"): "update keeps the trees: a refit is a decision of its own",
    ("refit", "profile"): "update keeps the profile that was learnt",
    **{("refit", name): "update keeps the weights: resume trains them on" for name in NETWORKS},
    ("refit", "ensemble"): "update keeps the weights and the calibration that were learnt",
}
"""(law, model) → why that model need not keep it. Everything else is kept by every model."""

SLOW = {"arima"}
"""Models whose laws run with the slow tests: seconds for each fit."""


def models(law: str = "") -> list[Any]:
    """The models that must keep a law."""
    names = [name for name in MAKERS if (law, name) not in EXEMPT]
    return [pytest.param(n, marks=[pytest.mark.slow] if n in SLOW else []) for n in names]


def local_models() -> list[Any]:
    """The models that look at one series at a time."""
    return [
        p
        for p in models()
        if p.values[0] == "pretrained" or isinstance(MAKERS[p.values[0]](), Local)
    ]


@cache
def shop() -> Panel:
    """Six small weekly-seasonal series: busy, slow, intermittent, late; h steps past the cutoff."""
    rng = np.random.default_rng(7)
    ds = dates_from(START, STEPS + H, "D")
    tables = []
    for k, rate in enumerate((30.0, 12.0, 4.0, 0.4, 20.0, 8.0)):
        season = 1 + 0.4 * np.sin(2 * np.pi * (np.arange(len(ds)) + k) / 7)
        price = np.where(rng.random(len(ds)) < 0.15, 8.0, 10.0)
        y = rng.poisson(rate * season * (10 / price)).astype(np.float64)
        late = 30 if k == 4 else 0
        tables.append(pl.DataFrame({"unique_id": f"s{k}", "ds": ds, "y": y, "price": price})[late:])
    return Panel.from_frame(pl.concat(tables), "D")


def cutoff() -> datetime:
    return next_ds(START, "D", STEPS - 1)


def past_of(panel: Panel) -> tuple[Panel, Panel]:
    """What is known at the cutoff: the past, and the known columns after it."""
    window = TASK.window(panel, cutoff())
    return window.past, window.known


@cache
def fitted(name: str) -> Fitted:
    """The model fitted to the shop, once for all laws that only read it."""
    return MAKERS[name]().fit(past_of(shop())[0], TASK)


def quantiles_of(model: Fitted, panel: Panel) -> np.ndarray[Any, np.dtype[np.float64]]:
    return model.forecast(H, DECILES, past_of(panel)[1]).quantiles


def refitted(name: str, panel: Panel) -> np.ndarray[Any, np.dtype[np.float64]]:
    return quantiles_of(MAKERS[name]().fit(past_of(panel)[0], TASK), panel)


def as_panel(rows: dict[str, list[float | None]]) -> Panel:
    """Series that all end at the cutoff, with a price."""
    tables = []
    for key, y in rows.items():
        ds = dates_from(next_ds(cutoff(), "D", 1 - len(y)), len(y), "D")
        tables.append(
            pl.DataFrame(
                {"unique_id": [key] * len(y), "ds": ds, "y": y, "price": [9.0] * len(y)},
                schema_overrides={"y": pl.Float64},
            )
        )
    return Panel.from_frame(pl.concat(tables), "D")


@pytest.mark.parametrize("name", models())
def test_the_result_has_the_shape_and_order_of_the_question(name: str) -> None:
    forecast = fitted(name).forecast(H, DECILES, past_of(shop())[1])
    assert list(forecast.ids) == shop().ids
    np.testing.assert_array_equal(forecast.ds, dates_from(next_ds(cutoff(), "D"), H, "D"))
    assert forecast.levels == DECILES
    assert forecast.quantiles.shape == (6, H, 9)
    assert forecast.target == "y"


@pytest.mark.parametrize("name", models())
def test_quantiles_are_numbers_that_do_not_cross_and_sales_are_not_negative(name: str) -> None:
    forecast = fitted(name).forecast(H, DECILES, past_of(shop())[1])
    assert np.isfinite(forecast.quantiles).all()
    assert (np.diff(forecast.quantiles, axis=2) >= 0).all()
    assert forecast.lower == 0.0
    assert forecast.quantiles.min() >= 0
    assert forecast.whole


@pytest.mark.parametrize("name", models())
def test_tampering_with_what_comes_after_the_cutoff_changes_nothing(name: str) -> None:
    later = pl.col("ds") > cutoff()
    tampered = replace(
        shop(), frame=shop().frame.with_columns(pl.when(later).then(1e6).otherwise("y").alias("y"))
    )
    np.testing.assert_array_equal(refitted(name, tampered), quantiles_of(fitted(name), shop()))


@pytest.mark.parametrize("name", models())
def test_inputs_are_untouched(name: str) -> None:
    past, known = past_of(shop())
    before = past.frame.clone(), known.frame.clone(), past.static.clone()
    MAKERS[name]().fit(past, TASK).forecast(H, DECILES, known)
    assert past.frame.equals(before[0])
    assert known.frame.equals(before[1])
    assert past.static.equals(before[2])


@pytest.mark.parametrize("name", models("scaling"))
def test_a_times_the_sales_is_a_times_the_forecast(name: str) -> None:
    big = replace(shop(), frame=shop().frame.with_columns(pl.col("y") * 4))
    expected = 4 * quantiles_of(fitted(name), shop())
    np.testing.assert_allclose(refitted(name, big), expected, rtol=1e-4, atol=0.02)


@pytest.mark.parametrize("name", models())
def test_the_order_of_the_rows_does_not_matter(name: str) -> None:
    frame = shop().frame.sample(fraction=1.0, shuffle=True, seed=3)
    shuffled = Panel.from_frame(frame, "D")
    np.testing.assert_array_equal(refitted(name, shuffled), quantiles_of(fitted(name), shop()))


@pytest.mark.parametrize("name", local_models())
def test_a_series_does_not_depend_on_the_others(name: str) -> None:
    alone = refitted(name, shop().only(["s1", "s4"]))
    same = 1e-5 if name == "pretrained" else 1e-9  # single precision
    np.testing.assert_allclose(alone, quantiles_of(fitted(name), shop())[[1, 4]], rtol=same)


@pytest.mark.parametrize("name", models("refit"))
def test_update_equals_refitting_on_everything(name: str) -> None:
    past, known = past_of(shop())
    middle = next_ds(cutoff(), "D", -5)
    early = MAKERS[name]().fit(past.until(middle), TASK)
    updated = early.update(past.after(middle)).forecast(H, DECILES, known)
    np.testing.assert_allclose(updated.quantiles, quantiles_of(fitted(name), shop()), rtol=1e-9)


@pytest.mark.parametrize("name", models())
def test_update_moves_the_forecast_on_and_takes_in_new_series(name: str) -> None:
    past, _ = past_of(shop())
    middle = next_ds(cutoff(), "D", -5)
    old = past.only(["s0", "s1", "s2", "s3", "s5"])
    before = MAKERS[name]().fit(old.until(middle), TASK)
    updated = before.update(past.after(middle))
    forecast = updated.forecast(H, DECILES)
    assert forecast.ids == ("s0", "s1", "s2", "s3", "s4", "s5")
    assert forecast.ds[0] == np.datetime64(next_ds(cutoff(), "D"))
    assert np.isfinite(forecast.quantiles).all()
    assert before.forecast(H, DECILES).ds[0] == np.datetime64(next_ds(middle, "D"))


@pytest.mark.parametrize("name", models())
def test_the_same_fit_gives_the_same_forecast(name: str) -> None:
    np.testing.assert_array_equal(refitted(name, shop()), quantiles_of(fitted(name), shop()))


ODD: dict[str, list[float | None]] = {
    "constant": [5.0] * 60,
    "gaps": [None if k % 5 else float(k % 7) for k in range(56)],
    "new": [3.0, 0.0, 4.0],
    "single": [2.0],
    "void": [None, None, None],
    "ended": [8.0, 9.0, 7.0, 8.0] * 10 + [None] * 20,
    "zeros": [0.0] * 60,
}


def attempt(name: str, panel: Panel) -> Forecast | TradewindError:
    try:
        return MAKERS[name]().fit(panel.select(["y", "price"]), TASK).forecast(H, DECILES)
    except TradewindError as error:
        return error


@pytest.mark.parametrize("name", models())
@pytest.mark.parametrize("key", ODD)
def test_an_odd_series_alone_gets_an_answer_or_a_clear_error(name: str, key: str) -> None:
    answer = attempt(name, as_panel({key: ODD[key]}))
    if isinstance(answer, TradewindError):
        assert len(str(answer)) > 20
    else:
        assert np.isfinite(answer.quantiles).all()
        assert (np.diff(answer.quantiles, axis=2) >= 0).all()


@pytest.mark.parametrize("name", models())
def test_odd_series_among_others_get_an_answer(name: str) -> None:
    rng = np.random.default_rng(0)
    normal = {f"usual {k}": rng.poisson(9, 80).astype(float).tolist() for k in range(6)}
    panel = as_panel({**ODD, **normal})
    model = MAKERS[name]().fit(panel.select(["y", "price"]), TASK)
    forecast = model.forecast(H, DECILES)
    assert np.isfinite(forecast.quantiles).all()
    assert forecast.ids == tuple(sorted([*ODD, *normal]))


@pytest.mark.parametrize("name", models())
def test_saved_and_restored_gives_the_same_forecast(name: str, tmp_path: Path) -> None:
    past, known = past_of(shop())
    fitted(name).save(tmp_path)
    again = MAKERS[name]().restore(tmp_path, past, TASK)
    got = again.forecast(H, DECILES, known)
    first = fitted(name).forecast(H, DECILES, known)
    if name in NETWORKS:  # trained in torch, restored in ONNX Runtime
        np.testing.assert_allclose(got.quantiles, first.quantiles, rtol=1e-4, atol=1e-4)
    else:
        np.testing.assert_array_equal(got.quantiles, first.quantiles)
    assert (got.lower, got.whole, got.ids) == (first.lower, first.whole, first.ids)
    assert again.rescues == fitted(name).rescues
    assert not list(tmp_path.rglob("*.pkl"))


@pytest.mark.parametrize("name", models())
def test_only_targets_of_the_task_are_forecast(name: str) -> None:
    with pytest.raises(UnknownName, match="'weather'"):
        fitted(name).forecast(H, DECILES, None, "weather")


@pytest.mark.parametrize("name", models())
def test_a_price_is_forecast_like_any_target(name: str) -> None:
    task = Task(h=H, roles=Roles(targets=("price",)))
    window = task.window(shop(), cutoff())
    forecast = MAKERS[name]().fit(window.past, task).forecast(H, DECILES, None, "price")
    assert forecast.target == "price"
    assert 7 <= np.median(forecast.median) <= 11


@pytest.mark.parametrize("name", models())
def test_known_columns_may_be_missing(name: str) -> None:
    assert np.isfinite(fitted(name).forecast(H, DECILES, None).quantiles).all()


@pytest.mark.parametrize("name", models())
def test_other_levels_and_horizons_are_answered(name: str) -> None:
    forecast = fitted(name).forecast(3, (0.05, 0.5, 0.95))
    assert forecast.quantiles.shape == (6, 3, 3)
    assert fitted(name).forecast(H + 4, (0.1, 0.9)).quantiles.shape == (6, H + 4, 2)


@pytest.mark.parametrize("name", models())
def test_steps_are_joined_and_not_taken_as_independent(name: str) -> None:
    forecast = fitted(name).forecast(H, DECILES, past_of(shop())[1])
    if forecast.sampler is None:
        assert forecast.dependence is not None
        assert forecast.dependence.steps.shape == (H, H)
        assert np.linalg.eigvalsh(forecast.dependence.steps).min() > -1e-8
    paths = forecast.paths(50, np.random.default_rng(0))
    assert paths.shape == (6, H, 50)
    assert (paths == np.rint(paths)).all()


@pytest.mark.parametrize("name", models())
def test_the_settings_spell_themselves_the_same_twice(name: str) -> None:
    assert repr(MAKERS[name]()) == repr(MAKERS[name]())
    assert " at 0x" not in repr(MAKERS[name]())


@pytest.mark.parametrize("name", models())
def test_an_empty_panel_is_refused(name: str) -> None:
    nothing = shop().only([])
    with pytest.raises(NotEnoughHistory):
        MAKERS[name]().fit(nothing, TASK)


def test_every_exemption_names_a_model_and_has_a_reason() -> None:
    assert {name for _, name in EXEMPT} <= {*MAKERS, "trees", "profile"}
    assert all(len(reason) > 20 for reason in EXEMPT.values())


def test_the_table_s_own_ensemble_keeps_its_memory_out_of_its_settings() -> None:
    assert "Memory" not in repr(FORECASTERS["ensemble"]())
    assert repr(Conformal(AR(), memory=Memory(Path("x")))) == repr(Conformal(AR()))
