"""Ten million order lines from a file into a workspace, again, and into a panel.

    python benchmarks/loading.py [--lines 10000000] [--folder FOLDER] [--results FILE [--note NOTE]]

Writes synthetic order lines of 20,000 products on three channels over two years as Parquet and as
CSV, and loads each with a process of its own: `first` into an empty workspace, `again` the same
file once more (every line is there already), `panel` daily series of all of it. Prints seconds and
the largest resident memory of each process (VmHWM); with --results appends both to that file.
"""

from __future__ import annotations

import argparse
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import polars as pl
from run import Row, append_results

WRITTEN = {"parquet": "parquet", "csv": "CSV"}
"""Ending of a file → what the results call it."""
STEP = """
import sys, time
from pathlib import Path
from tradewind.flows import bench, load
from tradewind.flows.asked import Question
from tradewind.flows.shop import open_shop, see
step, file, place = sys.argv[1:]
start = time.perf_counter()
with open_shop(Path(place), create=True) as shop:
    if step == "panel":
        told = len(see(shop, Question(freq="D", by=("product",))).panel.ids)
    else:
        told = load.load(shop, file, zone="Asia/Shanghai").appended
print(f"{time.perf_counter() - start:.1f} s, {bench.peak_gb():.2f} GB, {told}")
"""


def write_lines(count: int, file: Path, seed: int = 1) -> None:
    """So many order lines, one to four an order, as Parquet or CSV."""
    rng = np.random.default_rng(seed)
    order = np.sort(rng.integers(0, max(count // 2, 1), count))
    first = np.flatnonzero(np.r_[True, order[1:] != order[:-1]])
    line = np.arange(count) - np.repeat(first, np.diff(np.r_[first, count]))
    product = np.minimum(rng.pareto(1.1, count) * 40, 19_999).astype(np.int32)
    second = (order * (730 * 86_400 / max(count // 2, 1))).astype(np.int64)
    start = np.datetime64("2024-01-01T00:00:00", "us")
    table = pl.DataFrame(
        {
            "order_id": order,
            "line_id": line.astype(np.int32),
            "date": start + (second * 1_000_000).astype("timedelta64[us]"),
            "sku": product,
            "channel": (order % 3).astype(np.int32),
            "quantity": rng.integers(1, 5, count).astype(np.int32),
            "price": np.round(5 + product % 200 + rng.random(count), 2),
        }
    ).with_columns(
        pl.format("O{}", pl.col("order_id").cast(pl.String).str.zfill(9)).alias("order_id"),
        pl.format("P{}", pl.col("sku").cast(pl.String).str.zfill(5)).alias("sku"),
        pl.col("channel").replace_strict({0: "Tmall", 1: "JD", 2: "Shopify"}),
        pl.lit("CNY").alias("currency"),
        pl.lit("paid").alias("status"),
    )
    if file.suffix == ".csv":
        table.write_csv(file)
    else:
        table.write_parquet(file)


def rows_of(said: str, task: str, step: str, note: str) -> list[Row]:
    """Rows for the file of results from what a step said; none of a step that failed."""
    told = re.match(r"(?P<seconds>[\d.]+) s, (?P<peak_gb>[\d.]+) GB", said)
    same = {"benchmark": "loading", "task": task, "model": step, "note": note}
    same["command"] = "python benchmarks/loading.py"
    measured = told.groupdict() if told else {}
    return [{**same, "metric": metric, "value": value} for metric, value in measured.items()]


def main() -> None:
    """Write, load, load again, and make a panel, for both kinds of file."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--lines", type=int, default=10_000_000)
    parser.add_argument("--folder", type=Path, help="for the files; a temporary one without it")
    parser.add_argument("--results", type=Path, help="append what was measured to this file")
    parser.add_argument("--note", default="")
    asked = parser.parse_args()
    rows: list[Row] = []
    folder = Path(tempfile.mkdtemp(dir=asked.folder))
    try:
        for kind in WRITTEN:
            file, place = folder / f"orders.{kind}", folder / f"shop-{kind}"
            write_lines(asked.lines, file)
            print(f"{kind}: {asked.lines:,} lines, {file.stat().st_size / 1e6:,.0f} MB", flush=True)
            for step in ("first", "again", "panel"):
                command = [sys.executable, "-c", STEP, step, str(file), str(place)]
                done = subprocess.run(command, capture_output=True, text=True, check=False)
                said = done.stdout.strip() if done.returncode == 0 else done.stderr[-500:]
                print(f"  {step:6s} {said}", flush=True)
                rows += rows_of(
                    said, f"{asked.lines / 1e6:g} million lines, {WRITTEN[kind]}", step, asked.note
                )
            file.unlink()
            shutil.rmtree(place)
    finally:
        shutil.rmtree(folder)
    if asked.results:
        print(f"{append_results(asked.results, rows)} rows appended to {asked.results}")


if __name__ == "__main__":
    main()
