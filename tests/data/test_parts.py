"""A large table worked on piece by piece gives what it gives whole."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from tradewind.data import parts
from tradewind.data.assemble import to_panel
from tradewind.data.load import load_table
from tradewind.data.parts import alike, in_like_pieces, parts_of
from tradewind.flows.bench import write_shop

MOST_BYTES = 300
"""A row in 1.4 million, at the peak of reading; 227 were measured, 465 before reading by parts."""

READING = """
import sys
from pathlib import Path
from tradewind.data.load import load_table
from tradewind.flows.bench import peak_gb
before = peak_gb()
rows = len(load_table(Path(sys.argv[1]), kind="daily").lines)
print((peak_gb() - before) * 1e9 / rows)
"""


def shop_of(kind: str) -> pl.DataFrame:
    days = [f"2024-03-{1 + k % 28:02d}" for k in range(60)]
    table = pl.DataFrame(
        {
            "sku": [f"P{k // 28}" for k in range(60)],
            "date": days,
            "qty": [str(k % 4) for k in range(60)],
            "promotion": ["", "20%", "8折"] * 20,
            "category": ["tea", " tea"] * 30,
        }
    )
    number = pl.Series("order id", [str(k // 2) for k in range(60)])
    return table.with_columns(number) if kind == "orders" else table


@pytest.mark.parametrize("kind", ["daily", "orders", "sales"])
def test_lines_and_panel_do_not_depend_on_the_parts(
    kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    table = shop_of(kind)
    whole = load_table(table, kind=kind).lines
    monkeypatch.setattr(parts, "PART", 7)
    pieces = pl.concat([table[:25], table[25:]], rechunk=False)
    lines = load_table(pieces, kind=kind).lines
    assert_frame_equal(lines, whole)
    assert_frame_equal(to_panel(lines, "D")[0].frame, to_panel(whole, "D")[0].frame)


def test_parts_follow_the_pieces_of_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parts, "PART", 4)
    table = pl.concat([pl.DataFrame({"a": range(5)}), pl.DataFrame({"a": range(3)})], rechunk=False)
    assert [len(part) for part in parts_of(table)] == [4, 1, 3]
    assert [len(part) for part in parts_of(table.clear())] == [0]


def test_pieces_that_match_stay_and_others_become_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parts, "PART", 4)
    table = pl.concat([pl.DataFrame({"a": range(4), "b": range(4)})] * 2, rechunk=False)
    whole = pl.Series("c", range(8))
    for given, lengths in ((table, [4, 4]), (table.with_columns(whole), [8])):
        wanted = given.clone()
        made = in_like_pieces(given)
        assert [made[c].chunk_lengths() for c in made.columns] == [lengths] * made.width
        assert_frame_equal(made, wanted)
        assert given.width == 0
    monkeypatch.setattr(parts, "PART", 3)
    assert in_like_pieces(wanted.select("a", "b"))["a"].n_chunks() == 1


def test_a_column_is_brought_into_the_pieces_of_another() -> None:
    other = pl.concat([pl.Series([1, 2, 3]), pl.Series([4, 5])], rechunk=False)
    column = pl.concat([pl.Series("a", "xy"), pl.Series("a", "zuv")], rechunk=False)
    made = alike(column, other)
    assert (made.chunk_lengths(), made.to_list()) == ([3, 2], list("xyzuv"))
    assert alike(column.clear(), other.clear()).is_empty()


@pytest.mark.skipif(sys.platform != "linux", reason="the bound was measured on Linux")
def test_reading_holds_a_table_about_once(tmp_path: Path) -> None:
    file = tmp_path / "sales.parquet"
    write_shop(file, 2000, 730)
    answer = subprocess.run(
        [sys.executable, "-c", READING, str(file)], capture_output=True, check=True, text=True
    )
    assert float(answer.stdout) < MOST_BYTES
