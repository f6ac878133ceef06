"""The page of a search for settings: self-contained HTML, in English or Chinese."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import polars as pl

from tradewind.charts.base import Section
from tradewind.charts.figure import Figure
from tradewind.charts.page import SHARED_WORDS, filled_in, page_words
from tradewind.charts.show import script_json
from tradewind.charts.theme import symbolic
from tradewind.charts.trials import importance_chart, shown_range, trials_chart
from tradewind.charts.words import Language, Words

LISTED = 30
"""Trials that the page lists, the best first."""


@dataclass(frozen=True, slots=True)
class Tuning:
    """What the page shows.

    trials      trial, state, sql, seconds, and each setting as text; the default ones first
    best        number of the best trial
    settings    name, default value, best value
    importance  of each setting; empty where there were too few trials to tell
    is_kept     the best settings answer from now on
    windows     that every trial was scored on
    reported    windows kept back for the back-test
    """

    shop: str
    model: str
    made_at: datetime
    trials: pl.DataFrame
    best: int
    settings: Sequence[tuple[str, Any, Any]]
    importance: Mapping[str, float]
    is_kept: bool
    windows: int
    reported: int
    command: str = ""


def render(tuning: Tuning, language: Language = "en") -> str:
    """The page as text: styles, scripts, charts and data inside, nothing loaded from anywhere."""
    words = Words(language)
    figures = [trials_figure(tuning, words)]
    if tuning.importance:
        figures.append(importance_figure(tuning, words))
    page: dict[str, object] = {
        "language": language,
        "words": page_words(language, SHARED_WORDS),
        "currency": "{v}",
        "products": [],
        "charts": {figure.id: figure.embedded() for figure in figures},
    }
    return filled_in(
        "tuning.html.j2",
        w=words,
        tuning=tuning,
        headline=headline(tuning, words),
        why=why(tuning, words),
        figures=figures,
        settings=settings_table(tuning, words),
        trials=trials_table(tuning, words),
        page=script_json(page),
    )


def headline(tuning: Tuning, words: Words) -> str:
    """What came of the search, in one sentence."""
    if not tuning.is_kept:
        return words("tuning_none", model=tuning.model)
    scores = dict(tuning.trials.select("trial", "sql").iter_rows())
    gain = 1 - scores[tuning.best] / scores[0]
    digits = 1 if gain >= 0.001 else 2
    return words("tuning_better", model=tuning.model, gain=words.share(gain, digits))


def why(tuning: Tuning, words: Words) -> str:
    """On what it stands, in a few sentences."""
    states = tuning.trials["state"].to_list()
    told = words(
        "tuning_trials",
        n=words.number(len(states)),
        done=words.number(states.count("done")),
        pruned=words.number(states.count("pruned")),
        windows=words.number(tuning.windows),
    )
    fair = words("tuning_fair", reported=words.number(tuning.reported))
    return told + ("" if words.chinese else " ") + fair


def trials_figure(tuning: Tuning, words: Words) -> Figure:
    """How the search went."""
    scores = tuning.trials["sql"].drop_nulls()
    beyond = int((scores > shown_range(tuning.trials)[1]).sum())
    note = words("trials_note") + (words("trials_beyond", n=beyond) if beyond else "")
    chart = trials_chart(tuning.trials, words, symbolic())
    return Figure("trials", words("trials_chart"), note, chart, tuning.trials)


def importance_figure(tuning: Tuning, words: Words) -> Figure:
    """Which settings mattered."""
    name, share = max(tuning.importance.items(), key=lambda pair: pair[1])
    title = words("importance_title", name=name, share=words.share(share))
    table = pl.DataFrame(
        {"setting": list(tuning.importance), "importance": list(tuning.importance.values())}
    )
    height = max(96, 40 * len(tuning.importance) + 16)
    chart = importance_chart(tuning.importance, words, symbolic())
    return Figure("importance", title, words("importance_note"), chart, table, height)


def settings_table(tuning: Tuning, words: Words) -> Section:
    """Each setting beside its default value."""
    return {
        "head": [words("setting"), words("by_default"), words("best_value")],
        "rows": [
            {"name": name, "cells": [told(a), told(b)], "changed": told(a) != told(b)}
            for name, a, b in tuning.settings
        ],
    }


def trials_table(tuning: Tuning, words: Words) -> Section:
    """The best trials, and each setting of theirs."""
    names = [name for name, _, _ in tuning.settings]
    best = tuning.trials.filter(pl.col("sql").is_not_null()).sort("sql", "trial").head(LISTED)
    return {
        "head": [words("trial"), words("sql"), words("seconds"), *names],
        "rows": [
            {
                "cells": [
                    str(row["trial"]),
                    f"{row['sql']:.4f}",
                    f"{row['seconds']:.1f}",
                    *[told(row[name]) for name in names],
                ],
                "chosen": row["trial"] == tuning.best,
                "default": row["trial"] == 0,
            }
            for row in best.to_dicts()
        ],
    }


def told(value: object) -> str:
    """A value of a setting as a person reads it: three digits that count.

    >>> told("0.08234567"), told(0.0001), told(50000), told((0.0003, 0.001)), told(float("nan"))
    ('0.0823', '0.0001', '50,000', '0.0003, 0.001', 'auto')
    """
    if isinstance(value, tuple | list):
        return ", ".join(told(one) for one in value)
    text = str(value)
    try:
        number = float(text)
    except ValueError:
        return text.strip("()")
    if math.isnan(number):
        return "auto"
    return f"{number:,.0f}" if number == round(number) else f"{number:.3g}"
