"""The models by name, and the sets of them that a preset tries."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib.util import find_spec

from tradewind.errors import DataError, UnknownName
from tradewind.models.ar import AR
from tradewind.models.classical import ARIMA, ETS, Theta
from tradewind.models.conformal import Conformal
from tradewind.models.ensemble import Ensemble
from tradewind.models.hindsight import Memory
from tradewind.models.intermittent import TSB, Croston
from tradewind.models.naive import Average, SeasonalNaive
from tradewind.models.neural.forecaster import Neural
from tradewind.models.neural.nets import MLP, Attention, Linear, Recurrent
from tradewind.models.pretrained.forecaster import Pretrained
from tradewind.models.pretrained.tuning import FineTune
from tradewind.models.profile import Profile
from tradewind.models.protocol import Forecaster
from tradewind.models.regression import Regression
from tradewind.models.trees import Trees

BELIEFS = {"trees": 0.75}
"""What a model's loss at earlier cutoffs is multiplied by before it is compared with the others':
trees learn across series and years, and gain most by the history that those cutoffs lack."""


def calibrated_ensemble(
    members: dict[str, Forecaster], memory: Memory, n_windows: int
) -> Conformal:
    """The ensemble of these members, calibrated: what a preset calls "ensemble"."""
    inner = Ensemble(
        tuple(members.values()),
        n_windows=n_windows,
        beliefs=tuple(BELIEFS.get(name, 1.0) for name in members),
        memory=memory,
    )
    return Conformal(inner, n_windows=n_windows, memory=memory)


def _finetuned() -> Forecaster:
    return Pretrained(finetune=FineTune())


def _ensemble() -> Forecaster:
    return preset("default", Memory())["ensemble"]


FORECASTERS: dict[str, Callable[[], Forecaster]] = {
    "seasonal_naive": SeasonalNaive,
    "average": Average,
    "ar": AR,
    "ets": ETS,
    "theta": Theta,
    "arima": ARIMA,
    "croston": Croston,
    "tsb": TSB,
    "profile": Profile,
    "regression": Regression,
    "trees": Trees,
    "pretrained": Pretrained,
    "finetuned": _finetuned,
    "linear": lambda: Neural(Linear()),
    "mlp": lambda: Neural(MLP()),
    "rnn": lambda: Neural(Recurrent("rnn")),
    "lstm": lambda: Neural(Recurrent("lstm")),
    "gru": lambda: Neural(Recurrent("gru")),
    "transformer": lambda: Neural(Attention()),
    "ensemble": _ensemble,
}

ELSEWHERE = {"chronos2": "tradewind.models.chronos.Chronos2(path=FOLDER)"}
"""Models whose weights are not part of the package, and what makes them."""

PRESETS = ("fast", "default", "best")


def forecaster(name: str) -> Forecaster:
    """The model of this name, with its default settings.

    >>> forecaster("seasonal_naive")
    SeasonalNaive(season_length=0)

    Raises UnknownName where there is none; DataError where it needs a checkpoint that the package
    does not ship.
    """
    if name in ELSEWHERE:
        raise DataError(
            f"{name!r} has no default settings, as its checkpoint is not part of the package: "
            f"make it with {ELSEWHERE[name]}"
        )
    try:
        return FORECASTERS[name]()
    except KeyError:
        raise UnknownName(f"no model called {name!r}; there are {sorted(FORECASTERS)}") from None


TREES = {
    "fast": Trees(rows=40_000, trees=100, leaves=31, learning_rate=0.1),
    "default": Trees(),
    "best": Trees(rows=200_000, trees=300),
}
"""What each preset spends on the trees."""


def preset(
    name: str,
    memory: Memory,
    workers: int = 2,
    tuned: Mapping[str, Forecaster] | None = None,
) -> dict[str, Forecaster]:
    """The models that a preset back-tests, by name; the last is their calibrated ensemble.

    tuned     models with other settings than the preset's; one that the preset lacks joins it

    fast      trees, the pretrained model as it is, the regression, the profile model and the naive
              ones: seconds for thousands of series
    default   and AR, Theta and TSB, and the pretrained model fine-tuned where torch is installed
              (the extra "deep")
    best      and ETS, and one earlier cutoff more to learn from
    """
    if name not in PRESETS:
        raise UnknownName(f"no preset called {name!r}; there are {list(PRESETS)}")
    models: dict[str, Forecaster] = {
        "seasonal_naive": SeasonalNaive(),
        "average": Average(),
        "profile": Profile(),
        "regression": Regression(),
        "trees": TREES[name],
        "pretrained": Pretrained(),
    }
    if name != "fast":
        models |= {"ar": AR(), "theta": Theta(workers=workers), "tsb": TSB()}
        if find_spec("torch") is not None:
            models["finetuned"] = Pretrained(finetune=FineTune())
    if name == "best":
        models["ets"] = ETS(workers=workers)
    models |= tuned or {}
    windows = {"fast": 2, "default": 3, "best": 4}[name]
    return {**models, "ensemble": calibrated_ensemble(models, memory, windows)}
