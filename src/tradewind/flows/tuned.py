"""Settings that a search found better than the default ones, as a workspace keeps them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from tradewind.errors import UnknownName
from tradewind.flows.asked import Question
from tradewind.models.protocol import Forecaster
from tradewind.models.settings import from_toml, to_toml
from tradewind.store import Workspace, settings

KEY = "tuned"


@dataclass(frozen=True, slots=True)
class Kept:
    """The settings of one model that answer one kind of question in place of the default ones.

    until           last period whose sales chose them: later ones judge them fairly
    score, before   mean SQL over the windows of the search, and that of the default settings there
    run             of the search
    """

    forecaster: Forecaster
    until: datetime
    score: float
    before: float
    run: str


def key_of(asked: Question) -> str:
    """Tuned settings answer for a target, a frequency, a series key and a preset, at any h."""
    return f"{asked.plain.model_name}/{asked.preset}"


def kept(shop: Workspace, asked: Question) -> dict[str, Kept]:
    """The tuned models that answer a settled question, by name."""
    return {name: _kept(told) for name, told in _all(shop, asked)["models"].items()}


def changed_at(shop: Workspace, asked: Question) -> datetime | None:
    """When settings were last kept or forgotten; None before the first time."""
    at = _all(shop, asked)["changed_at"]
    return None if at is None else datetime.fromisoformat(at)


def keep(shop: Workspace, asked: Question, name: str, found: Kept, at: datetime) -> None:
    """Let these settings answer under the model's name from now on."""
    models = _all(shop, asked)["models"]
    models[name] = {
        "settings": to_toml(found.forecaster),
        "until": found.until.isoformat(),
        "score": found.score,
        "before": found.before,
        "run": found.run,
    }
    _put(shop, asked, models, at)


def forget(shop: Workspace, asked: Question, name: str, at: datetime) -> Kept:
    """Let the default settings answer again. Raises UnknownName for a model that is not tuned."""
    models = _all(shop, asked)["models"]
    if name not in models:
        raise UnknownName(
            f"{name!r} is not tuned for {key_of(asked)}; tuned are {sorted(models) or 'none'}"
        )
    found = _kept(models.pop(name))
    _put(shop, asked, models, at)
    return found


def _kept(told: dict[str, Any]) -> Kept:
    until = datetime.fromisoformat(told["until"])
    forecaster = from_toml(told["settings"])
    return Kept(forecaster, until, told["score"], told["before"], told["run"])


def _all(shop: Workspace, asked: Question) -> dict[str, Any]:
    found = settings.get(shop.db).get(KEY, {})
    nothing: dict[str, Any] = {"changed_at": None, "models": {}}
    return dict(found.get(key_of(asked), nothing))


def _put(shop: Workspace, asked: Question, models: dict[str, Any], at: datetime) -> None:
    every = settings.get(shop.db).get(KEY, {})
    every[key_of(asked)] = {"changed_at": at.isoformat(), "models": models}
    settings.put(shop.db, **{KEY: every})
