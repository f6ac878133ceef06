"""A sparkline as SVG: history, then the median forecast, small enough for a table cell."""

from __future__ import annotations

from html import escape

import numpy as np

from tradewind.arrays import Floats

WIDTH, HEIGHT, EDGE = 120, 32, 2


def sparkline(history: Floats, median: Floats, label: str) -> str:
    """One line for history and a lighter one for the forecast, from zero up; nan leaves a gap.

    The lines take the CSS classes `past` and `ahead`.
    """
    both = np.concatenate([history, median])
    if not len(both) or np.isnan(both).all():
        return ""
    x = np.linspace(EDGE, WIDTH - EDGE, len(both))
    top = max(float(np.nanmax(both)), 1e-9)
    y = HEIGHT - EDGE - np.clip(both, 0, None) / top * (HEIGHT - 2 * EDGE)
    cut = len(history)
    return (
        f'<svg class="spark" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}" '
        f'role="img" aria-label="{escape(label, quote=True)}">'
        f'<path class="past" d="{_path(x[:cut], y[:cut])}"/>'
        f'<path class="ahead" d="{_path(x[max(cut - 1, 0) :], y[max(cut - 1, 0) :])}"/></svg>'
    )


def _path(x: Floats, y: Floats) -> str:
    parts, pen = [], "M"
    for a, b in zip(x, y, strict=True):
        if np.isnan(b):
            pen = "M"
            continue
        parts.append(f"{pen}{a:.1f} {b:.1f}")
        pen = "L"
    return "".join(parts)
