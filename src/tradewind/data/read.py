"""read: a table from a file, a database or another library's data frame, every cell as found."""

from __future__ import annotations

from pathlib import Path

import fastexcel
import narwhals as nw
import polars as pl
from narwhals.typing import IntoDataFrame

from tradewind.data.databases import is_url, read_duckdb, read_url, safe_name
from tradewind.data.documents import read_orders
from tradewind.data.text import read_text
from tradewind.errors import DataError

Source = str | Path | IntoDataFrame
TEXT = (".csv", ".tsv", ".txt", ".tab")
PARQUET = (".parquet", ".pq")
EXCEL = (".xlsx", ".xlsm", ".xlsb", ".xls", ".ods")
DUCKDB = (".duckdb", ".ddb")
JSON = (".json", ".jsonl", ".ndjson")
EXACT_DIGITS = 15  # a spreadsheet keeps no more digits of a number


def read(source: Source, *, table: str | None = None) -> pl.DataFrame:
    """The table at `source` with every cell as found; cells of CSV files stay text.

    source   path of a CSV, TSV, Parquet, Excel or DuckDB file, or of orders as JSON (see
             `documents`); a postgresql:// or mysql:// URL; or a data frame of polars, pandas or
             pyarrow
    table    table (or query) of a database, sheet of a workbook; may be left out where there is one

    Raises DataError if there is nothing there, or it is not a table.
    """
    if not isinstance(source, str | Path):
        frame = nw.from_native(source, eager_only=True).to_polars().clone()  # theirs stays whole
        return _with_rows(frame, "the data frame")
    name = source_name(source)
    if isinstance(source, str) and is_url(source):
        return _with_rows(read_url(source, table), name)
    path = Path(source)
    ending = path.suffix.lower()
    if ending not in (*TEXT, *PARQUET, *EXCEL, *DUCKDB, *JSON):
        raise DataError(
            f"{name}: files ending {ending!r} are not read; there are "
            f"{[*TEXT, *PARQUET, *EXCEL, *DUCKDB, *JSON]} and postgresql:// and mysql:// URLs"
        )
    if not path.is_file():
        raise DataError(f"{name}: there is no file at {path}")
    if ending in DUCKDB:
        return _with_rows(read_duckdb(path, table), name)
    if ending in JSON:
        return read_orders(path)
    if ending in EXCEL:
        return _with_rows(_read_excel(path, table), name)
    if ending in PARQUET:
        return _with_rows(_read_parquet(path), name)
    return _with_rows(read_text(_bytes(path), name), name)


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise DataError(f"{path.name} cannot be read: {error.strerror}") from None


def source_name(source: Source) -> str:
    """What messages call a source: a file's name, a URL without its password."""
    if isinstance(source, str) and is_url(source):
        return safe_name(source)
    return Path(source).name if isinstance(source, str | Path) else "the data frame"


def _with_rows(table: pl.DataFrame, name: str) -> pl.DataFrame:
    if not table.width or not len(table.filter(~pl.all_horizontal(pl.all().is_null()))):
        raise DataError(f"{name} has a header ({table.columns}) and no rows below it")
    return table


def _read_parquet(path: Path) -> pl.DataFrame:
    try:
        return pl.read_parquet(path, glob=False)
    except (pl.exceptions.PolarsError, OSError) as error:
        raise DataError(f"{path.name} is not a readable Parquet file: {error}") from None


def _read_excel(path: Path, sheet: str | None) -> pl.DataFrame:
    """One sheet, its first row the header. A text cell stays text; a number in an id column that
    the spreadsheet shortened is written as it shows it (1.23E+18), so that parsing refuses it."""
    try:
        book = fastexcel.read_excel(path)
        if sheet is None:
            filled = [n for n in book.sheet_names if _is_filled(book, n)]
            if len(filled) > 1:
                raise DataError(f"{path.name} has {len(filled)} filled sheets; name one: {filled}")
            if not filled:
                raise DataError(f"{path.name} is empty; it needs a header row and rows below it")
            sheet = filled[0]
        elif sheet not in book.sheet_names:
            raise DataError(f"{path.name} has no sheet {sheet!r}; it has {book.sheet_names}")
        header = book.load_sheet(sheet, header_row=None, n_rows=1, dtypes="string").to_polars()
        table = book.load_sheet(
            sheet, header_row=None, skip_rows=1, schema_sample_rows=None
        ).to_polars()
    except fastexcel.FastExcelError as error:
        raise DataError(f"{path.name} is not a readable workbook: {error}") from None
    names = [
        str(h).strip() if h is not None else "" for h in (header.row(0) if len(header) else ())
    ]
    names = [n or f"column_{i + 1}" for i, n in enumerate(names)][: table.width]
    if twice := [n for n in names if names.count(n) > 1]:
        raise DataError(f"{path.name}: the header {twice[0]!r} stands twice; rename one")
    table.columns = names + [f"column_{i + 1}" for i in range(len(names), table.width)]
    return table.with_columns(
        pl.col(c).map_elements(_as_shown, return_dtype=pl.String)
        for c, t in table.schema.items()
        if t == pl.String and table[c].str.contains(r"^\d{17,}$").any()
    )


def _is_filled(book: fastexcel.ExcelReader, sheet: str) -> bool:
    return bool(len(book.load_sheet(sheet, header_row=None, n_rows=2).to_polars()))


def _as_shown(cell: str) -> str:
    """'1234567890123450112' → '1.23456789012345E+18' where the digits are a rounded number's."""
    if not (cell.isdigit() and len(cell) > EXACT_DIGITS + 1):
        return cell
    shown = f"{float(cell):.{EXACT_DIGITS - 1}E}"
    rounded = float(shown) == float(cell) and str(int(float(cell))) == cell
    return shown if rounded else cell
