"""What the charts and the report say, in English and Chinese."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import date
from typing import Literal

from tradewind.charts.texts import TEXTS

Language = Literal["en", "zh"]
LANGUAGES: tuple[Language, ...] = ("en", "zh")

SIGNS = {"USD": "$", "CNY": "¥", "EUR": "€", "GBP": "£"}
CHINESE_MONEY = {"USD": "美元", "CNY": "元", "EUR": "欧元", "GBP": "英镑", "JPY": "日元"}
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
NBSP = "\u00a0"
"""A space at which no line breaks, between a number and its unit."""
STEPS = {
    "h": ("hour", "小时"),
    "D": ("day", "天"),
    "W": ("week", "周"),
    "MS": ("month", "个月"),
    "QS": ("quarter", "个季度"),
    "YS": ("year", "年"),
}


@dataclass(frozen=True, slots=True)
class Words:
    """Texts, numbers, dates and money as a reader of one language expects them."""

    language: Language = "en"
    currency: str = ""

    def __call__(self, key: str, **values: object) -> str:
        """The text of a key with its values put in; KeyError for a key that is not there."""
        return unbroken(TEXTS[key][LANGUAGES.index(self.language)]).format(**values)

    @property
    def chinese(self) -> bool:
        """Whether the reader reads Chinese."""
        return self.language == "zh"

    def number(self, value: float | None, digits: int = 0) -> str:
        """1234.5 → '1,235'; '–' where there is none."""
        return "–" if value is None or not math.isfinite(value) else f"{value:,.{digits}f}"

    def share(self, value: float | None, digits: int = 0, *, sign: bool = False) -> str:
        """0.123 → '12 %' in English, '12%' in Chinese."""
        if value is None or not math.isfinite(value):
            return "–"
        text = f"{100 * value:{'+' if sign else ''},.{digits}f}"
        return (text + ("%" if self.chinese else f"{NBSP}%")).replace("-", "−")

    def large(self, value: float | None) -> str:
        """A number a headline can carry: 41.2 K, 1.24 M; 4.12 万, 1.24 亿; below 10,000 in full."""
        if value is None or not math.isfinite(value):
            return "–"
        scales = ((1e8, "亿"), (1e4, "万")) if self.chinese else ((1e9, "B"), (1e6, "M"))
        for size, name in scales:
            if abs(value) >= size:
                scaled = value / size
                digits = 2 if abs(scaled) < 10 else 1 if abs(scaled) < 1000 else 0
                return f"{scaled:,.{digits}f}{NBSP}{name}"
        return self.number(value)

    def units(self, value: float | None) -> str:
        """Units sold as a headline has them: '11,637'; '1.16 万件', '9,800 件'."""
        text = self.large(value)
        if not self.chinese or text == "–":
            return text
        return f"{text}件" if text[-1] in "万亿" else f"{text}{NBSP}件"

    def between(self, low: float, high: float) -> str:
        """An interval of units: '10,865 to 12,512', '1.09 万–1.25 万件'."""
        return f"{self.large(low)}{'–' if self.chinese else ' to '}{self.units(high)}"

    def money(self, value: float | None, digits: int | None = None) -> str:
        """An amount with its currency; large ones are shortened unless digits are given."""
        if value is None or not math.isfinite(value):
            return "–"
        text = self.large(value) if digits is None else self.number(value, digits)
        if self.chinese:
            name = CHINESE_MONEY.get(self.currency, self.currency)
            return f"{text}{'' if text[-1] in '万亿' else NBSP}{name}".strip()
        sign = SIGNS.get(self.currency)
        return f"{sign}{text}" if sign else f"{self.currency} {text}".strip()

    def date(self, ds: date, freq: str = "D") -> str:
        """A period's start: '3 Mar 2025', '2025年3月3日'; months and quarters without a day."""
        base = freq.split("-")[0]
        clock = f" {ds:%H:%M}" if base == "h" else ""
        if self.chinese:
            day = "" if base in ("MS", "QS", "YS") else f"{ds.day}日"
            return f"{ds.year}年{ds.month}月{day}{clock}"
        day = "" if base in ("MS", "QS", "YS") else f"{ds.day} "
        return f"{day}{MONTHS[ds.month - 1]} {ds.year}{clock}"

    def steps(self, count: int, freq: str) -> str:
        """A span in the frequency's own word: '8 weeks', '8 周'."""
        english, chinese = STEPS[freq.split("-")[0]]
        if self.chinese:
            return f"{count} {chinese}"
        return f"{count} {english}" + ("" if count == 1 else "s")

    def step(self, freq: str) -> str:
        """The name of one period: 'week', '周'."""
        english, chinese = STEPS[freq.split("-")[0]]
        return chinese.removeprefix("个") if self.chinese else english


def unbroken(text: str) -> str:
    """The text with its per-cent signs kept on the line of their numbers."""
    return text.replace(" %", f"{NBSP}%")
