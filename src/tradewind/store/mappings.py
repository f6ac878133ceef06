"""Saved mappings: how the columns of a merchant's own export are to be read, by a name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from tradewind.errors import UnknownName
from tradewind.store import settings
from tradewind.store.query import Connection

PLACE = "mappings"
"""The setting that holds them all."""


@dataclass(frozen=True, slots=True)
class SavedMapping:
    """What was told about a file once.

    nouns     our noun → its header
    headers   of the file that it was saved for: a file with the same ones is read by it unasked
    dates     "dmy" or "mdy" where the dates leave it open
    table     sheet of a workbook, table of a database
    zone      time zone of the market
    """

    nouns: Mapping[str, str]
    headers: Sequence[str]
    dates: str | None = None
    table: str | None = None
    zone: str | None = None


def put(db: Connection, name: str, mapping: SavedMapping) -> None:
    """Remember a mapping; one of the same name is replaced."""
    kept = {**_all(db), name: asdict(mapping)}
    settings.put(db, **{PLACE: kept})


def all_of(db: Connection) -> dict[str, SavedMapping]:
    """Every mapping by its name."""
    return {name: SavedMapping(**kept) for name, kept in sorted(_all(db).items())}


def named(saved: Mapping[str, SavedMapping], name: str) -> SavedMapping:
    """The mapping of that name. Raises UnknownName, listing those that are there."""
    if name not in saved:
        raise UnknownName(
            f"no mapping is saved as {name!r}; there are {sorted(saved)}: load a file with "
            f"--save-mapping {name} first"
        )
    return saved[name]


def for_headers(saved: Mapping[str, SavedMapping], headers: Sequence[str]) -> SavedMapping | None:
    """The mapping that was saved for a file with just these headers."""
    return next((one for one in saved.values() if list(one.headers) == list(headers)), None)


def _all(db: Connection) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = settings.get(db).get(PLACE, {})
    return found
