"""Running sums against plain loops."""

from __future__ import annotations

import numpy as np

from tradewind.features.lags import Sums, lagged, mean_around, trailing_mean, trailing_spread


def values() -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
    out = np.random.default_rng(1).normal(size=(3, 40))
    out[0, :5] = np.nan
    out[1, 20] = np.nan
    return out


def rows() -> tuple[np.ndarray[tuple[int], np.dtype[np.int64]], ...]:
    rng = np.random.default_rng(2)
    series = rng.integers(0, 3, 200)
    origin = rng.integers(0, 40, 200)
    return series, origin, origin + rng.integers(1, 15, 200)


def test_means_equal_a_plain_loop() -> None:
    y = values()
    series, origin, at = rows()
    got = trailing_mean(Sums.of(y), series, origin, 9, back=2)
    around = mean_around(Sums.of(y), series, origin, at - 10, 3)
    spread = trailing_spread(Sums.of(y), Sums.of(y**2), series, origin, 9)
    for k, (i, o, t) in enumerate(zip(series, origin, at, strict=True)):
        span = y[i, max(o - 10, 0) : max(o - 1, 0)]
        near = y[i, max(t - 13, 0) : max(min(t - 6, o + 1), 0)]
        last = y[i, max(o - 8, 0) : o + 1]
        last = last[np.isfinite(last)]
        np.testing.assert_allclose(got[k], _mean(span))
        np.testing.assert_allclose(around[k], _mean(near))
        np.testing.assert_allclose(spread[k], last.std() if len(last) >= 3 else np.nan, atol=1e-7)


def test_phase_mean_equals_a_plain_loop() -> None:
    y = values()
    series, origin, at = rows()
    got = Sums.of(y, 7).phase_mean(series, origin, at, 3)
    for k, (i, o, t) in enumerate(zip(series, origin, at, strict=True)):
        same = [s for s in range(o, -1, -1) if (t - s) % 7 == 0][:3]
        np.testing.assert_allclose(got[k], _mean(y[i, same]))


def test_a_lag_beyond_the_origin_or_before_the_start_is_missing() -> None:
    y = np.arange(10.0)[None]
    at = np.array([-1, 0, 5, 6])
    got = lagged(y, np.zeros(4, dtype=np.int64), np.full(4, 5), at)
    np.testing.assert_array_equal(got, [np.nan, 0, 5, np.nan])


def _mean(part: np.ndarray[tuple[int], np.dtype[np.float64]]) -> float:
    part = part[np.isfinite(part)]
    return float(part.mean()) if len(part) else float("nan")
