"""load_table: a source becomes repaired sales lines, with what was guessed and what was mended."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

import polars as pl

from tradewind.data.cleaning import Cleaning
from tradewind.data.columns import Columns, guess_columns
from tradewind.data.exports import export_of
from tradewind.data.exports.export import OWN, Export
from tradewind.data.parse import Reading, parse
from tradewind.data.parts import in_like_pieces, taken
from tradewind.data.read import Source, read, source_name
from tradewind.data.repair import repair
from tradewind.errors import DataError

AS_IT_IS = Reading()


@dataclass(frozen=True, slots=True)
class Loaded:
    """What one source gave.

    name       what messages call it
    lines      canonical sales lines, repaired
    columns    which header was taken for which noun
    cleaning   every repair, counted and listed
    export     the marketplace's export that the table was recognised as; None for another table
    """

    name: str
    lines: pl.DataFrame
    columns: Columns
    cleaning: Cleaning
    export: Export | None = None


def load_table(  # noqa: PLR0913  # what a file cannot say of itself
    source: Source,
    *,
    mapping: Mapping[str, str] | None = None,
    table: str | None = None,
    date_order: str | None = None,
    kind: str | None = None,
    recorded_at: datetime | None = None,
    zone: str | None = None,
) -> Loaded:
    """Read, guess the columns, parse and repair; nothing is written anywhere.

    mapping       noun → header where the guess is wrong: {"y": "qty"}
    table         table or query of a database, sheet of a workbook
    date_order    "dmy" or "mdy" where dates such as 03/04/2024 leave it open
    kind          "orders", "daily" or "sales" where the table's looks deceive
    recorded_at   when the lines were recorded, where the table does not say
    zone          IANA time zone of the market: times with an offset from UTC count on its clock,
                  those without one were read from it. Needed where times of day state no offset
                  and no marketplace's export says whose clock they follow

    Raises DataError or UnknownName; the message says which cell, what was wanted and what to do.
    """
    reading = Reading(date_order=date_order, kind=kind, recorded_at=recorded_at, zone=zone)
    return understand(
        read(source, table=table), source_name(source), mapping=mapping, reading=reading
    )


def understand(
    raw: pl.DataFrame,
    name: str,
    *,
    mapping: Mapping[str, str] | None = None,
    reading: Reading = AS_IT_IS,
    usual_zone: str | None = None,
    export: Export | None = None,
) -> Loaded:
    """The lines of a table that was read already.

    raw          loses its columns: their text is let go of as soon as it is read
    name         what messages call it
    usual_zone   the shop's time zone, where neither `reading` nor the export says one
    export       what it was recognised as among others (`exports.recognised`); None: by its header
    """
    export = export or export_of(raw.columns)
    if export is not None and export.alone:
        raise DataError(f"{name}: {export.alone}")
    if export is None:
        columns = guess_columns(raw)
    else:
        raw, columns = export.read(raw)
    columns = columns.corrected(mapping or {})
    orders = any(columns.header(noun) for noun in ("order", "status", "currency"))
    hand_over = in_like_pieces if orders else taken  # daily totals match as they are read
    parsed = parse(hand_over(raw), columns, name, _of_export(reading, export, usual_zone))
    try:
        lines, cleaning = repair(parsed)
    except DataError as error:
        raise DataError(f"{name}: {error}") from None
    return Loaded(name, lines, columns, cleaning, export)


def _of_export(reading: Reading, export: Export | None, usual_zone: str | None) -> Reading:
    """What the export says of its amounts and times, beside what was told of them."""
    if export is None or export.clock is None:
        zone = reading.zone or usual_zone
    else:
        zone = reading.zone or (None if export.clock == OWN else export.clock)
    return replace(
        reading,
        currency=export.currency if export else reading.currency,
        zone=zone,
        own_clock=export is not None and export.clock == OWN,
    )
