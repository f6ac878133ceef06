"""The promise that every model keeps."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, Self

from tradewind.forecast import Forecast
from tradewind.panel import Panel
from tradewind.task import Task


@dataclass(frozen=True, slots=True)
class Rescue:
    """A fallback that was taken: which series, which model could not, and why."""

    unique_id: str
    model: str
    reason: str


class Fitted(Protocol):
    """A model that has seen data. It only reads; `update` returns another."""

    @property
    def rescues(self) -> tuple[Rescue, ...]:
        """Series for which the model fell back to a simpler one."""
        ...

    def forecast(
        self, h: int, levels: tuple[float, ...], known: Panel | None = None, target: str = "y"
    ) -> Forecast:
        """Forecast h steps beyond the last ds it has seen, for every series it has seen.

        known    the known covariates of the next h steps (columns of task.roles.known); a missing
                 row or value, or None for all, is a valid input.

        Raises UnknownName if the model was not fitted for `target`.
        """
        ...

    def update(self, new: Panel) -> Self:
        """The same model after seeing `new`, which starts right after the last ds.

        `new` may bring new series.
        """
        ...

    def save(self, folder: Path) -> None:
        """Write what `Forecaster.restore` needs beyond the past, in formats without code."""
        ...


class Forecaster(Protocol):
    """Settings of a model, as a frozen dataclass. It knows no data.

    repr(forecaster) spells every setting: it is the key under which a back-test caches forecasts.
    """

    def fit(self, past: Panel, task: Task) -> Fitted:
        """Learn from `past`. A pretrained model only remembers it.

        `task` tells the roles of the columns, the season, the levels and the usual h.
        """
        ...

    def restore(self, folder: Path, past: Panel, task: Task) -> Fitted:
        """The model that `save` wrote, over the past it had seen, without learning again."""
        ...
