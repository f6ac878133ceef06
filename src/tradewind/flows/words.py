"""The words of one language for what the commands tell, the report's own where it has them."""

from __future__ import annotations

import re
from dataclasses import dataclass

from tradewind.charts.texts import TEXTS as OF_THE_REPORT
from tradewind.charts.words import LANGUAGES, Language, Words
from tradewind.flows.texts import NOUNS, TEXTS

ENGLISH = {english: key for key, (english, _) in TEXTS.items() if key[:4] in ("why_", "look")}
STAGES = {english: key for key, (english, _) in TEXTS.items() if key.startswith("stage_")}
NOUN_OF = {chinese: noun for noun, (_, chinese) in NOUNS.items()}
STATUSES = {TEXTS[key][0]: key for key in TEXTS if key.startswith("status_")}
AT = re.compile(r"^(?P<model>.+) at (?P<date>\d{4}-\d\d-\d\d)$")
REASONS = {
    re.compile(re.sub(r"\\{(\w+)\\}", r"(?P<\1>\\w+)", re.escape(english))): key
    for key, (english, _) in TEXTS.items()
    if key.startswith("because_")
}
"""What models say when they step back, and the key of our words for it."""
READING = re.compile(r"^reading (?P<name>.+)$")
TRAINING = re.compile(r"^training: step (?P<step>\d+) of (?P<steps>\d+)$")


@dataclass(frozen=True, slots=True)
class Told:
    """The texts of the terminal in one language."""

    language: Language = "en"

    def __call__(self, key: str, **values: object) -> str:
        """The text of a key with its values put in; KeyError for a key that is not there."""
        return TEXTS[key][self.place].format(**values)

    @property
    def place(self) -> int:
        """Where our language stands in pairs of texts."""
        return LANGUAGES.index(self.language)

    def steps(self, count: int, freq: str) -> str:
        """A span in the word of its frequency: '8 weeks', '8 周'."""
        return Words(self.language).steps(count, freq)

    def noun(self, noun: str) -> str:
        """What we call a column; `noun_of` leads back."""
        return NOUNS[noun][self.place] if noun else "–"

    def kind(self, kind: str) -> str:
        """A kind of repair in the words of the report."""
        return OF_THE_REPORT[f"kind_{kind}"][self.place]

    def sentence(self, english: str) -> str:
        """What a reader of files or the doctor says in English; as it is where we have no words."""
        return self(ENGLISH[english]) if english in ENGLISH else english

    def example(self, english: str) -> str:
        """The first repair of a kind, "P1 2024-03-01: 3 → cancelled", in our words."""
        where, colon, change = english.partition(": ")
        for word, key in STATUSES.items():
            change = re.sub(rf"\b{word}\b", self(key), change)
        return where + colon + change

    def reason(self, english: str) -> str:
        """Why a model could not answer as it should; as it is where we have no words."""
        for pattern, key in REASONS.items():
            if found := pattern.fullmatch(english):
                return self(key, **found.groupdict())
        return english

    def event(self, name: str) -> str:
        """A festival in our words; one of the shop's own as it is written."""
        key = f"event_{name}"
        return self(key) if key in TEXTS else name

    def status(self, word: str) -> str:
        """A status of a line in our words."""
        return self(STATUSES[word]) if word in STATUSES else word

    def stage(self, english: str) -> str:
        """What a progress bar does: a stage, a file that is read, or a model at a cutoff."""
        if english in STAGES:
            return self(STAGES[english])
        if found := READING.match(english):
            return self("reading", name=found["name"])
        if found := TRAINING.match(english):
            return self("training_step", **found.groupdict())
        if self.language == "zh" and (found := AT.match(english)):
            return f"{found['model']} {found['date']}"
        return english


def noun_of(word: str) -> str:
    """The noun that a Chinese word of ours stands for: "数量" → "quantity"; others as they are."""
    return NOUN_OF.get(word.strip(), word)
