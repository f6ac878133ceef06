"""A shop whose forecast is at hand: what its products are explained from."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

import numpy as np
import polars as pl

from tradewind.arrays import Floats
from tradewind.backtest import trend
from tradewind.backtest.run import Progress
from tradewind.errors import DataError, UnknownName
from tradewind.explain.attribution import Finish
from tradewind.explain.imagined import Asked
from tradewind.flows.asked import Question
from tradewind.flows.forecast import PATHS, foreseen, ready, rng, until_stop, within_stock
from tradewind.flows.shop import Seen, see, task_of
from tradewind.flows.train import Trained
from tradewind.forecast import Forecast
from tradewind.panel import Panel, next_ds, split_unique_id
from tradewind.store import Workspace
from tradewind.task import Task

LOW, HIGH = 0.1, 0.9
"""Ends of the 80 % interval."""


@dataclass(frozen=True, slots=True)
class Shown:
    """A number as it is shown, with its 80 % interval: of one period, or of the whole horizon."""

    mean: float
    low: float
    high: float

    def to_dict(self) -> dict[str, float]:
        """As plain values."""
        return {"mean": self.mean, "low": self.low, "high": self.high}

    def less(self, other: Shown) -> Shown:
        """The differences of the three numbers."""
        return Shown(self.mean - other.mean, self.low - other.low, self.high - other.high)

    def more(self, by: Shown) -> Shown:
        """The three numbers with differences added."""
        return Shown(self.mean + by.mean, self.low + by.low, self.high + by.high)


@dataclass(frozen=True, slots=True)
class Looked:
    """A shop whose forecast is at hand: what any product of it is explained from.

    series   the forecast of every series, as `forecast` shows it
    mean     [N, h]   means of its paths, as `forecast` shows them
    totals   unique_id, expected, low, high: sums over the horizon, as `forecast` shows them
    plain    the shop as `forecast` sees it, where this one holds columns ahead; None elsewhere
    """

    question: Question
    seen: Seen
    trained: Trained
    task: Task
    past: Panel
    series: Forecast
    stops: pl.DataFrame
    mean: Floats
    totals: pl.DataFrame
    plain: Looked | None = None

    def asked(self, of: str) -> Asked:
        """One series, as the explanations ask for it."""
        return Asked(of, self.past, self.seen.known, self.task)

    def finish(self, of: str) -> Finish:
        """What is done to a forecast of the series before it is shown."""

        def finished(made: Forecast) -> Forecast:
            alike = replace(made, ids=(of,) * len(made.ids))
            ended = within_stock(until_stop(alike, self.stops, self.seen), self.question, self.seen)
            return replace(ended, ids=made.ids)

        return finished

    def row(self, of: str) -> int:
        """The place of a series in the forecast."""
        return self.series.ids.index(of)

    def shown(self, of: str, step: int | None) -> Shown:
        """The number that `forecast` shows: of one period, or of the horizon."""
        row = self.row(of)
        if step is not None:
            ends = self.series.select([of]).at((LOW, HIGH))[0, step]
            return Shown(float(self.mean[row, step]), float(ends[0]), float(ends[1]))
        told = self.totals.filter(pl.col("unique_id") == of)
        if len(told):
            return Shown(*(float(told[0, name]) for name in ("expected", "low", "high")))
        return sums(self.series.select([of]))

    @property
    def version(self) -> str:
        """The model that forecasts."""
        version = self.trained.version
        return f"{version.name}/{version.version}"


def look(
    shop: Workspace,
    question: Question | None = None,
    *,
    at: datetime | None = None,
    progress: Progress | None = None,
) -> Looked:
    """The shop's forecast, as `forecast` makes it; nothing is kept.

    Raises DataError for a question for prices or for sums of products.
    """
    asked = (question or Question()).settled(shop)
    if asked.target == "price" or asked.level != "product":
        raise DataError(
            "units, revenue and demand of single products can be explained; "
            "leave --target price and other levels out"
        )
    return looked_at(shop, asked, see(shop, asked), at=at, progress=progress)


def looked_at(
    shop: Workspace,
    asked: Question,
    seen: Seen,
    *,
    at: datetime | None = None,
    progress: Progress | None = None,
) -> Looked:
    """The same, of a shop that was already seen."""
    trained = ready(shop, asked, seen, retrain=False, at=at or datetime.now(), progress=progress)
    task = task_of(asked, seen)
    series, stops = foreseen(asked, seen, trained)
    series = series.select(seen.panel.ids)
    before = trend.before_of(seen.panel, series.ids, asked.column, asked.h)
    return Looked(
        asked,
        seen,
        trained,
        task,
        task.window(seen.panel, seen.panel.end).past,
        series,
        stops,
        series.mean(PATHS, rng()),
        trend.trends(before, series, trend.Call(paths=PATHS), rng()),
    )


def sums(one: Forecast) -> Shown:
    """Mean and 80 % interval of the sum over the horizon, of a forecast of one series."""
    totals = one.totals(PATHS, rng())[0]
    low, high = np.quantile(totals, (LOW, HIGH))
    return Shown(float(totals.mean()), float(low), float(high))


def at_step(one: Forecast, step: int) -> Shown:
    """Mean and 80 % interval of one period."""
    low, high = one.at((LOW, HIGH))[0, step]
    return Shown(float(one.mean(PATHS, rng())[0, step]), float(low), float(high))


def series_of(seen: Seen, product: str) -> str:
    """The series of a product, or of product/channel/location. Raises UnknownName without one."""
    names = {key_of(key): key for key in seen.panel.ids}
    if product in names:
        return names[product]
    parts = [name for name in names if name.split("/")[0] == product]
    if len(parts) == 1:
        return names[parts[0]]
    if parts:
        raise UnknownName(
            f"product {product!r} is {len(parts)} series; name one: {', '.join(parts[:5])}"
        )
    like = [name for name in names if product.lower() in name.lower()][:3] or list(names)[:3]
    raise UnknownName(
        f"no product {product!r} is forecast; there are {len(names)}, e.g. {', '.join(like)}"
    )


def key_of(unique_id: str) -> str:
    """A series key as the user writes it: product/channel/location."""
    return "/".join(part or "" for part in split_unique_id(unique_id)).rstrip("/")


def name_of(seen: Seen, of: str) -> str:
    """What the shop calls the product, else its key."""
    static = seen.static
    if "name" not in static.columns:
        return key_of(of)
    told = static.filter(pl.col("unique_id") == of)["name"].drop_nulls()
    return str(told[0]) if len(told) else key_of(of)


def unit_of(looked: Looked) -> str:
    """ "units", or the currency where revenue is forecast."""
    return looked.seen.currency if looked.question.target == "revenue" else "units"


def step_of(looked: Looked, date: datetime | None) -> int | None:
    """The period of a date. Raises DataError outside the horizon."""
    if date is None:
        return None
    ds = looked.series.ds
    place = int(np.searchsorted(ds, np.datetime64(date), side="right")) - 1
    last = next_ds(ds[-1].item(), looked.question.freq)
    if place < 0 or date >= last:
        raise DataError(
            f"{date:%Y-%m-%d} is not forecast: the horizon goes from {ds[0].item():%Y-%m-%d} to "
            f"before {last:%Y-%m-%d}; ask for a day in it, or a longer --h"
        )
    return place
