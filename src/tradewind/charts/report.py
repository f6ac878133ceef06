"""The report: one self-contained HTML page, in English or Chinese."""

from __future__ import annotations

from importlib.resources import files

from jinja2 import Environment, StrictUndefined, Template
from markupsafe import Markup, escape

from tradewind.charts.base import Section
from tradewind.charts.contents import Money, Report
from tradewind.charts.products import embedded
from tradewind.charts.sections import accuracy, movers, overview, skill_figure, total_of
from tradewind.charts.show import echarts, script_json
from tradewind.charts.tables import models, quality
from tradewind.charts.texts import TEXTS
from tradewind.charts.theme import stylesheet
from tradewind.charts.words import LANGUAGES, Language, Words, unbroken

__all__ = ["Money", "Report", "render"]

SCRIPT_WORDS = (
    *("sold", "demand", "median", "band50", "band80", "price", "promotion", "limited", "no_value"),
    *("found", "more", "nothing", "fan_title", "fan_sure", "rise", "fall", "dark", "light"),
)
"""Texts that the page's script puts together itself."""


def render(report: Report, language: Language = "en") -> str:
    """The page as text: styles, scripts, charts and data inside, nothing loaded from anywhere."""
    words = Words(language, report.currency)
    total = total_of(report)
    sections: dict[str, Section] = {
        "overview": overview(report, words, total),
        "movers": movers(report, words),
        "models": models(report, words) | {"figure": skill_figure(report, words)},
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
        "words": script_words(language),
        "step": words.step(report.panel.freq),
        "currency": words.money(0, 0).replace("0", "{v}"),
        "charts": {f.id: f.embedded() for f in figures},
        **packed,
    }
    red_up = words.chinese if report.red_up is None else report.red_up
    return template("report.html.j2").render(
        w=words,
        report=report,
        red_up=red_up,
        shown=len(packed["products"]),
        steps=packed.get("steps", 0),
        page=script_json(page),
        **assets(),
        **sections,
    )


def script_words(language: Language) -> dict[str, str]:
    """Texts that a page's script puts together itself."""
    return {key: unbroken(TEXTS[key][LANGUAGES.index(language)]) for key in SCRIPT_WORDS}


def assets() -> dict[str, str]:
    """Styles and scripts that every page holds."""
    return {
        "tokens": stylesheet(),
        "css": _text("report.css"),
        "js": _text("report.js"),
        "echarts": echarts(),
    }


def _code(text: str) -> Markup:
    """Words between backticks as code."""
    parts = text.split("`")
    pieces = [f"<code>{escape(p)}</code>" if k % 2 else escape(p) for k, p in enumerate(parts)]
    return Markup("".join(pieces))


def _breakable(text: str) -> Markup:
    """A long name may break after its underscores."""
    return Markup("_<wbr>").join(escape(part) for part in text.split("_"))


def _text(name: str) -> str:
    return files("tradewind.charts").joinpath("templates", name).read_text(encoding="utf-8")


def template(name: str) -> Template:
    """A page of charts/templates."""
    environment = Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters |= {"code": _code, "breakable": _breakable}
    return environment.from_string(_text(name))
