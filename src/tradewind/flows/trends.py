"""trends: what is rising and what is falling, with what probability."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import numpy as np
import polars as pl

from tradewind.backtest import trend
from tradewind.backtest.run import Progress
from tradewind.backtest.trend import Call as Call
from tradewind.flows.asked import Question
from tradewind.flows.forecast import SEED, Foretold, foretell, named, ready
from tradewind.flows.shop import see
from tradewind.store import Workspace


@dataclass(frozen=True, slots=True)
class Moves:
    """Rise, flat or fall of every series: those called first, the largest likely changes first.

    table   `backtest.trend.trends`
    call    the span compared, what counts as flat, and from which probability on one is called
    """

    foretold: Foretold
    table: pl.DataFrame
    call: Call

    @property
    def counts(self) -> dict[str, int]:
        """How many series are called rising, flat, falling, and of how many it is unclear."""
        return trend.counted(self.table)

    @property
    def named(self) -> pl.DataFrame:
        """The table with readable keys in front."""
        return named(self.table, self.foretold.seen, "product")

    def to_dict(self) -> dict[str, Any]:
        """As plain values, for JSON."""
        return {
            "run": self.foretold.run.run_id,
            "target": self.foretold.question.target,
            "freq": self.foretold.question.freq,
            "cutoff": self.foretold.seen.panel.end,
            "span": self.call.span,
            "flat": self.call.flat,
            "sure": self.call.sure,
            "counts": self.counts,
            "trends": self.named.drop("unique_id").to_dicts(),
        }


def trends(
    shop: Workspace,
    question: Question | None = None,
    *,
    call: Call | None = None,
    at: datetime | None = None,
    progress: Progress | None = None,
) -> Moves:
    """Compare the forecast of the next steps with as many before the cutoff.

    call   how many steps, what counts as flat, and how sure a direction must be to be called
    """
    at = at or datetime.now()
    asked = (question or Question()).settled(shop)
    seen = see(shop, asked)
    trained = ready(shop, asked, seen, retrain=False, at=at, progress=progress)
    return moves(foretell(shop, asked, seen, trained, at=at), call)


def moves(foretold: Foretold, call: Call | None = None) -> Moves:
    """The moves that a forecast tells."""
    asked, seen, series = foretold.question, foretold.seen, foretold.established
    call = call or Call()
    call = replace(call, span=call.span or asked.h)
    before = trend.before_of(seen.panel, series.ids, asked.column, call.span)
    return Moves(foretold, trend.trends(before, series, call, np.random.default_rng(SEED)), call)
