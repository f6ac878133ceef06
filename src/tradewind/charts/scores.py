"""Charts of the back-test: which model to trust, how far ahead, and with what certainty."""

from __future__ import annotations

import polars as pl

from tradewind.charts.base import FONT, SMALL, Option, base, category_axis, line, value_axis
from tradewind.charts.figure import Figure
from tradewind.charts.theme import Theme, symbolic, tokens
from tradewind.charts.words import Words


def skill_chart(
    leaderboard: pl.DataFrame, chosen: str, words: Words | None = None, theme: Theme | None = None
) -> Option:
    """Bars of skill against the seasonal naive, best on top, the chosen model in the brand's hue.

    leaderboard   model, skill (a share)
    """
    words, theme = words or Words(), theme or tokens()
    table = leaderboard.select("model", "skill").drop_nulls().reverse()
    models, skills = table["model"].to_list(), table["skill"].to_list()
    best = words.share(max(skills, default=0.0), 1)
    summary = words("skill_summary", n=len(models), model=models[-1] if models else "–", skill=best)
    option = base(theme, words("skill_chart"), summary)
    option["tooltip"] = {"show": False}
    option["grid"] = {"left": 16, "right": 56, "top": 8, "bottom": 8, "containLabel": True}
    option["xAxis"] = value_axis(theme, min=min(0.0, *skills, 0.0) * 100, axisLabel={"show": False})
    option["xAxis"]["splitLine"] = {"show": False}
    option["yAxis"] = category_axis(theme, models)
    option["yAxis"]["axisLabel"] = {"color": theme["ink"], "fontSize": SMALL}
    option["yAxis"]["axisLine"] = {
        "show": True,
        "onZero": True,
        "lineStyle": {"color": theme["line"]},
    }
    option["series"] = [
        {
            "type": "bar",
            "barWidth": 16,
            "data": [
                {
                    "value": round(100 * skill, 2),
                    "itemStyle": {"color": theme["brand" if name == chosen else "faint"]},
                    "label": {"position": "right"},
                }
                for name, skill in zip(models, skills, strict=True)
            ],
            "label": {"show": True, "formatter": "{c}", "color": theme["ink"], "fontSize": SMALL},
            "emphasis": {"disabled": True},
        }
    ]
    for item in option["series"][0]["data"]:
        item["value"] = round(item["value"], 1)
    return option


def skill_figure(
    leaderboard: pl.DataFrame, chosen: str, words: Words | None = None
) -> Figure | None:
    """Bars of skill, and who leads; None where there is none.

    leaderboard   model, skill (a share, null where unknown)
    """
    words = words or Words()
    if "skill" not in leaderboard.columns or not len(leaderboard.drop_nulls("skill")):
        return None
    option = skill_chart(leaderboard, chosen, words, symbolic())
    height = 32 + 32 * len(leaderboard)
    ranked = leaderboard.drop_nulls("skill").sort("skill", descending=True)
    first, second = ranked.row(0, named=True), ranked.row(min(1, len(ranked) - 1), named=True)
    title = words(
        "skill_title" if len(ranked) > 1 else "skill_title_one",
        model=first["model"],
        skill=words.share(first["skill"], 1),
        second=second["model"],
        other=words.share(second["skill"], 1),
    )
    return Figure("skill", title, words("skill_chart"), option, leaderboard, height)


def error_by_step_chart(
    errors: pl.DataFrame,
    chosen: str,
    step: str,
    words: Words | None = None,
    theme: Theme | None = None,
) -> Option:
    """Lines of error by step ahead: the chosen model, and in grey the first two others.

    errors   model, step (1…h), wape (a share)
    step     the word for one step ("week")
    """
    words, theme = words or Words(), theme or tokens()
    option = base(theme, words("step_note", step=step), words("step_summary"))
    steps = sorted(errors["step"].unique().to_list()) if len(errors) else []
    names = errors["model"].unique(maintain_order=True).to_list() if len(errors) else []
    others = [name for name in names if name != chosen]
    shown = [*(n for n in names if n == chosen), *others[:2]]
    option["grid"] = {"left": 8, "right": 120, "top": 32, "bottom": 32, "containLabel": True}
    option["xAxis"] = category_axis(
        theme,
        [str(s) for s in steps],
        boundaryGap=False,
        name=words("step_axis", step=step),
        nameLocation="middle",
        nameGap=32,
        nameTextStyle={"color": theme["muted"]},
    )
    option["yAxis"] = value_axis(theme, words("wape"))
    option["series"] = []
    for place, name in enumerate(shown):
        mine = errors.filter(pl.col("model") == name)
        by_step = dict(zip(mine["step"], mine["wape"], strict=True))
        values = [round(100 * by_step[s], 2) if s in by_step else None for s in steps]
        colour = theme["brand"] if name == chosen else theme["grey"]
        dash = {} if place < 2 else {"lineStyle": {"type": "dashed"}}
        option["series"].append(line(name, values, colour, **dash) | end_label(name, colour))
    return option


def calibration_chart(
    calibration: pl.DataFrame, words: Words | None = None, theme: Theme | None = None
) -> Option:
    """Promised against held coverage of the central intervals; the diagonal is what we want.

    calibration   nominal, empirical (shares)
    """
    words, theme = words or Words(), theme or tokens()
    option = base(theme, words("calibration_note"), words("calibration_summary"))
    table = calibration.select("nominal", "empirical").drop_nulls() if len(calibration) else None
    points = (
        [] if table is None else [[round(100 * a, 1), round(100 * b, 1)] for a, b in table.rows()]
    )
    option["tooltip"]["trigger"] = "item"
    option["grid"] = {"left": 8, "right": 16, "top": 32, "bottom": 32, "containLabel": True}
    option["xAxis"] = value_axis(
        theme, words("nominal"), max=100, interval=20, nameLocation="middle", nameGap=32
    )
    option["xAxis"]["axisLine"] = {"lineStyle": {"color": theme["line"]}}
    option["xAxis"]["axisTick"] = {"show": False}
    option["xAxis"]["nameTextStyle"] = {"color": theme["muted"]}
    option["xAxis"]["splitLine"] = {"show": False}
    option["yAxis"] = value_axis(theme, words("empirical"), max=100, interval=20)
    option["yAxis"]["axisLine"] = {"show": False}
    option["yAxis"]["axisTick"] = {"show": False}
    diagonal = line(words("perfect"), [[0, 0], [100, 100]], theme["grey"], silent=True)
    diagonal["lineStyle"] = {"color": theme["grey"], "width": 1, "type": "dashed"}
    option["series"] = [
        diagonal | {"tooltip": {"show": False}},
        line(words("empirical"), points, theme["brand"])
        | {"symbol": "circle", "symbolSize": 8, "showSymbol": True, "z": 3},
    ]
    option["graphic"] = [
        _corner(words("too_wide"), theme, left=72, top=40),
        _corner(words("too_narrow"), theme, right=24, bottom=80),
    ]
    return option


def end_label(name: str, colour: str) -> Option:
    """What puts a line's name at its end."""
    return {
        "endLabel": {
            "show": True,
            "formatter": "{a}",
            "color": colour,
            "fontSize": SMALL,
            "width": 112,
            "overflow": "truncate",
        },
        "labelLayout": {"moveOverlap": "shiftY"},
    }


def _corner(text: str, theme: Theme, **place: int) -> Option:
    style = {"text": text, "fill": theme["muted"], "fontSize": SMALL, "fontFamily": FONT}
    return {"type": "text", "style": style, "silent": True, **place}
