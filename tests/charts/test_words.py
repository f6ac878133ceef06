"""Every text exists in both languages; numbers, dates and money read as a native writes them."""

from __future__ import annotations

import re
from datetime import datetime
from pathlib import Path

import pytest

from tradewind.charts.texts import TEXTS
from tradewind.charts.words import Language, Words
from tradewind.data.cleaning import KINDS

CHARTS = Path(__file__).parents[2] / "src" / "tradewind" / "charts"
NBSP = "\u00a0"


def test_every_text_asked_for_exists_and_every_text_is_asked_for() -> None:
    source = "\n".join(
        p.read_text(encoding="utf-8")
        for p in CHARTS.rglob("*")
        if p.suffix in (".py", ".j2", ".js") and p.name not in ("texts.py", "echarts.min.js")
    )
    asked = set(re.findall(r"""\b(?:w|words)\(\s*["'](\w+)["']""", source))
    assert asked <= set(TEXTS)
    unused = {k for k in TEXTS if not k.startswith(("kind_", "total_", "calibration_title_"))}
    assert not {k for k in unused if not re.search(rf"\b{k}\b", source)}


@pytest.mark.parametrize(
    ("language", "value", "wanted"),
    [
        ("en", 11_637, "11,637"),
        ("en", 1_240_000, f"1.24{NBSP}M"),
        ("zh", 11_637, f"1.16{NBSP}万"),
        ("zh", 9_800, "9,800"),
        ("zh", 123_400_000, f"1.23{NBSP}亿"),
        ("en", float("nan"), "–"),
    ],
)
def test_large_numbers(language: Language, value: float, wanted: str) -> None:
    assert Words(language).large(value) == wanted


def test_units_money_dates_and_spans_in_both_languages() -> None:
    en, zh = Words("en", "USD"), Words("zh", "CNY")
    assert (en.units(9_800), zh.units(9_800)) == ("9,800", f"9,800{NBSP}件")
    assert zh.units(11_637) == f"1.16{NBSP}万件"
    assert (en.money(69_500), zh.money(69_500)) == ("$69,500", f"6.95{NBSP}万元")
    day = datetime(2025, 3, 3)
    assert (en.date(day), zh.date(day)) == ("3 Mar 2025", "2025年3月3日")
    assert (en.date(day, "MS"), zh.date(day, "MS")) == ("Mar 2025", "2025年3月")
    assert (en.steps(1, "W-MON"), en.steps(8, "W-MON")) == ("1 week", "8 weeks")
    assert zh.steps(8, "MS") == "8 个月"
    assert en.share(-0.123, 1, sign=True) == f"−12.3{NBSP}%"


def test_every_kind_of_repair_has_words() -> None:
    assert {f"kind_{kind}" for kind in KINDS} == {k for k in TEXTS if k.startswith("kind_")}


def test_an_unknown_key_is_an_error() -> None:
    with pytest.raises(KeyError):
        Words("en")("no_such_text")
