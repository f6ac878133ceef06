"""A chart as the page holds it: the option, what it says in words, and its data to take away."""

from __future__ import annotations

from dataclasses import dataclass, field

import polars as pl

from tradewind.charts.base import Option


@dataclass(frozen=True, slots=True)
class Figure:
    """One chart. `title` states the finding, `note` how to read it; `height` in px."""

    id: str
    title: str
    note: str
    option: Option
    data: pl.DataFrame = field(default_factory=pl.DataFrame)
    height: int = 320

    @property
    def summary(self) -> str:
        """What the chart shows, for those who cannot see it."""
        text: str = self.option["aria"]["label"]["description"]
        return text

    def embedded(self) -> dict[str, object]:
        """What the page's script needs."""
        return {"option": self.option, "csv": self.data.write_csv() if self.data.width else ""}
