"""Every text of the report and of the terminal is there in both languages, with the same places."""

from __future__ import annotations

import re
import string

import pytest

from tradewind.charts.texts import TEXTS as OF_THE_REPORT
from tradewind.flows.texts import NOUNS
from tradewind.flows.texts import TEXTS as OF_THE_TERMINAL

PAIRS = {
    f"{room} {key}": pair
    for room, texts in (("report", OF_THE_REPORT), ("terminal", OF_THE_TERMINAL), ("noun", NOUNS))
    for key, pair in texts.items()
}
CHINESE = re.compile(r"[\u4e00-\u9fff]")


def places(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


@pytest.mark.parametrize("key", PAIRS)
def test_a_text_has_both_languages_with_the_same_places(key: str) -> None:
    english, chinese = PAIRS[key]
    assert english
    assert chinese
    assert places(english) == places(chinese)
    assert key == "report stop" or not CHINESE.search(english)
