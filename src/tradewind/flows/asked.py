"""Question: what the user asks of a workspace, with defaults from what the workspace remembers."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import Any

from tradewind.errors import DataError, UnknownName
from tradewind.panel import every
from tradewind.store import Workspace, settings
from tradewind.task import DECILES

TARGETS = {"units": "y", "price": "price", "revenue": "revenue", "demand": "demand"}
"""What the user may ask for, and the column of the panel that answers."""
H = {"h": 48, "D": 28, "W": 8, "MS": 6, "QS": 4, "YS": 2}
"""Usual horizons: four to eight weeks of sales, half a year of months."""
PRESETS = ("fast", "default", "best")
KEYS = ("product", "channel", "location")


@dataclass(frozen=True, slots=True)
class Question:
    """What to forecast. Zero and "" stand for what the workspace remembers, else the usual.

    target      "units", "price", "revenue" (units × price) or "demand" (what would have sold)
    h           steps ahead
    freq        "D", "W", "MS"
    by          parts of the series key: ("product",) or ("product", "channel", "location")
    preset      "fast", "default" or "best": time for accuracy
    n_windows   cutoffs of the back-test
    country     whose holidays apply (ISO 3166), "" for none
    top         only so many series, those with the largest sales; 0 means all
    models      names that are tried, of the preset or others; () means all of the preset
    level       what is added up: "product" (nothing), "parent", "category", "brand", "channel",
                "location", "total"
    levels      quantile levels
    held        columns without a plan that are taken as known ahead: a price stays what it was
                last, a promotion does not take place. Such questions have models of their own
    """

    target: str = "units"
    h: int = 0
    freq: str = ""
    by: tuple[str, ...] = ()
    preset: str = "default"
    n_windows: int = 3
    country: str = ""
    top: int = 0
    models: tuple[str, ...] = ()
    level: str = "product"
    levels: tuple[float, ...] = DECILES
    held: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.target not in TARGETS:
            raise UnknownName(f"no target {self.target!r}; there are {', '.join(TARGETS)}")
        if self.preset not in PRESETS:
            raise UnknownName(f"no preset {self.preset!r}; there are {', '.join(PRESETS)}")
        if unknown := [key for key in self.by if key not in KEYS]:
            raise UnknownName(f"no series key {unknown[0]!r}; there are {', '.join(KEYS)}")
        if self.h < 0 or self.n_windows < 1 or self.top < 0:
            raise DataError("h and top must not be negative, and a back-test needs a window")
        if self.freq:
            every(self.freq)

    @property
    def column(self) -> str:
        """The column of the panel that is forecast."""
        return TARGETS[self.target]

    @property
    def model_name(self) -> str:
        """The name under which the registry keeps models that answer this."""
        held = ("if", *self.held) if self.held else ()
        return "-".join([self.target, self.freq, *self.by, *held])

    @property
    def plain(self) -> Question:
        """The same with nothing known ahead but what is planned: what `forecast` answers."""
        return replace(self, held=())

    def settled(self, shop: Workspace) -> Question:
        """The same with everything said: from the question, the workspace, or the usual."""
        known = settings.get(shop.db)
        freq = self.freq or known.get("freq", "D")
        h = self.h or (known.get("h") if freq == known.get("freq") else None)
        return replace(
            self,
            freq=freq,
            h=h or H[freq.split("-")[0]],
            by=self.by or tuple(known.get("by", ("product",))),
            country=self.country or known.get("country", ""),
            top=self.top or known.get("top", 0),
        )

    @classmethod
    def from_dict(cls, told: dict[str, Any]) -> Question:
        """The question that `to_dict` wrote, also after JSON made lists of its tuples."""
        values: dict[str, Any] = {}
        for name, value in told.items():
            values[name] = tuple(value) if isinstance(value, list) else value
        return cls(**values)

    def to_dict(self) -> dict[str, Any]:
        """As plain values."""
        return asdict(self)
