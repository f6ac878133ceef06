"""Run the benchmarks and append what was measured to results.csv.

    python benchmarks/run.py --data ../shared/bench               dev windows, then speed
    python benchmarks/run.py --data ../shared/bench --published   the published windows, to report

Settings are chosen on the dev windows. The published windows are run to report a version, a few
times in its life, and every run leaves rows in results.csv.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import platform
import subprocess
import sys
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path

HERE = Path(__file__).parent
RESULTS = HERE / "results.csv"
COLUMNS = (
    *("date", "commit", "benchmark", "task", "model", "preset", "metric", "value"),
    *("command", "hardware", "note"),
)
Row = Mapping[str, str | float | None]


def append_results(path: Path, rows: Iterable[Row]) -> int:
    """Append measured numbers to a file of results, and say how many.

    A row names benchmark, task, model, preset, metric, value, command, note where they apply; date,
    commit and hardware are filled in. A value that is None or nan is not a measurement: left out.

    Raises ValueError for a column that the file does not have.
    """
    stamp = {
        "date": datetime.now(UTC).strftime("%Y-%m-%dT%H:%MZ"),
        "commit": commit(),
        "hardware": hardware(),
    }
    new, written = not path.exists(), 0
    with path.open("a", newline="", encoding="utf-8") as file:
        table = csv.DictWriter(file, COLUMNS, restval="", lineterminator="\n")
        if new:
            table.writeheader()
        for row in rows:
            if row["value"] is None or row["value"] != row["value"]:
                continue
            table.writerow(stamp | dict(row))
            written += 1
    return written


def commit() -> str:
    """The short commit of this checkout, with a + where files were changed since."""
    told = subprocess.run(
        ["git", "describe", "--always", "--dirty=+", "--exclude=*"],
        cwd=HERE,
        capture_output=True,
        text=True,
        check=False,
    )
    return told.stdout.strip() or "unknown"


def hardware() -> str:
    """What the numbers were measured on: cores and memory."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return f"{cores} cores {memory:.0f} GB {platform.machine()}"


def fev_rows(said: Mapping[str, list[dict[str, object]]], *, dev: bool) -> list[Row]:
    """Rows of our models from what `tradewind bench fev --json` says."""
    benchmark = "fev-dev" if dev else "fev"
    rows: list[Row] = []
    for row in said["rows"]:
        if not row["published"]:
            about = {"benchmark": benchmark, "task": str(row["task"]), "model": str(row["model"])}
            for metric in ("SQL", "MASE", "WAPE", "WQL", "coverage80", "seconds"):
                rows.append(about | {"metric": metric, "value": _number(row[metric])})
    for row in said["skill"]:
        if not row["published"]:
            about = {"benchmark": benchmark, "task": "all", "model": str(row["model"])}
            rows.append(about | {"metric": "skill", "value": _number(row["skill"])})
            for end in ("low", "high"):
                if row.get(end) is not None:
                    rows.append(about | {"metric": f"skill_{end}", "value": _number(row[end])})
    return rows


def _number(value: object) -> float | None:
    return float(value) if isinstance(value, int | float) else None


def run_fev(data: Path, preset: str, *, dev: bool, fresh: bool) -> list[Row]:
    """Run the published tasks here, showing progress on stderr."""
    from tradewind.flows import bench

    request = bench.request(dev, "", "", preset, None, fresh)
    result = bench.fev(data, request, progress=_show)
    said = json.loads(result.to_json())
    said["skill"] = result.skill.to_dicts()  # with the interval, which the JSON leaves out
    print(result.skill)
    command = f"bench fev --preset {preset}{' --dev' if dev else ''}"
    about = {"preset": preset, "command": f"tradewind {command}"}
    return [about | dict(row) for row in fev_rows(said, dev=dev)]


def _show(done: int, total: int, what: str) -> None:
    print(f"{done}/{total} {what}", file=sys.stderr, flush=True)


def run_speed() -> list[Row]:
    """Run `tradewind bench speed` in a process of its own: its peak memory is its own."""
    command = [sys.executable, "-m", "tradewind.cli", "bench", "speed", "--json"]
    told = subprocess.run(command, capture_output=True, text=True, check=True)
    about = {"benchmark": "speed", "command": "tradewind bench speed --json"}
    return [about | {"metric": k, "value": v} for k, v in json.loads(told.stdout).items()]


def main() -> int:
    """Run what was asked for and append it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--data", type=Path, default=HERE.parent.parent / "shared" / "bench")
    parser.add_argument("--preset", default="default")
    parser.add_argument("--published", action="store_true", help="the published windows")
    parser.add_argument("--fresh", action="store_true", help="forget the cached forecasts")
    parser.add_argument("--results", type=Path, default=RESULTS)
    asked = parser.parse_args()
    if not asked.data.is_dir():
        print(f"no benchmark files at {asked.data}: name their folder with --data", file=sys.stderr)
        return 2
    rows = run_fev(asked.data, asked.preset, dev=not asked.published, fresh=asked.fresh)
    count = append_results(asked.results, rows)
    count += append_results(asked.results, run_speed())
    print(f"{count} rows appended to {asked.results}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
