"""Malformed sources, each with the message it must give."""

from __future__ import annotations

import gzip
import io
import zipfile
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb
import polars as pl
import pytest
import xlsxwriter

from tradewind.data.load import load_table
from tradewind.errors import DataError, TradewindError, UnknownName

HEAD = "sku,date,qty,price\n"
GOOD = "A,2024-03-01,2,9.5\n"


def table(*rows: str, head: str = HEAD) -> bytes:
    return (head + "".join(row + "\n" for row in rows)).encode()


def workbook(sheets: dict[str, list[list[Any]]]) -> bytes:
    buffer = io.BytesIO()
    book = xlsxwriter.Workbook(buffer, {"in_memory": True, "default_date_format": "yyyy-mm-dd"})
    for name, rows in sheets.items():
        sheet = book.add_worksheet(name)
        for r, row in enumerate(rows):
            sheet.write_row(r, 0, row)
    book.close()
    return buffer.getvalue()


def parquet(frame: pl.DataFrame) -> bytes:
    buffer = io.BytesIO()
    frame.write_parquet(buffer)
    return buffer.getvalue()


def database(path: Path, statements: tuple[str, ...]) -> Path:
    with duckdb.connect(str(path)) as connection:
        for statement in statements:
            connection.execute(statement)
    return path


COLUMNS = ["sku", "date", "qty"]
DAY = datetime(2024, 3, 1)

# name of the fault: (file name, content, words that the message must hold)
FILES: dict[str, tuple[str, bytes, list[str]]] = {
    # the file as a whole
    "empty file": ("a.csv", b"", ["a.csv", "empty", "header"]),
    "only blank lines": ("a.csv", b"\n\n\n", ["a.csv", "empty"]),
    "header only": ("a.csv", HEAD.encode(), ["a.csv", "no rows below"]),
    "header and blank lines": ("a.csv", table("", ",,,"), ["a.csv", "row"]),
    "unknown ending": ("a.docx", b"x", ["a.docx", ".docx", ".csv", "postgresql://"]),
    "no ending": ("sales", b"x", ["sales", "not read"]),
    "Excel called csv": ("a.csv", workbook({"s": [["a"]]}), ["a.csv", "Excel workbook", ".xlsx"]),
    "old Excel called csv": ("a.csv", b"\xd0\xcf\x11\xe0\xa1\xb1", ["a.csv", ".xls"]),
    "Parquet called csv": ("a.csv", parquet(pl.DataFrame({"a": [1]})), ["a.csv", ".parquet"]),
    "gzip called csv": ("a.csv", gzip.compress(table(GOOD)), ["a.csv", "gzip", "unpack"]),
    "PDF called csv": ("a.csv", b"%PDF-1.7 ...", ["a.csv", "PDF"]),
    "SQLite called csv": ("a.csv", b"SQLite format 3\x00", ["a.csv", "SQLite"]),
    "web page called csv": ("a.csv", b"<!doctype html><html></html>", ["a.csv", "HTML"]),
    "binary garbage": ("a.csv", b"\x01\x02\x00\x07sku,date", ["a.csv", "byte 2 is zero"]),
    # encodings
    "neither UTF-8 nor GB18030": (
        "a.csv",
        HEAD.encode() + b"\xc3\x28,\xff\xff",
        ["byte 19", "GB18030"],
    ),
    "UTF-16 cut in half": ("a.csv", b"\xff\xfes\x00k\x00u", ["a.csv", "UTF-16", "byte"]),
    # rows and headers
    "row too long": (
        "a.csv",
        table("A,2024-03-01,2,9", "B,2024-03-01,2,9,1"),
        ["a.csv row 3", "5 fields", "4"],
    ),
    "row too short": ("a.csv", table("A,2024-03-01,2"), ["a.csv row 2", "3 fields", "4"]),
    "row too long after a blank line": (
        "a.csv",
        table("", "A,2024-03-01,2,9,1"),
        ["row 3", "5 fields"],
    ),
    "decimal comma without quotes": (
        "a.csv",
        table("A,2024-03-01,2,9,50"),
        ["row 2", "quote cells"],
    ),
    "title line above the header": (
        "a.csv",
        b"Report\n" + table(GOOD.strip()),
        ["row 2", "title lines"],
    ),
    "quote never closed": (
        "a.csv",
        table("A,2024-03-01,2,9", '"B,2024-03-01,2,9', "C,2024-03-01,2,9"),
        ["row 3", "never closed"],
    ),
    "quote inside a quoted cell": (
        "a.csv",
        table('"A"x,2024-03-01,2,9'),
        ["row 2", "quotation mark", '""'],
    ),
    "header twice": (
        "a.csv",
        table("A,2024-03-01,2,9", head="sku,date,qty,qty\n"),
        ["'qty'", "twice"],
    ),
    "first row empty": ("a.csv", b",,,\n" + table(GOOD.strip()), ["row 1", "headers"]),
    # columns
    "no product": ("a.csv", b"date,qty\n2024-03-01,2\n", ["a.csv", "product", "['date', 'qty']"]),
    "no date": ("a.csv", b"sku,qty\nA,2\n", ["a.csv", "date", "['sku', 'qty']"]),
    "no quantity": (
        "a.csv",
        b"sku,date,note\nA,2024-03-01,hello\n",
        ["a.csv", "quantity", "mapping"],
    ),
    "dates that are none": (
        "a.csv",
        b"sku,date,qty\nA,soon,1\nB,later,1\n",
        ["recognised as date"],
    ),
    # ids
    "id mangled by a spreadsheet": (
        "a.csv",
        table("A,2024-03-01,2,9", "1.23E+18,2024-03-01,2,9"),
        ["a.csv row 3", "'sku'", "'1.23E+18'", "text"],
    ),
    "id mangled with a comma": (
        "a.csv",
        table('"1,23E+18",2024-03-01,2,9'),
        ["row 2", "'sku'", "1,23E+18"],
    ),
    "order number mangled": (
        "a.csv",
        table("A,2024-03-01,2,1.5E+17", head="sku,date,qty,order id\n"),
        ["row 2", "'order id'", "1.5E+17"],
    ),
    "customer mangled": (
        "a.csv",
        table("A,2024-03-01,2,6.2E+12", head="sku,date,qty,买家\n"),
        ["row 2", "'买家'", "6.2E+12"],
    ),
    "id is a spreadsheet error": (
        "a.csv",
        table("#REF!,2024-03-01,2,9"),
        ["row 2", "'#REF!'", "spreadsheet error"],
    ),
    "id is hashes": ("a.csv", table("########,2024-03-01,2,9"), ["row 2", "'########'"]),
    "product empty": (
        "a.csv",
        table("A,2024-03-01,2,9", ",2024-03-02,1,9"),
        ["row 3", "'sku'", "empty"],
    ),
    "order number empty": (
        "a.csv",
        table("A,2024-03-01,2,7", "A,2024-03-02,2,", head="sku,date,qty,order id\n"),
        ["row 3", "order number"],
    ),
    "id with a control character": ("a.csv", table("A\x1fB,2024-03-01,2,9"), ["row 2", "control"]),
    # dates
    "date empty": ("a.csv", table("A,2024-03-01,2,9", "A,,1,9"), ["row 3", "'date'", "empty"]),
    "date that does not exist": (
        "a.csv",
        table(*[GOOD.strip()] * 10, "A,2024-02-30,2,9"),
        ["row 12", "'2024-02-30'", "wanted a date"],
    ),
    "month 13": (
        "a.csv",
        table(*[GOOD.strip()] * 10, "A,2024-13-01,2,9"),
        ["row 12", "'2024-13-01'"],
    ),
    "year zero": (
        "a.csv",
        table(*[GOOD.strip()] * 10, "A,0000-00-00,2,9"),
        ["row 12", "'0000-00-00'"],
    ),
    "year 2924": (
        "a.csv",
        table("A,2024-03-01,2,9", "A,2924-03-01,2,9"),
        ["row 3", "2924", "1970 and 2100"],
    ),
    "word among dates": (
        "a.csv",
        table(*[GOOD.strip()] * 10, "A,yesterday,2,9"),
        ["row 12", "'yesterday'"],
    ),
    "day or month first": (
        "a.csv",
        table("A,01/02/2024,2,9", "A,03/04/2024,2,9"),
        ["a.csv", "'date'", "date_order"],
    ),
    "day and month first": (
        "a.csv",
        table("A,13/02/2024,2,9", "A,02/13/2024,2,9"),
        ["mixes", "13/02/2024", "02/13/2024"],
    ),
    "several bad dates": (
        "a.csv",
        table(*[GOOD.strip()] * 30, "A,x,2,9", "A,y,2,9", "A,z,2,9"),
        ["row 32", "2 more cells"],
    ),
    # numbers
    "quantity in words": (
        "a.csv",
        table(*[GOOD.strip()] * 10, "A,2024-03-01,twelve,9"),
        ["row 12", "'qty'", "'twelve'", "number"],
    ),
    "quantity with a unit": (
        "a.csv",
        table(*[GOOD.strip()] * 10, "A,2024-03-01,3kg,9"),
        ["row 12", "'3kg'"],
    ),
    "two decimal conventions": (
        "a.csv",
        table(
            'A,2024-03-01,2,"1,234.50"', 'A,2024-03-02,2,"2,345.50"', 'A,2024-03-03,2,"1.234,50"'
        ),
        ["row 4", "'price'", "1.234,50", "point"],
    ),
    "infinite quantity": (
        "a.csv",
        table(*[GOOD.strip()] * 10, "A,2024-03-01,inf,9"),
        ["row 12", "'inf'"],
    ),
    "negative price": (
        "a.csv",
        table("A,2024-03-01,2,9", "A,2024-03-02,2,-9"),
        ["row 3", "'price'", "zero or more"],
    ),
    "price is an error": (
        "a.csv",
        table(*[GOOD.strip()] * 10, "A,2024-03-01,2,#DIV/0!"),
        ["row 12", "#DIV/0!"],
    ),
    "total at the end": (
        "a.csv",
        table("A,2024-03-01,2,9", "合计,,2,9"),
        ["row 3", "total", "delete"],
    ),
    "grand total at the end": (
        "a.csv",
        table("A,2024-03-01,2,9", "Total:,,2,9"),
        ["row 3", "looks like a total"],
    ),
    "nothing was sold": (
        "a.csv",
        table("A,2024-03-01,-2,9", "A,2024-03-02,,9"),
        ["no line is left", "negative_quantity"],
    ),
    # workbooks
    "workbook that is none": ("a.xlsx", b"not a zip", ["a.xlsx", "not a readable workbook"]),
    "workbook without rows": ("a.xlsx", workbook({"s": []}), ["a.xlsx", "empty"]),
    "workbook with two sheets": (
        "a.xlsx",
        workbook({"jan": [COLUMNS, ["A", DAY, 1]], "feb": [COLUMNS, ["A", DAY, 1]]}),
        ["a.xlsx", "jan", "feb", "name one"],
    ),
    "workbook with a header twice": (
        "a.xlsx",
        workbook({"s": [["sku", "date", "qty", "qty"], ["A", DAY, 1, 1]]}),
        ["a.xlsx", "'qty'", "twice"],
    ),
    "workbook with long ids as numbers": (
        "a.xlsx",
        workbook({"s": [COLUMNS, [12, DAY, 1], [1234567890123456789, DAY, 1]]}),
        ["a.xlsx row 3", "'sku'", "1.23456789012346e+18"],
    ),
    "workbook with long ids among text": (
        "a.xlsx",
        workbook({"s": [COLUMNS, ["A", DAY, 1], [1234567890123450000, DAY, 1]]}),
        ["a.xlsx row 3", "'sku'", "E+18"],
    ),
    "workbook with text in quantity": (
        "a.xlsx",
        workbook({"s": [COLUMNS, *[["A", DAY, 1]] * 20, ["A", DAY, "many"]]}),
        ["a.xlsx row 22", "'qty'", "'many'"],
    ),
    # Parquet
    "Parquet that is none": ("a.parquet", b"PAR1 nothing", ["a.parquet", "not a readable Parquet"]),
    "Parquet without rows": (
        "a.parquet",
        parquet(pl.DataFrame({"sku": []}, schema={"sku": pl.String})),
        ["a.parquet", "no rows"],
    ),
    "Parquet with float ids": (
        "a.parquet",
        parquet(pl.DataFrame({"sku": [1.2345678901234567e18], "date": [DAY], "qty": [1]})),
        ["a.parquet row 2", "'sku'"],
    ),
    "Parquet with fractional ids": (
        "a.parquet",
        parquet(pl.DataFrame({"sku": [1.5], "date": [DAY], "qty": [1]})),
        ["row 2", "'sku'", "fraction"],
    ),
    "Parquet with infinite quantity": (
        "a.parquet",
        parquet(pl.DataFrame({"sku": ["A"], "date": [DAY], "qty": [float("inf")]})),
        ["row 2", "'qty'", "number"],
    ),
    # databases
    "DuckDB that is none": ("a.duckdb", b"not a database at all" * 99, ["a.duckdb", "DuckDB"]),
}


@pytest.mark.parametrize("fault", FILES, ids=str)
def test_malformed_file_names_what_is_wrong(fault: str, tmp_path: Path) -> None:
    name, content, words = FILES[fault]
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(DataError) as caught:
        load_table(path)
    assert [w for w in words if w not in str(caught.value)] == [], str(caught.value)


Act = Callable[[Path], object]


def zip_of(folder: Path) -> Path:
    path = folder / "b.csv"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a.csv", HEAD + GOOD)
    return path


def csv_of(folder: Path) -> Path:
    path = folder / "a.csv"
    path.write_text(HEAD + GOOD)
    return path


TWO = ("create table jan as select 1 as a", "create table feb as select 1 as a")
REQUESTS: dict[str, tuple[Act, list[str]]] = {
    "no such file": (lambda f: load_table(f / "gone.csv"), ["gone.csv", "no file"]),
    "a folder": (lambda f: load_table(f), ["not read"]),
    "zip called csv": (lambda f: load_table(zip_of(f)), ["b.csv", "zip archive"]),
    "DuckDB with two tables": (
        lambda f: load_table(database(f / "a.duckdb", TWO)),
        ["a.duckdb", "2 tables", "'feb', 'jan'"],
    ),
    "DuckDB without that table": (
        lambda f: load_table(database(f / "a.duckdb", TWO), table="mar"),
        ["a.duckdb", "no table 'mar'", "jan"],
    ),
    "DuckDB without tables": (
        lambda f: load_table(database(f / "a.duckdb", ())),
        ["a.duckdb", "no tables"],
    ),
    "DuckDB with a wrong query": (
        lambda f: load_table(database(f / "a.duckdb", TWO), table="select b from jan"),
        ["a.duckdb", "select b from jan"],
    ),
    "mapped to no header": (
        lambda f: load_table(csv_of(f), mapping={"y": "menge"}),
        ["'y'", "'menge'", "'qty'"],
    ),
    "mapped from no noun": (
        lambda f: load_table(csv_of(f), mapping={"colour": "qty"}),
        ["'colour'", "quantity"],
    ),
    "mapped away": (lambda f: load_table(csv_of(f), mapping={"date": ""}), ["date"]),
    "date_order of three letters": (
        lambda f: load_table(csv_of(f), date_order="dym"),
        ["'dym'", "dmy"],
    ),
    "unknown kind": (lambda f: load_table(csv_of(f), kind="weekly"), ["'weekly'", "daily"]),
    "unknown database": (lambda f: load_table("oracle://u:p@h/x"), ["oracle", "postgresql"]),
    "sheet that is not there": (
        lambda f: load_table(sheet_of(f), table="feb"),
        ["a.xlsx", "'feb'", "jan"],
    ),
}


def sheet_of(folder: Path) -> Path:
    path = folder / "a.xlsx"
    path.write_bytes(workbook({"jan": [COLUMNS, ["A", DAY, 1]]}))
    return path


@pytest.mark.parametrize("fault", REQUESTS, ids=str)
def test_wrong_request_says_what_there_is(fault: str, tmp_path: Path) -> None:
    act, words = REQUESTS[fault]
    with pytest.raises(TradewindError) as caught:
        act(tmp_path)
    assert isinstance(caught.value, DataError | UnknownName)
    assert [w for w in words if w not in str(caught.value)] == [], str(caught.value)


def test_there_are_fifty_malformed_files() -> None:
    assert len(FILES) >= 50
