"""Charts of a search for settings: how it went, and which settings mattered."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import polars as pl

from tradewind.charts.base import SMALL, Option, base, category_axis, line, value_axis
from tradewind.charts.scores import end_label
from tradewind.charts.theme import Theme, tokens
from tradewind.charts.words import Words

ROOM = 0.1
"""Blank above and below the scores, as a share of their range."""


def trials_chart(
    trials: pl.DataFrame, words: Words | None = None, theme: Theme | None = None
) -> Option:
    """Dots of the scores of finished trials, the best so far as a line, the default one dashed.

    trials   trial, sql (null unless finished); the first row is that of the default settings

    Scores so bad that the others could not be told apart beside them are left out.
    """
    words, theme = words or Words(), theme or tokens()
    done = trials.select("trial", pl.col("sql").cast(pl.Float64)).drop_nulls().sort("trial")
    numbers, scores = done["trial"].to_list(), done["sql"].to_numpy()
    default, best = float(scores[0]), float(scores.min())
    summary = words("trials_summary", n=len(done), best=f"{best:.4f}", default=f"{default:.4f}")
    option = base(theme, words("trials_chart"), summary)
    option["tooltip"]["trigger"] = "item"
    option["grid"] = {"left": 8, "right": 128, "top": 32, "bottom": 32, "containLabel": True}
    last = max(*trials["trial"].to_list(), 1)
    option["xAxis"] = value_axis(
        theme, words("trial"), max=last, minInterval=1, nameLocation="middle", nameGap=32
    )
    option["xAxis"]["splitLine"] = {"show": False}
    option["xAxis"]["nameTextStyle"] = {"color": theme["muted"]}
    low, high = shown_range(trials)
    option["yAxis"] = value_axis(theme, words("sql"), min=low, max=high)
    option["yAxis"]["axisLabel"] |= {"showMinLabel": False, "showMaxLabel": False}
    so_far = [
        [n, round(float(v), 5)] for n, v in zip(numbers, np.minimum.accumulate(scores), strict=True)
    ]
    option["series"] = [
        line(
            words("by_default"), [[0, round(default, 5)], [last, round(default, 5)]], theme["grey"]
        )
        | {"lineStyle": {"color": theme["grey"], "width": 1, "type": "dashed"}, "silent": True}
        | end_label(words("by_default"), theme["grey"]),
        line(words("best_so_far"), [*so_far, [last, round(best, 5)]], theme["brand"], step="end")
        | {"silent": True}
        | end_label(words("best_so_far"), theme["brand"]),
        {
            "type": "scatter",
            "id": "trials",
            "name": words("trials"),
            "data": [
                [n, round(float(v), 5)] for n, v in zip(numbers, scores, strict=True) if v <= high
            ],
            "symbolSize": 8,
            "itemStyle": {"color": theme["median"]},
        },
    ]
    return option


def shown_range(trials: pl.DataFrame) -> tuple[float, float]:
    """Lowest and highest score that the chart has room for.

    >>> shown_range(pl.DataFrame({"sql": [1.0, 0.9, 0.95, 50.0]}))
    (0.89, 1.01)
    """
    scores = np.sort(trials["sql"].drop_nulls().to_numpy())
    first = float(trials["sql"].drop_nulls()[0])
    usual = scores[scores <= max(first, float(np.quantile(scores, 0.5))) * 1.15]
    low, high = float(usual[0]), float(max(usual[-1], first))
    room = (high - low) * ROOM or abs(high) * ROOM or ROOM
    step = 10.0 ** np.floor(np.log10(room))
    return (
        round(float(np.floor((low - room) / step) * step), 6),
        round(float(np.ceil((high + room) / step) * step), 6),
    )


def importance_chart(
    importance: Mapping[str, float], words: Words | None = None, theme: Theme | None = None
) -> Option:
    """Bars of what share each setting has in the success of a search, the largest on top."""
    words, theme = words or Words(), theme or tokens()
    ranked = sorted(importance.items(), key=lambda pair: pair[1])
    names, shares = [name for name, _ in ranked], [share for _, share in ranked]
    most = names[-1] if names else "–"
    share = words.share(shares[-1] if shares else None)
    option = base(
        theme, words("importance_chart"), words("importance_summary", name=most, share=share)
    )
    option["tooltip"] = {"show": False}
    option["grid"] = {"left": 16, "right": 56, "top": 8, "bottom": 8, "containLabel": True}
    option["xAxis"] = value_axis(theme, axisLabel={"show": False})
    option["xAxis"]["splitLine"] = {"show": False}
    option["yAxis"] = category_axis(theme, names)
    option["yAxis"]["axisLabel"] = {"color": theme["ink"], "fontSize": SMALL, "interval": 0}
    option["series"] = [
        {
            "type": "bar",
            "barWidth": 16,
            "data": [round(100 * share, 1) for share in shares],
            "itemStyle": {"color": theme["median"]},
            "label": {
                "show": True,
                "position": "right",
                "formatter": "{c} %",
                "color": theme["ink"],
                "fontSize": SMALL,
            },
            "emphasis": {"disabled": True},
        }
    ]
    return option
