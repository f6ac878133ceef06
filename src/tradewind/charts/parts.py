"""The decomposition: a panel for each part, on the same dates."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from tradewind.arrays import Floats
from tradewind.charts.base import SMALL, Option, base, category_axis, line, value_axis
from tradewind.charts.fan import EXACT, numbers
from tradewind.charts.theme import Theme

TOP, FIRST, THIN, GAP = 64, 176, 64, 56
"""Heights of what is above, of the first panel, of the others, and between them, px."""


def parts_height(panels: int) -> int:
    """Height of a chart with so many thin panels under the first, px."""
    return TOP + FIRST + panels * (THIN + GAP) + 40


def parts_chart(
    labels: Sequence[str],
    lines: Sequence[tuple[str, Floats, str]],
    panels: Sequence[tuple[str, Floats]],
    cutoff: tuple[int, str],
    texts: tuple[str, str],
    theme: Theme,
) -> Option:
    """Sales with level and trend on top; below, what each other part adds, as bars about zero.

    lines    name, [T + h], token of the colour: of the first panel
    panels   name, [T + h]
    cutoff   place of the last known period, and what its line says
    texts    title and summary
    """
    option = base(theme, *texts)
    option["grid"], option["xAxis"], option["yAxis"], option["series"] = [], [], [], []
    for k in range(1 + len(panels)):
        top = TOP if k == 0 else TOP + FIRST + GAP + (k - 1) * (THIN + GAP)
        height = FIRST if k == 0 else THIN
        option["grid"].append({"left": 56, "right": 16, "top": top, "height": height, **EXACT})
        last = k == len(panels)
        axis = category_axis(theme, labels, gridIndex=k, boundaryGap=True)
        axis["axisLabel"] |= {"show": last, "alignMaxLabel": "right", "showMaxLabel": True}
        axis["axisLine"]["onZero"] = True
        option["xAxis"].append(axis)
    option["yAxis"].append(value_axis(theme, gridIndex=0))
    for name, values, colour in lines:
        option["series"].append(line(name, numbers(values), theme[colour], z=4))
    option["series"][0]["markLine"] = _cutoff(labels, cutoff, theme)
    for k, (name, values) in enumerate(panels, start=1):
        reach = _reach(values)
        option["yAxis"].append(
            value_axis(theme, name, gridIndex=k, splitNumber=1) | {"min": -reach, "max": reach}
        )
        option["yAxis"][-1]["interval"] = reach
        option["yAxis"][-1]["nameTextStyle"] |= {"color": theme["ink"], "padding": [0, 0, 4, -48]}
        option["series"].append(
            {
                "type": "bar",
                "id": name,
                "name": name,
                "xAxisIndex": k,
                "yAxisIndex": k,
                "data": numbers(values),
                "itemStyle": {"color": theme["brand"]},
                "barMaxWidth": 8,
                "emphasis": {"disabled": True},
            }
        )
    option["legend"] = {
        "data": [name for name, _, _ in lines],
        "left": 0,
        "top": 0,
        "itemWidth": 16,
        "itemHeight": 8,
        "icon": "roundRect",
        "selectedMode": False,
        "textStyle": {"color": theme["muted"], "fontSize": SMALL},
    }
    option["axisPointer"] = {"link": [{"xAxisIndex": "all"}]}
    return option


def _reach(values: Floats) -> float:
    """A round number that no bar exceeds: 1, 2 or 5 times a power of ten.

    >>> _reach(np.array([-34.0, 12.0])), _reach(np.array([0.0]))
    (50.0, 1.0)
    """
    most = float(np.nanmax(np.abs(values))) if np.isfinite(values).any() else 0.0
    if most <= 0:
        return 1.0
    unit = 10.0 ** np.floor(np.log10(most))
    return float(next(unit * k for k in (1, 2, 5, 10) if unit * k >= most))


def _cutoff(labels: Sequence[str], cutoff: tuple[int, str], theme: Theme) -> Option:
    place, text = cutoff
    return {
        "symbol": "none",
        "silent": True,
        "lineStyle": {"color": theme["grey"], "type": "solid", "width": 1},
        "label": {
            "formatter": text,
            "color": theme["muted"],
            "fontSize": SMALL,
            "position": "end",
            "align": "right",
            "padding": [0, 4, 0, 0],
        },
        "data": [{"xAxis": labels[place]}],
    }
