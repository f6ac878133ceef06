"""What there is to say beside a contribution: how far off its usual each group is."""

from __future__ import annotations

import numpy as np
import polars as pl

from tradewind.explain.groups import group_of
from tradewind.explain.imagined import Asked
from tradewind.explain.season import STEPS_A_YEAR, mean_of
from tradewind.panel import every

RECENT = {"1h": 168, "1d": 28, "1w": 4, "1mo": 2, "3mo": 1, "1y": 1}
"""Periods that "lately" means."""
PROMOTED = 0.05
"""A share from which on a period counts as promoted."""


def facts_of(asked: Asked, step: int | None = None) -> dict[str, float]:
    """Name → value, of what is known; a share of 0.12 is 12 % above usual.

    price       planned price against the median of the last year
    promoted    periods with a planned promotion
    lags        mean of the last weeks against that of the last year
    season      what the season makes of the mean
    planned_promotion, planned_price   1 where such plans are known ahead
    """
    own, plan, freq = asked.own, asked.plan, asked.past.freq
    year = STEPS_A_YEAR[every(freq)]
    y = own[asked.target].cast(pl.Float64).fill_null(np.nan).to_numpy()
    facts: dict[str, float] = {}
    usual, lately = mean_of(y[-year:]), y[-RECENT[every(freq)] :]
    if usual > 0 and np.isfinite(lately).any():
        facts["lags"] = mean_of(lately) / usual - 1
    ahead = asked.season[len(y) :]
    facts["season"] = float((ahead.mean() if step is None else ahead[step]) - 1)
    if plan is None:
        return facts
    rows = plan.sort("ds") if step is None else plan.sort("ds")[step]
    known = [c for c in asked.task.roles.known if c in rows.columns]
    if "price" in known and "price" in own.columns:
        before, now = own["price"].tail(year).drop_nulls().median(), rows["price"].mean()
        if isinstance(before, float) and isinstance(now, float) and before > 0:
            facts |= {"price": now / before - 1, "planned_price": 1.0}
    promotions = [c for c in known if group_of(c) == "promotion" and rows[c].dtype != pl.String]
    if promotions:
        some = rows.select(
            pl.any_horizontal(pl.col(c).cast(pl.Float64) >= PROMOTED for c in promotions)
        ).to_series()
        facts |= {"promoted": float(some.fill_null(value=False).sum()), "planned_promotion": 1.0}
    return facts
