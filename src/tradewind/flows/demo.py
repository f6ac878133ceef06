"""demo: the main job on a retailer's year, through the same workspace as a user's own sales."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

import polars as pl

from tradewind.backtest.run import Progress
from tradewind.charts.contents import Money
from tradewind.data.columns import Columns
from tradewind.data.load import Loaded as Read
from tradewind.data.repair import repair
from tradewind.data.samples import Sample, complete_journey
from tradewind.flows.asked import Question
from tradewind.flows.backtest import Tested, evaluate
from tradewind.flows.forecast import Foretold, foretell
from tradewind.flows.load import Loaded, keep
from tradewind.flows.report import money, report, write_report
from tradewind.flows.shop import see
from tradewind.flows.train import train
from tradewind.flows.trends import Moves, moves
from tradewind.store import Workspace, calendar, products, settings

PLANS = ("display", "mailer")
STAGES = ("reading the sales", "back-test", "training", "forecast", "trends", "report")


@dataclass(frozen=True, slots=True)
class Shown:
    """What the demo made: a loaded workspace, a back-test, a forecast, trends and a report."""

    loaded: Loaded
    tested: Tested
    foretold: Foretold
    moves: Moves
    money: Money | None
    report: Path
    note: str
    seconds: float

    def to_dict(self) -> dict[str, Any]:
        """As plain values, for JSON."""
        return {
            "leaderboard": self.tested.leaderboard.to_dicts(),
            "trends": self.moves.named.drop("unique_id").to_dicts(),
            "report": str(self.report),
            "seconds": self.seconds,
        }


def demo(
    shop: Workspace,
    question: Question | None = None,
    *,
    language: Literal["en", "zh"] = "en",
    top: int = 1000,
    at: datetime | None = None,
    progress: Progress | None = None,
) -> Shown:
    """Load The Complete Journey, back-test, choose, forecast eight weeks, and write a report.

    top   how many products, the best-selling ones

    Raises MissingPackage where the sample is not installed.
    """
    start, at = time.perf_counter(), at or datetime.now()
    tell = progress or (lambda done, total, what: None)
    tell(0, 1, STAGES[0])
    sample = complete_journey("W", products=top)
    loaded = stored(shop, sample, at)
    asked = (question or Question()).settled(shop)
    seen = see(shop, asked)
    tested = evaluate(shop, asked, seen, at=at, progress=progress)
    tell(0, 1, STAGES[2])
    trained = train(shop, tested, at=at, promote=True)
    tell(0, 1, STAGES[3])
    foretold = foretell(shop, asked, seen, trained, at=at)
    tell(0, 1, STAGES[4])
    found = moves(foretold)
    tell(0, 1, STAGES[5])
    contents = report(shop, tested, foretold, found, at=at)
    path = write_report(shop, contents, language)
    spent = time.perf_counter() - start
    best = money(tested, trained.version.forecaster)
    return Shown(loaded, tested, foretold, found, best, path, sample.note, spent)


def stored(shop: Workspace, sample: Sample, at: datetime) -> Loaded:
    """The sample in the workspace, as a user's own export would be: lines, products, promotions."""
    start = time.perf_counter()
    lines, cleaning = repair(sample.orders)
    read = Read(lines, Columns((), (), {}), cleaning)
    loaded = keep(shop, read, sample.name, at=at, start=start)
    with shop.transaction() as db:
        products.merge(db, sample.panel.static)
        calendar.merge(db, promotions(sample))
        settings.put(db, name="The Complete Journey", freq="W", h=8, by=("product",), country="US")
    return loaded


def promotions(sample: Sample) -> pl.DataFrame:
    """The sample's displays and mailers as calendar entries, where there were any."""
    long = sample.panel.frame.select("unique_id", "ds", *PLANS).unpivot(
        PLANS, index=["unique_id", "ds"], variable_name="name", value_name="value"
    )
    return long.filter(pl.col("value") > 0).rename({"unique_id": "product"})
