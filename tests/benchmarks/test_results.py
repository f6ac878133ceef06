"""What the benchmarks append to benchmarks/results.csv."""

from __future__ import annotations

import csv
import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parent.parent.parent


@pytest.fixture(scope="module")
def bench() -> ModuleType:
    """benchmarks/run.py, which is a program beside the package."""
    spec = importlib.util.spec_from_file_location("bench_run", ROOT / "benchmarks" / "run.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def read(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_rows_are_appended_below_one_header(bench: ModuleType, tmp_path: Path) -> None:
    path = tmp_path / "results.csv"
    row = {"benchmark": "speed", "metric": "import_s", "value": 0.1, "note": "a, b"}
    assert bench.append_results(path, [row]) == 1
    assert bench.append_results(path, [row, row]) == 2
    rows = read(path)
    assert list(rows[0]) == list(bench.COLUMNS)
    assert [r["value"] for r in rows] == ["0.1"] * 3
    assert rows[0]["note"] == "a, b"
    assert rows[0]["date"]
    assert rows[0]["commit"]
    assert "cores" in rows[0]["hardware"]


def test_what_is_not_a_measurement_is_left_out(bench: ModuleType, tmp_path: Path) -> None:
    rows = [{"metric": "skill", "value": value} for value in (None, float("nan"), 0.0)]
    assert bench.append_results(tmp_path / "results.csv", rows) == 1


def test_an_unknown_column_is_refused(bench: ModuleType, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="speed"):
        bench.append_results(tmp_path / "results.csv", [{"value": 1.0, "speed": 3.0}])


def test_only_our_models_become_rows(bench: ModuleType) -> None:
    scores = {"SQL": 1.0, "MASE": 1.0, "WAPE": 0.1, "WQL": 0.1, "seconds": 2.0}
    said = {
        "rows": [
            {"model": "trees", "task": "walmart", **scores, "coverage80": 0.8, "published": False},
            {"model": "Deep", "task": "walmart", **scores, "coverage80": None, "published": True},
        ],
        "skill": [
            {"model": "trees", "skill": 0.5, "low": 0.4, "high": 0.6, "published": False},
            {"model": "Deep", "skill": 0.4, "low": None, "high": None, "published": True},
        ],
    }
    rows = bench.fev_rows(said, dev=True)
    assert {row["model"] for row in rows} == {"trees"}
    assert {row["benchmark"] for row in rows} == {"fev-dev"}
    metrics = {row["metric"]: row["value"] for row in rows}
    assert metrics["coverage80"] == 0.8
    assert (metrics["skill_low"], metrics["skill"], metrics["skill_high"]) == (0.4, 0.5, 0.6)


def test_the_committed_results_have_the_columns(bench: ModuleType) -> None:
    path = ROOT / "benchmarks" / "results.csv"
    if not path.exists():
        pytest.skip("nothing has been measured yet")
    for row in read(path):
        assert list(row) == list(bench.COLUMNS)
        float(row["value"])
