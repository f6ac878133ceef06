"""Demand behind sales that stock limited."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import polars as pl

from tradewind.arrays import Bools, Floats, Ints
from tradewind.data.censoring import Censoring, Setting, improbable_zeros, limited_by_stock
from tradewind.data.expected import Observed, at_least, expected_demand
from tradewind.panel import Panel, season_length

BLOCK = 1000
"""Series estimated together; bounds the memory, and stays near the processor's cache."""
SMALL_GROUP = 5
"""Categories with fewer series than this are estimated as one."""
YEAR = {"h": 8736, "D": 364, "W": 52, "MS": 12, "QS": 4, "YS": 1}
"""Periods in a year, of days and hours in whole weeks."""


def mark_censored(panel: Panel, rule: Censoring | None = None) -> Panel:
    """The panel with `censored`: stock limited the sales of that period, so y is a lower bound.

    Series with a stock record (positive at some time) follow it; a period whose stock is null is
    free. The others are judged by their runs of zeros, see `censoring.improbable_zeros`.
    """
    rule = rule or Censoring.usual(panel.freq)
    y = panel.wide()
    tracked = np.zeros(len(y), np.bool_)
    censored = np.zeros(y.shape, np.bool_)
    if "stock" in panel.frame.columns:
        stock = panel.wide("stock")
        tracked = np.nan_to_num(stock).max(axis=1) > 0
        censored = limited_by_stock(y, stock, rule)
    if not tracked.all():
        around = Setting(_season(panel), _groups(panel, smallest=1), YEAR[panel.freq.split("-")[0]])
        censored[~tracked] = improbable_zeros(y, around, rule)[~tracked]
    return panel.with_wide("censored", censored)


def recover_demand(panel: Panel, rule: Censoring | None = None) -> Panel:
    """The panel with `demand`: y where stock did not limit sales, otherwise an estimate ≥ y.

    `censored` is added first where it is missing. The estimate is the mean of demand given that it
    was at least what was sold, around an expectation made of the level of the surrounding periods,
    the weekday, the price or promotion, and how the other products did on that day; see
    `expected.expected_demand`. A series without a single free period keeps y.

    The level looks both ways in time. In a back-test call it on each window's past, so that no
    estimate before the cutoff has seen sales from after it.
    """
    if "censored" not in panel.frame.columns:
        panel = mark_censored(panel, rule)
    y = panel.wide()
    censored: Bools = np.equal(panel.wide("censored"), 1) & ~np.isnan(y)
    if censored.any():
        price, season, group = price_signal(panel), _season(panel), _groups(panel)
        for rows in _blocks(group):
            if not censored[rows].any():
                continue
            codes = np.unique(group[rows], return_inverse=True)[1]
            seen = Observed(y[rows], censored[rows], price[rows], codes, season)
            y[rows] = filled(seen)
    return panel.with_wide("demand", y)


def filled(seen: Observed) -> Floats:
    """Sales with the censored periods replaced by what would have been sold, [n, T]."""
    parts = expected_demand(seen)
    free = (~np.isnan(seen.y) & ~seen.censored).max(axis=1)
    row, step = np.nonzero(seen.censored & free[:, None])
    out = seen.y.copy()
    out[row, step] = at_least(seen.y[row, step], parts.mean[row, step], parts.dispersion[row])
    return out


def price_signal(panel: Panel) -> Floats:
    """ln(price / regular price), without prices the promotion; 0 where unknown, [N, T].

    Without a regular price, the median of the series' prices stands for it.
    """
    columns = panel.frame.columns
    signal = None
    if "price" in columns:
        price = panel.wide("price")
        price[price <= 0] = np.nan
        if "regular_price" in columns:
            usual = panel.wide("regular_price")
            usual[~(usual > 0)] = np.nan
        else:
            usual = _median(price)
        signal = np.clip(np.nan_to_num(np.log(price / usual)), -2.0, 2.0)
    if (signal is None or not signal.any()) and "promotion" in columns:
        signal = np.nan_to_num(panel.wide("promotion"))
    return np.zeros((len(panel.ids), len(panel.ds))) if signal is None else signal


def _median(values: Floats) -> Floats:
    """Median of each row without nan, [N, 1]; nan for a row of nan."""
    out = np.full((len(values), 1), np.nan)
    some = (~np.isnan(values)).max(axis=1)
    out[some, 0] = np.nanmedian(values[some], axis=1)
    return out


def _season(panel: Panel) -> Ints:
    """Place of each period in the week (in the day, for hours), from 0; 0 for coarser panels."""
    length = season_length(panel.freq)
    if length not in {7, 24}:
        return np.zeros(len(panel.ds), np.int64)
    count = panel.ds.astype("datetime64[D]" if length == 7 else "datetime64[h]").astype(np.int64)
    return count % length


def _groups(panel: Panel, smallest: int = SMALL_GROUP) -> Ints:
    """Category of each series, as a number; smaller and unknown categories are one."""
    n = len(panel.ids)
    if "category" not in panel.static.columns:
        return np.zeros(n, np.int64)
    size = pl.len().over("category")
    name = panel.static.select(
        pl.when(size >= smallest).then(pl.col("category").cast(pl.String)).fill_null("")
    ).to_series()
    return np.unique(name.to_numpy(), return_inverse=True)[1].astype(np.int64)


def _blocks(group: Ints) -> Iterator[Ints]:
    """Rows in blocks of at most BLOCK series; categories stay together as far as they fit."""
    order = np.argsort(group, kind="stable")
    for start in range(0, len(order), BLOCK):
        yield order[start : start + BLOCK]
