"""The workspace: a folder that keeps sales, runs, forecasts, decisions and trained models."""

from __future__ import annotations

from tradewind.store.registry import Registry, Version
from tradewind.store.workspace import Workspace

__all__ = ["Registry", "Version", "Workspace"]
