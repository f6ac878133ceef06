"""The fan chart: what was sold and what will be, how surely, at what price and promotions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

import numpy as np

from tradewind.arrays import Bools, Floats
from tradewind.charts.base import SMALL, Option, base, category_axis, line, value_axis
from tradewind.charts.history import matrix, promoted
from tradewind.charts.theme import Theme, tokens
from tradewind.charts.words import Words
from tradewind.forecast import Forecast
from tradewind.panel import Panel, split_unique_id

FAN_LEVELS = (0.1, 0.25, 0.5, 0.75, 0.9)
"""What is drawn: the median, and the intervals that hold a half and four fifths."""


EXACT: Option = {"outerBoundsMode": "none", "containLabel": False}
"""Panels keep their edges, so that the same date stands at the same place in each."""


@dataclass(frozen=True, slots=True)
class Fan:
    """One series as it is drawn: T periods of history, h of forecast.

    dates      [T + h]     period starts
    y          [T]         units sold, nan where there is no record
    quantiles  [h, 5]      at FAN_LEVELS
    demand     [T]         estimated demand where stock limited sales, nan elsewhere; or None
    price      [T + h]     money per unit, nan where unknown; or None
    promoted   [T + h]     whether any promotion ran or is planned; or None
    """

    name: str
    freq: str
    dates: tuple[datetime, ...]
    y: Floats
    quantiles: Floats
    demand: Floats | None = None
    price: Floats | None = None
    promoted: Bools | None = None
    total: tuple[float, float, float] | None = field(default=None)

    @property
    def cutoff(self) -> int:
        """Place of the last known period in dates."""
        return len(self.y) - 1

    def last(self, steps: int) -> Fan:
        """The same with at most this many periods of history."""
        cut = max(len(self.y) - steps, 0)
        return replace(
            self,
            dates=self.dates[cut:],
            y=self.y[cut:],
            demand=None if self.demand is None else self.demand[cut:],
            price=None if self.price is None else self.price[cut:],
            promoted=None if self.promoted is None else self.promoted[cut:],
        )


def fan_of(
    forecast: Forecast,
    unique_id: str,
    panel: Panel,
    known: Panel | None = None,
    price_column: str | None = None,
    promotion_columns: Sequence[str] = (),
) -> Fan:
    """One series of a forecast with its history; `known` holds planned prices and promotions.

    Raises UnknownName if the series has no forecast or the panel lacks a column.
    """
    one = forecast.select([unique_id])
    own = panel.only([unique_id])
    past = own.ds if len(own.frame) else one.ds[:0]
    dates = np.concatenate([past, one.ds])
    frames = [own] if known is None else [own, known.only([unique_id])]
    price = None if price_column is None else matrix(frames, (unique_id,), dates, price_column)[0]
    return Fan(
        split_unique_id(unique_id)[0],
        panel.freq,
        tuple(dates.astype("datetime64[us]").tolist()),
        matrix([own], (unique_id,), past, "y")[0],
        one.at(FAN_LEVELS)[0],
        matrix([own], (unique_id,), past, "demand")[0] if "demand" in own.frame.columns else None,
        price,
        promoted(frames, (unique_id,), dates, promotion_columns)[0] if promotion_columns else None,
    )


def fan_chart(
    forecast: Forecast,
    unique_id: str,
    panel: Panel,
    *,
    last: int = 0,
    words: Words | None = None,
    theme: Theme | None = None,
    **columns: object,
) -> Option:
    """History and forecast of one series.

    last      periods of history at most; 0 for all
    columns   known, price_column, promotion_columns, as `fan_of` takes them
    """
    fan = fan_of(forecast, unique_id, panel, **columns)  # type: ignore[arg-type]  # checked there
    return fan_option(fan.last(last) if last else fan, words or Words(), theme or tokens())


def fan_option(fan: Fan, words: Words, theme: Theme) -> Option:
    """The option of a fan: units on top, promotions as ticks below, price as a thin second panel.

    Each line has an id (sold, demand, median, low80, band80, low50, band50, promotion, price), by
    which a page replaces the data when another product is chosen.
    """
    labels = [words.date(ds, fan.freq) for ds in fan.dates]
    at = labels[fan.cutoff] if len(fan.y) else (labels[0] if labels else "")
    summary = words("fan_summary", step=words.step(fan.freq), date=at)
    option = base(theme, fan.name, summary)
    priced = fan.price is not None
    bottom = 152 if priced else 48 if fan.promoted is not None else 24
    option["grid"] = [{"left": 56, "right": 16, "top": 40, "bottom": bottom, **EXACT}]
    option["xAxis"] = [category_axis(theme, labels, gridIndex=0, boundaryGap=False)]
    option["xAxis"][0]["axisLabel"] |= {"alignMaxLabel": "right", "showMaxLabel": True}
    option["yAxis"] = [value_axis(theme, gridIndex=0)]
    option["series"] = [
        *_bands(fan, words, theme),
        line(words("demand"), numbers(_demand(fan)), theme["grey"], id="demand", **_dots(theme)),
        line(words("sold"), numbers(_padded(fan.y, fan, before=0)), theme["brand"], id="sold", z=4)
        | {"markLine": _cutoff(at, words, theme)},
        line(
            words("median"),
            numbers(_padded(fan.quantiles[:, 2], fan, before=len(fan.y))),
            theme["median"],
            id="median",
            z=4,
        ),
    ]
    option["legend"] = _legend(fan, words, theme)
    _add_panel(option, "promotion", max(bottom - 40, 0), 8, theme, labels)
    option["series"].append(_ticks(fan, words, theme))
    if priced:
        _add_panel(option, "price", 24, 48, theme, labels)
        option["yAxis"][-1] |= {
            "name": words("price"),
            "scale": True,
            "min": None,
            "splitNumber": 1,
            "axisLabel": {"color": theme["muted"], "fontSize": SMALL},
            "show": True,
        }
        option["series"].append(
            line(words("price"), numbers(fan.price), theme["muted"], id="price", step="middle")
            | {"xAxisIndex": 2, "yAxisIndex": 2}
        )
    option["axisPointer"] = {"link": [{"xAxisIndex": "all"}]}
    return option


def numbers(values: Floats | None) -> list[float | None]:
    """Values as JSON has them: three significant decimals, null for nan."""
    if values is None:
        return []
    return [None if np.isnan(v) else round(float(v), 3) for v in values]


def _padded(values: Floats, fan: Fan, before: int) -> Floats:
    """Values set into the whole span, nan around them."""
    out = np.full(len(fan.dates), np.nan)
    out[before : before + len(values)] = values
    return out


def _demand(fan: Fan) -> Floats:
    """Estimated demand where it differs from what was sold."""
    if fan.demand is None:
        return _padded(fan.y[:0], fan, before=0)
    return _padded(np.where(fan.demand > fan.y + 1e-9, fan.demand, np.nan), fan, before=0)


def _bands(fan: Fan, words: Words, theme: Theme) -> list[Option]:
    """Two tints, each a stacked pair: an invisible line at the low end, and the height above it."""
    series = []
    for level, low, high in (("80", 0, 4), ("50", 1, 3)):
        floor = _padded(fan.quantiles[:, low], fan, before=len(fan.y))
        height = _padded(fan.quantiles[:, high] - fan.quantiles[:, low], fan, before=len(fan.y))
        clear = {"lineStyle": {"opacity": 0}, "stack": f"band{level}", "stackStrategy": "all"}
        tint = theme[f"band{level}"]
        series.append(
            line(f"low{level}", numbers(floor), tint, **clear, tooltip={"show": False}, silent=True)
        )
        area = {"color": tint, "opacity": 1}
        name = words(f"band{level}")
        series.append(
            line(
                name, numbers(height), tint, id=f"band{level}", areaStyle=area, silent=True, **clear
            )
        )
    return series


def _dots(theme: Theme) -> Option:
    style = {"width": 0}
    return {
        "symbol": "circle",
        "symbolSize": 7,
        "showSymbol": True,
        "showAllSymbol": True,
        "lineStyle": style,
    }


def _cutoff(at: str, words: Words, theme: Theme) -> Option:
    return {
        "symbol": "none",
        "silent": True,
        "lineStyle": {"color": theme["grey"], "type": "solid", "width": 1},
        "label": {
            "formatter": words("cutoff", date=at),
            "color": theme["muted"],
            "fontSize": SMALL,
            "position": "end",
            "align": "right",
            "padding": [0, 4, 0, 0],
        },
        "data": [{"xAxis": at}],
    }


def _legend(fan: Fan, words: Words, theme: Theme) -> Option:
    names = [words(k) for k in ("sold", "median", "band50", "band80")]
    if fan.demand is not None:
        names.append(words("demand"))
    return {
        "data": names,
        "left": 0,
        "top": 0,
        "itemWidth": 16,
        "itemHeight": 8,
        "itemGap": 16,
        "icon": "roundRect",
        "selectedMode": False,
        "textStyle": {"color": theme["muted"], "fontSize": SMALL},
    }


def _add_panel(
    option: Option, name: str, bottom: int, height: int, theme: Theme, labels: list[str]
) -> None:
    """One more thin panel under the chart, on the same dates."""
    place = len(option["grid"])
    option["grid"].append({"left": 56, "right": 16, "bottom": bottom, "height": height, **EXACT})
    option["xAxis"].append(
        category_axis(theme, labels, gridIndex=place, boundaryGap=False)
        | {
            "axisLabel": {"show": False},
            "axisLine": {"show": name == "price", "lineStyle": {"color": theme["line"]}},
        }
    )
    option["yAxis"].append(value_axis(theme, gridIndex=place, show=False, max=1))
    if name == "price":
        option["yAxis"][-1].pop("max")


def _ticks(fan: Fan, words: Words, theme: Theme) -> Option:
    flags = np.zeros(len(fan.dates), dtype=bool) if fan.promoted is None else fan.promoted
    return {
        "type": "bar",
        "id": "promotion",
        "name": words("promotion"),
        "xAxisIndex": 1,
        "yAxisIndex": 1,
        "barWidth": 3,
        "itemStyle": {"color": theme["amber"]},
        "data": [1 if flag else None for flag in flags],
        "emphasis": {"disabled": True},
        "silent": True,
    }
