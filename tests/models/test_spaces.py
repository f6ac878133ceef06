"""What may be tuned: every space holds the default settings, and all that it holds is possible."""

from __future__ import annotations

import pytest

from tradewind.errors import UnknownName
from tradewind.models.hindsight import Memory
from tradewind.models.pretrained.forecaster import Pretrained
from tradewind.models.pretrained.tuning import FineTune
from tradewind.models.settings import from_toml, to_toml
from tradewind.models.spaces import (
    SPACES,
    Choice,
    Range,
    holds,
    setting,
    space_of,
    with_settings,
)
from tradewind.models.table import FORECASTERS, PRESETS, forecaster, preset
from tradewind.models.trees import Trees


def ends(kind: Range) -> tuple[object, ...]:
    return kind.options if isinstance(kind, Choice) else (kind.low, kind.high)


@pytest.mark.parametrize("name", SPACES)
def test_the_default_settings_lie_inside(name: str) -> None:
    models = [forecaster(name), *(preset(p, Memory()).get(name) for p in PRESETS)]
    for model in filter(None, models):
        for key, kind in SPACES[name].items():
            assert holds(kind, setting(model, key)), (model, key)


@pytest.mark.parametrize("name", SPACES)
def test_every_end_of_a_range_is_a_possible_setting(name: str) -> None:
    for key, kind in SPACES[name].items():
        for value in ends(kind):
            made = with_settings(forecaster(name), {key: value})
            assert repr(setting(made, key)) == repr(value)
            assert repr(from_toml(to_toml(made))) == repr(made)


def test_every_space_is_that_of_a_model() -> None:
    assert set(SPACES) <= set(FORECASTERS)


def test_nested_settings_are_reached_by_a_dot() -> None:
    model = Pretrained(finetune=FineTune())
    made = with_settings(model, {"finetune.batch": 32, "context": 128})
    assert made == Pretrained(context=128, finetune=FineTune(batch=32))
    assert setting(made, "finetune.batch") == 32


def test_a_model_without_a_space_and_an_unknown_setting_are_named() -> None:
    with pytest.raises(UnknownName, match="'seasonal_naive' has no settings to tune; there are ar"):
        space_of("seasonal_naive")
    with pytest.raises(UnknownName, match="Trees has no setting 'layers'"):
        with_settings(Trees(), {"layers": 2})
