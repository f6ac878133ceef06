"""The report: one self-contained HTML page, in English or Chinese."""

from __future__ import annotations

from tradewind.charts.contents import Money, Report

__all__ = ["Money", "Report"]
