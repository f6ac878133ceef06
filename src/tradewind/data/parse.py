"""parse: the cells of a table become canonical sales lines, or an error that names the cell."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime

import polars as pl

from tradewind.data.columns import Columns
from tradewind.data.dates import (
    ORDERS,
    WANTED,
    YEARS,
    check_zone,
    lacks_offset,
    lacks_zone,
    parse_dates,
)
from tradewind.data.event_ids import KINDS, kind_of, with_event_ids
from tradewind.data.headers import KIND
from tradewind.data.numbers import (
    EMPTY,
    SAYS_NOTHING,
    currencies,
    decimal_sign,
    header_currency,
    parse_numbers,
    plain_text,
)
from tradewind.data.promotions import parse_promotions
from tradewind.data.returns import with_return_days
from tradewind.data.statuses import SOLD, parse_status
from tradewind.errors import DataError

ALWAYS = (
    *("event_id", "recorded_at", "ordered_at", "product", "channel", "location", "customer"),
    *("quantity", "price", "currency", "status"),
)
"""Columns that canonical lines always have, in this order."""

OPTIONAL = (
    *("promotion", "category", "stock", "views", "carts", "competitor_price", "regular_price"),
    *("name", "brand", "restockable", "deposit_at", "balance_at", "return_days"),
)
ROW = "tradewind row"
"""A column that says which row of the file each row of a prepared table was."""
IDS = ("product", "customer", "order", "line")
EMPTY_TEXT = pl.lit(None, pl.String)
EXACT = 1e15
"""Floating point numbers from here on have lost digits of an id (spreadsheets keep 15)."""

MANGLED = r"^[+-]?\d+(?:[.,]\d+)?[eE]\+\d{1,3}$"
SPREADSHEET_ERRORS = r"^#(?:N/A|REF!|VALUE!|NAME\?|DIV/0!|NULL!|NUM!|SPILL!|#+)$"
DOUBTFUL = r"^\s|\s$|^$|\+|#|\x1f"
"""What an id has that is not taken as it stands: one look instead of five."""

CLOCK = (
    "the time zone of the clock that it was read from: state it once with --zone Asia/Shanghai "
    '(in Python zone="Asia/Shanghai"; the workspace remembers it), or write times with their '
    "offset from UTC, such as 2024-03-05T14:33:00+08:00"
)
TOTALS = ("total", "totals", "grandtotal", "sum", "合计", "总计", "小计", "汇总")


@dataclass(frozen=True, slots=True)
class Reading:
    """How to read what a table does not say itself.

    date_order    "dmy", "mdy" or "ymd" for dates such as 03/04/2024; None: what the column proves
    decimal       "." or ","; None: what the number columns prove
    currency      for prices without a sign; None: unknown
    zone          IANA time zone of the market: times with an offset are read on its clock, those
                  without one were. None: unknown, and times that state none are refused
    own_clock     the times are at the market's own clock, whichever that is
    kind          "orders", "daily" or "sales" (see `event_ids.kind_of`); None: what it looks like
    recorded_at   when these lines were recorded, where no column says it
    """

    date_order: str | None = None
    decimal: str | None = None
    currency: str | None = None
    kind: str | None = None
    recorded_at: datetime | None = None
    zone: str | None = None
    own_clock: bool = False

    def __post_init__(self) -> None:
        if self.date_order not in (None, *ORDERS):
            raise DataError(f"date_order {self.date_order!r} is not one of {ORDERS}")
        if self.decimal not in (None, ".", ","):
            raise DataError(f"decimal {self.decimal!r} is neither '.' nor ','")
        check_zone(self.zone)
        if self.kind not in (None, *KINDS):
            raise DataError(f"kind {self.kind!r} is not one of {KINDS}")


@dataclass(frozen=True, slots=True)
class Cells:
    """The filled rows of a table, and where each stood: what an error has to name."""

    name: str
    table: pl.DataFrame
    rows: pl.Series  # row in the file, the header being row 1
    columns: Columns

    def of(self, noun: str) -> pl.Series:
        return self.table[self.columns.mapping[noun]]

    def has(self, noun: str) -> bool:
        return noun in self.columns.mapping

    def refuse(self, noun: str, bad: pl.Series, wanted: str) -> None:
        """Raise DataError for the first cell of `bad`, if there is one."""
        count = int(bad.fill_null(False).sum())
        if not count:
            return
        first = int(bad.fill_null(False).arg_true()[0])
        cell = self.of(noun)[first]
        shown = _shown(cell)
        more = f"; {count - 1} more cells of this column are like it" if count > 1 else ""
        raise DataError(
            f"{self.name} row {self.rows[first]}, column {self.columns.mapping[noun]!r}: "
            f"{'the cell is empty' if cell is None else shown}; wanted {wanted}{more}"
            f"{self._total_hint(first)}"
        )

    def _total_hint(self, first: int) -> str:
        words = [
            str(v).strip().casefold().rstrip(":：") for v in self.table.row(first) if v is not None
        ]
        if any(w.replace(" ", "") in TOTALS for w in words):
            return ". The row looks like a total: delete it"
        return ""


def _shown(cell: object) -> str:
    """A cell as a message names it."""
    if isinstance(cell, float):
        return f"{cell:.15g}"
    return str(cell) if isinstance(cell, date) else repr(cell)


def parse(
    raw: pl.DataFrame, columns: Columns, source_name: str, reading: Reading = Reading()
) -> pl.DataFrame:
    """Canonical lines (ALWAYS, and those of OPTIONAL that the table has) in the order of the file.

    quantity   units, negative for returns; null where the cell is empty
    price      money per unit; amount / quantity where only an amount is given; null where empty
    promotion  in [0, 1], see `parse_promotions`

    Raises DataError naming source, row, column, value and what was wanted for a cell that does not
    read, an id that a spreadsheet has mangled, and an empty product or date.
    """
    columns.check(source_name)
    cells = Cells(source_name, *_filled(raw), columns)
    decimal = reading.decimal or _decimal_of(cells)
    made: dict[str, pl.Series] = {}
    for noun, kind in KIND.items():
        if not cells.has(noun):
            continue
        if kind == "text":
            made[noun] = _ids(cells, noun) if noun in IDS else _text(cells.of(noun))
        elif kind == "date":
            made[noun] = _dates(cells, noun, reading)
        elif kind == "number":
            made[noun] = _numbers(cells, noun, decimal)
        else:
            made[noun] = parse_promotions(cells.of(noun), decimal)
    cells.refuse("product", made["product"].is_null(), "a product")
    cells.refuse("date", made["date"].is_null(), WANTED)
    if "order" in made:
        cells.refuse("order", made["order"].is_null(), "an order number")
    currency = _currency(cells, made, reading.currency)
    del raw, cells  # the text of dates and numbers is read: where the caller let go of it, it goes
    return _lines(made, currency, reading)


def _filled(raw: pl.DataFrame) -> tuple[pl.DataFrame, pl.Series]:
    """The rows in which any cell is filled, and their rows in the file."""
    rows = pl.int_range(2, len(raw) + 2, dtype=pl.UInt32, eager=True)
    if ROW in raw.columns:
        rows = raw[ROW].cast(pl.UInt32)
    filled = {
        c: pl.col(c).str.contains(r"\S").fill_null(False)
        if t == pl.String
        else pl.col(c).is_not_null()
        for c, t in raw.schema.items()
    }
    if any(raw.select(filled[c].all()).item() for c in sorted(filled, key=_is_text(raw))):
        return raw, rows  # as it is, not a copy: one column without a gap is enough
    some = raw.select(pl.any_horizontal(filled.values())).to_series()
    return raw.filter(some), rows.filter(some)


def _is_text(raw: pl.DataFrame) -> Callable[[str], bool]:
    return lambda column: raw.schema[column] == pl.String


def _decimal_of(cells: Cells) -> str:
    """The decimal sign that the number columns prove together; a point where none proves any."""
    nouns = [n for n, kind in KIND.items() if kind in ("number", "promotion") and cells.has(n)]
    proven = [s for n in nouns if (s := decimal_sign(cells.of(n))) is not None]
    return "," if proven.count(",") > proven.count(".") else "."


def _text(column: pl.Series) -> pl.Series:
    text = column.cast(pl.String)
    if not text.str.contains(SAYS_NOTHING).any():
        return text
    text = text.str.strip_chars()
    return text.set(text.str.to_lowercase().is_in(EMPTY).fill_null(False), None)


def _ids(cells: Cells, noun: str) -> pl.Series:
    """Ids as text; one that was stored as a number and lost digits is refused."""
    column = cells.of(noun)
    advice = "an id as text (format the column as text before exporting; the digits are lost here)"
    if column.dtype.is_float():
        cells.refuse(noun, column.abs() >= EXACT, advice)
        whole = column.fill_nan(None)
        cells.refuse(noun, whole != whole.floor(), "an id as text, not a fraction")
        return whole.cast(pl.Int64).cast(pl.String)
    text = column.cast(pl.String)
    if not text.str.contains(DOUBTFUL).any():
        return text
    text = text.str.strip_chars()
    cells.refuse(noun, text.str.contains(MANGLED), advice)
    cells.refuse(noun, text.str.contains(SPREADSHEET_ERRORS), "an id, not a spreadsheet error")
    cells.refuse(noun, text.str.contains("\x1f", literal=True), "an id without control characters")
    return text.set((text == "").fill_null(False), None)


def _dates(cells: Cells, noun: str, reading: Reading) -> pl.Series:
    column = cells.of(noun)
    try:
        parsed = parse_dates(column, reading.date_order, reading.zone)
    except DataError as error:
        where = f"{cells.name}, column {cells.columns.mapping[noun]!r}"
        raise DataError(str(error).replace("{where}", where)) from None
    if parsed.null_count():
        empty = plain_text(column).is_null() if column.dtype == pl.String else column.is_null()
        wanted = f"{WANTED}, between {YEARS[0]} and {YEARS[1]}"
        cells.refuse(noun, parsed.is_null() & ~empty, wanted)
    if reading.zone is None:
        _check_clock(cells, noun, parsed, reading.own_clock)
    return parsed


def _check_clock(cells: Cells, noun: str, parsed: pl.Series, own_clock: bool) -> None:
    """Refuse times whose day nobody can tell: days follow the clock of the market."""
    column = cells.of(noun)
    if noun == "recorded" or own_clock:  # neither decides on a day by another clock
        wanted = "an offset from UTC, as other cells of this column have, or --zone Asia/Shanghai"
        cells.refuse(noun, lacks_offset(column), wanted)
    else:
        cells.refuse(noun, lacks_zone(column, parsed), CLOCK)


def _numbers(cells: Cells, noun: str, decimal: str) -> pl.Series:
    column = cells.of(noun)
    if column.dtype.is_temporal():
        cells.refuse(noun, column.is_not_null(), "a number, not a date")
    parsed = parse_numbers(column, decimal)
    sign = "point" if decimal == "." else "comma"
    cells.refuse(noun, parsed.is_nan() | parsed.is_infinite(), f"a number (with a decimal {sign})")
    if noun in ("price", "regular_price", "competitor_price"):
        cells.refuse(noun, parsed < 0, "a price of zero or more")
    return parsed


def _lines(made: dict[str, pl.Series], currency: pl.Expr, reading: Reading) -> pl.DataFrame:
    """The lines; a column that says the same throughout is kept as one value, not as many."""
    if "price" not in made and "amount" in made:
        made["price"] = _price_of_amount(made["amount"], made["quantity"])
    if "restockable" in made:
        made["restockable"] = made["restockable"] > 0
    recorded = made.get("recorded", pl.lit(None))
    lines = pl.DataFrame({"ordered_at": made["date"], "product": made["product"]}).with_columns(
        pl.coalesce(recorded, pl.lit(reading.recorded_at))
        .cast(pl.Datetime("us"))
        .alias("recorded_at"),
        *[made.get(c, EMPTY_TEXT).alias(c) for c in ("channel", "location", "customer")],
        made["quantity"].alias("quantity"),
        made.get("price", pl.lit(None)).cast(pl.Float64).alias("price"),
        currency.alias("currency"),
        _status(made).alias("status"),
        *[made[c].alias(c) for c in (*OPTIONAL, "order", "line") if c in made],
    )
    lines = with_return_days(lines, made.get("returned_at"))
    seen = lines if "customer" in made else lines.drop("customer")
    ids = with_event_ids(seen, reading.kind or kind_of(seen))["event_id"]
    kept = [c for c in (*ALWAYS, *OPTIONAL) if c in (*lines.columns, "event_id")]
    return lines.with_columns(ids).select(kept)


def _status(made: dict[str, pl.Series]) -> pl.Series | pl.Expr:
    """The status told; where none is, a presale waits for its balance until that has a day."""
    told = made.get("status", EMPTY_TEXT)
    if "deposit_at" in made and "balance_at" in made:
        waits = made["deposit_at"].is_not_null() & made["balance_at"].is_null()
        told = pl.select(told.fill_null(pl.when(waits).then(pl.lit("pending")))).to_series()
    return _said(parse_status(told)) if isinstance(told, pl.Series) else pl.lit(SOLD)


def _currency(cells: Cells, made: dict[str, pl.Series], usual: str | None) -> pl.Expr:
    """The currency told in a column of its own, written in the price, named by its header."""
    told = _said(made["currency"].str.to_uppercase()) if "currency" in made else EMPTY_TEXT
    money = next((n for n in ("price", "amount") if cells.has(n)), None)
    if money is None:
        return pl.coalesce(told, pl.lit(usual, pl.String))
    written: pl.Series | pl.Expr = (signs := currencies(cells.of(money)))
    kinds = signs.drop_nulls().unique()
    if len(kinds) < 2:  # a sign written once holds for all
        sign = kinds[0] if len(kinds) else header_currency(cells.columns.mapping[money])
        written = pl.lit(sign, pl.String)
    return pl.coalesce(told, written, pl.lit(usual, pl.String))


def _said(column: pl.Series) -> pl.Expr:
    """A column; the one value that it says where it says the same throughout."""
    first = column[0] if len(column) else None
    same = column.is_null() if first is None else (column == first).fill_null(False)
    return pl.lit(first, column.dtype) if same.all() else pl.lit(column)


def _price_of_amount(amount: pl.Series, quantity: pl.Series) -> pl.Series:
    """Money per unit from money per line; null where nothing was sold."""
    price = pl.when(quantity != 0).then((amount / quantity).abs())
    return pl.select(price.alias("price")).to_series()
