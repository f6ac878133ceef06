"""Tables in text files: encoding, delimiter, quotes; every cell stays text."""

from __future__ import annotations

import csv
import io

import numpy as np
import polars as pl

from tradewind.arrays import Ints
from tradewind.errors import DataError

BLOCK = 1 << 26
"""Characters of a file that are read at once."""

HEAD = 1 << 20
"""Characters of a file in which its header stands."""
DELIMITERS = (",", "\t", ";", "|")
SIGNATURES = {
    b"PK\x03\x04": "a zip archive or Excel workbook; give it the ending .xlsx",
    b"\xd0\xcf\x11\xe0": "an old Excel workbook; give it the ending .xls",
    b"PAR1": "a Parquet file; give it the ending .parquet",
    b"\x1f\x8b": "compressed with gzip; unpack it first",
    b"%PDF": "a PDF document; export the table as CSV",
    b"SQLite format 3": "an SQLite database; export the table as CSV",
}


def read_text(content: bytes, name: str) -> pl.DataFrame:
    """The table in a CSV or TSV file, [rows, columns], all String; a blank line is a row of nulls.

    Row k of the file (the header is row 1) is row k − 2 of the result: messages can name it.

    Raises DataError for an unknown encoding, a file that is no table, ragged rows, open quotes and
    a header that is empty or says a name twice.
    """
    text = decoded(content, name).replace("\r\n", "\n").replace("\r", "\n")
    if not text.strip():
        raise DataError(f"{name} is empty; it needs a header row and at least one row below it")
    if text.lstrip()[:1] == "<" and "<html" in text[:2000].lower():
        raise DataError(f"{name} is a web page (HTML); export the table as CSV or Excel")
    delimiter, head, blocks = delimiter_of(text), text[:HEAD], _blocks(text)
    del content, text  # a file of a gigabyte need not lie in memory three times
    table = _fast(blocks, head, delimiter, name) if _is_plain(blocks, delimiter) else None
    if table is None:
        table = _slow(b"".join(blocks).decode(), delimiter, name)
    return table


def _blocks(text: str) -> list[bytes]:
    """The text in pieces of whole lines; in one where something is quoted, maybe a line's end."""
    if '"' in text:
        return [text.encode()]
    blocks, begin = [], 0
    while begin < len(text):
        end = text.find("\n", begin + BLOCK) + 1 or len(text)
        blocks.append(text[begin:end].encode())
        begin = end
    return blocks


def decoded(content: bytes, name: str) -> str:
    """The text of a file in UTF-8 (with or without BOM), UTF-16 with BOM, or GB18030."""
    for signature, what in SIGNATURES.items():
        if content.startswith(signature):
            raise DataError(f"{name} is not a text table: it is {what}")
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        try:
            return content.decode("utf-16")
        except UnicodeDecodeError as error:
            raise DataError(
                f"{name} begins as UTF-16 but byte {error.start} does not fit; save it as UTF-8"
            ) from None
    if (zero := content.find(b"\x00")) >= 0:
        raise DataError(
            f"{name} is not a text table: byte {zero} is zero; export the table as CSV, UTF-8"
        )
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        utf8 = error.start
    try:
        return content.decode("gb18030")
    except UnicodeDecodeError as error:
        raise DataError(
            f"{name} is neither UTF-8 (byte {utf8} does not fit) nor GB18030 (byte {error.start} "
            f"does not fit); save it as CSV UTF-8"
        ) from None


def delimiter_of(text: str) -> str:
    """The delimiter whose count is above zero and the same in most of the first lines."""
    sample = text[:100_000].split("\n")[:50]
    rows = [line for line in sample if line.strip()]
    if rows and rows[0].lower().startswith("sep=") and len(rows[0].strip()) == 5:
        return rows[0].strip()[4]

    def agreement(delimiter: str) -> tuple[float, int]:
        counts = [len(next(csv.reader([row], delimiter=delimiter), [])) - 1 for row in rows]
        return sum(c == counts[0] for c in counts) / len(counts), counts[0]

    found = {d: agreement(d) for d in DELIMITERS}
    present = [d for d in DELIMITERS if found[d][1] > 0]
    return max(present, key=lambda d: found[d], default=",")


def _is_plain(blocks: list[bytes], delimiter: str) -> bool:
    """Whether every line outside quotes has as many delimiters as the header, or is blank.

    Only then polars may parse it: it fills short rows with nulls without a word.
    """
    content = blocks[0]
    if content[:4].lower() == b"sep=":
        return False
    if b'"' not in content:
        return _has_as_many(blocks, delimiter.encode())
    data = np.frombuffer(content, dtype=np.uint8)
    quotes = np.flatnonzero(data == ord('"'))
    if len(quotes) % 2:
        return False
    if len(quotes) and not _quotes_stand_at_edges(data, quotes, ord(delimiter)):
        return False
    ends = _outside(np.flatnonzero(data == ord("\n")), quotes)
    marks = _outside(np.flatnonzero(data == ord(delimiter)), quotes)
    if not len(ends) or ends[-1] != len(data) - 1:
        ends = np.append(ends, len(data))
    counts = np.diff(np.searchsorted(marks, ends), prepend=0)
    blank = np.diff(ends, prepend=-1) == 1
    return bool(((counts == counts[0]) | blank).all() and not blank[0])


def _has_as_many(blocks: list[bytes], delimiter: bytes) -> bool:
    """`_is_plain` where nothing is quoted."""
    wanted = blocks[0].partition(b"\n")[0].count(delimiter)
    for block in blocks:
        data = np.frombuffer(block, np.uint8)
        ends = np.flatnonzero(data == ord("\n"))
        if not len(ends) or ends[-1] != len(data) - 1:
            ends = np.append(ends, len(data))
        marks = np.flatnonzero(data == ord(delimiter))
        counts = np.diff(np.searchsorted(marks, ends), prepend=0)
        blank = np.diff(ends, prepend=-1) == 1
        if not ((counts == wanted) | blank).all() or (block is blocks[0] and blank[0]):
            return False
    return True


def _outside(positions: Ints, quotes: Ints) -> Ints:
    if not len(quotes):
        return positions
    outside: Ints = positions[np.searchsorted(quotes, positions) % 2 == 0]
    return outside


def _quotes_stand_at_edges(
    data: np.ndarray[tuple[int], np.dtype[np.uint8]],
    quotes: Ints,
    delimiter: int,
) -> bool:
    """Whether each opening quote follows a delimiter or line end (or closes a doubled one)."""
    opening = quotes[::2]
    before = np.where(opening > 0, data[np.maximum(opening - 1, 0)], ord("\n"))
    return bool(np.isin(before, [delimiter, ord("\n"), ord('"')]).all())


def _fast(blocks: list[bytes], head: str, delimiter: str, name: str) -> pl.DataFrame | None:
    """The table, each block let go of once it is read."""
    header = next(csv.reader(io.StringIO(head), delimiter=delimiter))
    first_line = blocks[0].partition(b"\n")[0] + b"\n"
    tables: list[pl.DataFrame] = []
    while blocks:
        content = first_line + blocks[0] if tables else blocks[0]
        try:
            tables.append(pl.read_csv(content, separator=delimiter, infer_schema=False))
        except pl.exceptions.PolarsError:
            if tables:
                raise
            return None  # the plain reader finds out what is wrong, and where
        if len(tables[0].columns) != len(header):
            return None
        del blocks[0]
    return _with_header(pl.concat(tables, rechunk=False), header, name)


def _slow(text: str, delimiter: str, name: str) -> pl.DataFrame:
    """The same with Python's csv: slower, but it knows in which row something is wrong."""
    lines = text.split("\n")
    skipped = 1 if lines[0].lower().startswith("sep=") else 0
    text = "\n".join(lines[skipped:])
    reader = csv.reader(io.StringIO(text), delimiter=delimiter, strict=True)
    rows: list[list[str]] = []
    try:
        for row in reader:
            rows.append(row)
    except csv.Error as error:
        at = len(rows) + 1 + skipped
        if "end of data" in str(error):
            raise DataError(
                f"{name} row {at}: a quotation mark is opened and never closed; close or remove it"
            ) from None
        raise DataError(
            f"{name} row {at}: a quotation mark inside a cell is not doubled ({error}); "
            f'write it as "" inside a quoted cell'
        ) from None
    header = rows[0] if rows else []
    for k, row in enumerate(rows[1:], start=2 + skipped):
        if row and len(row) != len(header):
            raise DataError(_ragged(name, k, row, header))
    cells = [row or [""] * len(header) for row in rows[1:]]
    blanks = [[""] * len(header)] * skipped  # keeps the row numbers of the file
    columns = list(zip(*(blanks + cells), strict=True)) or [()] * len(header)
    table = pl.DataFrame(
        [pl.Series(f"column_{i}", values, dtype=pl.String) for i, values in enumerate(columns)]
    ).with_columns(pl.all().replace("", None))
    return _with_header(table, header, name)


def _ragged(name: str, row: int, cells: list[str], header: list[str]) -> str:
    hint = "quote cells that hold the delimiter"
    if len(header) == 1 and len(cells) > 1:
        hint = "delete title lines above the header"
    return (
        f"{name} row {row} has {len(cells)} fields, the header has {len(header)} "
        f"(the row begins {cells[0]!r}); {hint}"
    )


def _with_header(table: pl.DataFrame, header: list[str], name: str) -> pl.DataFrame:
    """The table under its own header as written; empty trailing headers become column_k."""
    if not any(h.strip() for h in header):
        raise DataError(f"{name} row 1 is empty; the first row must hold the headers")
    names = [h.strip() or f"column_{i + 1}" for i, h in enumerate(header)]
    table.columns = [f"\x00{i}" for i in range(len(names))]
    if len(set(names)) == len(names):
        table.columns = names
        return table
    raise DataError(
        f"{name}: the header {next(n for n in names if names.count(n) > 1)!r} stands twice; "
        f"rename one"
    )
