"""Columns: which header of a table is which of our nouns, and why we think so."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import polars as pl

from tradewind.data.dates import looks_like_dates
from tradewind.data.headers import ALIASES, HEADERS, KIND, PLAIN, REQUIRED, squeezed
from tradewind.data.numbers import looks_like_numbers
from tradewind.errors import DataError, UnknownName

SAMPLE = 500  # cells of a column that are looked at
SHARE = 0.9  # of them that must read as what the noun wants


@dataclass(frozen=True, slots=True)
class Guess:
    """One noun, the header that holds it, and why."""

    noun: str
    header: str
    why: str


@dataclass(frozen=True, slots=True)
class Columns:
    """The guesses for one table, and what else the table has.

    guesses   one per noun that was found, in the order of our nouns
    headers   every header of the table
    samples   header → its first three different values, as text
    """

    guesses: tuple[Guess, ...]
    headers: tuple[str, ...]
    samples: Mapping[str, tuple[str, ...]]

    @property
    def mapping(self) -> dict[str, str]:
        """Noun → header."""
        return {g.noun: g.header for g in self.guesses}

    @property
    def unused(self) -> list[str]:
        """Headers that no noun claims."""
        return [h for h in self.headers if h not in self.mapping.values()]

    @property
    def missing(self) -> list[str]:
        """Required nouns that no header was found for."""
        return [noun for noun in REQUIRED if noun not in self.mapping]

    def header(self, noun: str) -> str | None:
        """The header of a noun, None if the table has none."""
        return self.mapping.get(noun)

    def corrected(self, mapping: Mapping[str, str]) -> Columns:
        """The same with some nouns told: {"y": "qty"}; an empty header takes the noun away.

        Raises UnknownName for a noun or a header that is not there, listing what there is.
        """
        told = {}
        for word, header in mapping.items():
            noun = ALIASES.get(word.strip().casefold(), word.strip().casefold())
            if noun not in KIND:
                raise UnknownName(
                    f"{word!r} is not a noun of a sales table; there are {list(KIND)}"
                )
            if header and header not in self.headers:
                raise UnknownName(
                    f"{word!r} is mapped to {header!r}, which the table does not have; "
                    f"it has {list(self.headers)}"
                )
            told[noun] = header
        kept = [g for g in self.guesses if g.noun not in told and g.header not in told.values()]
        new = [Guess(noun, header, "told by you") for noun, header in told.items() if header]
        return replace(self, guesses=_in_order([*kept, *new]))

    def rows(self) -> list[tuple[str, str, str, str]]:
        """Noun, header, three sample values and why, one row each: what the terminal shows.

        Unused headers come last, with an empty noun.
        """
        used = [(g.noun, g.header, " · ".join(self.samples[g.header]), g.why) for g in self.guesses]
        rest = [("", h, " · ".join(self.samples[h]), "not used") for h in self.unused]
        return used + rest

    def check(self, source_name: str) -> None:
        """Raise DataError if a required noun has no header."""
        if self.missing:
            free = self.unused[:1]
            advice = (
                f"say which with a mapping, e.g. {self.missing[0]}={free[0]}"
                if free
                else "add it to the table"
            )
            raise DataError(
                f"{source_name}: no column was recognised as {' or '.join(self.missing)}; "
                f"the table has {list(self.headers)}; {advice}"
            )


def columns_told(raw: pl.DataFrame, mapping: Mapping[str, str]) -> Columns:
    """The columns of a marketplace's export, whose headers are known: noun → header."""
    guesses = [Guess(noun, header, "so in this export") for noun, header in mapping.items()]
    return Columns(_in_order(guesses), tuple(raw.columns), {h: _first(raw[h]) for h in raw.columns})


def guess_columns(raw: pl.DataFrame) -> Columns:
    """What each header means, by its name and confirmed by the cells below it.

    A name that fits but whose cells do not (a "date" that holds no dates) is not taken. Where a
    required noun has no known name, it is taken if only one column is left that can hold it.
    """
    samples = {h: _sample(raw[h]) for h in raw.columns}
    holds = {h: _held(raw[h], samples[h]) for h in raw.columns}
    found: dict[str, Guess] = {}
    for noun, names in HEADERS.items():
        fitting = [h for h in raw.columns if _fits(KIND[noun], holds[h])]
        taken = {g.header for g in found.values()}
        best = min(
            (h for h in fitting if squeezed(h) in names and h not in taken),
            key=lambda h: names.index(squeezed(h)),
            default=None,
        )
        if best is not None:
            empty = "empty" in holds[best]
            why = "named so, but empty" if empty else f"named so, holds {_said(KIND[noun])}"
            found[noun] = Guess(noun, best, why)
    _add_plain(raw, holds, found)
    _fill_required(raw, holds, found)
    first = {h: _first(raw[h]) for h in raw.columns}
    return Columns(_in_order(list(found.values())), tuple(raw.columns), first)


def _add_plain(raw: pl.DataFrame, holds: dict[str, set[str]], found: dict[str, Guess]) -> None:
    """Headers such as "name" or "id", which mean one thing beside a product and another alone."""

    def free(noun: str) -> list[str]:
        names, taken = PLAIN[noun], {g.header for g in found.values()}
        able = [h for h in raw.columns if h not in taken and _fits(KIND[noun], holds[h])]
        plain = [h for h in able if squeezed(h) in names]
        return sorted(plain, key=lambda h: names.index(squeezed(h)))

    names = [found["name"].header] if "name" in found else free("name")
    if "product" in found:
        codes = [found["product"].header]
        pairs = [(c, n) for n in names for c in codes if _names(raw, c, n)]
    else:
        codes = free("product")
        pairs = [(c, n) for n in names for c in codes if _names(raw, c, n) and _names(raw, n, c)]
    for code, name in pairs[:1]:
        found.setdefault("product", Guess("product", code, "named so, one for each name"))
        found.setdefault("name", Guess("name", name, "named so, one for each product"))
    if names and "product" not in found:
        found["name"] = Guess("name", names[0], "named so")
    for noun, beside in (("amount", "quantity"), ("location", "channel")):
        if beside in found and noun not in found:
            for header in free(noun)[:1]:
                found[noun] = Guess(noun, header, f"named so, beside a {beside}")


def _names(raw: pl.DataFrame, code: str, name: str) -> bool:
    """Whether almost every row of a code has the name that is usual for it."""
    pairs = raw.select(pl.col(code).alias("code"), pl.col(name).alias("name")).drop_nulls()
    if pairs.is_empty() or (pairs["name"].n_unique() == 1 < pairs["code"].n_unique()):
        return False
    usual = pairs.group_by("code", "name").len("rows").group_by("code").agg(pl.col("rows").max())
    return int(usual["rows"].sum()) >= SHARE * len(pairs)


def _fill_required(raw: pl.DataFrame, holds: dict[str, set[str]], found: dict[str, Guess]) -> None:
    if "product" not in found and "name" in found:
        name = found.pop("name").header
        found["product"] = Guess("product", name, "no product code; the name serves")
    for noun in REQUIRED:
        if noun in found:
            continue
        free = [h for h in raw.columns if h not in {g.header for g in found.values()}]
        wanted = KIND[noun]
        able = [
            h
            for h in free
            if (wanted in holds[h] and not (wanted == "number" and "date" in holds[h]))
            and not (wanted == "text" and holds[h] & {"number", "date"})
        ]
        if len(able) == 1:
            found[noun] = Guess(noun, able[0], f"the only column left with {_said(wanted)}")


def _in_order(guesses: list[Guess]) -> tuple[Guess, ...]:
    order = list(KIND)
    return tuple(sorted(guesses, key=lambda g: order.index(g.noun)))


def _said(kind: str) -> str:
    return {"text": "text", "date": "dates", "number": "numbers", "promotion": "marks"}[kind]


def _fits(wanted: str, held: set[str]) -> bool:
    return wanted in ("text", "promotion") or wanted in held or "empty" in held


def _sample(column: pl.Series) -> pl.Series:
    """Up to SAMPLE filled cells, spread over the column."""
    filled = column.drop_nulls()
    return filled.gather_every(max(1, len(filled) // SAMPLE)).head(SAMPLE)


def _first(column: pl.Series) -> tuple[str, ...]:
    start = column.drop_nulls().head(SAMPLE)
    return tuple(str(value) for value in start.unique(maintain_order=True).head(3))


def _held(column: pl.Series, sample: pl.Series) -> set[str]:
    """What the cells of a column can be read as."""
    if not len(sample):
        return {"empty", "text"}
    if column.dtype.is_temporal():
        return {"date"}
    held = {"text"}
    if looks_like_numbers(sample) >= SHARE:
        held.add("number")
    if looks_like_dates(sample) >= SHARE:
        held.add("date")
    return held
