"""What the benchmarks of networks do to data and how they judge, without their data."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from types import ModuleType

import numpy as np
import polars as pl
import pytest

from tradewind.panel import Panel, dates_from

PROGRAMS = Path(__file__).parents[2] / "benchmarks"


@pytest.fixture(scope="module")
def programs() -> Iterator[dict[str, ModuleType]]:
    """The programs, imported as they find each other when one of them is run."""
    import importlib

    names = ("run", "networks", "networks_robustness", "networks_trend")
    sys.path.insert(0, str(PROGRAMS))
    yield {name: importlib.import_module(name) for name in names}
    sys.path.remove(str(PROGRAMS))


def shop() -> Panel:
    ds = dates_from(datetime(2025, 1, 6), 200, "D")
    y = np.tile([10.0, 20.0], 100)
    tables = [
        pl.DataFrame({"unique_id": key, "ds": ds, "y": size * y})
        for key, size in (("a", 1), ("b", 50))
    ]
    return Panel.from_frame(pl.concat(tables), "D")


@pytest.mark.parametrize(("kind", "size"), [("missing", 0.2), ("outliers", 0.1), ("noise", 0.5)])
def test_a_past_is_spoilt_in_each_series_own_units(
    programs: dict[str, ModuleType], kind: str, size: float
) -> None:
    past = shop()
    made = programs["networks_robustness"].spoilt(past, kind, size, np.random.default_rng(0))
    before, after = past.wide("y"), made.wide("y")
    changed = ~np.isclose(after, before)
    if kind == "missing":
        assert np.isnan(after[changed]).all()
        assert changed.mean() == pytest.approx(size, abs=0.05)
    elif kind == "outliers":
        assert np.allclose(after[0][changed[0]], 100)
        assert np.allclose(after[1][changed[1]], 5000)
        assert changed.mean() == pytest.approx(size, abs=0.05)
    else:
        spread = (after - before).std(axis=1)
        np.testing.assert_allclose(spread, size * before.std(axis=1), rtol=0.15)


def test_classes_are_judged_by_what_came(programs: dict[str, ModuleType]) -> None:
    chance = np.array([[0.9, 0.05, 0.05], [0.2, 0.6, 0.2], [0.85, 0.1, 0.05]])
    told = programs["networks_trend"].judged(chance, ["rise", "flat", "fall"])
    assert told["log_loss"] == pytest.approx(-np.log([0.9, 0.6, 0.05]).mean())
    assert told["accuracy"] == pytest.approx(2 / 3)
    assert (told["called"], told["said"], told["came"]) == pytest.approx((2 / 3, 0.875, 0.5))
