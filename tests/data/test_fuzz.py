"""Mutated exports: whatever a file holds, it is read or refused in words that name it."""

from __future__ import annotations

import re
from datetime import datetime
from pathlib import Path

import numpy as np
import pytest

from tradewind.data.load import Loaded, load_table
from tradewind.errors import DataError, UnknownName
from tradewind.flows.load import Remembered, look, mapping_of

FILES = sorted((Path(__file__).parent / "exports").iterdir())
PAIR = {
    "taobao-orders": FILES[0].with_name("taobao-undated-items.csv"),
    "taobao-undated-items": FILES[0].with_name("taobao-orders.csv"),
}
"""Files that are read beside another."""
CELLS = (
    *(
        "",
        " ",
        "0",
        "-1",
        "1e309",
        "NaN",
        "inf",
        "1.234,56",
        "1,234.56",
        "９",
        "十二",
        "abc",
        "#N/A",
    ),
    *(
        "2025-02-30",
        "30/02/2025",
        "1899-01-01",
        "9999-12-31 25:61:61",
        "=1+1",
        '="',
        "\x00",
        "\x1f",
    ),
    *("\U0001f600", "a" * 5000, "'; drop table sales", "null", "None", "True", "¥-5", "5%", "½"),
)
"""Cells that no export should hold."""


def mutated(content: bytes, rng: np.random.Generator) -> bytes:
    """The content after one to four accidents."""
    for _ in range(int(rng.integers(1, 5))):
        content = ACCIDENTS[int(rng.integers(len(ACCIDENTS)))](content, rng)
    return content


def _cell(content: bytes, rng: np.random.Generator) -> bytes:
    """Another content in one cell."""
    parts = re.split(rb"([,\t\n])", content)
    parts[2 * int(rng.integers((len(parts) + 1) // 2))] = rng.choice(CELLS).encode()
    return b"".join(parts)


def _byte(content: bytes, rng: np.random.Generator) -> bytes:
    """Another byte in one place."""
    at = int(rng.integers(max(len(content), 1)))
    return content[:at] + bytes([int(rng.integers(256))]) + content[at + 1 :]


def _cut(content: bytes, rng: np.random.Generator) -> bytes:
    """The file as it is when a download breaks off."""
    return content[: int(rng.integers(len(content) + 1))]


def _line(content: bytes, rng: np.random.Generator) -> bytes:
    """A line left out, or standing twice."""
    lines = content.split(b"\n")
    at = int(rng.integers(len(lines)))
    return b"\n".join(lines[:at] + lines[at : at + 1] * int(rng.integers(3)) + lines[at + 1 :])


def _column(content: bytes, rng: np.random.Generator) -> bytes:
    """A header of another name, or the header of its neighbour."""
    head, _, rest = content.partition(b"\n")
    names = re.split(rb"([,\t])", head)
    at = 2 * int(rng.integers((len(names) + 1) // 2))
    names[at] = rng.choice([b"other", b"quantity", b"date", names[0], b""])
    return b"".join(names) + b"\n" + rest


ACCIDENTS = (_cell, _cell, _cell, _byte, _cut, _line, _column)


def loaded_with(file: Path) -> Loaded:
    """The file's lines; one of Taobao's pair is read beside the other, which is whole."""
    beside = [other for kind, other in PAIR.items() if kind in file.name]
    if not beside:
        return load_table(file)
    told = mapping_of({}, None, None, None)
    reads = look([file, *beside], Remembered(), told=told, at=datetime(2026, 1, 1))
    return next(read for read, _ in reads if file.name in read.name)


def _beside(file: Path) -> list[str]:
    """Names of the files that it is read beside: what lacks in one may be told of the other."""
    return [other.name for kind, other in PAIR.items() if kind in file.name]


def outcome(file: Path) -> str:
    """The message of a refusal; "read" without one."""
    try:
        loaded = loaded_with(file)
    except (DataError, UnknownName) as error:
        return str(error)
    assert loaded.lines["event_id"].n_unique() == len(loaded.lines)
    assert loaded.lines["product"].null_count() == 0
    assert loaded.lines["ordered_at"].null_count() == 0
    return "read"


def check(count: int, seed: int, folder: Path) -> None:
    """So many mutated files, all of them read or refused, and some of each."""
    rng = np.random.default_rng(seed)
    met: dict[str, int] = {}
    for number in range(count):
        source = FILES[number % len(FILES)]
        file = folder / f"{number}-{source.name}"
        file.write_bytes(mutated(source.read_bytes(), rng))
        try:
            said = outcome(file)
        except Exception as error:
            error.add_note(f"{source.name}, file {number} of seed {seed}: {file}")
            raise
        assert said == "read" or any(name in said for name in (file.name, *_beside(file))), said
        kind = "read" if said == "read" else "refused"
        met[kind] = met.get(kind, 0) + 1
        file.unlink()
    assert min(met.get("read", 0), met.get("refused", 0)) > count // 20, met


def test_a_mutated_export_is_read_or_refused_by_name(tmp_path: Path) -> None:
    check(500, 1, tmp_path)


@pytest.mark.slow
def test_ten_thousand_mutated_exports_are_read_or_refused_by_name(tmp_path: Path) -> None:
    check(10_000, 2, tmp_path)
