"""what_if: the forecast of a product with other plans, beside the one as it is planned."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Literal

import polars as pl

from tradewind.backtest.run import Progress
from tradewind.charts import explained as page
from tradewind.charts.words import Words
from tradewind.data.calendars import EVENTS
from tradewind.explain.changes import Change, beyond, change_of, changed
from tradewind.explain.imagined import Asked, with_plan
from tradewind.flows.asked import Question
from tradewind.flows.forecast import PATHS, PLANNABLE, rng
from tradewind.flows.looked import (
    HIGH,
    LOW,
    Looked,
    Shown,
    at_step,
    key_of,
    look,
    looked_at,
    name_of,
    series_of,
    step_of,
    sums,
    unit_of,
)
from tradewind.flows.shop import Seen, holding, task_of
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
    held         what is not planned, and stays as it is in `before`: column → its value
    beyond       what the product has never had: column → the number, the least and most so far
    """

    looked: Looked
    of: str
    step: int | None
    changes: tuple[Change, ...]
    before: Shown
    after: Shown
    table: pl.DataFrame
    held: dict[str, float | None]
    beyond: dict[str, tuple[float, float, float]]
    seconds: float

    @property
    def association(self) -> bool:
        """Whether the difference is only known as an association."""
        return any(change.is_price for change in self.changes)

    @property
    def forecast(self) -> Shown | None:
        """The number that `forecast` shows, where another model than its own answers."""
        plain = self.looked.plain
        return None if plain is None else plain.shown(self.of, self.step)

    @property
    def contents(self) -> page.Supposed:
        """What the page and the sentences are made of."""
        told = self.forecast
        return page.Supposed(
            name=name_of(self.looked.seen, self.of),
            freq=self.looked.question.freq,
            unit=unit_of(self.looked),
            changes=tuple((c.column, c.text) for c in self.changes),
            before=(self.before.mean, self.before.low, self.before.high),
            after=(self.after.mean, self.after.low, self.after.high),
            association=self.association,
            table=self.table,
            held=self.held,
            beyond=self.beyond,
            forecast=None if told is None else told.mean,
            currency=self.looked.seen.currency,
        )

    def sentences(self, language: Literal["en", "zh"]) -> list[str]:
        """What would change, how surely, and what that does not say."""
        return page.supposed_sentences(self.contents, Words(language))

    def to_dict(self) -> dict[str, Any]:
        """As plain values, for JSON."""
        return {
            "product": key_of(self.of),
            "model": self.looked.version,
            "changes": [c.text for c in self.changes],
            "before": self.before.to_dict(),
            "after": self.after.to_dict(),
            "difference": self.after.mean - self.before.mean,
            "association": self.association,
            "held": self.held,
            "beyond": {
                name: dict(zip(("to", "least", "most"), ends, strict=True))
                for name, ends in self.beyond.items()
            },
            "forecast": None if self.forecast is None else self.forecast.to_dict(),
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
    be, and for a column that cannot be planned.
    """
    looked = look(shop, question, at=at)
    step_of(looked, date)
    return supposed(answering(shop, looked, product, changes, at=at), product, changes, date=date)


def answering(
    shop: Workspace,
    looked: Looked,
    product: str,
    changes: Sequence[str],
    *,
    at: datetime | None = None,
    progress: Progress | None = None,
) -> Looked:
    """The shop as a model sees it that knows ahead what is to be changed.

    That is `looked` where all of it is planned. A price or a promotion that the calendar does not
    plan was never known ahead by the model that forecasts, and what a plan does is not in it. Then
    the same preset is back-tested and trained once more with the column known: its own price ahead,
    held as it was last where the future is not known (`data.ahead.held_ahead`). That model is kept
    as a version, answers the next such question, and never forecasts.

    Raises as `supposed`, before anything is trained.
    """
    of, wanted = series_of(looked.seen, product), wishes(changes)
    unplanned = set(looked.seen.roles.past) & set(PLANNABLE)
    held = tuple(sorted({change.column for change in wanted} & unplanned))
    if not held:
        return looked
    first = Question.from_dict(looked.trained.version.task["question"])
    question = replace(
        looked.question,
        held=held,
        preset=first.preset,
        models=first.models,
        n_windows=first.n_windows,
    )
    seen = holding(looked.seen, question)
    asked = Asked(of, looked.past, seen.known, task_of(question, seen))
    changed(asked, wanted, None, entered(seen, of))
    return replace(looked_at(shop, question, seen, at=at, progress=progress), plain=looked)


def supposed(
    looked: Looked, product: str, changes: Sequence[str], *, date: datetime | None = None
) -> Supposed:
    """One product of a shop that was looked at, with other plans that its model knows ahead."""
    start = time.perf_counter()
    of, step = series_of(looked.seen, product), step_of(looked, date)
    asked, wanted = looked.asked(of), wishes(changes)
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
    table = beside_each_other(pair)
    held = {name: first_of(plan[0], name) for name in looked.question.held}
    far = beyond(asked, wanted, plan[1])
    seconds = time.perf_counter() - start
    return Supposed(looked, of, step, wanted, before, after, table, held, far, seconds)


def wishes(changes: Sequence[str]) -> tuple[Change, ...]:
    """What is asked for, column by column, with the text of each as it was written."""
    return tuple(replace(change_of(plain(text)), text=text) for text in changes)


def first_of(plan: pl.DataFrame, column: str) -> float | None:
    """The value of a column that stays the same over a plan; None where the shop has none."""
    value = plan[column][0]
    return None if value is None else float(value)


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
