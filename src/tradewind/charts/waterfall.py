"""The waterfall: from what is usual to the forecast, one bar for each cause."""

from __future__ import annotations

from collections.abc import Sequence

from tradewind.charts.base import SMALL, Option, base, category_axis, value_axis
from tradewind.charts.theme import Theme

MINUS = "\u2212"


def signed(value: float) -> str:
    """A difference as a label has it: '+34', '−4.2'.

    >>> signed(33.6), signed(-4.21)
    ('+34', '−4.2')
    """
    digits = 0 if abs(value) >= 10 else 1
    text = f"{abs(value):,.{digits}f}"
    return text if float(text.replace(",", "")) == 0 else f"{'+' if value > 0 else MINUS}{text}"


def waterfall_chart(
    steps: Sequence[tuple[str, float]],
    ends: tuple[str, str],
    texts: tuple[str, str],
    theme: Theme,
) -> Option:
    """Bars from the first end to the last, top to bottom.

    steps   name and what it adds; the first is what is started from
    ends    names of the start and of the end
    texts   title and summary
    """
    at, rows = 0.0, []
    for k, (name, value) in enumerate(steps):
        start = 0.0 if k == 0 else at
        at = value if k == 0 else at + value
        label = f"{value:,.0f}" if k == 0 and abs(value) >= 10 else signed(value)
        label = f"{value:,.1f}" if k == 0 and abs(value) < 10 else label
        colour = "grey" if k == 0 else "brand" if value >= 0 else "accent"
        rows.append((name, min(start, at), abs(at - start), label, colour))
    rows[0] = (ends[0], *rows[0][1:])
    last = f"{at:,.0f}" if abs(at) >= 10 else f"{at:,.1f}"
    rows.append((ends[1], min(0.0, at), abs(at), last, "median"))
    rows.reverse()  # the axis counts from the bottom
    option = base(theme, *texts)
    option["tooltip"] = {"show": False}
    option["grid"] = {"left": 8, "right": 64, "top": 8, "bottom": 8, "containLabel": True}
    low = min(0.0, *(row[1] for row in rows))
    option["xAxis"] = value_axis(theme, min=low, axisLabel={"show": False})
    option["xAxis"]["splitLine"] = {"show": False}
    option["yAxis"] = category_axis(theme, [row[0] for row in rows])
    option["yAxis"]["axisLabel"] = {"color": theme["ink"], "fontSize": SMALL, "interval": 0}
    shared = {"type": "bar", "stack": "w", "stackStrategy": "all", "barWidth": 20, "silent": True}
    option["series"] = [
        {**shared, "data": [row[1] for row in rows], "itemStyle": {"color": "transparent"}},
        {
            **shared,
            "data": [
                {
                    "value": round(row[2], 4),
                    "itemStyle": {"color": theme[row[4]]},
                    "label": {"formatter": row[3]},
                }
                for row in rows
            ],
            "label": {"show": True, "position": "right", "color": theme["ink"], "fontSize": SMALL},
            "emphasis": {"disabled": True},
        },
    ]
    return option


def bars_chart(
    rows: Sequence[tuple[str, float, str]], texts: tuple[str, str], theme: Theme
) -> Option:
    """Bars of shares of sales, each with its share as it is told, the first row on top."""
    option = waterfall_chart([(name, 0.0) for name, _, _ in rows], ("", ""), texts, theme)
    names = [name for name, _, _ in rows][::-1]
    option["yAxis"]["data"] = names
    option["xAxis"]["min"] = 0
    label = {"show": True, "position": "right", "color": theme["ink"], "fontSize": SMALL}
    option["series"] = [
        {
            "type": "bar",
            "barWidth": 20,
            "silent": True,
            "data": [
                {"value": round(100 * v, 2), "label": {"formatter": told}}
                for _, v, told in reversed(rows)
            ],
            "itemStyle": {"color": theme["brand"]},
            "label": label,
            "emphasis": {"disabled": True},
        }
    ]
    return option
