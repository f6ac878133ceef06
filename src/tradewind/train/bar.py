"""A progress bar of training, for the terminal and for notebooks."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from typing import Any, Protocol

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from tradewind.train.tracker import Silent


class Bar(Silent):
    """A tracker that shows steps, loss and the time left; one bar for each stretch of training.

    console   where it is drawn; without one stderr, or the cell of a notebook

    >>> from tradewind.models.neural.forecaster import Neural
    >>> model = Neural(tracker=Bar())
    """

    def __init__(self, console: Console | None = None) -> None:
        console = console or Console(stderr=True)
        self._bar: Drawn = Cell() if console.is_jupyter else Terminal(console)
        self._losses: dict[str, float] = {}
        self._total = 0

    def settings(self, values: Mapping[str, Any]) -> None:
        if "steps" in values:
            self._losses, self._total = {}, int(values["steps"])
            self._bar.begin(self._total)

    def log(self, step: int, values: Mapping[str, float]) -> None:
        if not self._total:
            return
        self._losses |= {name: values[name] for name in ("loss", "validation") if name in values}
        self._bar.move(step, self._total, self._told())

    def summary(self, values: Mapping[str, float]) -> None:
        if self._total and "steps" in values:  # it may have stopped early
            self._bar.move(int(values["steps"]), int(values["steps"]), self._told())
        self.close()

    def close(self) -> None:
        self._bar.end()
        self._total = 0

    def _told(self) -> str:
        told = ", ".join(f"{name} {value:.3f}" for name, value in self._losses.items())
        return told or "training"


class Drawn(Protocol):
    """One bar after the other, somewhere."""

    def begin(self, total: int) -> None:
        """A new bar of so many steps."""

    def move(self, step: int, total: int, told: str) -> None:
        """The bar at a step, with words beside it."""

    def end(self) -> None:
        """The bar stays as it is."""


class Terminal:
    """Bars on a terminal."""

    def __init__(self, console: Console) -> None:
        self._bars = Progress(
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            MofNCompleteColumn(),
            TimeRemainingColumn(),
            console=console,
        )
        self._job: Any = None

    def begin(self, total: int) -> None:
        self._bars.start()
        self._job = self._bars.add_task("training", total=total)

    def move(self, step: int, total: int, told: str) -> None:
        self._bars.update(self._job, completed=step, total=total, description=told)

    def end(self) -> None:
        self._bars.stop()


class Cell:
    """Bars in the output of a notebook's cell, in plain HTML: no widgets are needed, and the last
    state stays in the saved notebook."""

    def __init__(self) -> None:
        self._handle: Any = None

    def begin(self, total: int) -> None:
        from IPython.display import display

        draw: Any = display
        self._handle = draw(drawn(0, total, "training"), raw=True, display_id=True)

    def move(self, step: int, total: int, told: str) -> None:
        self._handle.update(drawn(step, total, told), raw=True)

    def end(self) -> None:
        return None


def drawn(step: int, total: int, told: str) -> dict[str, str]:
    """A bar as a notebook keeps it, by media type.

    >>> drawn(5, 20, "loss 0.500")["text/plain"]
    '5/20 loss 0.500'
    """
    bar = f'<progress value="{step}" max="{total}" style="width:240px"></progress>'
    return {
        "text/html": f"<div>{bar} {step}/{total} · {escape(told)}</div>",
        "text/plain": f"{step}/{total} {told}",
    }
