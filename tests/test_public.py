"""The public face: at most twenty names, each of which is there, and a cheap import."""

from __future__ import annotations

import subprocess
import sys
from importlib import metadata
from types import ModuleType

import tradewind as tw

HEAVY = ("torch", "lightgbm", "statsforecast", "pandas", "polars", "duckdb", "scipy", "typer")


def test_there_are_at_most_twenty_names_and_each_is_there() -> None:
    assert len(tw.__all__) <= 20
    for name in tw.__all__:
        assert not isinstance(getattr(tw, name), ModuleType), name


def test_a_verb_stays_a_verb_after_its_room_is_imported() -> None:
    code = (
        "import tradewind as tw; import tradewind.forecast, tradewind.backtest.run; "
        "from tradewind.forecast import Forecast; assert Forecast is tw.Forecast; "
        "print(callable(tw.forecast), callable(tw.backtest))"
    )
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert told.stdout == "True True\n"


def test_the_version_is_the_installed_one() -> None:
    assert tw.__version__ == metadata.version("tradewind")


def test_importing_is_cheap() -> None:
    code = (
        "import sys, time; a = time.perf_counter(); import tradewind; "
        "print(time.perf_counter() - a, *sys.modules)"
    )
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    seconds, *modules = told.stdout.split()
    assert float(seconds) < 1.0  # measured: some milliseconds; a busy machine may be slow
    assert not set(HEAVY) & set(modules)


def test_the_forecasting_rooms_load_neither_trees_nor_pandas_before_they_are_used() -> None:
    code = "import sys, tradewind as tw; tw.load, tw.forecast, tw.Workspace; print(*sys.modules)"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not {"torch", "lightgbm", "statsforecast", "pandas"} & set(told.stdout.split())
