"""explain: why a product's forecast is what it is."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

import numpy as np
import polars as pl

from tradewind.backtest.run import Progress
from tradewind.charts import explained as page
from tradewind.charts.words import Words
from tradewind.errors import DataError
from tradewind.explain.attribution import Attribution, attribute
from tradewind.explain.decomposition import Decomposition, decompose
from tradewind.explain.facts import facts_of
from tradewind.explain.trees import importance, tree_view, trees_in
from tradewind.flows.asked import Question
from tradewind.flows.looked import (
    Looked,
    Shown,
    key_of,
    look,
    name_of,
    series_of,
    step_of,
    unit_of,
)
from tradewind.flows.what_if import Supposed
from tradewind.store import Workspace

MOST = 1000
"""Products whose trees tell what matters to all: their SHAP values take milliseconds each."""


@dataclass(frozen=True, slots=True)
class Explained:
    """Why the forecast of one product is what it is.

    step          place of the period asked for in the horizon; None for the whole of it
    trees         group → what it adds to the trees' own answer, in logarithms; None without trees
    seconds       of this product, once the shop was looked at
    """

    looked: Looked
    of: str
    step: int | None
    shown: Shown
    attribution: Attribution
    decomposition: Decomposition
    trees: dict[str, float] | None
    seconds: float

    @property
    def contents(self) -> page.Explained:
        """What the page and the sentences are made of."""
        looked, attribution = self.looked, self.attribution
        groups = attribution.total(self.step)
        return page.Explained(
            shop=looked.seen.name,
            product=key_of(self.of),
            name=name_of(looked.seen, self.of),
            freq=looked.question.freq,
            steps=1 if self.step is not None else looked.question.h,
            date=None if self.step is None else attribution.ds[self.step].item(),
            unit=unit_of(looked),
            interval=(self.shown.mean, self.shown.low, self.shown.high),
            baseline=self.shown.mean - sum(groups.values()),
            groups=groups,
            facts=facts_of(looked.asked(self.of), self.step),
            by_period=attribution.table(),
            parts=self.decomposition.table(),
            cutoff=self.decomposition.cutoff,
            version=looked.version,
            cutoff_ds=looked.seen.panel.end,
        )

    def sentences(self, language: Literal["en", "zh"]) -> list[str]:
        """Cause, size and certainty in the reader's language."""
        return page.sentences(self.contents, Words(language))

    def to_dict(self) -> dict[str, Any]:
        """As plain values, for JSON."""
        told = self.contents
        return {
            "product": told.product,
            "name": told.name,
            "target": self.looked.question.target,
            "unit": told.unit,
            "model": told.version,
            "cutoff": told.cutoff_ds,
            "h": self.looked.question.h,
            "freq": told.freq,
            "date": told.date,
            "forecast": self.shown.to_dict(),
            "baseline": told.baseline,
            "contributions": told.groups,
            "by_period": told.by_period.to_dicts(),
            "decomposition": told.parts.to_dicts(),
            "trees": self.trees,
            "sentences": {"en": self.sentences("en"), "zh": self.sentences("zh")},
            "seconds": self.seconds,
        }


def explain(
    shop: Workspace,
    product: str,
    question: Question | None = None,
    *,
    date: datetime | None = None,
    at: datetime | None = None,
    progress: Progress | None = None,
) -> Explained:
    """Why the forecast of one product is what it is, over the horizon or in one period.

    product   or product/channel/location, where the question tells these apart

    Raises UnknownName for a product that is not forecast, DataError for a date outside the horizon
    or a question for prices.
    """
    looked = look(shop, question, at=at, progress=progress)
    return explained(looked, product, date=date)


def explained(looked: Looked, product: str, *, date: datetime | None = None) -> Explained:
    """One product of a shop that was looked at."""
    start = time.perf_counter()
    of, step = series_of(looked.seen, product), step_of(looked, date)
    asked, mean = looked.asked(of), looked.mean[looked.row(of)]
    found = attribute(looked.trained.fitted, asked, looked.finish(of), mean)
    parts = decompose(asked, mean)
    trees = own_trees(looked, of, step)
    seconds = time.perf_counter() - start
    return Explained(looked, of, step, looked.shown(of, step), found, parts, trees, seconds)


def matters(looked: Looked) -> pl.DataFrame:
    """What the trees of the promoted model go by over all products: group, importance, share.

    Each product is asked about one step ahead, in turn; of more than MOST, so many spread evenly.

    Raises DataError where the model has no trees.
    """
    trees = trees_in(looked.trained.fitted)
    if trees is None:
        raise DataError(
            f"the promoted model is {looked.trained.version.forecaster}, which holds no trees; "
            "name a product to explain its forecast"
        )
    h, count = looked.question.h, len(looked.series.ids)
    some = np.unique(np.linspace(0, count - 1, min(count, MOST)).astype(np.int64))
    keep = some * h + np.arange(len(some)) % h
    return importance(tree_view(trees, h, looked.seen.known, looked.question.column, keep))


def own_trees(looked: Looked, of: str, step: int | None) -> dict[str, float] | None:
    """What each group adds to the trees' answer, the mean over the horizon; None without trees."""
    trees = trees_in(looked.trained.fitted)
    if trees is None:
        return None
    h = looked.question.h
    steps = np.arange(h) if step is None else np.array([step])
    keep = trees.past.ids.index(of) * h + steps
    view = tree_view(trees, h, looked.seen.known, looked.question.column, keep)
    return view.mean()


def write_page(
    shop: Workspace,
    told: Explained,
    supposed: Supposed | None,
    language: Literal["en", "zh"],
    *,
    at: datetime | None = None,
) -> Path:
    """Render the page of an explanation into the workspace's reports and say where it lies."""
    at = at or datetime.now()
    trees = trees_in(told.looked.trained.fitted)
    table = None if trees is None else matters(told.looked)
    other = None if supposed is None else supposed.contents
    text = page.render(page.Page(told.contents, other, table, at), language)
    safe = "".join(c if c.isalnum() or c in "-_." else "_" for c in key_of(told.of))
    path = shop.reports / f"explain-{safe}-{at:%Y%m%d-%H%M%S}-{language}.html"
    path.write_text(text, encoding="utf-8")
    return path
