"""models: the versions of trained models, and which of them forecasts."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from tradewind.store import Version, Workspace, audit


def listed(shop: Workspace, name: str | None = None) -> list[Version]:
    """Every version of one model or of all, oldest first."""
    if name is not None:
        shop.registry.find(name)
    return shop.registry.versions(name)


def shown(shop: Workspace, name: str, version: int | None = None) -> dict[str, Any]:
    """One version (the promoted one if none is named) with its settings and its files."""
    found = shop.registry.find(name, version)
    folder = shop.registry.folder(name, found.version)
    settings = folder / "settings.toml"
    files = {str(p.relative_to(folder)): p.stat().st_size for p in sorted(folder.rglob("*.*"))}
    return {
        **as_dict(found),
        "folder": str(folder),
        "settings": settings.read_text(encoding="utf-8") if settings.exists() else "",
        "files": files,
    }


def promote(shop: Workspace, name: str, version: int, *, at: datetime | None = None) -> Version:
    """Let a version forecast from now on."""
    at = at or datetime.now()
    promoted = shop.registry.promote(name, version, at)
    audit.add(shop.db, at, "tradewind", "promote", name, version=version)
    return promoted


def rollback(shop: Workspace, name: str, *, at: datetime | None = None) -> Version:
    """Let the version that was promoted before forecast again."""
    found = shop.registry.rollback(name)
    audit.add(shop.db, at or datetime.now(), "tradewind", "rollback", name, version=found.version)
    return found


def delete(shop: Workspace, name: str, version: int, *, at: datetime | None = None) -> None:
    """Remove a version that is not promoted."""
    shop.registry.delete(name, version)
    audit.add(shop.db, at or datetime.now(), "tradewind", "delete", name, version=version)


def as_dict(version: Version) -> dict[str, Any]:
    """A version as plain values."""
    names = ("name", "version", "created_at", "forecaster", "task", "digest", "metrics")
    return {n: getattr(version, n) for n in (*names, "promoted_at", "promoted")}
