"""What the commands tell is there in both languages, and what is there is told."""

from __future__ import annotations

import inspect
import re
from datetime import datetime
from pathlib import Path

import numpy as np
import pytest

from tradewind.data import columns, others
from tradewind.data.cleaning import KINDS as REPAIRS
from tradewind.data.headers import KIND
from tradewind.data.others import KINDS
from tradewind.flows import demo
from tradewind.flows.texts import NOUNS, TEXTS
from tradewind.flows.words import ENGLISH, STAGES, Told, noun_of
from tradewind.models.history import History
from tradewind.models.naive import rescued
from tradewind.models.sane import replace_wild

SRC = Path(inspect.getfile(columns)).parents[1]
CHINESE = re.compile(r"[\u4e00-\u9fff]")
BUILT = (
    *("because_", "why_", "look_", "stage_", "status_", "target_", "kind_of_", "planned_"),
    *("event_", "by_", "plan_"),
)
"""Keys that are looked up by what another room says, or put together."""


def test_every_text_asked_for_exists_and_every_text_is_asked_for() -> None:
    files = [*(SRC / "cli").glob("*.py"), SRC / "flows" / "doctor.py", SRC / "flows" / "words.py"]
    source = "\n".join(path.read_text(encoding="utf-8") for path in files)
    asked = set(re.findall(r"""\b(?:say|self)\(\s*["'](\w+)["']""", source))
    assert asked <= set(TEXTS)
    built = ("new_lines", "changed_lines", "same_lines", "outdated_lines")
    looked = {key for key in TEXTS if not key.startswith(BUILT) and key not in built}
    assert not {key for key in looked if not re.search(rf"""["']{key}["']""", source)}


def test_every_reason_of_a_guess_has_words() -> None:
    source = "".join(inspect.getsource(module) for module in (columns, others))
    starts = "named so|no product|the only|told by|as in|so in|not used"
    found = set(re.findall(rf'"((?:{starts})[^"]*)"', source))
    kinds: dict[str, tuple[str, ...]] = {
        "{_said(KIND[noun])}": ("text", "dates", "numbers", "marks"),
        "{_said(wanted)}": ("text", "dates", "numbers"),
        "{beside}": ("quantity", "channel"),
    }
    reasons: set[str] = set()
    for text in found:
        place = next((p for p in kinds if p in text), "")
        reasons |= {text.replace(place, word) for word in kinds[place]} if place else {text}
    assert len(reasons) > 10
    assert reasons == {english for english, key in ENGLISH.items() if key.startswith("why_")}


def test_every_noun_has_a_word_that_leads_back() -> None:
    nouns = {*KIND, *(noun for kind in KINDS.values() for noun in kind.columns)}
    assert set(NOUNS) == nouns
    assert [noun_of(Told("zh").noun(noun)) for noun in NOUNS] == list(NOUNS)
    assert [Told("en").noun(noun) for noun in NOUNS] == list(NOUNS)
    assert noun_of("qty") == "qty"


def test_every_kind_of_repair_and_of_file_has_words() -> None:
    zh = Told("zh")
    assert all(CHINESE.search(zh.kind(kind)) for kind in REPAIRS)
    assert all(CHINESE.search(zh(f"kind_of_{kind}")) for kind in KINDS)


def test_the_example_of_a_repair_keeps_its_values() -> None:
    zh = Told("zh")
    assert zh.example("P-1 2024-03-01: 2 sold → 3 cancelled") == "P-1 2024-03-01: 2 已售 → 3 已取消"
    assert zh.example("sold-out-shirt 2024-03-01: 2") == "sold-out-shirt 2024-03-01: 2"
    assert Told("en").example("P 2024-03-01: 1 → returned") == "P 2024-03-01: 1 → returned"


def test_stages_of_a_progress_bar_have_words() -> None:
    zh = Told("zh")
    assert all(CHINESE.search(zh.stage(s)) for s in (*STAGES, *demo.STAGES))
    assert zh.stage("reading sales.csv") == "读取 sales.csv"
    assert zh.stage("theta at 2026-01-05") == "theta 2026-01-05"
    assert Told("en").stage("theta at 2026-01-05") == "theta at 2026-01-05"


@pytest.mark.parametrize(
    ("english", "chinese"),
    [
        ("12 observations of y, 53 wanted: an assumed spread", "y 只有 12 个观测"),
        ("0 observations of y, 53 wanted: forecast as zero", "按零预测"),
        ("too few observations to fit: seasonal naive", "改用季节朴素法"),
        ("revenue is not calibrated: no earlier cutoff to learn from", "revenue 未校准"),
        ("ValueError: a message of somebody else", "ValueError: a message of somebody else"),
    ],
)
def test_why_a_model_steps_back_is_told_in_the_reader_s_words(english: str, chinese: str) -> None:
    assert chinese in Told("zh").reason(english)
    assert Told("en").reason(english) == english


def test_every_reason_of_the_models_has_words() -> None:
    """The reasons as the models write them: a change there must come here, too."""
    end = datetime(2026, 1, 4)
    some = History(("a",), np.ones((1, 4)), end, "D", 7)
    never = History(("a",), np.full((1, 4), np.nan), end, "D", 7)
    few = rescued(some, "m", np.array([True]), 9)
    none = rescued(never, "m", np.array([True]), 9)
    wild = replace_wild(some, np.full((1, 2, 1), 1e9), (0.5,), "m", {})[1]
    reasons = {0: "too few observations to fit"}
    short = replace_wild(some, np.ones((1, 2, 1)), (0.5,), "m", reasons)[1]
    assert len(few) == len(none) == len(wild) == len(short) == 1
    for rescue in (*few, *none, *wild, *short):
        assert Told("zh").reason(rescue.reason) != rescue.reason
