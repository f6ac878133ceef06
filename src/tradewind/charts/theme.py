"""Colours as the charts use them, read from tokens.css."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from importlib.resources import files

Theme = Mapping[str, str]
"""Name of a token (ink, paper, brand, …) → a colour as CSS writes it."""


@cache
def stylesheet() -> str:
    """The text of tokens.css."""
    return files("tradewind.charts").joinpath("tokens.css").read_text(encoding="utf-8")


@cache
def tokens(mode: str = "light") -> Theme:
    """Every token of a mode, "light" or "dark".

    >>> tokens("light")["card"]
    '#ffffff'
    """
    light, dark = re.findall(r"\{([^}]*)\}", stylesheet())
    block = dark if mode == "dark" else light
    return dict(re.findall(r"--([\w-]+):\s*(#[0-9a-fA-F]{6})", block))


def symbolic() -> Theme:
    """Each token as its own name, "token:brand": the page puts in the colour of its mode."""
    return {name: f"token:{name}" for name in tokens()}


def contrast(one: str, other: str) -> float:
    """Contrast ratio of two colours, 1 to 21. Text wants 4.5, lines that carry meaning want 3.

    Source: WCAG 2.2, definitions of relative luminance and contrast ratio.

    >>> round(contrast("#000000", "#ffffff"), 1)
    21.0
    """
    bright, dim = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (bright + 0.05) / (dim + 0.05)


def _luminance(colour: str) -> float:
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
