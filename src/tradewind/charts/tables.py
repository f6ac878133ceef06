"""The tables of the report: models and how they scored, repairs, and what stock-outs cost."""

from __future__ import annotations

import polars as pl

from tradewind.charts.base import Section
from tradewind.charts.contents import Report
from tradewind.charts.products import names_of
from tradewind.charts.texts import TEXTS
from tradewind.charts.words import Words

LOSSES = 8
"""Products listed with what stock-outs cost them."""

COLUMNS: dict[str, tuple[str, int, float]] = {
    "skill": ("skill", 1, 100),
    "WAPE": ("wape", 1, 100),
    "SQL": ("sql", 3, 1),
    "MASE": ("mase", 3, 1),
    "bias": ("bias", 1, 100),
    "coverage80": ("coverage80", 1, 100),
    "money_error": ("money_error", 0, 1),
    "seconds": ("seconds", 1, 1),
    "failures": ("failures", 0, 1),
    "spread": ("spread", 1, 100),
}
"""Column of the leaderboard → key of its heading, digits, and what it is multiplied by."""


def models(report: Report, words: Words) -> Section:
    """The leaderboard: heading cells, and a row of texts for each model."""
    board = report.leaderboard
    if not len(board):
        return {"title": words("nav_models"), "note": words("models_none"), "rows": []}
    shown = [c for c in COLUMNS if c in board.columns]
    skill = dict(zip(board["model"], board["skill"], strict=True)) if "skill" in shown else {}
    best = skill.get(report.chosen)
    title = words("models_title_bare", model=report.chosen)
    if best is not None and best > 0:
        title = words("models_title", model=report.chosen, skill=words.share(best))
    n = report.n_windows
    windows = words("window") if n == 1 else words("windows", n=n or "–")
    return {
        "title": title,
        "note": words("models_note", windows=windows),
        "head": [words("model"), *[_heading(c, report, words) for c in shown]],
        "rows": [
            {
                "model": row["model"],
                "chosen": row["model"] == report.chosen,
                "cells": [_cell(row[c], c, words) for c in shown],
            }
            for row in board.to_dicts()
        ],
    }


def quality(report: Report, words: Words) -> Section:
    """Repairs with their counts and examples, and sales that stock held back."""
    table = report.repairs.filter(pl.col("count") > 0) if len(report.repairs) else report.repairs
    total = int(table["count"].sum()) if len(table) else 0
    title = words("data_title", n=words.number(total)) if total else words("data_title_clean")
    return {
        "title": title,
        "note": words("data_note"),
        "head": [words("kind"), words("count"), words("example")],
        "rows": [
            {
                "kind": _kind(str(row["kind"]), words),
                "count": words.number(row["count"]),
                "example": str(row.get("example") or ""),
            }
            for row in (table.sort("count", descending=True).to_dicts() if len(table) else [])
        ],
        "censored": _censored(report, words),
    }


def _censored(report: Report, words: Words) -> Section:
    """What was sold and what was wanted in the periods that stock limited."""
    frame, step = report.panel.frame, words.step(report.panel.freq)
    none: Section = {
        "title": words("censored_none_title"),
        "note": words("censored_none"),
        "rows": [],
    }
    if "censored" not in frame.columns or "demand" not in frame.columns:
        return none
    limited = frame.filter(pl.col("censored").cast(pl.Boolean).fill_null(False))
    if not len(limited):
        return none
    lost = (pl.col("demand") - pl.col("y").fill_null(0.0)).clip(lower_bound=0.0)
    by_product = (
        limited.group_by("unique_id")
        .agg(
            pl.len().alias("n"), pl.col("y").sum(), pl.col("demand").sum(), lost.sum().alias("lost")
        )
        .sort("lost", "unique_id", descending=[True, False])
    )
    top = by_product.head(LOSSES)
    names = names_of(report, tuple(top["unique_id"].to_list()))
    total = words.units(float(by_product["lost"].sum()))
    count = words.number(len(limited))
    heads = ("product", "limited_periods", "sold_then", "demand_then", "lost")
    return {
        "title": words("censored_title", n=count, step=step, lost=total),
        "note": words("censored_note"),
        "head": [words(key, step=step) for key in heads],
        "rows": [
            [name, *[words.number(row[c]) for c in ("n", "y", "demand", "lost")]]
            for name, row in zip(names, top.to_dicts(), strict=True)
        ],
    }


def _heading(column: str, report: Report, words: Words) -> str:
    if column == "money_error" and not report.currency:
        return words("money_error_bare")
    return words(COLUMNS[column][0], currency=report.currency)


def _cell(value: float | None, column: str, words: Words) -> str:
    _, digits, scale = COLUMNS[column]
    text = words.number(None if value is None else value * scale, digits)
    return text.replace("-", "−")


def _kind(kind: str, words: Words) -> str:
    """The repair in the reader's words; a kind we have no words for is shown as it is called."""
    return words(f"kind_{kind}") if f"kind_{kind}" in TEXTS else kind.replace("_", " ")
