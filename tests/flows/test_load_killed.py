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


LOADING = """
import sys, time
from datetime import datetime
from pathlib import Path
from tradewind.data.load import load_table
from tradewind.flows.load import keep
from tradewind.store import Workspace
file, place = sys.argv[1:]
read = load_table(file, recorded_at=datetime(2026, 2, 1))
with Workspace(Path(place)) as shop:
    print("writing", flush=True)
    start = time.perf_counter()
    keep(shop, [read], at=datetime(2026, 2, 1), start=start)
    print(time.perf_counter() - start, flush=True)
"""


def started(file: Path, shop: Path) -> subprocess.Popen[str]:
    """A process that has read a file and begins to write its lines."""
    command = [sys.executable, "-c", LOADING, str(file), str(shop)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "writing\n"
    return process


def held(shop: Path) -> int:
    """Lines in the workspace, which opens and can be written to."""
    with Workspace(shop) as opened:
        stock.table(opened.db)
        return len(sales.lines(opened.db))


def check(kills: int, lines: int, folder: Path, seed: int) -> None:
    """Kill so many loads, at moments spread over the time that writing takes."""
    shop = folder / "shop"
    started(write(folder / "first.csv", 0, HELD), shop).communicate()
    told, _ = started(write(folder / "whole.csv", 10_000_000, lines), shop).communicate()
    usual, have = float(told), HELD + lines
    assert held(shop) == have
    rng = np.random.default_rng(seed)
    cut = 0
    for number in range(kills):
        file = write(folder / "next.csv", 20_000_000 + number * lines, lines)
        process = started(file, shop)
        time.sleep(float(usual * (number + rng.random()) / kills))
        process.send_signal(signal.SIGKILL)
        done, _ = process.communicate()
        now = held(shop)
        assert now in (have, have + lines), f"killed {number}: {now} lines, {have} before"
        assert now == have + lines or not done
        cut += now == have
        have = now
        if done:  # faster than the first one was: kill earlier
            usual = min(usual, float(done))
    assert cut > kills // 2


def test_a_killed_load_leaves_all_or_nothing(tmp_path: Path) -> None:
    check(6, 60_000, tmp_path, 1)


@pytest.mark.slow
def test_a_killed_load_of_many_lines_leaves_all_or_nothing(tmp_path: Path) -> None:
    check(40, 300_000, tmp_path, 2)
