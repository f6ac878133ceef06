"""demo: the main job on a retailer's year, through the same workspace as a user's own sales."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Literal

import numpy as np
import polars as pl

from tradewind import metrics
from tradewind.backtest.run import Progress
from tradewind.backtest.trend import outcome
from tradewind.charts.contents import Money
from tradewind.data.columns import Columns
from tradewind.data.load import Loaded as Read
from tradewind.data.repair import repair
from tradewind.data.samples import ZONE, Sample, complete_journey
from tradewind.flows.asked import Question
from tradewind.flows.backtest import Tested, evaluate
from tradewind.flows.crossborder import load_files, write_files
from tradewind.flows.forecast import Foretold, foretell
from tradewind.flows.load import Loaded, keep
from tradewind.flows.report import money, report, write_report
from tradewind.flows.shop import see
from tradewind.flows.train import train
from tradewind.flows.trends import Moves, moves
from tradewind.panel import next_ds
from tradewind.store import Workspace, calendar, products, settings

HELD = 8
"""Weeks at the end that are kept back: their promotions are the plan, their sales the question."""
PLANS = ("display", "mailer")
STAGES = ("reading the sales", "back-test", "training", "forecast", "trends", "report")


@dataclass(frozen=True, slots=True)
class Check:
    """How the forecast did in the weeks that were kept back.

    wape, rule_wape   Σ|error| / Σ sales of the forecast, and of the mean of the last four weeks
    inside            share of weekly sales inside the 80 % interval
    called, right     products called rising or falling, and those of them that did
    """

    wape: float
    rule_wape: float
    inside: float
    called: int
    right: int


@dataclass(frozen=True, slots=True)
class Shown:
    """What the demo made: a loaded workspace, a back-test, a forecast, trends and a report.

    check   None where nothing was kept back
    note    whose data it is, "" for a synthetic shop
    """

    loaded: Loaded
    tested: Tested
    foretold: Foretold
    moves: Moves
    check: Check | None
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

    The last eight weeks of the data are kept back. What the retailer displayed and put in its
    mailer then is the plan, which the forecast knows as a retailer would; the sales are not
    loaded, and the forecast is held against them at the end.

    top   how many products, the best-selling ones

    Raises MissingPackage where the sample is not installed.
    """
    start, at = time.perf_counter(), at or datetime.now()
    tell = progress or _silent
    tell(0, 1, STAGES[0])
    sample = complete_journey("W", products=top)
    loaded = stored(shop, sample, at)
    shown = _shown(shop, question, loaded, language=language, at=at, progress=tell)
    check = checked(sample, shown.foretold, shown.moves)
    seconds = time.perf_counter() - start
    return replace(shown, check=check, note=sample.note, seconds=seconds)


def crossborder(
    shop: Workspace,
    question: Question | None = None,
    *,
    language: Literal["en", "zh"] = "en",
    at: datetime | None = None,
    progress: Progress | None = None,
) -> Shown:
    """Load the files of the synthetic cross-border merchant, and forecast by product and channel.

    The files are written to a folder for the time of the load, and read as a merchant's own.
    """
    start, at = time.perf_counter(), at or datetime.now()
    tell = progress or _silent
    tell(0, 1, STAGES[0])
    with TemporaryDirectory() as folder:
        write_files(Path(folder))
        loaded = load_files(shop, Path(folder), at=at)
    shown = _shown(shop, question, loaded, language=language, at=at, progress=tell)
    return replace(shown, seconds=time.perf_counter() - start)


def _silent(done: int, total: int, what: str) -> None:
    """Progress that nobody looks at."""


def _shown(  # what is asked, and of what
    shop: Workspace,
    question: Question | None,
    loaded: Loaded,
    *,
    language: Literal["en", "zh"],
    at: datetime,
    progress: Progress,
) -> Shown:
    """The back-test, the forecast, the trends and the report of a workspace that is loaded."""
    asked = (question or Question()).settled(shop)
    seen = see(shop, asked)
    tested = evaluate(shop, asked, seen, at=at, progress=progress)
    progress(0, 1, STAGES[2])
    trained = train(shop, tested, at=at, promote=True)
    progress(0, 1, STAGES[3])
    foretold = foretell(shop, asked, seen, trained, at=at)
    progress(0, 1, STAGES[4])
    found = moves(foretold)
    progress(0, 1, STAGES[5])
    path = write_report(shop, report(shop, tested, foretold, found, at=at), language)
    best = money(tested, trained.version.forecaster)
    return Shown(loaded, tested, foretold, found, None, best, path, "", 0.0)


def stored(shop: Workspace, sample: Sample, at: datetime) -> Loaded:
    """The sample in the workspace, as a user's own export would be: lines, products, promotions.

    Lines of the weeks that are kept back are left out, the promotions of those weeks are not.
    """
    start = time.perf_counter()
    first_held = next_ds(sample.panel.end, sample.panel.freq, 1 - HELD)
    lines, cleaning = repair(sample.orders.filter(pl.col("ordered_at") < first_held))
    read = Read(sample.name, lines, Columns((), (), {}), cleaning)
    loaded = keep(shop, [read], at=at, start=start)
    with shop.transaction() as db:
        products.merge(db, sample.panel.static)
        calendar.merge(db, promotions(sample))
        settings.put(
            db,
            name="The Complete Journey",
            freq="W",
            h=HELD,
            by=("product",),
            country="US",
            zone=ZONE,
        )
    return loaded


def promotions(sample: Sample) -> pl.DataFrame:
    """The sample's displays and mailers as calendar entries, where there were any."""
    long = sample.panel.frame.select("unique_id", "ds", *PLANS).unpivot(
        PLANS, index=["unique_id", "ds"], variable_name="name", value_name="value"
    )
    return long.filter(pl.col("value") > 0).rename({"unique_id": "product"})


def checked(sample: Sample, foretold: Foretold, found: Moves) -> Check:
    """The forecast beside what came in the weeks that were kept back."""
    made, past = foretold.established, foretold.seen.panel
    truth = sample.panel.only(made.ids).after(past.end).wide()
    low, high = np.moveaxis(made.at((0.1, 0.9)), 2, 0)
    place = {key: i for i, key in enumerate(sorted(made.ids))}
    rows = [place[key] for key in made.ids]
    rule = np.nanmean(past.only(made.ids).wide()[:, -4:], axis=1, keepdims=True)
    truth, rule = truth[rows], np.broadcast_to(rule[rows], made.median.shape)
    moved = found.table.filter(pl.col("direction").is_in(["rise", "fall"]))
    sums = dict(zip(made.ids, truth.sum(axis=1), strict=True))
    later = np.array([sums[key] for key in moved["unique_id"]])
    came = outcome(moved["before"].to_numpy(), later, found.call.flat)
    right = sum(c == d for c, d in zip(came, moved["direction"], strict=True))
    return Check(
        float(metrics.wape(truth, made.median)),
        float(metrics.wape(truth, rule)),
        float(metrics.coverage(truth, low, high)),
        len(moved),
        right,
    )
