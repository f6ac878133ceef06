"""Trends: how likely each series is to rise, to stay or to fall, against the same span before."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from tradewind.arrays import Floats
from tradewind.errors import DataError
from tradewind.forecast import CHUNK, Forecast
from tradewind.panel import Panel

AVERAGED = ("price",)
"""Targets whose spans are averaged; those of all others are summed."""
DIRECTIONS = ("rise", "flat", "fall")
UNCLEAR = "unclear"
"""What a series is called whose likeliest direction is not likely enough."""
FLAT, SURE = 0.05, 0.8


@dataclass(frozen=True, slots=True)
class Call:
    """When a series is called rising, flat or falling.

    span    steps ahead that are compared with as many before; 0 means the whole horizon
    flat    within ± this share is flat, ≥ 0
    sure    a direction is called from this probability on, in (0.5, 1]
    paths   sample paths that the probabilities are counted on

    Raises DataError for a setting outside these bounds.
    """

    span: int = 0
    flat: float = FLAT
    sure: float = SURE
    paths: int = 1000

    def __post_init__(self) -> None:
        if not 0.5 < self.sure <= 1:
            raise DataError(
                f"a direction is called from a probability of more than 0.5 and at most 1 on; "
                f"sure is {self.sure}"
            )
        if self.flat < 0 or self.span < 0:
            raise DataError(
                f"span and flat must not be negative; they are {self.span}, {self.flat}"
            )


def shares(totals: Floats, before: Floats, flat: float) -> Floats:
    """Share of sampled totals that rise, stay and fall, [N, 3].

    totals  [N, S]   sampled sums over the span ahead
    before  [N]      sum over the same span before
    flat             a total within ± this share of `before` is flat, ≥ 0

    >>> shares(np.array([[80.0, 104.0, 120.0, 130.0]]), np.array([100.0]), 0.05).tolist()
    [[0.5, 0.25, 0.25]]
    """
    high, low = before[:, None] * (1 + flat), before[:, None] * (1 - flat)
    rise, fall = (totals > high).mean(axis=1), (totals < low).mean(axis=1)
    return np.stack([rise, 1 - rise - fall, fall], axis=1)


def before_of(past: Panel, ids: tuple[str, ...], target: str, span: int) -> Floats:
    """Sum (of prices: mean) of each series over its last `span` periods, [N]; nan where unknown.

    Missing periods count as the mean of the others, so that a young series is compared fairly.
    """
    place = {key: i for i, key in enumerate(past.ids)}
    recent = past.wide(target)[[place[key] for key in ids], -span:]
    seen = (~np.isnan(recent)).sum(axis=1)
    sums = np.nansum(recent, axis=1)
    means = np.where(seen > 0, sums / np.maximum(seen, 1), np.nan)
    return means if target in AVERAGED else means * span


def grouped(values: Floats, groups: list[str]) -> tuple[list[str], Floats]:
    """Names of the groups, ascending, and the sum of the values in each; nan counts as nothing.

    >>> grouped(np.array([1.0, 2.0, np.nan]), ["b", "a", "b"])
    (['a', 'b'], array([2., 1.]))
    """
    names = sorted(set(groups))
    place = {name: i for i, name in enumerate(names)}
    sums = np.zeros(len(names))
    np.add.at(sums, [place[g] for g in groups], np.nan_to_num(values))
    return names, sums


def trends(
    before: Floats, forecast: Forecast, call: Call, rng: np.random.Generator
) -> pl.DataFrame:
    """One row per series: those called rising or falling first, the largest likely changes first.

    Columns: unique_id, before, expected (sums over the span, of prices means, in the target's
    unit), low and high (its 80 % interval), change, growth (expected / before − 1; null where
    nothing was sold before), p_rise, p_flat, p_fall, probability (of the likeliest) and direction
    (`called`). Ranked by |change| · probability. Series without an observation in the span before
    are left out.

    before   [N]   sum of each series over the span before (`before_of`)

    Raises DataError if the span is longer than the forecast.
    """
    span = call.span or forecast.h
    if not 1 <= span <= forecast.h:
        raise DataError(f"a span of {span} steps does not fit a forecast of {forecast.h} steps")
    parts, sums = [], []
    for first in range(0, len(forecast.ids), CHUNK):
        part = slice(first, first + CHUNK)
        totals = forecast.select(forecast.ids[part]).paths(call.paths, rng)[:, :span].sum(axis=1)
        if forecast.target in AVERAGED:
            totals = totals / span
        parts.append(shares(totals, before[part], call.flat))
        sums.append(
            np.column_stack([totals.mean(axis=1), *np.quantile(totals, (0.1, 0.9), axis=1)])
        )
    chance, middle = np.concatenate(parts), np.concatenate(sums)
    columns = {
        "before": before,
        "expected": middle[:, 0],
        "low": middle[:, 1],
        "high": middle[:, 2],
    }
    table = pl.DataFrame({"unique_id": forecast.ids, **columns})
    table = table.with_columns(
        (pl.col("expected") - pl.col("before")).alias("change"),
        pl.when(pl.col("before") > 0)
        .then(pl.col("expected") / pl.col("before") - 1)
        .alias("growth"),
        *[pl.Series(f"p_{name}", chance[:, k]) for k, name in enumerate(DIRECTIONS)],
        pl.Series("probability", chance.max(axis=1)),
        called(chance, before, call.sure),
    ).filter(pl.col("before").is_not_nan())
    moves = pl.col("direction").is_in(["rise", "fall"])
    weight = pl.col("change").abs() * pl.col("probability")
    return table.sort(moves, weight, "unique_id", descending=[True, True, False])


def called(chance: Floats, before: Floats, sure: float) -> pl.Series:
    """The direction of each series that is sure enough, else "unclear", [N].

    What sold nothing before is never called: whether it comes back is no trend, and of those said
    to rise with 93.5 % only 34.6 % did (docs/experiments.md, "Trends").

    chance   [N, 3]   of rise, flat and fall

    >>> called(np.array([[0.8, 0.1, 0.1], [0.5, 0.1, 0.4]]), np.array([9.0, 9.0]), 0.8).to_list()
    ['rise', 'unclear']
    """
    best = chance.argmax(axis=1)
    sure_enough = (chance.max(axis=1) >= sure) & (before > 0)
    name = np.where(sure_enough, np.array(DIRECTIONS)[best], UNCLEAR)
    return pl.Series("direction", name).cast(pl.String)


def counted(table: pl.DataFrame) -> dict[str, int]:
    """How many series are called rising, flat, falling, and of how many it is unclear."""
    told = dict(table.group_by("direction").len().iter_rows())
    return {name: int(told.get(name, 0)) for name in (*DIRECTIONS, UNCLEAR)}


def outcome(before: Floats, after: Floats, flat: float) -> list[str]:
    """What came: "rise", "flat" or "fall" of each series, from its sums before and after."""
    came = shares(after[:, None], before, flat).argmax(axis=1)
    return [DIRECTIONS[k] for k in came]
