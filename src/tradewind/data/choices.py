"""Choices: columns that hold one of a few words, and what shops call them."""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

CHOICES: dict[str, Mapping[str, tuple[str, ...]]] = {
    "status": {
        "active": (
            *(
                "active",
                "onsale",
                "live",
                "selling",
                "current",
                "enabled",
                "available",
                "published",
            ),
            *("在售", "在售中", "销售中", "已上架", "上架", "上架中", "正常", "正常销售", "启用"),
        ),
        "discontinued": (
            *("discontinued", "inactive", "ended", "endoflife", "eol", "delisted", "retired"),
            *("archived", "obsolete", "disabled", "phasedout", "phaseout", "stopped"),
            *(
                "停售",
                "已停售",
                "停产",
                "已停产",
                "下架",
                "已下架",
                "淘汰",
                "已淘汰",
                "停用",
                "清退",
            ),
        ),
        "planned": (
            *("planned", "upcoming", "draft", "comingsoon", "new", "prelaunch", "notlaunched"),
            *("待上架", "待上市", "未上架", "未上市", "预售", "新品", "计划", "即将上架", "草稿"),
        ),
    },
}
"""Noun → our word for a choice → what else it may be called, squeezed."""


def chosen(noun: str, text: pl.Series) -> pl.Series:
    """Our word for each cell of this noun; null where it is empty, or not one of them.

    >>> chosen("status", pl.Series(["On Sale", "停售", "soon", None])).to_list()
    ['active', 'discontinued', None, None]
    """
    words = {word: ours for ours, called in CHOICES[noun].items() for word in (ours, *called)}
    squeezed = text.str.to_lowercase().str.replace_all(r"[\s_\-/.,，:：]+", "")
    return squeezed.replace_strict(words, default=None, return_dtype=pl.String)
