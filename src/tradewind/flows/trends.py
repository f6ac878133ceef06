"""trends: what is rising and what is falling, with what probability."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
import polars as pl

from tradewind.backtest import trend
from tradewind.backtest.run import Progress
from tradewind.flows.asked import Question
from tradewind.flows.forecast import FLAT, SEED, Foretold, foretell, named, ready
from tradewind.flows.shop import see
from tradewind.store import Workspace

PATHS = 1000


@dataclass(frozen=True, slots=True)
class Moves:
    """Rise, flat or fall of every series, the largest likely changes first.

    table   `backtest.trend.trends`
    span    steps ahead that are compared with as many before the cutoff
    flat    within ± this share is flat
    """

    foretold: Foretold
    table: pl.DataFrame
    span: int
    flat: float

    @property
    def named(self) -> pl.DataFrame:
        """The table with readable keys in front."""
        return named(self.table, self.foretold.seen, "product")

    def to_dict(self) -> dict[str, Any]:
        """As plain values, for JSON."""
        return {
            "run": self.foretold.run.run_id,
            "target": self.foretold.question.target,
            "cutoff": self.foretold.seen.panel.end,
            "span": self.span,
            "flat": self.flat,
            "trends": self.named.drop("unique_id").to_dicts(),
        }


def trends(
    shop: Workspace,
    question: Question | None = None,
    *,
    span: int = 0,
    flat: float = FLAT,
    at: datetime | None = None,
    progress: Progress | None = None,
) -> Moves:
    """Compare the forecast of the next `span` steps with as many before the cutoff.

    span   0 means the whole horizon
    flat   within ± this share of the span before is flat
    """
    at = at or datetime.now()
    asked = (question or Question()).settled(shop)
    seen = see(shop, asked)
    trained = ready(shop, asked, seen, retrain=False, at=at, progress=progress)
    return moves(foretell(shop, asked, seen, trained, at=at), span, flat)


def moves(foretold: Foretold, span: int = 0, flat: float = FLAT) -> Moves:
    """The moves that a forecast tells."""
    asked, seen, series = foretold.question, foretold.seen, foretold.series
    span = span or asked.h
    before = trend.before_of(seen.panel, series.ids, asked.column, span)
    table = trend.trends(before, series, span, flat, PATHS, np.random.default_rng(SEED))
    return Moves(foretold, table, span, flat)
