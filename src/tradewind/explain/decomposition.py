"""A product's past and forecast as a sum of parts, in units.

Ridge regression of the sales on a trend that bends every quarter, the season, prices, promotions
and holidays. What it leaves is a part of its own, so that the sum is exact.

Source: ridge regression after Hoerl & Kennard (1970); a trend with knots after Taylor & Letham
(2018), "Forecasting at scale".
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from tradewind.arrays import Dates, Floats
from tradewind.explain.groups import group_of
from tradewind.explain.imagined import Asked
from tradewind.explain.season import STEPS_A_YEAR, mean_of
from tradewind.features.festivals import festival_columns
from tradewind.features.holidays import holiday_columns
from tradewind.panel import every

PARTS = ("level", "trend", "season", "price", "promotion", "holiday", "rest")
PULL = 2.0
"""Ridge penalty, in observations of one standard deviation of a column."""


@dataclass(frozen=True, slots=True)
class Decomposition:
    """y = level + trend + season + price + promotion + holiday + rest, exactly.

    ds      [T + h]
    y       [T + h]      what was sold, then what is forecast; nan where nothing is known
    parts   [7, T + h]   of PARTS; the rest is nan where y is
    cutoff               place of the last period of the past
    """

    ds: Dates
    y: Floats
    parts: Floats
    cutoff: int

    def table(self) -> pl.DataFrame:
        """ds, y and a column for each part; nothing where it is not known."""
        columns = {name: self.parts[k] for k, name in enumerate(PARTS)}
        return pl.DataFrame({"ds": self.ds, "y": self.y, **columns}).fill_nan(None)


def decompose(asked: Asked, shown: Floats) -> Decomposition:
    """The parts of a series and its forecast.

    The trend stays after the cutoff where it was there. A price that is not known ahead is taken
    as usual, a promotion as none; what the models see beyond that is in the rest.

    shown   [h]   the forecast, as it is shown
    """
    own = asked.own
    past = own[asked.target].cast(pl.Float64).fill_null(np.nan).to_numpy()
    ds = np.concatenate([own["ds"].to_numpy(), asked.ahead])
    y = np.concatenate([past, shown])
    steps = len(past)
    columns = {
        "trend": _trend(steps, len(ds), STEPS_A_YEAR[every(asked.past.freq)]),
        "season": (asked.season - 1)[None],
        **_covariates(asked, ds),
    }
    parts = np.zeros((len(PARTS), len(ds)))
    fitted = _ridge(past, np.concatenate(list(columns.values())))
    seen = np.isfinite(past)
    usual = fitted[:, :steps][:, seen].mean(axis=1).sum() if seen.any() else 0.0
    parts[0] = mean_of(past) - usual
    first = 0
    for name, values in columns.items():
        parts[PARTS.index(name)] += fitted[first : first + len(values)].sum(axis=0)
        first += len(values)
    parts[-1] = y - parts[:-1].sum(axis=0)
    return Decomposition(ds, y, parts, steps - 1)


def _ridge(y: Floats, x: Floats) -> Floats:
    """What each column [K, T + h] explains of y [T], [K, T + h]; the intercept is not pulled."""
    seen = np.isfinite(y)
    if not seen.any():
        return np.zeros_like(x)
    some = x[:, : len(y)][:, seen]
    about = some - some.mean(axis=1, keepdims=True)
    size = about.std(axis=1)
    told = size > 1e-9  # of a column that never moved nothing is known
    unit = about[told] / size[told, None]
    slopes = np.zeros(len(x))
    gram = unit @ unit.T + PULL * np.eye(len(unit))
    slopes[told] = np.linalg.solve(gram, unit @ (y[seen] - mean_of(y))) / size[told]
    out: Floats = slopes[:, None] * x
    return out


def _trend(steps: int, length: int, year: int) -> Floats:
    """A line and its bends, one a quarter, flat after the cutoff and about 0 before, [K, T + h]."""
    quarter = max(year // 4, 2)
    t = np.minimum(np.arange(length), steps - 1).astype(np.float64)
    knots = np.arange(quarter, steps - quarter, quarter)
    lines = np.stack([t, *[np.maximum(t - k, 0.0) for k in knots]]) / max(steps, 1)
    centred: Floats = lines - lines[:, :steps].mean(axis=1, keepdims=True)
    return centred


def _covariates(asked: Asked, ds: Dates) -> dict[str, Floats]:
    """Prices as shares of their usual, promotions, and festivals and holidays, [K, T + h] each."""
    own, plan, length = asked.own, asked.plan, len(ds)
    found: dict[str, list[Floats]] = {"price": [], "promotion": [], "holiday": []}
    for name in dict.fromkeys((*asked.task.roles.known, *asked.task.roles.past)):
        group = group_of(name)
        if group not in found or name not in own.columns or own[name].dtype == pl.String:
            continue
        values = np.full(length, np.nan)
        values[: len(own)] = own[name].cast(pl.Float64).fill_null(np.nan).to_numpy()
        if plan is not None and name in plan.columns and name in asked.task.roles.known:
            values[len(own) :] = plan[name].cast(pl.Float64).fill_null(np.nan).to_numpy()
        if group == "price":
            usual = np.nanmedian(values[: len(own)]) if np.isfinite(values).any() else np.nan
            values = values / usual - 1 if usual > 0 else np.zeros(length)
        found[group].append(np.nan_to_num(values))
    if asked.task.country is not None:
        found["holiday"].append(holiday_columns(ds, asked.past.freq, asked.task.country)["holiday"])
        known = festival_columns(ds, asked.past.freq).values()
        found["holiday"] += [days for days in known if days.any()]
    return {k: np.array(v, np.float64).reshape(len(v), length) for k, v in found.items()}
