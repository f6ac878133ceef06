"""The products of a report, packed small: numbers as text, a price only where it changes."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import numpy as np
import polars as pl

from tradewind.arrays import Bools, Dates, Floats
from tradewind.charts.base import Section
from tradewind.charts.contents import Report
from tradewind.charts.fan import FAN_LEVELS, Fan, fan_option
from tradewind.charts.history import matrix, promoted
from tradewind.charts.theme import symbolic
from tradewind.charts.words import Words
from tradewind.panel import split_unique_id

POINTS = 500_000
"""History values that one report may hold over all its products: it keeps the file small."""
PATHS = 500
"""Sample paths from which sums over the horizon are taken."""


@dataclass(frozen=True, slots=True)
class Products:
    """The series a report shows, best sellers first, as matrices over the same dates.

    ids, names   N series keys and what readers call them
    dates        [T + h]
    y, demand    [N, T]      units; demand is nan where stock did not limit sales
    price        [N, T + h]  or None
    promoted     [N, T + h]  or None
    quantiles    [N, h, 5]   at FAN_LEVELS
    totals       [N, 3]      low, median, high (80 %) of the sum over the horizon
    """

    ids: tuple[str, ...]
    names: tuple[str, ...]
    dates: Dates
    y: Floats
    demand: Floats
    price: Floats | None
    promoted: Bools | None
    quantiles: Floats
    totals: Floats

    @property
    def steps(self) -> int:
        """Periods of history."""
        return int(self.y.shape[1])


def products_of(report: Report) -> Products:
    """The best sellers of a report, at most `max_products`, with as much history as fits."""
    panel, forecast = report.panel, report.forecast
    sold = panel.frame.group_by("unique_id").agg(pl.col("y").sum()).rows()
    rank = dict(sold)
    ids = tuple(sorted(forecast.ids, key=lambda key: (-(rank.get(key) or 0.0), key)))
    ids = ids[: report.max_products]
    past = panel.ds if len(panel.frame) else forecast.ds[:0]
    past = past[-max(POINTS // max(len(ids), 1), 4 * forecast.h, 1) :]
    dates = np.concatenate([past, forecast.ds])
    frames = [panel] if report.known is None else [panel, report.known]
    y = matrix([panel], ids, past, "y")
    demand = matrix([panel], ids, past, "demand")
    own = forecast.select(ids)
    sums = own.totals(PATHS, np.random.default_rng(0)) if ids else np.zeros((0, PATHS))
    column, promotions = report.price_column, report.promotion_columns
    return Products(
        ids,
        names_of(report, ids),
        dates,
        y,
        np.where(demand > y + 1e-9, demand, np.nan),
        None if column is None else matrix(frames, ids, dates, column),
        promoted(frames, ids, dates, promotions) if promotions else None,
        own.at(FAN_LEVELS),
        np.quantile(sums, (0.1, 0.5, 0.9), axis=1).T,
    )


def names_of(report: Report, ids: tuple[str, ...]) -> tuple[str, ...]:
    """What readers call each series: its name, or its product id, then channel and location.

    Where several series would read alike, the product id follows.
    """
    static = report.panel.static
    name = "name" if "name" in static.columns else "unique_id"
    labels = {key: _label(key, called) for key, called in static.select("unique_id", name).rows()}
    often = Counter(labels.values())
    out = []
    for key in ids:
        label = labels.get(key) or _label(key, None)
        product = split_unique_id(key)[0]
        out.append(f"{label} · {product}" if often[label] > 1 else label)
    return tuple(out)


def _label(key: str, called: str | None) -> str:
    product, channel, location = split_unique_id(key)
    name = product if not called or called == key else called
    return " · ".join([name, *[part for part in (channel, location) if part]])


def skeleton(report: Report, products: Products, words: Words) -> Fan:
    """The fan of the first product: the page puts the data of the others into its option."""
    first = 0
    return Fan(
        products.names[first],
        report.panel.freq,
        tuple(products.dates.astype("datetime64[us]").tolist()),
        products.y[first],
        products.quantiles[first],
        products.demand[first] if not np.isnan(products.demand).all() else None,
        None if products.price is None else products.price[first],
        None if products.promoted is None else products.promoted[first],
    )


def embedded(report: Report, words: Words) -> Section:
    """Everything the product section of the page needs, as JSON has it."""
    products = products_of(report)
    if not products.ids:
        return {"products": []}
    trends = {row["unique_id"]: row for row in report.trends.to_dicts()}
    return {
        "fan": fan_option(skeleton(report, products, words), words, symbolic()),
        "dates": [str(d)[: 16 if report.panel.freq == "h" else 10] for d in products.dates],
        "steps": products.steps,
        "span": words.steps(report.forecast.h, report.panel.freq),
        "products": [_packed(products, i, trends.get(key)) for i, key in enumerate(products.ids)],
    }


def _packed(products: Products, i: int, trend: Section | None) -> Section:
    """One product: id, name, series as text ('' is no value; in price and promotion, as before)."""
    packed: Section = {
        "id": products.ids[i],
        "n": products.names[i],
        "y": _text(products.y[i]),
        "q": [_text(products.quantiles[i, :, k]) for k in range(len(FAN_LEVELS))],
        "t": [_short(v) for v in products.totals[i]],
    }
    limited = np.flatnonzero(~np.isnan(products.demand[i]))
    if len(limited):
        packed["d"] = {int(t): _short(products.demand[i, t]) for t in limited}
    if products.price is not None:
        packed["p"] = _runs([_number(v, 2) if not np.isnan(v) else "-" for v in products.price[i]])
    if products.promoted is not None:
        packed["m"] = [int(t) for t in np.flatnonzero(products.promoted[i])]
    if trend is not None:
        packed["dir"] = trend.get("direction")
        packed["pr"] = _short(float(trend.get("probability") or 0.0), 3)
    return packed


def _short(value: float, digits: int = 1) -> float:
    """A number with as many digits as a chart can show."""
    return float(_number(value, digits))


def _number(value: float, digits: int) -> str:
    text = f"{value:.{digits if abs(value) < 1000 else 0}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _text(values: Floats) -> str:
    return ",".join("" if np.isnan(v) else _number(v, 1) for v in values)


def _runs(parts: list[str]) -> str:
    """Values as text, left out where they repeat the one before."""
    return ",".join(part if k == 0 or part != parts[k - 1] else "" for k, part in enumerate(parts))
