"""what_if: the forecast of a product with other plans, beside the one as it is planned."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Literal

import polars as pl

from tradewind.charts import explained as page
from tradewind.charts.words import Words
from tradewind.data.calendars import EVENTS
from tradewind.explain.changes import Change, change_of, changed
from tradewind.explain.imagined import with_plan
from tradewind.flows.asked import Question
from tradewind.flows.forecast import PATHS, rng
from tradewind.flows.looked import (
    HIGH,
    LOW,
    Looked,
    Shown,
    at_step,
    key_of,
    look,
    name_of,
    series_of,
    step_of,
    sums,
    unit_of,
)
from tradewind.flows.shop import Seen
from tradewind.flows.words import noun_of
from tradewind.forecast import Forecast
from tradewind.models.twins import Twins, beside, imagine, twin_ids
from tradewind.store import Workspace

ALSO = {"价格": "price", "售价": "price", "促销": "promotion", "折扣": "promotion"}
"""What plans are called beside our own nouns."""


@dataclass(frozen=True, slots=True)
class Supposed:
    """A forecast beside what it would be with other plans.

    changes      what was changed, as it was asked
    association  whether a price was changed: what the models know of prices is how sales and
                 prices went together, not yet what a price does
    table        ds, before, before_low, before_high, after, after_low, after_high
    """

    looked: Looked
    of: str
    step: int | None
    changes: tuple[Change, ...]
    before: Shown
    after: Shown
    table: pl.DataFrame
    seconds: float

    @property
    def association(self) -> bool:
        """Whether the difference is only known as an association."""
        return any(change.is_price for change in self.changes)

    @property
    def contents(self) -> page.Supposed:
        """What the page and the sentences are made of."""
        return page.Supposed(
            name=name_of(self.looked.seen, self.of),
            freq=self.looked.question.freq,
            unit=unit_of(self.looked),
            changes=tuple((c.column, c.text) for c in self.changes),
            before=(self.before.mean, self.before.low, self.before.high),
            after=(self.after.mean, self.after.low, self.after.high),
            association=self.association,
            table=self.table,
        )

    def sentences(self, language: Literal["en", "zh"]) -> list[str]:
        """What would change, how surely, and what that does not say."""
        return page.supposed_sentences(self.contents, Words(language))

    def to_dict(self) -> dict[str, Any]:
        """As plain values, for JSON."""
        return {
            "product": key_of(self.of),
            "changes": [c.text for c in self.changes],
            "before": self.before.to_dict(),
            "after": self.after.to_dict(),
            "difference": self.after.mean - self.before.mean,
            "association": self.association,
            "by_period": self.table.to_dicts(),
            "sentences": {"en": self.sentences("en"), "zh": self.sentences("zh")},
            "seconds": self.seconds,
        }


def what_if(
    shop: Workspace,
    product: str,
    changes: Sequence[str],
    question: Question | None = None,
    *,
    date: datetime | None = None,
    at: datetime | None = None,
) -> Supposed:
    """The forecast of one product with other plans, beside the one with the plans as they are.

    changes   "price=9.99", "price=-10%", "promotion=0.2", "double_11=yes", "618=no"
    date      change this period alone, and tell of it alone

    Raises UnknownName for a product or a name that is not known, DataError for a value that cannot
    be, and for a column that the promoted model does not know ahead.
    """
    looked = look(shop, question, at=at)
    return supposed(looked, product, changes, date=date)


def supposed(
    looked: Looked, product: str, changes: Sequence[str], *, date: datetime | None = None
) -> Supposed:
    """One product of a shop that was looked at, with other plans."""
    start = time.perf_counter()
    of, step = series_of(looked.seen, product), step_of(looked, date)
    asked = looked.asked(of)
    wanted = tuple(replace(change_of(plain(text)), text=text) for text in changes)
    plan, known = changed(asked, wanted, step, entered(looked.seen, of)), looked.seen.known
    assert known is not None  # `changed` raises where nothing is known ahead
    ids = twin_ids(looked.past, 2)
    plans = [p.with_columns(pl.lit(k).alias("unique_id")) for k, p in zip(ids, plan, strict=True)]
    rows = [asked.own.with_columns(pl.lit(key).alias("unique_id")) for key in ids]
    own = looked.past.static.filter(pl.col("unique_id") == of)
    static = pl.concat([own.with_columns(pl.lit(key).alias("unique_id")) for key in ids])
    twins = Twins(of, ids, beside(looked.past, pl.concat(rows), static))
    model, q = imagine(looked.trained.fitted, twins), looked.question
    made = model.forecast(q.h, q.levels, with_plan(known, plans, ids), q.column)
    finish = looked.finish(of)
    pair = [finish(made.select([key])) for key in ids]
    moved = [sums(one) if step is None else at_step(one, step) for one in pair]
    before = looked.shown(of, step)
    after = before.more(moved[1].less(moved[0]))
    seconds = time.perf_counter() - start
    return Supposed(looked, of, step, wanted, before, after, beside_each_other(pair), seconds)


def beside_each_other(pair: Sequence[Forecast]) -> pl.DataFrame:
    """Both forecasts by period."""
    columns: dict[str, Any] = {"ds": pair[0].ds}
    for name, one in zip(("before", "after"), pair, strict=True):
        ends = one.at((LOW, HIGH))[0]
        columns |= {name: one.mean(PATHS, rng())[0], f"{name}_low": ends[:, 0]}
        columns[f"{name}_high"] = ends[:, 1]
    return pl.DataFrame(columns)


def plain(text: str) -> str:
    """A change with the column or the festival as we call it: "价格=-10%" → "price=-10%"."""
    name, equals, value = text.partition("=")
    noun = ALSO.get(name.strip(), noun_of(name))
    alike = (event for event, names in EVENTS.items() if noun.lower() in names)
    return f"{next(alike, noun)}{equals}{value}"


def entered(seen: Seen, of: str) -> dict[str, pl.DataFrame]:
    """Each festival of the horizon that is not planned → the plan of a series with it."""
    if seen.plans is None:
        return {}
    own = pl.col("unique_id") == of
    return {
        one.event: seen.plans.known(one.ahead, seen.panel).frame.filter(own)
        for one in seen.festivals
        if one.seen is not None
    }
