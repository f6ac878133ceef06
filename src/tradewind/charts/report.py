"""The report: one self-contained HTML page, in English or Chinese."""

from __future__ import annotations

from tradewind.charts.base import Section
from tradewind.charts.contents import Money, Report
from tradewind.charts.page import SHARED_WORDS, filled_in, page_words
from tradewind.charts.products import embedded
from tradewind.charts.scores import skill_figure
from tradewind.charts.sections import accuracy, movers, overview, total_of
from tradewind.charts.show import script_json
from tradewind.charts.tables import models, quality
from tradewind.charts.words import Language, Words

__all__ = ["Money", "Report", "render"]

SCRIPT_WORDS = (
    *("sold", "demand", "median", "band50", "band80", "price", "promotion", "limited", "no_value"),
    *("found", "more", "nothing", "fan_title", "fan_sure", "rise", "fall"),
    *SHARED_WORDS,
)
"""Texts that the page's script puts together itself."""


def render(report: Report, language: Language = "en") -> str:
    """The page as text: styles, scripts, charts and data inside, nothing loaded from anywhere."""
    words = Words(language, report.currency)
    total = total_of(report)
    sections: dict[str, Section] = {
        "overview": overview(report, words, total),
        "movers": movers(report, words),
        "models": models(report, words)
        | {"figure": skill_figure(report.leaderboard, report.chosen, words)},
        "accuracy": accuracy(report, words),
        "data": quality(report, words),
    }
    packed = embedded(report, words)
    figures = [
        f
        for f in (
            sections["overview"].get("figure"),
            sections["models"]["figure"],
            *sections["accuracy"]["figures"],
        )
        if f is not None
    ]
    page = {
        "language": language,
        "words": page_words(language, SCRIPT_WORDS),
        "step": words.step(report.panel.freq),
        "currency": words.money(0, 0).replace("0", "{v}"),
        "charts": {f.id: f.embedded() for f in figures},
        **packed,
    }
    red_up = words.chinese if report.red_up is None else report.red_up
    return filled_in(
        "report.html.j2",
        w=words,
        report=report,
        red_up=red_up,
        shown=len(packed["products"]),
        steps=packed.get("steps", 0),
        page=script_json(page),
        **sections,
    )
