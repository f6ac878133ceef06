"""Launches in a forecast: the pretrained model with an empty past and what its kin have sold."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import polars as pl

from tradewind.data.launches import KIN, Launching
from tradewind.flows.asked import Question
from tradewind.flows.shop import Seen, roles_of, task_of
from tradewind.forecast import Forecast
from tradewind.models.pretrained.forecaster import Pretrained
from tradewind.panel import dates_from, next_ds


def joined(made: Forecast, asked: Question, seen: Seen) -> Forecast:
    """A forecast of the shop, followed by its launches where there are some."""
    if seen.launching is None:
        return made
    new = of_launches(seen.launching, asked, seen)
    both = np.concatenate([made.quantiles, new.quantiles])
    return replace(made, ids=(*made.ids, *new.ids), quantiles=both)


def of_launches(launching: Launching, asked: Question, seen: Seen) -> Forecast:
    """What each launch sells: nothing before its day, then as its kin do, times its factor.

    Of prices, the planned one, whatever the kin cost.
    """
    roles = replace(roles_of(launching.past, launching.known, launching.column), static=(KIN,))
    task = replace(task_of(asked, seen), roles=roles, estimate=None)
    fitted = Pretrained().fit(launching.past, task)
    made = fitted.forecast(asked.h, asked.levels, launching.known, asked.column)
    made = made.select(launching.series["unique_id"].to_list())
    if asked.target == "price":
        price = launching.series["price"].fill_null(np.nan).to_numpy()[:, None, None]
        return replace(made, quantiles=np.where(np.isnan(price), made.quantiles, price))
    first = next_ds(launching.past.end, launching.past.freq)
    share = launching.open_share(dates_from(first, asked.h + 1, launching.past.freq))
    factor = launching.series["factor"].to_numpy()[:, None]
    return replace(made, quantiles=made.quantiles * (share * factor)[:, :, None])


def told(seen: Seen) -> list[dict[str, Any]]:
    """What is told of each launch: product, places, launched_at, like, siblings, factor, price."""
    if seen.launching is None:
        return []
    shown = ("product", "channel", "location", "launched_at", "like", "siblings", "factor", "price")
    rows = seen.launching.series
    return rows.select(pl.col(c) for c in shown if c in rows.columns).to_dicts()
