"""A forecaster's settings as TOML, both ways, without running code."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from typing import Any

from tradewind.errors import DataError, UnknownName
from tradewind.models.protocol import Forecaster

BESIDE = ("memory", "tracker")
"""Fields that are no settings: where earlier forecasts are kept, and where curves go."""


def classes() -> dict[str, type[Any]]:
    """Every class that settings may name."""
    from tradewind.models.ar import AR
    from tradewind.models.chronos import Chronos2
    from tradewind.models.classical import ARIMA, ETS, Theta
    from tradewind.models.conformal import Conformal
    from tradewind.models.ensemble import Ensemble
    from tradewind.models.intermittent import TSB, Croston
    from tradewind.models.naive import Average, SeasonalNaive
    from tradewind.models.neural.augment import Augment
    from tradewind.models.neural.forecaster import Neural
    from tradewind.models.neural.nets import MLP, Attention, Linear, Recurrent
    from tradewind.models.neural.pace import Pace, Parts
    from tradewind.models.pretrained.forecaster import Pretrained
    from tradewind.models.pretrained.tuning import FineTune
    from tradewind.models.profile import Profile
    from tradewind.models.regression import Regression
    from tradewind.models.trees import Trees
    from tradewind.models.uplift import Uplift

    known: list[type[Any]] = [SeasonalNaive, Average, AR, ETS, Theta, ARIMA, Croston, TSB]
    known += [Profile, Regression, Trees, Pretrained, FineTune, Chronos2, Ensemble, Conformal]
    known += [Uplift, Neural, MLP, Recurrent, Attention, Linear, Pace, Parts, Augment]
    return {kind.__name__: kind for kind in known}


def to_toml(forecaster: Forecaster) -> str:
    """Settings as TOML; nested forecasters become nested tables.

    >>> from tradewind.models.naive import SeasonalNaive
    >>> to_toml(SeasonalNaive(7))
    'kind = "SeasonalNaive"\\nseason_length = 7\\n'
    """
    return "".join(_lines(as_table(forecaster), ""))


def from_toml(text: str) -> Forecaster:
    """The forecaster that `to_toml` wrote.

    Raises DataError if the text is no TOML, a setting is unknown or impossible; UnknownName if the
    model is.
    """
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise DataError(f"the settings are not TOML: {error}") from error
    return from_table(table)


def as_table(forecaster: Forecaster) -> dict[str, Any]:
    """Settings as a table of plain values; the key `kind` names the class."""
    table: dict[str, Any] = {"kind": type(forecaster).__name__}
    for item in fields(forecaster):  # type: ignore[arg-type]  # every forecaster is a dataclass
        if item.name not in BESIDE:
            table[item.name] = _plain(getattr(forecaster, item.name))
    return table


def from_table(table: Mapping[str, Any]) -> Forecaster:
    """The forecaster of a table of settings. Raises as `from_toml`."""
    settings = dict(table)
    name = settings.pop("kind", None)
    known = classes()
    if name not in known:
        raise UnknownName(f"no model class {name!r}; there are {sorted(known)}")
    kind = known[name]
    allowed = {item.name for item in fields(kind)} - set(BESIDE)
    if extra := sorted(set(settings) - allowed):
        raise DataError(f"{name} has no settings {extra}; it has {sorted(allowed)}")
    defaults = {item.name: item for item in fields(kind)}
    values = {key: _value(value, str(defaults[key].type)) for key, value in settings.items()}
    try:
        made: Forecaster = kind(**values)
    except (TypeError, ValueError) as error:
        raise DataError(f"settings of {name} are impossible: {error}") from error
    return made


def _plain(value: Any) -> Any:
    if isinstance(value, tuple | list):
        return [_plain(v) for v in value]
    if is_dataclass(value) and not isinstance(value, type):
        return as_table(value)  # type: ignore[arg-type]  # a nested forecaster or its settings
    return value


def _value(value: Any, declared: str) -> Any:
    """A TOML value as the field wants it: arrays as tuples, tables as forecasters, 1 as 1.0."""
    if isinstance(value, list):
        return tuple(_value(v, "") for v in value)
    if isinstance(value, dict):
        return from_table(value)
    if declared == "float" and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    plain = {"int": int, "float": float, "str": str, "bool": bool}.get(declared)
    if plain is not None and type(value) is not plain:
        raise DataError(f"a setting must be {declared}, it is {value!r}")
    return value


def _lines(table: Mapping[str, Any], path: str) -> list[str]:
    """Plain values first, then nested tables, as TOML wants them."""
    lines: list[str] = []
    nested: list[str] = []
    for key, value in table.items():
        name = f"{path}.{key}" if path else key
        if isinstance(value, dict):
            nested += [f"\n[{name}]\n", *_lines(value, name)]
        elif isinstance(value, list) and value and isinstance(value[0], dict):
            for part in value:
                nested += [f"\n[[{name}]]\n", *_lines(part, name)]
        elif value is not None:
            lines.append(f"{key} = {_literal(value)}\n")
    return lines + nested


def _literal(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        escaped = value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
        return f'"{escaped}"'
    if isinstance(value, list):
        return "[" + ", ".join(_literal(v) for v in value) + "]"
    return repr(value)
