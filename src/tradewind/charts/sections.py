"""What each section of the report says, as plain values for the template."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from tradewind.arrays import Floats
from tradewind.charts.base import Section
from tradewind.charts.contents import Report
from tradewind.charts.fan import FAN_LEVELS, Fan, fan_option
from tradewind.charts.figure import Figure
from tradewind.charts.history import matrix, promoted
from tradewind.charts.products import PATHS, names_of
from tradewind.charts.scores import calibration_chart, error_by_step_chart
from tradewind.charts.sparkline import sparkline
from tradewind.charts.theme import symbolic
from tradewind.charts.words import Words
from tradewind.panel import season_length

DRAWS = 5_000_000
"""Series × paths summed for the total: fewer paths for very many series keep it quick."""
MOVERS = 10
"""Rows of each list of movers."""
SPARK_STEPS = 60
"""Periods of history in a sparkline."""
HONEST = 0.03
"""Coverage within this of its promise counts as kept."""


@dataclass(frozen=True, slots=True)
class Total:
    """All forecast products together: the fan, and the 80 % interval of the whole horizon."""

    fan: Fan
    low: float
    median: float
    high: float

    @property
    def change(self) -> float:
        """The expected sum over the horizon against as many periods before it, as a share."""
        before = self.fan.y[-len(self.fan.quantiles) :].sum()
        return self.median / before - 1 if before > 0 else float("nan")


def total_of(report: Report) -> Total | None:
    """The sum of all forecast series, over joint paths; None where nothing is forecast."""
    forecast, panel = report.forecast, report.panel
    if not forecast.ids or not len(panel.frame):
        return None
    rng = np.random.default_rng(0)
    paths = int(np.clip(DRAWS // len(forecast.ids), 200, PATHS))
    total = forecast.aggregate(["total"] * len(forecast.ids), paths, rng)
    low, median, high = np.quantile(total.totals(paths, rng)[0], (0.1, 0.5, 0.9))
    past = panel.ds
    y = np.nansum(matrix([panel], forecast.ids, past, "y"), axis=0)
    dates = np.concatenate([past, forecast.ds]).astype("datetime64[us]").tolist()
    fan = Fan(report.name, panel.freq, tuple(dates), y, total.at(FAN_LEVELS)[0])
    return Total(fan, float(low), float(median), float(high))


def overview(report: Report, words: Words, total: Total | None) -> Section:
    """The one finding, why to believe it, the key numbers, and the chart of the total."""
    if total is None:
        return {"headline": words("headline_none"), "why": [words("headline_none_why")], "keys": []}
    span = words.steps(report.forecast.h, report.panel.freq)
    values = {"units": words.units(total.median), "span": span}
    return {
        "headline": words("headline", **values),
        "why": [
            words("sure", range=words.between(total.low, total.high)),
            _trust(report, words),
            _money(report, words),
            _plan(report, words),
            words("stops", n=report.stops) if report.stops else "",
        ],
        "keys": _keys(report, words, total),
        "figure": total_figure(report, words, total),
    }


def total_figure(report: Report, words: Words, total: Total) -> Figure:
    """History and forecast of all products together."""
    freq, h = report.panel.freq, report.forecast.h
    change = total.change
    tone = "flat" if not abs(change) >= 0.02 else "up" if change > 0 else "down"
    title = words(f"total_{tone}", span=words.steps(h, freq), share=words.share(abs(change)))
    fan = total.fan.last(max(400, 4 * h))
    dates = pl.Series("ds", [d.date().isoformat() for d in fan.dates])
    data = pl.DataFrame(
        [dates, pl.Series("units", _pad(fan.y, 0, len(dates)))]
        + [
            pl.Series(f"q{q:g}", _pad(fan.quantiles[:, k], len(fan.y), len(dates)))
            for k, q in enumerate(FAN_LEVELS)
        ],
    ).fill_nan(None)
    note = words("total_note", step=words.step(freq))
    return Figure("total", title, note, fan_option(fan, words, symbolic()), data, height=336)


def movers(report: Report, words: Words) -> Section:
    """Lists of rising and falling products, as the trends table ranks them."""
    trends = report.trends
    if not len(trends):
        return {"title": words("nav_movers"), "note": words("movers_none"), "lists": []}
    kinds = ("rise", "fall", "flat", "unclear")
    sides = {side: trends.filter(pl.col("direction") == side) for side in kinds}
    count = {side: words.number(len(table)) for side, table in sides.items()}
    span = words.steps(report.trend_span or report.forecast.h, report.panel.freq)
    sure = words.share(report.trend_sure)
    return {
        "title": words("movers_title", rising=count["rise"], falling=count["fall"]),
        "note": words(
            "movers_note", span=span, sure=sure, flat=count["flat"], unclear=count["unclear"]
        ),
        "lists": [
            _movers_list(report, words, side, sides[side].head(MOVERS)) for side in ("rise", "fall")
        ],
    }


def accuracy(report: Report, words: Words) -> Section:
    """Error by step ahead, and whether intervals keep their word."""
    step = words.step(report.panel.freq)
    return {
        "title": words("accuracy_title"),
        "figures": [f for f in (_by_step(report, words, step), _calibration(report, words)) if f],
        "missing": [
            words(key)
            for key, table in (
                ("step_none", report.error_by_step),
                ("calibration_none", report.calibration),
            )
            if not len(table)
        ],
    }


def _trust(report: Report, words: Words) -> str:
    row = chosen_row(report)
    skill, coverage = row.get("skill"), row.get("coverage80")
    if skill is None:
        return words("trust_unknown", model=report.chosen) + words("stop")
    n = report.n_windows
    windows = words("window") if n == 1 else words("windows", n=n or "–")
    text = words(
        "trust_better" if skill >= 0 else "trust_worse",
        model=report.chosen,
        windows=windows,
        skill=words.share(abs(skill)),
    )
    if coverage is None:
        return text + words("stop")
    return text + words("trust_coverage", coverage=words.share(coverage))


def _money(report: Report, words: Words) -> str:
    money = report.money
    if money is None or not money.baseline_error > 0:
        return ""
    saved = money.baseline_error - money.chosen_error
    return words(
        "money_saved" if saved >= 0 else "money_lost",
        saved=words.money(abs(saved)),
        span=words.steps(money.steps or _four_weeks(report.panel.freq), report.panel.freq),
        share=words.share(abs(saved) / money.baseline_error),
    )


def _plan(report: Report, words: Words) -> str:
    """Whether promotions ahead are counted on; "" for a shop that has never had one."""
    frame, known, ids = report.panel.frame, report.known, report.forecast.ids
    columns = [c for c in report.promotion_columns if c in frame.columns and frame[c].max()]
    if not columns:
        return ""
    if known is None or not any(c in known.frame and known.frame[c].count() for c in columns):
        return words("plan_none")
    count = promoted([known], ids, report.forecast.ds, columns).any(axis=1).sum()
    return words("plan_some", n=words.number(int(count)), all=words.number(len(ids)))


def _four_weeks(freq: str) -> int:
    """Four weeks of a frequency in steps, or one season where steps are coarser."""
    return {"h": 672, "D": 28, "W": 4}.get(freq.split("-")[0]) or season_length(freq)


def _keys(report: Report, words: Words, total: Total) -> list[dict[str, str]]:
    """The numbers a reader looks for first: label, value, note."""
    panel, freq = report.panel, report.panel.freq
    first, last = words.date(panel.start, freq), words.date(panel.end, freq)
    units = panel.frame["y"].sum()
    keys = [
        (
            "key_products",
            words.number(len(panel.ids)),
            words("key_products_note", n=words.number(len(report.forecast.ids))),
        ),
        ("key_span", words.steps(len(panel.ds), freq), words("key_since", first=first, last=last)),
        ("key_units", words.large(float(units)), words("key_units_note")),
    ]
    revenue = revenue_of(report)
    if revenue is not None:
        keys.append(("key_revenue", words.money(revenue), words("key_revenue_note")))
    keys.append(
        (
            "key_next",
            words.large(total.median),
            words("key_next_note", range=words.between(total.low, total.high)),
        )
    )
    skill = chosen_row(report).get("skill")
    note = words("key_model_note", skill=words.share(skill)) if skill is not None else ""
    keys.append(("key_model" if note else "key_model_untested", report.chosen, note))
    span = words.steps(report.forecast.h, freq)
    return [
        {"label": words(key, span=span), "value": value, "note": note} for key, value, note in keys
    ]


def revenue_of(report: Report) -> float | None:
    """Units times price over the whole history, where both are known; None without a price."""
    column, frame = report.price_column, report.panel.frame
    if column is None or column not in frame.columns:
        return None
    return float(frame.select((pl.col("y") * pl.col(column)).sum()).item())


def chosen_row(report: Report) -> dict[str, float | None]:
    """The chosen model's row of the leaderboard, {} where it is not there."""
    board = report.leaderboard
    if "model" not in board.columns:
        return {}
    rows = board.filter(pl.col("model") == report.chosen).to_dicts()
    return rows[0] if rows else {}


def _movers_list(report: Report, words: Words, side: str, table: pl.DataFrame) -> Section:
    ids = tuple(table["unique_id"].to_list())
    past = report.panel.ds[-SPARK_STEPS:] if len(report.panel.frame) else report.forecast.ds[:0]
    y = matrix([report.panel], ids, past, "y")
    names = names_of(report, ids)
    ahead = {key: i for i, key in enumerate(report.forecast.ids)}
    median = report.forecast.median
    rows = []
    for i, row in enumerate(table.to_dicts()):
        name = names[i]
        step = ahead.get(ids[i])
        drawn = median[step] if step is not None else np.zeros(0)
        rows.append(
            {
                "id": ids[i],
                "name": name,
                "probability": words.share(row["probability"]),
                "growth": words.share(row["growth"], sign=True),
                "spark": sparkline(y[i], drawn, words("spark_label", name=name)),
            }
        )
    empty = words("none_rising" if side == "rise" else "none_falling")
    title = words("rising" if side == "rise" else "falling")
    return {"side": side, "word": words(side), "title": title, "rows": rows, "empty": empty}


def _by_step(report: Report, words: Words, step: str) -> Figure | None:
    table = report.error_by_step
    if not len(table):
        return None
    mine = table.filter(pl.col("model") == report.chosen).sort("step")["wape"].to_list()
    first, last = (mine[0], mine[-1]) if mine else (float("nan"), float("nan"))
    tone = "step_title_flat"
    if last > 1.05 * first:
        tone = "step_title"
    elif last < 0.95 * first:
        tone = "step_title_fall"
    title = words(tone, first=words.share(first), last=words.share(last))
    option = error_by_step_chart(_compared(report), report.chosen, step, words, symbolic())
    return Figure("steps", title, words("step_note", step=step), option, table)


def _compared(report: Report) -> pl.DataFrame:
    """error_by_step, first the chosen model, its best rival and the seasonal naive (skill 0)."""
    board = report.leaderboard
    if "skill" not in board.columns:
        return report.error_by_step
    others = board.filter(pl.col("model") != report.chosen).drop_nulls("skill")
    best = others.sort("skill", descending=True)["model"].head(1).to_list()
    naive = others.sort(pl.col("skill").abs())["model"].head(1).to_list()
    place = {name: k for k, name in enumerate([report.chosen, *best, *naive])}
    rank = pl.col("model").replace_strict(place, default=len(place), return_dtype=pl.Int64)
    return report.error_by_step.sort(rank, maintain_order=True)


def _calibration(report: Report, words: Words) -> Figure | None:
    table = report.calibration
    if not len(table):
        return None
    nearest = table.sort((pl.col("nominal") - 0.8).abs())
    gap = nearest[0, "empirical"] - nearest[0, "nominal"]
    tone = "good" if abs(gap) <= HONEST else "narrow" if gap < 0 else "wide"
    title = words(f"calibration_title_{tone}", empirical=words.share(nearest[0, "empirical"], 1))
    option = calibration_chart(table, words, symbolic())
    return Figure("calibration", title, words("calibration_note"), option, table)


def _pad(values: Floats, before: int, size: int) -> Floats:
    out = np.full(size, np.nan)
    out[before : before + len(values)] = values
    return out
