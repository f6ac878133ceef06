"""forecast: what will sell, at what price, with what certainty, at any level of the shop."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from tradewind.arrays import Floats
from tradewind.backtest import trend
from tradewind.backtest.run import Progress
from tradewind.data.ahead import CAPS, stock_caps
from tradewind.data.calendars import PLANS
from tradewind.data.phase_out import shares_left, stopping
from tradewind.errors import DataError
from tradewind.flows import launches
from tradewind.flows.asked import Question
from tradewind.flows.backtest import Tested, evaluate
from tradewind.flows.festivals import Festive
from tradewind.flows.shop import Seen, groups_of, see
from tradewind.flows.stock import Age, age
from tradewind.flows.train import Trained, restore, train
from tradewind.flows.tuned import changed_at
from tradewind.forecast import Forecast
from tradewind.panel import dates_from, next_ds, split_unique_id
from tradewind.store import Version, Workspace, forecasts, runs
from tradewind.store.runs import Run

PROMOTED = ("promotion", "display", "mailer")
PLANNABLE = tuple(name for name in PLANS if name not in CAPS)
"""Columns that a shop may plan in its calendar."""
PATHS = 400
SEED = 20_240_607
"""Every level draws the same paths, so that means of lower levels add up to those above."""


@dataclass(frozen=True, slots=True)
class Case:
    """A festival that the calendar does not enter, and what it would change.

    table   product (channel, location), name, unique_id, and sums over the horizon `without` it and
            `with` it; None where the shop never lived through it, and nothing is known
    """

    festive: Festive
    table: pl.DataFrame | None

    def to_dict(self) -> dict[str, Any]:
        """As plain values, for JSON."""
        told: dict[str, Any] = self.festive.to_dict()
        if self.table is None:
            return {**told, "without": None, "with": None, "products": []}
        sums = {name: float(self.table[name].sum()) for name in ("without", "with")}
        return {**told, **sums, "products": self.table.drop("unique_id").to_dicts()}


@dataclass(frozen=True, slots=True)
class Foretold:
    """A forecast that was kept as a run.

    forecast   quantiles and paths at the level asked
    series     the same for every series, before anything was added up; launches come last
    mean       [N, h]   means of the paths of `forecast`
    summary    one row per series or group: sums over the horizon (`backtest.trend.trends`)
    stops      unique_id, product, last_order_date of the series that cannot be ordered to the end
               of the horizon, and count as 0 from the next day on; empty where prices are forecast
    stock      how old the stock is that says which sales were limited
    cases      for each festival that the calendar does not enter, sums with it and without
    """

    run: Run
    question: Question
    seen: Seen
    trained: Trained
    level: str
    forecast: Forecast
    series: Forecast
    mean: Floats
    summary: pl.DataFrame
    stops: pl.DataFrame
    stock: Age
    cases: tuple[Case, ...] = ()

    @property
    def established(self) -> Forecast:
        """The forecast of the series that have sold before, without launches."""
        return self.series.select(self.seen.panel.ids)

    @property
    def table(self) -> pl.DataFrame:
        """product (channel, location), name, ds, mean and one column per quantile level."""
        rows = self.forecast.to_frame().with_columns(pl.Series("mean", self._ordered().ravel()))
        return named(rows, self.seen, self.level).select(pl.exclude("unique_id"))

    def _had(self, column: str) -> bool:
        return bool(self.seen.panel.frame[column].max())

    def _ordered(self) -> Floats:
        order = np.argsort(np.array(self.forecast.ids, dtype=object))
        return self.mean[order]

    def _stopping(self, *, before: bool) -> list[dict[str, Any]]:
        """product, last_order_date of what stops before the horizon, or in it, by date."""
        ahead = pl.col("last_order_date") >= self.forecast.ds[0].item()
        found = self.stops.filter(~ahead if before else ahead).group_by("product")
        days = found.agg(pl.col("last_order_date").max())
        return days.sort("last_order_date", "product").to_dicts()

    def _sold_after(self) -> list[str]:
        entries = self.seen.cleaning.entries.filter(pl.col("kind") == "sold_after_end")
        keys = entries["unique_id"].unique().to_list()
        return sorted({split_unique_id(key)[0] for key in keys})

    def to_dict(self) -> dict[str, Any]:
        """As plain values, for JSON."""
        version = self.trained.version
        return {
            "run": self.run.run_id,
            "target": self.question.target,
            "level": self.level,
            "currency": self.seen.currency,
            "model": f"{version.name}/{version.version}",
            "forecaster": version.forecaster,
            "cutoff": self.seen.panel.end,
            "provisional_from": self.seen.provisional_from,
            "planned": [c for c in PLANNABLE if c in self.seen.roles.known],
            "unplanned": [c for c in PROMOTED if c in self.seen.roles.past and self._had(c)],
            "launches": launches.told(self.seen),
            "festivals": [case.to_dict() for case in self.cases],
            "phased_out": self._stopping(before=False),
            "stopped": self._stopping(before=True),
            "sold_after_end": self._sold_after(),
            "stale_stock": self.stock.to_dict(),
            "h": self.question.h,
            "freq": self.question.freq,
            "summary": named(self.summary, self.seen, self.level).to_dicts(),
            "forecast": self.table.to_dicts(),
            "seconds": self.run.seconds,
        }


def forecast(
    shop: Workspace,
    question: Question | None = None,
    *,
    retrain: bool = False,
    out: Path | None = None,
    at: datetime | None = None,
    progress: Progress | None = None,
) -> Foretold:
    """Forecast with the promoted model, or train the best of a back-test where there is none.

    retrain   back-test and train again, and promote the new version
    out       also write the table there, as .parquet or .csv

    Raises DataError for an empty workspace, an ending other than these two, or a sum of prices.
    """
    at = at or datetime.now()
    asked = (question or Question()).settled(shop)
    if out is not None and out.suffix not in (".parquet", ".csv"):
        raise DataError(f"{out.name} must end in .parquet or .csv")
    seen = see(shop, asked)
    trained = ready(shop, asked, seen, retrain=retrain, at=at, progress=progress)
    made = foretell(shop, asked, seen, trained, at=at)
    if out is not None:
        write_table(made.table, out)
    return made


def ready(
    shop: Workspace,
    asked: Question,
    seen: Seen,
    *,
    retrain: bool,
    at: datetime,
    progress: Progress | None = None,
) -> Trained:
    """The promoted version that answers the question, else a new one from a back-test.

    A version that learnt from plans (promotions, prices) that are not there now does not answer,
    nor does one that knows nothing of those that are, nor one promoted before the settings of a
    model were tuned or forgotten, nor one of another model than those asked for by name. A
    question with columns held ahead has versions of its own, none of them promoted: the newest
    answers, unless the one that forecasts was trained after it.
    """
    names = shop.registry.names()
    if asked.model_name in names and not retrain:
        version = shop.registry.find(asked.model_name)
        alike = set(version.task["roles"]["known"]) == set(seen.roles.known)
        is_asked = not asked.models or version.forecaster in asked.models
        if alike and is_asked and is_current(shop, asked, version):
            return restore(shop, version, seen)
    tested: Tested = evaluate(shop, asked, seen, at=at, progress=progress)
    return train(shop, tested, at=at, promote=True)


def is_current(shop: Workspace, asked: Question, version: Version) -> bool:
    """Whether nothing that a version was trained from has changed since, but for new sales."""
    changed = changed_at(shop, asked)
    if changed is not None and (version.promoted_at or version.created_at) <= changed:
        return False
    if not asked.held or asked.plain.model_name not in shop.registry.names():
        return True
    return version.created_at >= shop.registry.find(asked.plain.model_name).created_at


def foretell(
    shop: Workspace, asked: Question, seen: Seen, trained: Trained, *, at: datetime
) -> Foretold:
    """Forecast, add up, and keep both as one run."""
    start, level = time.perf_counter(), asked.level
    if asked.target == "price" and level != "product":
        raise DataError(f"prices do not add up to a {level}; forecast revenue or units instead")
    series, stops = foreseen(asked, seen, trained)
    groups = groups_of(seen, level, series.ids)
    sold = series.ids[: len(seen.panel.ids)]
    before = trend.before_of(seen.panel, sold, asked.column, asked.h)
    before = np.concatenate([before, np.zeros(len(series.ids) - len(sold))])
    if groups == list(series.ids) or asked.target == "price":
        shown = series
    else:
        shown = series.aggregate(groups, PATHS, rng())
        _, before = trend.grouped(before, groups)
    mean = shown.mean(PATHS, rng())
    summary = trend.trends(before, shown, trend.Call(paths=PATHS), rng())
    run = Run(
        runs.run_id(shop.db, "forecast", at),
        "forecast",
        at,
        cutoff=seen.panel.end,
        digest=seen.digest,
        seconds=time.perf_counter() - start,
        settings=asked.to_dict(),
        result={"model": trained.version.name, "version": trained.version.version},
    )
    with shop.transaction() as db:
        runs.add(db, run)
        forecasts.add(db, run.run_id, shown, level, mean)
        if shown is not series:
            forecasts.add(db, run.run_id, series, "series", series.mean(PATHS, rng()))
    both = cases(trained, asked, seen, stops)
    return Foretold(
        run, asked, seen, trained, level, shown, series, mean, summary, stops, age(shop), both
    )


def foreseen(asked: Question, seen: Seen, trained: Trained) -> tuple[Forecast, pl.DataFrame]:
    """The forecast of every series, launches last, and what stops before the horizon's end."""
    stops = stopping(seen.panel, asked.h)
    if asked.target == "price":
        stops = stops.clear()
    made = trained.fitted.forecast(asked.h, asked.levels, seen.known, asked.column)
    joined = launches.joined(until_stop(made, stops, seen), asked, seen)
    return within_stock(joined, asked, seen), stops


def until_stop(made: Forecast, stops: pl.DataFrame, seen: Seen) -> Forecast:
    """The forecast with nothing after the last day on which each product can be ordered."""
    if stops.is_empty():
        return made
    return made.scaled(shares_left(stops, made.ids, made.ds, seen.panel.freq))


def within_stock(made: Forecast, asked: Question, seen: Seen) -> Forecast:
    """Unit sales, never more than the stock that the calendar plans; other targets as they are."""
    if asked.target != "units" or seen.plans is None:
        return made
    place = pl.DataFrame({"unique_id": made.ids})
    static = place.join(seen.static, on="unique_id", how="left", maintain_order="left")
    ds = dates_from(next_ds(seen.panel.end, asked.freq), asked.h + 1, asked.freq)
    upper = stock_caps(static, seen.plans.entries, ds, asked.freq)
    return made if upper is None else made.capped(upper)


def cases(trained: Trained, asked: Question, seen: Seen, stops: pl.DataFrame) -> tuple[Case, ...]:
    """Each festival of the horizon that is not entered: what is sold without it and with it."""
    if asked.target == "price":
        return ()
    found = []
    for festive in seen.festivals:
        if festive.seen is None or seen.plans is None:
            found.append(Case(festive, None))
            continue
        table: dict[str, Any] = {}
        known = seen.plans.known(festive.ahead, seen.panel)
        for name, plan in (("without", seen.known), ("with", known)):
            made = trained.fitted.forecast(asked.h, asked.levels, plan, asked.column)
            made = within_stock(until_stop(made, stops, seen), asked, seen)
            table |= {"unique_id": made.ids, name: made.mean(PATHS, rng()).sum(axis=1)}
        found.append(Case(festive, named(pl.DataFrame(table), seen, "product")))
    return tuple(found)


def named(rows: pl.DataFrame, seen: Seen, level: str) -> pl.DataFrame:
    """The rows with readable keys in front: product, channel, location and name, or the level."""
    if level != "product":
        return rows.select(pl.col("unique_id").alias(level), pl.all())
    keys = rows["unique_id"].unique(maintain_order=True).to_list()
    parts = [split_unique_id(key) for key in keys]
    table = pl.DataFrame(
        {"unique_id": keys, **{n: [p[k] for p in parts] for k, n in enumerate(_KEYS)}},
        schema=dict.fromkeys(("unique_id", *_KEYS), pl.String),
    )
    static = seen.static
    if "name" in static.columns:
        told = static.select("unique_id", "name").drop_nulls().iter_rows()
        names = {split_unique_id(key)[0]: name for key, name in told}
        found = [names.get(part[0]) for part in parts]
        table = table.with_columns(pl.Series("name", found, dtype=pl.String))
    empty = [c for c in table.columns if c != "product" and table[c].null_count() == len(table)]
    front = table.drop(empty)
    shown = [c for c in front.columns if c != "unique_id"]
    joined = rows.join(front, on="unique_id", how="left", maintain_order="left")
    return joined.select(*shown, *rows.columns)


_KEYS = ("product", "channel", "location")


def write_table(table: pl.DataFrame, out: Path) -> None:
    """Write a table as Parquet, exactly, or as CSV, rounded for a reader: after its ending."""
    out.parent.mkdir(parents=True, exist_ok=True)
    if out.suffix == ".csv":
        rounded(table).write_csv(out, datetime_format="%Y-%m-%d %H:%M:%S")
    else:
        table.write_parquet(out)


def rounded(table: pl.DataFrame) -> pl.DataFrame:
    """Two decimals, below one three digits that count; whole columns whole; days without a time.

    >>> rounded(pl.DataFrame({"mean": [3.4000000001, 0.012345], "q0.5": [3.0, 0.0]})).rows()
    [(3.4, 3), (0.0123, 0)]
    """

    def cells(column: pl.Series) -> pl.Series:
        if column.dtype.is_temporal():
            return column.cast(pl.Date) if (column.cast(pl.Date) == column).all() else column
        if not column.dtype.is_float():
            return column
        small = column.abs() < 1
        short = column.round(2).zip_with(~small, column.round_sig_figs(3))
        whole = (short == short.round(0)).all() and short.is_finite().all()
        return short.cast(pl.Int64) if whole else short

    return table.select(cells(column) for column in table)


def rng() -> np.random.Generator:
    """The same paths for every level and every question."""
    return np.random.default_rng(SEED)
