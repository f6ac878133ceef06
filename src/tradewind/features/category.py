"""What the series of one category do together: a season to borrow."""

from __future__ import annotations

import numpy as np

from tradewind.arrays import Floats, Ints
from tradewind.features.lags import Matrix


def group_means(values: Matrix, groups: Ints) -> Floats:
    """Mean over the series of each group at each step, [G, T]; nan where none was observed.

    values    [N, T]
    groups    [N]      group of each series, 0 … G − 1

    >>> group_means(np.array([[1.0, 2.0], [3.0, np.nan], [5.0, 6.0]]), np.array([0, 0, 1]))
    array([[2., 2.],
           [5., 6.]])
    """
    seen = np.isfinite(values)
    total = np.zeros((int(groups.max()) + 1, values.shape[1]))
    count = np.zeros_like(total)
    order = np.argsort(groups, kind="stable")
    here, first = np.unique(groups[order], return_index=True)
    told = np.where(seen, values, 0.0)[order]
    total[here] = np.add.reduceat(told, first, axis=0, dtype=np.float64)
    count[here] = np.add.reduceat(seen[order], first, axis=0, dtype=np.float64)
    return np.where(count > 0, total / np.maximum(count, 1), np.nan)


def codes_of(labels: list[str | None]) -> Ints:
    """Each label as the rank of its first appearance in sorted order, [N]; a missing one is −1.

    >>> codes_of(["b", None, "a"])
    array([ 1, -1,  0])
    """
    place = {label: code for code, label in enumerate(sorted({x for x in labels if x is not None}))}
    return np.array([-1 if x is None else place[x] for x in labels], dtype=np.int64)
