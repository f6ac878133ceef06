"""Where the benchmark keeps its forecasts, and what it measures."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from tradewind.flows import bench


@pytest.mark.skipif(sys.platform != "linux", reason="XDG folders are those of Linux")
def test_the_cache_lies_where_the_system_keeps_caches(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    assert bench.user_cache() == tmp_path / ".cache" / "tradewind"
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "elsewhere"))
    assert bench.user_cache() == tmp_path / "elsewhere" / "tradewind"
    monkeypatch.setenv("XDG_CACHE_HOME", "here")
    assert bench.user_cache() == tmp_path / ".cache" / "tradewind"


def test_other_code_has_another_cache_and_the_same_code_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = tmp_path / "tradewind"
    (package / "models").mkdir(parents=True)
    (package / "flows").mkdir()
    model, flow = package / "models" / "ar.py", package / "flows" / "bench.py"
    model.write_text("k = 1")
    flow.write_text("")
    monkeypatch.setattr(bench, "__file__", str(flow))
    first = bench.code_cache(tmp_path / "cache")
    flow.write_text("# how it is shown")
    assert bench.code_cache(tmp_path / "cache") == first
    model.write_text("k = 2")
    assert bench.code_cache(tmp_path / "cache") != first
    assert first.is_dir()


def test_a_cache_that_nobody_used_for_long_is_deleted(tmp_path: Path) -> None:
    now = time.time()
    for name, days in (("old", 15), ("recent", 13)):
        (tmp_path / name).mkdir()
        (tmp_path / name / "kept.npz").write_bytes(b"")
        os.utime(tmp_path / name, (now - days * 86_400,) * 2)
    mine = bench.code_cache(tmp_path, now=now)
    assert {p.name for p in tmp_path.iterdir()} == {"recent", mine.name}


def test_a_request_keeps_its_forecasts_unless_told_where(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bench, "user_cache", lambda: tmp_path)
    usual = bench.request(True, "rossmann_1D", "", "fast", None, False)
    assert usual.cache is not None
    assert usual.cache.parent == tmp_path / "fev"
    told = bench.request(True, "", "", "fast", tmp_path / "mine", True)
    assert (told.cache, told.fresh) == (tmp_path / "mine", True)


def test_a_plain_panel_is_whole_and_repeats() -> None:
    panel = bench.plain_panel(3, 20)
    y = panel.wide()
    assert y.shape == (3, 20)
    assert (y == np.rint(y)).all()
    np.testing.assert_array_equal(bench.plain_panel(3, 20).wide(), y)


def test_the_memory_of_zero_shot_is_that_of_a_process_of_its_own() -> None:
    few = bench.zero_shot_peak_gb(20)
    assert 0.05 < few < 1.5


def test_a_large_parent_is_not_counted() -> None:
    ballast = np.ones(200_000_000, np.uint8)
    code = "from tradewind.flows import bench; print(bench.peak_gb())"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True).stdout
    assert float(told) < bench.peak_gb()
    assert ballast.sum() == len(ballast)
