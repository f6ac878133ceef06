"""The feature table of the trees: what is known of each question, relative to the level."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tradewind.arrays import Bools, Floats, Ints
from tradewind.features.category import group_means
from tradewind.features.lags import (
    Matrix,
    Sums,
    lagged,
    mean_around,
    trailing_mean,
    trailing_spread,
)
from tradewind.features.price import relative_price
from tradewind.features.promotion import known_at, steps_since_change, steps_until_change
from tradewind.models.field import Field, Single, first_seen, seen_by_others
from tradewind.panel import every

SPANS = {
    "1h": (24, 168, 672),
    "1d": (7, 28, 84, 364),
    "1w": (2, 4, 8, 13, 26, 52),
    "1mo": (2, 3, 6, 12),
    "3mo": (2, 4),
    "1y": (2, 3),
}
"""Steps over which recent levels are taken, by polars interval."""
REACH = {"1h": 2, "1d": 3, "1w": 1}
"""Steps on either side of the same time last year that are averaged."""
FEW = 12
"""A known column with at most so many values has its own mean per value."""
PRICES, PRICE_STEPS = ("price", "competitor_price"), 28
"""Columns also taken relative to their own highest of so many steps."""


@dataclass(frozen=True, slots=True)
class Rows:
    """Questions: series [R], the step last seen [R], the step asked for [R], and h."""

    series: Ints
    origin: Ints
    at: Ints
    h: int

    @property
    def limit(self) -> Ints:
        """Last step whose known columns may be read."""
        return self.origin + self.h

    def part(self, keep: Bools | Ints) -> Rows:
        """Some of the rows."""
        return Rows(self.series[keep], self.origin[keep], self.at[keep], self.h)


def feature_table(
    field: Field, z: Matrix, rows: Rows, level_steps: int, flag: str | None
) -> tuple[dict[str, Floats], Floats]:
    """Columns name → [R], and the level of z at each row's origin, [R].

    z              [N, T]   target on the learning scale, nan where closed or not observed
    level_steps             span of the level that everything is relative to
    flag                    known column whose values have means of their own within a phase
    """
    unit = every(field.freq)
    series, origin, at = rows.series, rows.origin, rows.at
    sums, squares = Sums.of(z), Sums.of(z.astype(np.float64) ** 2)
    level = trailing_mean(sums, series, origin, level_steps)
    level = np.where(np.isfinite(level), level, trailing_mean(sums, series, origin, field.steps))
    level = np.nan_to_num(level)
    table: dict[str, Floats] = {"ahead": (at - origin).astype(np.float64)}
    for name in field.dated:
        table[name] = field.dated_at(name, series, at)
    for span in SPANS[unit]:
        if span != level_steps:
            table[f"level_{span}"] = trailing_mean(sums, series, origin, span) - level
    spans = SPANS[unit]
    for span in spans[1:-1]:
        table[f"spread_{span}"] = trailing_spread(sums, squares, series, origin, span)
    zero = Sums.of(np.where(np.isfinite(field.open_y), field.open_y == 0, np.nan))
    table["zeros"] = trailing_mean(zero, series, origin, spans[-2])
    table["age"] = (origin - first_seen(field.y)[series]).astype(np.float64)
    table["last"] = lagged(z, series, origin, origin) - level
    _phase_columns(table, field, z, rows, level)
    _value_columns(table, field, z, rows, level, flag)
    _year_columns(table, field, z, sums, rows, level)
    _group_columns(table, field, z, rows, level_steps)
    _known_columns(table, field, rows)
    for name, values in field.past.items():
        ran = Sums.of(values)
        usual = trailing_mean(ran, series, origin, field.year)
        for span in spans[:3]:
            table[f"{name}_{span}"] = trailing_mean(ran, series, origin, span) - usual
    for name, values in field.static.items():
        table[name] = values[series].astype(np.float64)
    return table, level


def _phase_columns(
    table: dict[str, Floats], field: Field, z: Matrix, rows: Rows, level: Floats
) -> None:
    if field.season == 1:
        return
    phased = Sums.of(z, field.season)
    for seasons in (1, 4, 12, 52):
        mean = phased.phase_mean(rows.series, rows.origin, rows.at, seasons)
        table[f"phase_{seasons}"] = mean - level


def _value_columns(
    table: dict[str, Floats], field: Field, z: Matrix, rows: Rows, level: Floats, flag: str | None
) -> None:
    """Means of the steps that had the same value of a known column, and the same phase."""
    for name, values in field.known.items():
        crowd = values[field.crowd]
        known = np.unique(crowd[np.isfinite(crowd)])
        if not 2 <= len(known) <= FEW:
            continue
        now = values[rows.series, rows.at]
        overall = np.full(len(level), np.nan)
        phase = {seasons: np.full(len(level), np.nan) for seasons in (4, 12, 52)}
        for value in known:
            mine = now == value
            if not mine.any():
                continue
            some = rows.part(mine)
            masked = np.where(values[:, : field.steps] == value, z, np.float32(np.nan))
            overall[mine] = trailing_mean(Sums.of(masked), some.series, some.origin, field.year)
            if name == flag and field.season > 1:
                phased = Sums.of(masked, field.season)
                for seasons, column in phase.items():
                    column[mine] = phased.phase_mean(some.series, some.origin, some.at, seasons)
        table[f"{name}_mean"] = overall - level
        if name == flag and field.season > 1:
            for seasons, column in phase.items():
                table[f"{name}_phase_{seasons}"] = column - level


def _year_columns(
    table: dict[str, Floats], field: Field, z: Matrix, sums: Sums, rows: Rows, level: Floats
) -> None:
    """The same time last year, near and far, and how it had moved since the same origin."""
    series, origin, at = rows.series, rows.origin, rows.at
    reach = REACH.get(every(field.freq), 0)
    short = SPANS[every(field.freq)][1]
    for years in (1, 2):
        back = field.year * years
        if field.steps <= back:
            continue
        # a step beyond the origin even a year back has no value yet: nan
        table[f"year_{years}"] = lagged(z, series, origin, at - back) - level
        around = mean_around(sums, series, origin, at - back, reach)
        then = trailing_mean(sums, series, origin, short, back=back)
        table[f"year_{years}_around"] = around - level
        table[f"year_{years}_move"] = around - then
        table[f"year_{years}_growth"] = trailing_mean(sums, series, origin, short) - then
        if reach:
            wide = mean_around(sums, series, origin, at - back, 3 * reach)
            table[f"year_{years}_wide"] = wide - level


def _group_columns(
    table: dict[str, Floats], field: Field, z: Matrix, rows: Rows, level_steps: int
) -> None:
    """What the whole panel, and each category, did lately and a year ago."""
    short = SPANS[every(field.freq)][1]
    reach = REACH.get(every(field.freq), 0)
    groups = {"all": np.zeros(len(field.ids), dtype=np.int64)}
    for name in field.texts:
        codes = np.nan_to_num(field.static[name], nan=-1).astype(np.int64) + 1
        crowd = codes[field.crowd]
        if 2 <= len(np.unique(crowd)) <= len(crowd) // 2:
            groups[name] = codes
    shown = seen_by_others(z, field)
    for name, codes in groups.items():
        means = group_means(shown, codes)
        sums, group = Sums.of(means), codes[rows.series]
        level = trailing_mean(sums, group, rows.origin, level_steps)
        now = trailing_mean(sums, group, rows.origin, short)
        table[f"{name}_level"] = now - level
        if field.season > 1:
            phased = Sums.of(means, field.season)
            table[f"{name}_phase"] = phased.phase_mean(group, rows.origin, rows.at, 8) - level
        if field.steps > field.year:
            at = rows.at - field.year
            around = mean_around(sums, group, rows.origin, at, reach)
            then = trailing_mean(sums, group, rows.origin, short, back=field.year)
            table[f"{name}_year"] = lagged(means, group, rows.origin, at) - level
            table[f"{name}_around"] = around - level
            table[f"{name}_move"] = around - then
            table[f"{name}_growth"] = now - then


def _known_columns(table: dict[str, Floats], field: Field, rows: Rows) -> None:
    """Every known column at the step, around it, against last year, and where its run stands."""
    series, at, limit = rows.series, rows.at, rows.limit
    for name, values in field.known.items():
        now = known_at(values, series, at, limit)
        table[f"{name}"] = now
        for shift in (-3, -2, -1, 1, 2, 3):
            table[f"{name}_{shift:+d}"] = known_at(values, series, at + shift, limit)
        if name in PRICES:
            table[f"{name}_off"] = relative_price(values, PRICE_STEPS)[series, at]
        before, after = Sums.of(values), np.minimum(at + 7, limit)
        table[f"{name}_before"] = before.mean(series, at - 6, at + 1)
        table[f"{name}_after"] = before.mean(series, at + 1, after + 1)
        if field.steps > field.year:
            table[f"{name}_change"] = now - known_at(values, series, at - field.year, limit)
        crowd = values[field.crowd]
        if len(np.unique(crowd[np.isfinite(crowd)])) == 2:
            table[f"{name}_since"] = steps_since_change(values)[series, at]
            table[f"{name}_until"] = steps_until_change(values, series, at, limit)


def matrix_of(table: dict[str, Floats], names: tuple[str, ...]) -> Single:
    """The named columns side by side, [R, F] float32; one that cannot be made now is all nan."""
    some = next(iter(table.values()))
    x = np.full((len(some), len(names)), np.nan, dtype=np.float32)
    for place, name in enumerate(names):
        if name in table:
            x[:, place] = table[name]
    return x


def flag_of(field: Field, z: Matrix) -> str | None:
    """The known column whose values explain most of z beyond its phase, or None.

    z is taken about each series' mean; a column must explain 1 % of what the phase leaves.
    """
    phase = np.broadcast_to(np.arange(field.steps) % field.season, z.shape)
    seen = np.isfinite(z)
    centre = np.where(seen, z, 0).sum(axis=1) / np.maximum(seen.sum(axis=1), 1)
    about = z - centre[:, None]
    best, found = 0.99 * _left_over(about[seen], phase[seen]), None
    for name, values in field.known.items():
        now = values[:, : field.steps]
        both = seen & np.isfinite(now)
        kinds, code = np.unique(now[both], return_inverse=True)
        if not 2 <= len(kinds) <= FEW or both.sum() < 0.9 * seen.sum():
            continue
        left = _left_over(about[both], phase[both] * len(kinds) + code) * seen.sum() / both.sum()
        if left < best:
            best, found = left, name
    return found


def _left_over(values: Floats, key: Ints) -> float:
    """Sum of squares about the mean of each key."""
    count = np.maximum(np.bincount(key), 1)
    mean = np.bincount(key, weights=values) / count
    return float(((values - mean[key]) ** 2).sum())


def relative_columns(names: tuple[str, ...]) -> Bools:
    """Which columns are differences of z from its level: what a line may add up, [F]."""
    heads = ("level_", "phase_", "year_", "last")
    tails = ("_mean", "_level", "_phase", "_year", "_around", "_move", "_growth")
    return np.array(
        [
            name != "year_day"
            and (name.startswith(heads) or name.endswith(tails) or "_phase_" in name)
            for name in names
        ]
    )
