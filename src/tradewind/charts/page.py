"""What every page of ours is made with: a template, with styles, script and ECharts inside."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.resources import files

from jinja2 import DictLoader, Environment, StrictUndefined
from markupsafe import Markup, escape

from tradewind.charts.show import echarts
from tradewind.charts.texts import TEXTS
from tradewind.charts.theme import stylesheet
from tradewind.charts.words import LANGUAGES, Language, unbroken

SHARED_WORDS = ("dark", "light")
"""Texts that the script puts together itself on every page."""
TEMPLATES = ("report.html.j2", "tuning.html.j2", "explain.html.j2", "head.html.j2")


def filled_in(template: str, **values: object) -> str:
    """A template with its values, the styles and the scripts put in."""
    environment = Environment(
        loader=DictLoader({name: _text(name) for name in TEMPLATES}),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"code": _code, "breakable": _breakable}
    return environment.get_template(template).render(
        tokens=stylesheet(),
        css=_text("report.css"),
        js=_text("report.js"),
        echarts=echarts(),
        **values,
    )


def page_words(language: Language, keys: Sequence[str]) -> dict[str, str]:
    """Texts for the page's script."""
    return {key: unbroken(TEXTS[key][LANGUAGES.index(language)]) for key in keys}


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
