"""The house rules, as a test: who may import whom."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

SRC = Path(__file__).parent.parent / "src" / "tradewind"
FILES = sorted(SRC.rglob("*.py"))

GROUND = {"arrays", "errors", "metrics"}
NOUNS = GROUND | {"panel", "task", "forecast", "decision", "event"}
BELOW = NOUNS | {
    "data",
    "features",
    "train",
    "models",
    "decide",
    "store",
    "charts",
    "backtest",
    "explain",
    "online",
}
MAY_IMPORT: dict[str, set[str]] = {
    "arrays": set(),
    "errors": set(),
    "metrics": {"arrays", "errors"},
    "panel": GROUND,
    "task": GROUND | {"panel"},
    "forecast": GROUND,
    "decision": GROUND,
    "event": GROUND,
    "data": NOUNS,
    "features": NOUNS,
    "train": NOUNS,
    "models": NOUNS | {"features", "train"},
    "decide": NOUNS | {"train"},
    "store": NOUNS,
    "charts": NOUNS,
    "backtest": NOUNS | {"models"},
    "explain": NOUNS | {"features", "models", "backtest"},
    "online": NOUNS | {"models", "backtest", "store"},
    "flows": BELOW,
    "serve": NOUNS | {"flows"},
    "cli": NOUNS | {"flows"},
    "__main__": {"cli"},
}
BANNED = {"utils", "helpers", "common", "misc", "manager"}


def room(path: Path) -> str:
    return path.relative_to(SRC).parts[0].removesuffix(".py")


def imported_rooms(tree: ast.Module) -> set[str]:
    """Every room named in an import, at the top or inside a function."""
    names: list[str] = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            names += [f"{node.module}.{alias.name}" for alias in node.names]
    return {name.split(".")[1] for name in names if name.startswith("tradewind.")}


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(SRC)))
def test_house(path: Path) -> None:
    tree = ast.parse(path.read_text())
    here = room(path)
    assert path.stem not in BANNED, f"{path.stem}.py says nothing: name the file after what it does"
    if here != "__init__":
        extra = imported_rooms(tree) - MAY_IMPORT[here] - {here}
        assert not extra, f"{here}/ may not import {sorted(extra)}"
