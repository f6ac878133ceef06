"""Tradewind: what every product will sell, at what price, with what certainty, and what to do.

    import tradewind as tw

    with tw.Workspace("shop") as shop:
        tw.load(shop, "sales.csv")
        print(tw.forecast(shop, tw.Question(h=28)).table)

Everything is loaded when it is first used: `import tradewind` itself is cheap.
"""

from __future__ import annotations

import sys
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tradewind.data.samples import complete_journey as complete_journey
    from tradewind.decision import Decision as Decision
    from tradewind.errors import TradewindError as TradewindError
    from tradewind.event import Event as Event
    from tradewind.flows.asked import Question as Question
    from tradewind.flows.backtest import backtest as backtest
    from tradewind.flows.demo import demo as demo
    from tradewind.flows.explain import explain as explain
    from tradewind.flows.forecast import forecast as forecast
    from tradewind.flows.load import load as load
    from tradewind.flows.trends import trends as trends
    from tradewind.forecast import Forecast as Forecast
    from tradewind.models.table import forecaster as forecaster
    from tradewind.models.table import preset as preset
    from tradewind.panel import Panel as Panel
    from tradewind.store.workspace import Workspace as Workspace
    from tradewind.task import Roles as Roles
    from tradewind.task import Task as Task
    from tradewind.task import Window as Window

__version__ = "0.1.0"

HOMES = {
    "Panel": "panel",
    "Roles": "task",
    "Task": "task",
    "Window": "task",
    "Forecast": "forecast",
    "Decision": "decision",
    "Event": "event",
    "TradewindError": "errors",
    "Workspace": "store.workspace",
    "Question": "flows.asked",
    "load": "flows.load",
    "backtest": "flows.backtest",
    "forecast": "flows.forecast",
    "trends": "flows.trends",
    "explain": "flows.explain",
    "demo": "flows.demo",
    "complete_journey": "data.samples",
    "forecaster": "models.table",
    "preset": "models.table",
}
"""Public name → the module it lives in."""

__all__ = ["__version__", *HOMES]  # strings, all of them


class _Front(ModuleType):
    """The package as a module whose verbs keep their names.

    `forecast` and `backtest` are rooms as well as verbs. Python would let the room take the
    attribute once it is imported; here the verb keeps it, and the room stays importable.
    """

    def __setattr__(self, name: str, value: object) -> None:
        if not (name in HOMES and isinstance(value, ModuleType)):
            super().__setattr__(name, value)


def __getattr__(name: str) -> object:
    if name not in HOMES:
        raise AttributeError(f"module 'tradewind' has no attribute {name!r}")
    value = getattr(import_module(f"tradewind.{HOMES[name]}"), name)
    setattr(sys.modules[__name__], name, value)
    return value


def __dir__() -> list[str]:
    return sorted(__all__)


sys.modules[__name__].__class__ = _Front
