"""What may be tuned: for each model the settings that a search may change, and how far."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any

from tradewind.errors import UnknownName
from tradewind.models.protocol import Forecaster


@dataclass(frozen=True, slots=True)
class Whole:
    """Whole numbers from `low` to `high`, both included; on a log scale small ones count more."""

    low: int
    high: int
    log: bool = False


@dataclass(frozen=True, slots=True)
class Real:
    """Real numbers from `low` to `high`, both included."""

    low: float
    high: float
    log: bool = False


@dataclass(frozen=True, slots=True)
class Choice:
    """One of a few values, in no order."""

    options: tuple[Any, ...]


Range = Whole | Real | Choice
Space = Mapping[str, Range]
"""Name of a setting → its range. A dot leads into nested settings: "finetune.batch"."""

NAN = float("nan")

TRAINED: Space = {
    "pace.learning_rate": Real(5e-4, 1e-2, log=True),
    "pace.batch": Choice((64, 128, 256)),
    "pace.weight_decay": Real(1e-4, 0.1, log=True),
    "scaling": Choice(("standard", "robust", "log1p")),
}
DROPPED: Space = {"net.dropout": Real(0.0, 0.4)}
"""What every network of the family is trained with."""
RECURRENT: Space = {
    **TRAINED,
    **DROPPED,
    "net.hidden": Choice((32, 64, 128)),
    "net.layers": Whole(1, 2),
}

SPACES: dict[str, Space] = {
    "average": {"steps": Choice((0, 1, 2, 4, 7, 8, 13, 14, 28, 56))},
    "ar": {
        "max_order": Choice((0, 1, 2, 4, 7, 14, 21, 28)),
        "ridge": Choice((0.0, 1e-4, 1e-3, 1e-2, 0.1, 1.0)),
    },
    "theta": {"model": Choice(("DOTM", "OTM", "DSTM", "STM"))},
    "croston": {"alpha": Real(0.01, 0.5, log=True)},
    "tsb": {"alpha": Real(0.01, 0.5, log=True), "beta": Real(0.01, 0.5, log=True)},
    "profile": {
        "share": Choice((NAN, 0.0, 0.25, 0.5, 0.75, 1.0)),
        "power": Choice((NAN, 0.0, 0.3, 0.6, 1.0)),
        "windows": Whole(3, 12),
        "offset": Real(0.01, 1.0, log=True),
    },
    "regression": {"offset": Real(0.01, 1.0, log=True)},
    "trees": {
        "trees": Whole(50, 300, log=True),
        "leaves": Whole(7, 127, log=True),
        "learning_rate": Real(0.02, 0.3, log=True),
        "columns": Real(0.2, 1.0),
        "n_folds": Whole(2, 4),
        "offset": Real(0.02, 1.0, log=True),
        "level": Choice((-1, -2, 0, 1)),
    },
    "pretrained": {"context": Choice((64, 128, 256, 512, 1024))},
    "finetuned": {
        "context": Choice((128, 256, 512, 1024)),
        "finetune.rates": Choice(((3e-4, 1e-3), (1e-4,), (3e-4,), (1e-3,), (3e-3,))),
        "finetune.steps": Whole(50, 400, log=True),
        "finetune.batch": Choice((32, 64, 128)),
    },
    "linear": {**TRAINED, "net.kernel": Choice((3, 7, 13, 25, 49))},
    "mlp": {**TRAINED, **DROPPED, "net.hidden": Choice(((64,), (128, 64), (256, 128), (256, 256)))},
    "rnn": RECURRENT,
    "lstm": RECURRENT,
    "gru": RECURRENT,
    "transformer": {
        **TRAINED,
        **DROPPED,
        "net.width": Choice((32, 64, 128)),
        "net.layers": Whole(1, 3),
    },
}
"""The search space of each model. The default settings lie inside, as they are the first trial.

A new model is tuned as soon as it has an entry here. What only buys accuracy with time, such as the
rows that trees learn from, is the preset's to choose and not searched; where time and accuracy hang
together (trees, steps) the upper end is one that a laptop bears.
"""


def space_of(name: str) -> Space:
    """The search space of a model. Raises UnknownName for one that has nothing to tune."""
    try:
        return SPACES[name]
    except KeyError:
        raise UnknownName(
            f"{name!r} has no settings to tune; there are {', '.join(sorted(SPACES))}"
        ) from None


def holds(kind: Range, value: Any) -> bool:
    """Whether a value lies in a range.

    >>> holds(Whole(1, 9), 10), holds(Choice((float("nan"), 0.5)), float("nan"))
    (False, True)
    """
    if isinstance(kind, Choice):
        return repr(value) in map(repr, kind.options)
    return isinstance(value, int | float) and kind.low <= value <= kind.high


def setting(forecaster: Any, name: str) -> Any:
    """The value of a setting, a dot leading into nested ones.

    >>> from tradewind.models.trees import Trees
    >>> setting(Trees(), "leaves")
    95
    """
    for part in name.split("."):
        forecaster = getattr(forecaster, part)
    return forecaster


def with_settings(forecaster: Forecaster, values: Mapping[str, Any]) -> Forecaster:
    """The same forecaster with other settings. Raises UnknownName for one that it lacks.

    >>> from tradewind.models.trees import Trees
    >>> with_settings(Trees(), {"leaves": 31}) == Trees(leaves=31)
    True
    """
    made: Any = forecaster
    for name, value in values.items():
        made = _with(made, name, value)
    changed: Forecaster = made
    return changed


def _with(owner: Any, name: str, value: Any) -> Any:
    first, _, rest = name.partition(".")
    have = [item.name for item in fields(owner)]
    if first not in have:
        raise UnknownName(f"{type(owner).__name__} has no setting {first!r}; it has {have}")
    if rest:
        value = _with(getattr(owner, first), rest, value)
    return replace(owner, **{first: value})
