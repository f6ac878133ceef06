"""The pieces that all charts share: type, axes, tooltips, and the summary for screen readers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tradewind.charts.theme import Theme

Option = dict[str, Any]
"""An ECharts option, JSON all through: no functions, so it travels to a page or a notebook."""

Section = dict[str, Any]
"""What a template shows of one section: texts, rows of texts, figures."""

FONT = (
    'system-ui, -apple-system, "Segoe UI", "PingFang SC", "Microsoft YaHei", "Noto Sans SC", '
    '"Noto Sans CJK SC", sans-serif'
)
SMALL = 14
"""The one size of text inside charts, px."""


def base(theme: Theme, title: str, summary: str) -> Option:
    """What every chart starts from. The title is shown by the page; here it serves the summary."""
    return {
        "animation": False,
        "backgroundColor": "transparent",
        "textStyle": {"fontFamily": FONT, "fontSize": SMALL, "color": theme["muted"]},
        "aria": {"enabled": True, "label": {"description": f"{title}. {summary}"}},
        "tooltip": tooltip(theme),
    }


def tooltip(theme: Theme) -> Option:
    """A card beside the pointer, kept inside the chart."""
    return {
        "trigger": "axis",
        "confine": True,
        "backgroundColor": theme["card"],
        "borderColor": theme["line"],
        "borderWidth": 1,
        "padding": [8, 12],
        "textStyle": {"color": theme["ink"], "fontSize": SMALL},
        "axisPointer": {"type": "line", "lineStyle": {"color": theme["grey"], "width": 1}},
    }


def category_axis(theme: Theme, labels: Sequence[str], **more: object) -> Option:
    """An axis of named places; labels that would collide are left out."""
    return {
        "type": "category",
        "data": list(labels),
        "axisLine": {"lineStyle": {"color": theme["line"]}},
        "axisTick": {"show": False},
        "axisLabel": {"color": theme["muted"], "fontSize": SMALL, "hideOverlap": True},
        **more,
    }


def value_axis(theme: Theme, name: str = "", **more: object) -> Option:
    """An axis of numbers that starts at zero unless told otherwise, with thin lines across."""
    return {
        "type": "value",
        "name": name,
        "min": 0,
        "nameTextStyle": {"color": theme["muted"], "fontSize": SMALL, "align": "left"},
        "axisLabel": {"color": theme["muted"], "fontSize": SMALL, "hideOverlap": True},
        "splitLine": {"lineStyle": {"color": theme["line"], "width": 1}},
        "splitNumber": 4,
        **more,
    }


def line(name: str, data: Sequence[object], colour: str, **more: Any) -> Option:
    """A solid line without dots. The name is also its id, by which a page replaces its data."""
    style = {"color": colour, "width": 2} | more.pop("lineStyle", {})
    return {
        "type": "line",
        "id": more.pop("id", name),
        "name": name,
        "data": list(data),
        "symbol": "none",
        "lineStyle": style,
        "itemStyle": {"color": colour},
        "emphasis": {"disabled": True},
        **more,
    }
