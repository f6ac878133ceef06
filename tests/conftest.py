"""What all tests share: a required server or browser that is absent is a failure, not a skip."""

from __future__ import annotations

import os
from collections.abc import Generator

import pytest

# As the command line does: threads that spin while they wait starve the other test process.
os.environ.setdefault("OMP_WAIT_POLICY", "passive")

REQUIRED = set(os.environ.get("TRADEWIND_REQUIRE", "").split())


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    needed = REQUIRED & {marker.name for marker in item.iter_markers()}
    if report.skipped and needed:
        report.outcome = "failed"
        report.longrepr = (
            f"skipped, but TRADEWIND_REQUIRE names {sorted(needed)}: {report.longrepr}"
        )
    return report
