"""The learning curve: how the loss of a network fell while it was trained."""

from __future__ import annotations

import polars as pl

from tradewind.charts.base import base, line, value_axis
from tradewind.charts.figure import Figure
from tradewind.charts.scores import end_label
from tradewind.charts.theme import symbolic
from tradewind.charts.words import Words

LOSSES = (("loss", "grey"), ("validation", "brand"))
"""What is drawn, and the hue of each."""


def learning_figure(curves: pl.DataFrame, words: Words | None = None) -> Figure:
    """Loss by step, in training and on the window that was kept back.

    curves   step, loss, validation, as `train.tracker.Curves` has them; a loss may be missing, or
             null at some steps
    """
    words, theme = words or Words(), symbolic()
    drawn = [(name, hue) for name, hue in LOSSES if name in curves.columns]
    title = words("learning_title_none")
    if "validation" in curves.columns:
        best = curves.drop_nulls("validation").sort("validation", "step")
        title = words("learning_title", step=best[0, "step"], loss=f"{best[0, 'validation']:.3f}")
    last = max(curves["step"].to_list(), default=1)
    option = base(theme, title, words("learning_summary", n=last))
    option["grid"] = {"left": 8, "right": 120, "top": 16, "bottom": 32, "containLabel": True}
    option["xAxis"] = value_axis(
        theme, words("learning_steps"), max=last, nameLocation="middle", nameGap=32
    )
    option["xAxis"] |= {"splitLine": {"show": False}}
    option["xAxis"]["nameTextStyle"] = {"color": theme["muted"]}
    option["yAxis"] = value_axis(theme, scale=True, min=None)
    option["series"] = []
    for name, hue in drawn:
        points = curves.select("step", pl.col(name).round(4)).drop_nulls().rows()
        made = line(words(name), [list(point) for point in points], theme[hue])
        option["series"].append(made | end_label(words(name), theme[hue]))
    return Figure("learning", title, words("learning_note"), option, curves)
