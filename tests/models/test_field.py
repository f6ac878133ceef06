"""From a field's quantiles to a forecast: order, closed steps, floors."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from tests.models.pretrained_shops import field


def test_a_forecast_keeps_each_series_floor_and_sells_nothing_where_closed() -> None:
    y = np.array([[1, 2, 3, 0], [1.5, -2, 3, 4], [np.nan, 7, 1, 1]], np.float32)
    made = field(y, 2)
    closed = made.closed.copy()
    closed[2, 5] = True
    quantiles = np.tile(np.array([3.0, -1.0, 9.0]), (3, 2, 1))
    told = replace(made, closed=closed).to_forecast("y", (0.1, 0.5, 0.9), quantiles, None)
    assert told.quantiles[0].tolist() == [[0, 3, 9], [0, 3, 9]]
    assert told.quantiles[1].tolist() == [[-1, 3, 9], [-1, 3, 9]]
    assert told.quantiles[2].tolist() == [[0, 3, 9], [0, 0, 0]]
    assert (told.lower, told.whole) == (None, False)
    assert told.ds.tolist() == made.ds[4:].tolist()
    assert quantiles[0, 0].tolist() == [3, -1, 9]
    counted = made.part(np.array([0, 2])).to_forecast("y", (0.5,), np.ones((2, 2, 1)), None)
    assert (counted.lower, counted.whole) == (0.0, True)
