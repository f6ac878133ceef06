"""report: what a forecast and its back-test tell, as one page that opens anywhere."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Literal

import polars as pl

from tradewind.backtest.compare import error_by_step, money_error
from tradewind.backtest.intervals import interval_table
from tradewind.backtest.run import Progress
from tradewind.charts.contents import Money, Report
from tradewind.charts.report import render
from tradewind.data.demand import recover_demand
from tradewind.errors import DataError
from tradewind.flows.backtest import Tested, evaluate
from tradewind.flows.forecast import Foretold
from tradewind.flows.load import repairs_of
from tradewind.flows.trends import Moves, moves
from tradewind.panel import Panel
from tradewind.store import Workspace, runs

AVERAGE = "average"
"""The model that is the merchant's rule of thumb: the mean of the last four weeks."""
SPELLED = {"wape": "WAPE", "sql": "SQL", "mase": "MASE", "money": "money_error"}
PROMOTIONS = ("promotion", "discount", "display", "mailer")


def publish(
    shop: Workspace,
    foretold: Foretold,
    language: Literal["en", "zh"],
    *,
    at: datetime | None = None,
    progress: Progress | None = None,
) -> Path:
    """Write the page of a forecast, with a back-test beside it, and say where it lies.

    What an earlier back-test of the same sales has forecast is taken from the workspace's cache.

    Raises DataError for another target than units, or where the preset lacks the promoted model.
    """
    at = at or datetime.now()
    asked, model = foretold.question, foretold.trained.version.forecaster
    if asked.target != "units":
        raise DataError(f"a report shows units, not {asked.target}; leave --target or --report out")
    tested = evaluate(shop, asked, foretold.seen, at=at, progress=progress)
    if model not in tested.result.models:
        raise DataError(
            f"the promoted model is {model}, which was not back-tested: it was trained with "
            f"another --preset or --models; name the same, or say --retrain"
        )
    return write_report(shop, report(shop, tested, foretold, moves(foretold), at=at), language)


def report(
    shop: Workspace, tested: Tested, foretold: Foretold, found: Moves, *, at: datetime
) -> Report:
    """Everything the page shows, from one back-test and one forecast."""
    seen = foretold.seen
    panel = recover_demand(seen.panel)
    columns = panel.frame.columns
    model = foretold.trained.version.forecaster
    return Report(
        name=seen.name,
        made_at=at,
        panel=panel,
        forecast=foretold.established,
        chosen=model,
        known=seen.known,
        currency=seen.currency,
        provisional_from=seen.provisional_from,
        price_column="price" if "price" in columns else None,
        promotion_columns=tuple(c for c in PROMOTIONS if c in columns),
        leaderboard=board(tested),
        error_by_step=error_by_step(tested.result),
        calibration=interval_table(tested.result, model),
        repairs=repairs(shop, foretold),
        trends=_named(found.table, panel),
        trend_span=found.call.span,
        trend_sure=found.call.sure,
        money=money(tested, model),
        stops=foretold.stops["product"].n_unique(),
        n_windows=len(tested.result.cutoffs),
        version=f"{foretold.trained.version.name}/{foretold.trained.version.version}",
        digest=seen.digest,
        preset=tested.question.preset,
        command=f"tradewind forecast --workspace {shop.path.name} --report",
    )


def board(tested: Tested) -> pl.DataFrame:
    """The leaderboard as the page spells it."""
    table = tested.leaderboard.rename({k: v for k, v in SPELLED.items() if k in tested.leaderboard})
    wanted = ("model", "skill", "WAPE", "SQL", "MASE", "bias", "coverage80", "money_error")
    return table.select(*wanted, "seconds", "failures")


def money(tested: Tested, model: str) -> Money | None:
    """The errors of the back-test in money, beside those of the four-week average."""
    mine, rule = (money_error(tested.result, name) for name in (model, AVERAGE))
    if mine is None or rule is None or AVERAGE not in tested.result.models:
        return None
    return Money("mean of the last four weeks", mine, rule)


def repairs(shop: Workspace, foretold: Foretold) -> pl.DataFrame:
    """kind, count, example of every repair: of the lines at their load, then of the panel."""
    rows = [row for run in runs.every(shop.db, "load") for row in run.result["repairs"]]
    rows += repairs_of(foretold.seen.cleaning)
    schema = {"kind": pl.String, "count": pl.Int64, "example": pl.String}
    table = pl.DataFrame(rows, schema)
    return table.group_by("kind", maintain_order=True).agg(
        pl.col("count").sum(), pl.col("example").first()
    )


def write_report(shop: Workspace, contents: Report, language: Literal["en", "zh"]) -> Path:
    """Render the page into the workspace's reports and say where it lies."""
    path = shop.reports / f"report-{contents.made_at:%Y%m%d-%H%M%S}-{language}.html"
    path.write_text(render(contents, language), encoding="utf-8")
    return path


def _named(table: pl.DataFrame, panel: Panel) -> pl.DataFrame:
    if "name" not in panel.static.columns:
        return table
    names = panel.static.select("unique_id", "name")
    return table.join(names, on="unique_id", how="left", maintain_order="left")
