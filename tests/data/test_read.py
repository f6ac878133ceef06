"""Files of every kind, every cell as found."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pandas as pd
import polars as pl
import pytest
import xlsxwriter
from hypothesis import given, settings
from hypothesis import strategies as st

from tradewind.data import text as text_files
from tradewind.data.read import read
from tradewind.data.text import _blocks, _fast, _is_plain, _slow, delimiter_of, read_text

CHINESE = "商品,日期,销量\n鞋子,2024-03-01,2\n"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "gb18030"])
def test_an_encoding_is_recognised(encoding: str) -> None:
    table = read_text(CHINESE.encode(encoding), "a.csv")
    assert table.to_dicts() == [{"商品": "鞋子", "日期": "2024-03-01", "销量": "2"}]


@pytest.mark.parametrize("delimiter", [",", "\t", ";", "|"])
@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
def test_a_delimiter_is_recognised(delimiter: str, newline: str) -> None:
    text = newline.join(delimiter.join(row) for row in (["a", "b", "c"], ["1", "2,5", "x"]))
    text = text if delimiter != "," else text.replace("2,5", '"2,5"')
    table = read_text(text.encode(), "a.csv")
    assert table.rows() == [("1", "2,5", "x")]


def test_cells_of_text_files_stay_text() -> None:
    table = read_text(b"id,qty\n007,1.0\n1234567890123456789,\n", "a.csv")
    assert table.rows() == [("007", "1.0"), ("1234567890123456789", None)]


def test_blank_lines_keep_the_rows_below_in_place() -> None:
    for text in (b"a,b\n\n1,2\n", b'a,b\n\n"1",2\n'):
        assert read_text(text, "a.csv").rows() == [(None, None), ("1", "2")]


def test_quotes_hold_delimiters_lines_and_quotes() -> None:
    text = 'a,b\n"x,y","p\nq"\n"say ""hi""",5" pipe\n'
    table = read_text(text.encode(), "a.csv")
    assert table.rows() == [("x,y", "p\nq"), ('say "hi"', '5" pipe')]


def test_a_sep_line_of_a_spreadsheet_is_obeyed() -> None:
    table = read_text(b"sep=;\na;b\n1;2\n", "a.csv")
    assert table.columns == ["a", "b"]
    assert table.rows()[-1] == ("1", "2")


CELL = st.text(st.characters(codec="utf-8", exclude_characters="\r\x00"), max_size=8)


@settings(deadline=None)
@given(st.lists(st.lists(CELL, min_size=2, max_size=2), min_size=1, max_size=6))
def test_the_fast_reader_agrees_with_the_slow_one(rows: list[list[str]]) -> None:
    quoted = [
        "".join(f'"{c.replace(chr(34), chr(34) * 2)}"' for c in r[:1]) + "," + "7" for r in rows
    ]
    text = "a,b\n" + "\n".join(quoted) + "\n"
    slow = _slow(text, ",", "a.csv")
    assert slow["a"].fill_null("").to_list() == [r[0] for r in rows]
    if _is_plain([text.encode()], ","):
        fast = _fast([text.encode()], text, ",", "a.csv")
        assert fast is not None
        assert fast.with_columns(pl.all().fill_null("")).equals(
            slow.with_columns(pl.all().fill_null(""))
        )


def test_the_delimiter_is_the_one_that_agrees() -> None:
    assert delimiter_of("a;b;c\n1,5;2;3\n2,5;1;2\n") == ";"
    assert delimiter_of("sku\nA\nB\n") == ","


def test_a_workbook_keeps_text_ids_and_dates(tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    book = xlsxwriter.Workbook(str(path), {"default_date_format": "yyyy-mm-dd"})
    sheet = book.add_worksheet("sales")
    book.add_worksheet("empty")
    sheet.write_row(0, 0, ["sku", "date", "qty"])
    sheet.write_string(1, 0, "1234567890123456789")
    sheet.write_string(2, 0, "007")
    for row, day in enumerate((datetime(2024, 3, 1), datetime(2024, 3, 2)), start=1):
        sheet.write_datetime(row, 1, day)
        sheet.write_number(row, 2, row)
    book.close()
    table = read(path)
    assert table["sku"].to_list() == ["1234567890123456789", "007"]
    assert table["date"].cast(pl.Datetime("us")).to_list() == [
        datetime(2024, 3, 1),
        datetime(2024, 3, 2),
    ]
    assert table["qty"].to_list() == [1.0, 2.0]
    assert read(path, table="sales").equals(table)


def test_parquet_keeps_its_types(tmp_path: Path) -> None:
    table = pl.DataFrame({"sku": ["A"], "date": [datetime(2024, 3, 1)], "qty": [2]})
    table.write_parquet(tmp_path / "a.parquet")
    assert read(tmp_path / "a.parquet").equals(table)
    assert read(str(tmp_path / "a.parquet")).equals(table)


def test_data_frames_of_other_libraries_are_taken() -> None:
    frame = {"sku": ["A"], "qty": [2]}
    assert read(pd.DataFrame(frame)).rows() == [("A", 2)]
    assert read(pl.DataFrame(frame).to_arrow()).rows() == [("A", 2)]


@pytest.mark.parametrize("last", ["1,2", "", "1,2,3", "1"])
def test_a_long_file_is_plain_if_each_of_its_blocks_is(
    last: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(text_files, "BLOCK", 8)
    blocks = _blocks("a,b\n" + "1,2\n" * 9 + last + "\n")
    assert len(blocks) > 3
    assert _is_plain(blocks, ",") == (last in ("1,2", ""))
    assert not _is_plain(_blocks("\n" + "1,2\n" * 9), ",")


@pytest.mark.parametrize("end", ["", "\n", "\n\n\n"])
def test_a_file_read_in_blocks_is_the_file_read_line_by_line(
    end: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = "a,b\n" + "".join(f"{k},茶{k}\n" + "\n" * (k % 4) for k in range(40)) + "x," + end
    monkeypatch.setattr(text_files, "BLOCK", 12)
    blocks = _blocks(text)
    assert b"".join(blocks).decode() == text
    assert any(block.startswith(b"\n") for block in blocks)
    assert read_text(text.encode(), "a.csv").equals(_slow(text, ",", "a.csv"))


def test_where_something_is_quoted_the_text_stays_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(text_files, "BLOCK", 4)
    assert _blocks('a,b\n"1\n2",3\n') == [b'a,b\n"1\n2",3\n']
