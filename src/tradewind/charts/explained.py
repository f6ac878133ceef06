"""The page of an explanation, and its sentences: cause, size, certainty."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

import numpy as np
import polars as pl

from tradewind.charts.compared import compared_chart
from tradewind.charts.figure import Figure
from tradewind.charts.page import filled_in, page_words
from tradewind.charts.parts import parts_chart, parts_height
from tradewind.charts.report import SCRIPT_WORDS
from tradewind.charts.show import script_json
from tradewind.charts.theme import symbolic
from tradewind.charts.waterfall import bars_chart, signed, waterfall_chart
from tradewind.charts.words import Language, Words

GROUP_WORDS = {
    "lags": "group_lags",
    "season": "group_season",
    "price": "group_price",
    "promotion": "group_promotion",
    "holiday": "group_holiday",
    "category": "group_category",
    "other": "group_other",
}
SIDED = {
    "price": ("cause_price_above", "cause_price_below", "cause_price_same"),
    "lags": ("cause_lags_above", "cause_lags_below", "cause_lags_same"),
    "season": ("cause_season_above", "cause_season_below", "cause_season_same"),
}
MOVING = ("lags", "season")
"""Causes whose side is only told where sales go the same way: it is compared with a plain mean,
while what a cause adds counts beside all others."""
PLAIN = {"holiday": "cause_holiday", "category": "cause_category", "other": "cause_other"}
COLUMN_WORDS = {
    "price": "column_price",
    "regular_price": "column_regular_price",
    "competitor_price": "column_competitor_price",
    "promotion": "column_promotion",
    "display": "column_display",
    "mailer": "column_mailer",
    "ad_spend": "column_ad_spend",
}
SMALLEST = 0.01
"""A share of the forecast from which on a cause has a sentence of its own."""
PAST = 120
"""Periods of the past that the decomposition shows."""


@dataclass(frozen=True, slots=True)
class Explained:
    """Why a product's forecast is what it is; no language, no colours.

    steps        periods of the horizon; 1 where one period is explained
    date         the period that is explained, None for the whole horizon
    unit         "units" or an ISO currency
    interval     mean, low and high of the forecast
    baseline     what it would be with everything as usual
    groups       cause → what it adds; baseline + Σ groups = mean
    facts        how far off its usual each cause is (`explain.facts`)
    by_period    ds, shown, baseline and a column a cause
    parts        ds, y, level, trend, season, price, promotion, holiday, rest
    cutoff       row of the last known period in `parts`
    """

    shop: str
    product: str
    name: str
    freq: str
    steps: int
    date: datetime | None
    unit: str
    interval: tuple[float, float, float]
    baseline: float
    groups: Mapping[str, float]
    facts: Mapping[str, float]
    by_period: pl.DataFrame
    parts: pl.DataFrame
    cutoff: int
    version: str
    cutoff_ds: datetime


@dataclass(frozen=True, slots=True)
class Supposed:
    """A forecast with other plans, beside the one as planned.

    changes      column and change as it was asked: ("price", "price=-10%")
    before       mean, low and high as planned; `after` the same as changed
    association  whether the difference is only known as an association
    table        ds, before, before_low, before_high, after, after_low, after_high
    held         columns that nothing plans, as they stay in `before`: column → value
    beyond       what the product never had: column → the number, the least and most so far
    forecast     what `forecast` shows, where another model than its own answers
    currency     of prices
    """

    name: str
    freq: str
    unit: str
    changes: tuple[tuple[str, str], ...]
    before: tuple[float, float, float]
    after: tuple[float, float, float]
    association: bool
    table: pl.DataFrame
    held: Mapping[str, float | None] = field(default_factory=dict)
    beyond: Mapping[str, tuple[float, float, float]] = field(default_factory=dict)
    forecast: float | None = None
    currency: str = ""


@dataclass(frozen=True, slots=True)
class Page:
    """Everything the page shows.

    matters   group, importance, share over all products; None without trees
    """

    told: Explained
    supposed: Supposed | None
    matters: pl.DataFrame | None
    made_at: datetime


def amount(value: float, words: Words) -> str:
    """A number of units: whole from ten on, else one decimal.

    >>> amount(210.4, Words()), amount(4.21, Words())
    ('210', '4.2')
    """
    return words.number(value, 0 if abs(value) >= 10 else 1).replace("-", "−")


def unit_word(unit: str, words: Words) -> str:
    """The unit in the reader's language, with the space that it needs."""
    if unit != "units":
        return f" {unit}" if words.chinese else unit
    return f"\u00a0{words('unit_units')}" if words.chinese else words("unit_units")


def headline(told: Explained, words: Words) -> str:
    """The number that is explained, and of what time it is."""
    mean = amount(told.interval[0], words)
    return words(
        "explain_head", mean=mean, unit=unit_word(told.unit, words), span=_span(told, words)
    )


def sentences(told: Explained, words: Words) -> list[str]:
    """What is expected, what makes it so, and how sure it is: the largest cause first."""
    mean, low, high = told.interval
    end = "。" if words.chinese else "."
    lines = [
        headline(told, words) + end,
        words("explain_sure", range=_range(low, high, words)),
        words("explain_base", base=amount(told.baseline, words)),
    ]
    least = SMALLEST * max(abs(mean), 1e-9)
    large = sorted(
        (g for g, v in told.groups.items() if abs(v) >= least), key=lambda g: -abs(told.groups[g])
    )
    for group in large:
        size = told.groups[group]
        lines.append(
            words(
                "adds" if size > 0 else "takes",
                cause=cause(told, group, words),
                size=amount(abs(size), words),
                unit=unit_word(told.unit, words),
                total=amount(mean, words),
            )
        )
    return lines if len(large) == len(told.groups) else [*lines, words("small")]


def cause(told: Explained, group: str, words: Words) -> str:
    """A cause as the beginning of a sentence."""
    facts = told.facts
    if group in PLAIN:
        return words(PLAIN[group])
    if group == "promotion":
        if "planned_promotion" not in facts:
            return words("cause_promotion_seen")
        if told.steps == 1 or not facts["promoted"]:
            return words("cause_promotion_one")
        span = words.steps(told.steps, told.freq)
        return words("cause_promotion", n=f"{facts['promoted']:.0f}", span=span)
    if group == "price" and "planned_price" not in facts:
        return words("cause_price_seen")
    off = facts.get(group, 0.0)
    above, below, same = SIDED[group]
    against = group in MOVING and off * told.groups[group] < 0
    if abs(off) < 0.005 or against:
        return words(same)
    return words(above if off > 0 else below, share=words.share(abs(off)))


def supposed_sentences(told: Supposed, words: Words) -> list[str]:
    """What would change, how sure that is, and what it does not say."""
    end = "。" if words.chinese else "."
    lines = [
        supposed_headline(told, words) + end,
        words(
            "whatif_sure",
            range=_range(told.after[1], told.after[2], words),
            old=_range(told.before[1], told.before[2], words),
        ),
        *held_sentences(told, words),
        *beyond_sentences(told, words),
        words("whatif_models"),
    ]
    return [*lines, words("whatif_association")] if told.association else lines


def held_sentences(told: Supposed, words: Words) -> list[str]:
    """What unchanged means where nothing is planned, and which model is asked then."""
    if not told.held:
        return []
    names = {column: column_word(column, words) for column in told.held}
    lines = [
        words("whatif_held", column=names[column], value=column_value(told, column, value, words))
        if value
        else words("whatif_held_none", column=names[column])
        for column, value in told.held.items()
    ]
    columns = words("and").join(names.values())
    own, unit = told.forecast, unit_word(told.unit, words)
    if own is None or amount(own, words) == amount(told.before[0], words):
        lines.append(words("whatif_own", columns=columns))
    else:
        number = amount(own, words)
        lines.append(words("whatif_other", columns=columns, forecast=number, unit=unit))
    if told.table["before"].equals(told.table["after"].rename("before")):
        lines.append(words("whatif_blind", columns=columns))
    return lines


def beyond_sentences(told: Supposed, words: Words) -> list[str]:
    """Which numbers the product has never had: nothing is known of what they do."""
    lines = []
    for column, ends in told.beyond.items():
        value, least, most = (column_value(told, column, end, words) for end in ends)
        key = "whatif_beyond_one" if least == most else "whatif_beyond"
        name = column_word(column, words)
        lines.append(words(key, column=name, value=value, least=least, most=most))
    return lines


def column_word(column: str, words: Words) -> str:
    """What a column is called; one of the shop's own as it is written."""
    return words(COLUMN_WORDS[column]) if column in COLUMN_WORDS else column


def column_value(told: Supposed, column: str, value: float, words: Words) -> str:
    """A number of a column: money, a share, or as it is.

    >>> some = Supposed("", "D", "units", (), (0, 0, 0), (0, 0, 0), False, pl.DataFrame())
    >>> [column_value(some, name, 0.25, Words("zh")) for name in ("price", "promotion", "views")]
    ['0.25', '25%', '0.25']
    """
    if column.endswith("price") or column == "ad_spend":
        return replace(words, currency=told.currency).money(value, 2)
    return words.share(value) if column == "promotion" else f"{value:,.4g}"


def supposed_headline(told: Supposed, words: Words) -> str:
    """Both numbers, and what was changed."""
    joint = "、" if words.chinese else ", "
    return words(
        "whatif_head",
        changes=joint.join(text for _, text in told.changes),
        before=amount(told.before[0], words),
        after=amount(told.after[0], words),
        difference=signed(told.after[0] - told.before[0]),
        unit=unit_word(told.unit, words),
    )


def render(page: Page, language: Language = "en") -> str:
    """The page as text: styles, scripts and charts inside, nothing loaded from anywhere."""
    words = Words(language)
    told = page.told
    figures = {
        "waterfall": waterfall_figure(told, words),
        "parts": parts_figure(told, words),
        "whatif": None if page.supposed is None else whatif_figure(page.supposed, words),
        "matters": None if page.matters is None else matters_figure(page.matters, words),
    }
    data: dict[str, object] = {
        "language": language,
        "words": page_words(language, SCRIPT_WORDS),
        "step": words.step(told.freq),
        "currency": "{v}",
        "charts": {f.id: f.embedded() for f in figures.values() if f is not None},
        "products": [],
    }
    supposed = [] if page.supposed is None else supposed_sentences(page.supposed, words)
    return filled_in(
        "explain.html.j2",
        w=words,
        told=told,
        made_at=page.made_at,
        headline=headline(told, words),
        why=sentences(told, words)[1:],
        figures=figures,
        supposed=supposed,
        rows=period_rows(told, words),
        page=script_json(data),
    )


def period_rows(told: Explained, words: Words) -> dict[str, list[object]]:
    """Contributions by period: head and rows of texts; causes that add nothing are left out."""
    shown = [g for g in GROUP_WORDS if told.by_period[g].abs().max()]
    head = ["", words("the_forecast"), words("as_usual"), *[words(GROUP_WORDS[g]) for g in shown]]
    rows: list[object] = []
    for row in told.by_period.iter_rows(named=True):
        parts = [signed(row[g]) for g in shown]
        cells = [amount(row["shown"], words), amount(row["baseline"], words), *parts]
        rows.append({"ds": words.date(row["ds"], told.freq), "cells": cells})
    return {"head": [*head], "rows": rows}


def waterfall_figure(told: Explained, words: Words) -> Figure:
    """From the usual to the forecast, the largest cause first."""
    order = sorted((g for g, v in told.groups.items() if v), key=lambda g: -abs(told.groups[g]))
    mean = amount(told.interval[0], words)
    title = words("waterfall_none")
    if order:
        group = words(GROUP_WORDS[order[0]])
        title = words("waterfall_top", group=group, size=signed(told.groups[order[0]]))
    summary = words("waterfall_summary", base=amount(told.baseline, words), mean=mean)
    ends = (words("as_usual"), words("the_forecast"))
    steps = [(ends[0], told.baseline), *[(words(GROUP_WORDS[g]), told.groups[g]) for g in order]]
    option = waterfall_chart(steps, ends, (title, summary), symbolic())
    data = pl.DataFrame(
        {"cause": ["usual", *order], "adds": [told.baseline, *[told.groups[g] for g in order]]}
    )
    unit = unit_word(told.unit, words).strip()
    note = words("waterfall_note", unit=unit)
    return Figure("waterfall", title, note, option, data, height=36 * (len(steps) + 1) + 16)


def parts_figure(told: Explained, words: Words) -> Figure:
    """History and forecast taken apart; parts that are nothing throughout are left out."""
    first = max(told.cutoff + 1 - PAST, 0)
    table = told.parts[first:]
    labels = [words.date(ds, told.freq) for ds in table["ds"]]
    values = {c: table[c].cast(pl.Float64).to_numpy() for c in table.columns if c != "ds"}
    cut = told.cutoff - first
    sold, ahead = values["y"].copy(), values["y"].copy()
    sold[cut + 1 :] = np.nan
    ahead[:cut] = np.nan
    lines = [
        (words("sold"), sold, "brand"),
        (words("the_forecast"), ahead, "median"),
        (words("part_level_trend"), values["level"] + values["trend"], "amber"),
    ]
    named = {
        "season": "group_season",
        "price": "group_price",
        "promotion": "group_promotion",
        "holiday": "group_holiday",
        "rest": "part_rest",
    }
    panels = [(words(key), values[c]) for c, key in named.items() if np.nanmax(np.abs(values[c]))]
    title, summary = words("parts_title"), words("parts_summary")
    cutoff = (cut, words("cutoff", date=labels[cut]))
    option = parts_chart(labels, lines, panels, cutoff, (title, summary), symbolic())
    note = words("parts_note", unit=unit_word(told.unit, words).strip())
    height = parts_height(len(panels))
    return Figure("parts", title, note, option, told.parts, height=height)


def whatif_figure(told: Supposed, words: Words) -> Figure:
    """Both forecasts by period."""
    labels = [words.date(ds, told.freq) for ds in told.table["ds"]]
    before = words("as_held" if told.held else "as_planned")
    names = (before, words("if_changed"), words("interval_changed"))
    title = supposed_headline(told, words)
    option = compared_chart(labels, told.table, names, (title, words("whatif_summary")), symbolic())
    note = words("whatif_note", step=words.step(told.freq))
    return Figure("whatif", title, note, option, told.table)


def matters_figure(table: pl.DataFrame, words: Words) -> Figure:
    """What the trees go by over all products."""
    some = table.filter(pl.col("importance") > 0)
    rows = [(words(GROUP_WORDS[g]), v, words.share(v, 1)) for g, v, _ in some.iter_rows()]
    first = rows[0] if rows else ("–", 0.0, "")
    summary = words("matters_summary", group=first[0], share=words.share(first[1], 1))
    title = words("matters_top", group=first[0], share=words.share(first[1], 1))
    option = bars_chart(rows, (title, summary), symbolic())
    return Figure(
        "matters",
        title,
        words("matters_note"),
        option,
        table,
        height=36 * max(len(rows), 1) + 16,
    )


def _span(told: Explained, words: Words) -> str:
    if told.date is None:
        return words("span_ahead", span=words.steps(told.steps, told.freq))
    date = words.date(told.date, told.freq)
    if told.freq in ("D", "h"):
        return words("span_on", date=date)
    return words("span_of", step=words.step(told.freq), date=date)


def _range(low: float, high: float, words: Words) -> str:
    return f"{amount(low, words)}–{amount(high, words)}"
