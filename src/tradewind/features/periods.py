"""The days inside each period: what is known by day becomes known by week or month."""

from __future__ import annotations

import numpy as np

from tradewind.arrays import Dates, Ints
from tradewind.panel import dates_from, every


def days_of_periods(ds: Dates, freq: str) -> tuple[Dates, Ints]:
    """Every day of the periods that start at `ds` [T], and the place of its period in `ds`.

    A day or an hour has itself as its only day.

    >>> week = np.array(["2026-11-23"], dtype="datetime64[us]")
    >>> days, owner = days_of_periods(week, "W")
    >>> len(days), str(days[-1])
    (7, '2026-11-29')
    """
    start = ds.astype("datetime64[D]")
    if every(freq) in ("1h", "1d"):
        return start, np.arange(len(ds))
    ends = np.append(start[1:], dates_from(ds[-1].item(), 2, freq)[1].astype("datetime64[D]"))
    length = (ends - start).astype(np.int64)
    owner = np.repeat(np.arange(len(ds)), length)
    within = np.arange(length.sum()) - np.repeat(np.cumsum(length) - length, length)
    return start[owner] + within.astype("timedelta64[D]"), owner
