"""Settings of any forecaster, written as TOML and read back."""

from __future__ import annotations

import pytest

from tradewind.errors import DataError, UnknownName
from tradewind.models.ar import AR
from tradewind.models.classical import ETS
from tradewind.models.conformal import Conformal
from tradewind.models.ensemble import Ensemble
from tradewind.models.hindsight import Memory
from tradewind.models.naive import SeasonalNaive
from tradewind.models.protocol import Forecaster
from tradewind.models.settings import from_toml, to_toml
from tradewind.models.table import FORECASTERS, PRESETS, forecaster, preset


@pytest.mark.parametrize("name", FORECASTERS)
def test_every_model_of_the_table_goes_to_toml_and_back(name: str) -> None:
    # by their spelling: a setting may be nan, which is not equal to itself
    assert repr(from_toml(to_toml(forecaster(name)))) == repr(forecaster(name))


@pytest.mark.parametrize(
    "model",
    [
        AR(coefficients=(0.8, 0.6, 0.4), intercept=1.5),
        ETS(model="ZZZ", season_length=12),
        Conformal(Ensemble((SeasonalNaive(3), AR(order=2, ridge=0.1)), n_windows=2), n_blocks=1),
    ],
)
def test_settings_that_are_not_the_usual_survive(model: Forecaster) -> None:
    assert from_toml(to_toml(model)) == model


def test_nested_models_are_nested_tables() -> None:
    text = to_toml(Conformal(Ensemble((SeasonalNaive(),))))
    assert "[inner]" in text
    assert "[[inner.members]]" in text
    assert "memory" not in text


@pytest.mark.parametrize(
    ("text", "error", "message"),
    [
        ("model = ", DataError, "not TOML"),
        ('kind = "Oracle"', UnknownName, "'Oracle'"),
        ("order = 3", UnknownName, "None"),
        ('kind = "AR"\norders = 3', DataError, r"\['orders'\]"),
        ('kind = "AR"\norder = "three"', DataError, "must be int"),
        ('kind = "AR"\norder = -1', DataError, "must not be negative"),
        ('kind = "Ensemble"\nmembers = []', DataError, "at least one member"),
        ('kind = "Conformal"', DataError, "inner"),
    ],
)
def test_impossible_settings_say_what_is_wrong(
    text: str, error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        from_toml(text)


def test_a_whole_number_is_taken_where_a_decimal_is_wanted() -> None:
    made = from_toml('kind = "AR"\nridge = 1')
    assert repr(made) == repr(AR(ridge=1.0))


@pytest.mark.parametrize("name", PRESETS)
def test_a_preset_ends_with_the_calibrated_ensemble_of_its_models(name: str) -> None:
    memory = Memory()
    models = preset(name, memory)
    *singles, last = models
    assert last == "ensemble"
    ensemble = models["ensemble"]
    assert isinstance(ensemble, Conformal)
    assert isinstance(ensemble.inner, Ensemble)
    assert list(ensemble.inner.members) == [models[k] for k in singles]
    assert ensemble.memory is ensemble.inner.memory is memory
    assert "arima" not in models


def test_unknown_names_are_refused_with_the_list() -> None:
    with pytest.raises(UnknownName, match="seasonal_naive"):
        forecaster("prophet")
    with pytest.raises(UnknownName, match="default"):
        preset("luxury", Memory())
