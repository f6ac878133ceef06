"""A load that is killed at any moment leaves the workspace as it was."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from tradewind.store import Workspace, sales, stock

HELD = 500


def write(file: Path, first: int, count: int) -> Path:
    """Order lines with numbers of their own."""
    number = np.arange(first, first + count)
    table = {
        "order": [f"O{n}" for n in number],
        "line": ["1"] * count,
        "date": [f"2026-01-{1 + n % 28:02d}" for n in number],
        "sku": [f"P{n % 7}" for n in number],
        "quantity": ["1"] * count,
        "price": ["2.50"] * count,
    }
    pl.DataFrame(table).write_csv(file)
    return file


def started(file: Path, shop: Path) -> subprocess.Popen[bytes]:
    """A process that loads a file."""
    command = [sys.executable, "-m", "tradewind", "load", str(file), "--yes", "-w", str(shop)]
    return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def held(shop: Path) -> int:
    """Lines in the workspace, which opens and can be written to."""
    with Workspace(shop) as opened:
        stock.table(opened.db)
        return len(sales.lines(opened.db))


def check(kills: int, lines: int, folder: Path, seed: int) -> None:
    """Kill so many loads, at moments spread over the time that one takes."""
    shop = folder / "shop"
    assert started(write(folder / "first.csv", 0, HELD), shop).wait() == 0
    begun = time.monotonic()
    assert started(write(folder / "whole.csv", 10_000_000, lines), shop).wait() == 0
    usual, have = time.monotonic() - begun, HELD + lines
    rng = np.random.default_rng(seed)
    cut = 0
    for number in range(kills):
        file = write(folder / "next.csv", 20_000_000 + number * lines, lines)
        process = started(file, shop)
        time.sleep(float(usual * (number + rng.random()) / kills))
        process.send_signal(signal.SIGKILL)
        done = process.wait() == 0
        now = held(shop)
        assert now in (have, have + lines), f"killed {number}: {now} lines, {have} before"
        assert now == have + lines or not done
        cut += now == have
        have = now
    assert cut


def test_a_killed_load_leaves_all_or_nothing(tmp_path: Path) -> None:
    check(5, 20_000, tmp_path, 1)


@pytest.mark.slow
def test_a_killed_load_of_many_lines_leaves_all_or_nothing(tmp_path: Path) -> None:
    check(40, 300_000, tmp_path, 2)
