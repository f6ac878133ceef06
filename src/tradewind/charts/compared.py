"""A forecast beside what it would be: two lines, and the band of the changed one."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from tradewind.charts.base import SMALL, Option, base, category_axis, line, value_axis
from tradewind.charts.fan import numbers
from tradewind.charts.theme import Theme


def compared_chart(
    labels: Sequence[str],
    table: pl.DataFrame,
    names: tuple[str, str, str],
    texts: tuple[str, str],
    theme: Theme,
) -> Option:
    """The horizon as planned and as changed.

    table   before, after, after_low, after_high of each period
    names   of the two lines, and of the band
    texts   title and summary
    """
    option = base(theme, *texts)
    option["grid"] = {"left": 56, "right": 24, "top": 64, "bottom": 24}
    option["xAxis"] = category_axis(theme, labels, boundaryGap=False)
    option["xAxis"]["axisLabel"] |= {
        "alignMinLabel": "left",
        "alignMaxLabel": "right",
        "showMinLabel": True,
        "showMaxLabel": True,
    }
    option["yAxis"] = value_axis(theme)
    low, high = (table[name].to_numpy() for name in ("after_low", "after_high"))
    clear = {"lineStyle": {"opacity": 0}, "stack": "band", "stackStrategy": "all", "silent": True}
    area = {"color": theme["band80"], "opacity": 1}
    option["series"] = [
        line("floor", numbers(low), theme["band80"], **clear, tooltip={"show": False}),
        line(names[2], numbers(high - low), theme["band80"], areaStyle=area, **clear)
        | {"tooltip": {"show": False}},
        line(names[0], numbers(table["before"].to_numpy()), theme["grey"], z=4)
        | {"lineStyle": {"color": theme["grey"], "width": 2, "type": "dashed"}},
        line(names[1], numbers(table["after"].to_numpy()), theme["brand"], z=5),
    ]
    option["legend"] = {
        "data": list(names),
        "left": 0,
        "top": 0,
        "itemWidth": 16,
        "itemHeight": 8,
        "icon": "roundRect",
        "selectedMode": False,
        "textStyle": {"color": theme["muted"], "fontSize": SMALL},
    }
    return option
