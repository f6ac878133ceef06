"""Groups of siblings and their dates: what all series of a synthetic shop share."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tradewind.arrays import Bools, Dates, Floats32, Ints
from tradewind.models.pretrained.phase import PHASES, calendar_phase, seasons_of
from tradewind.models.pretrained.prior_settings import (
    DAY,
    FAMILIES,
    HOUR,
    MONTH,
    OTHER,
    QUARTER,
    WEEK,
    YEAR,
    Prior,
)

FREQS = {HOUR: "h", DAY: "D", WEEK: "W-MON", MONTH: "MS", QUARTER: "QS", YEAR: "YS"}
FIRST, LAST = np.datetime64("1990-01-01"), np.datetime64("2030-12-31")
LONG = 400
"""Steps from which the long mix of families is used."""
SHORT = 200
"""Steps up to which the short mix is used."""


@dataclass(frozen=True, slots=True)
class World:
    """B series in G groups over T steps.

    group      [B]     which group a series belongs to, ascending
    first      [G+1]   its first series, and B
    family     [G]     index in FAMILIES
    season     [G, 2]  in steps, 0 is none
    begin      [G, T]  first day of a period, days since 1970; end: the first day after it
    hour … year [G, T] of the first day (hour: of the period)
    phase      [G, T, 8]
    kinship    [G]     share of variance that siblings have in common
    additive, shop [G] additive series; a shop that closes on known dates
    """

    group: Ints
    first: Ints
    family: Ints
    season: Ints
    begin: Ints
    end: Ints
    hour: Ints
    weekday: Ints
    month: Ints
    month_day: Ints
    month_days: Ints
    year_day: Ints
    year: Ints
    phase: Floats32
    kinship: Floats32
    additive: Bools
    shop: Bools

    @property
    def groups(self) -> int:
        """G."""
        return len(self.family)

    @property
    def steps(self) -> int:
        """T."""
        return int(self.begin.shape[1])

    def is_family(self, *families: int) -> Bools:
        """Which groups are of these families, [G]."""
        chosen = np.zeros(len(FAMILIES), bool)
        chosen[list(families)] = True
        return chosen[self.family]

    def some(self, chance: float, rng: np.random.Generator) -> Bools:
        """Each group with this chance, [G]."""
        return rng.random(self.groups) < chance

    def kin(self, rng: np.random.Generator, *shape: int) -> Floats32:
        """Standard normals that siblings share in part, [B, *shape]."""
        common = rng.standard_normal((self.groups, *shape), dtype=np.float32)
        own = rng.standard_normal((len(self.group), *shape), dtype=np.float32)
        share = self.kinship[self.group].reshape(-1, *[1] * len(shape))
        both = np.sqrt(share) * common[self.group] + np.sqrt(1 - share) * own
        return np.asarray(both, np.float32)

    def lookup(self, tables: Floats32, index: Ints, of: Bools) -> Floats32:
        """tables [B, M] read at index [G, T] of their group; 0 outside groups `of` [G], [B, T]."""
        out = np.zeros((len(self.group), index.shape[1]), np.float32)
        for g in np.flatnonzero(of):
            a, b = self.first[g], self.first[g + 1]
            np.take(tables[a:b], index[g], axis=1, out=out[a:b], mode="clip")
        return out

    def spread(self, paths: Floats32, sizes: Floats32) -> Floats32:
        """Σ_k sizes [B, K] · paths [G, K, T] of their group, [B, T]."""
        out = np.empty((len(self.group), paths.shape[2]), np.float32)
        for g in range(self.groups):
            a, b = self.first[g], self.first[g + 1]
            np.matmul(sizes[a:b], paths[g], out=out[a:b])
        return out

    def total(self, values: Floats32) -> Floats32:
        """Sum of values [B, T] over the siblings of each group, [G, T]."""
        out: Floats32 = np.add.reduceat(values, self.first[:-1], axis=0)
        return out


def draw_world(prior: Prior, n: int, steps: int, rng: np.random.Generator) -> World:
    """Groups of siblings with a family, a calendar that starts anywhere in 1990 to 2030, a kind."""
    low, high = prior.siblings
    sizes = rng.integers(low, high + 1, n // low + 1)
    groups = int(np.searchsorted(np.cumsum(sizes), n)) + 1
    first = np.minimum(np.concatenate([[0], np.cumsum(sizes[:groups])]), n)
    chances = np.array(prior.long_families)
    if steps <= LONG:
        chances = np.array(prior.short_families if steps <= SHORT else prior.families)
    family = rng.choice(len(chances), groups, p=chances / chances.sum())
    additive = rng.random(groups) < prior.additive
    closes = np.isin(family, (HOUR, DAY, WEEK)) & ~additive
    season = np.zeros((groups, 2), np.int64)
    season[:, 0] = rng.integers(2, 61, groups)
    phase = np.zeros((groups, steps, PHASES), np.float32)
    begin = np.empty((groups, steps), "datetime64[h]")
    end = np.empty((groups, steps), "datetime64[D]")
    for kind in np.unique(family):
        mine = np.flatnonzero(family == kind)
        start = FIRST + rng.integers(0, int((LAST - FIRST).astype(int)), len(mine))
        ds, after = period_starts(start, steps, int(kind), rng)
        begin[mine], end[mine] = ds, after
        if kind != OTHER:
            season[mine] = seasons_of(FREQS[int(kind)])
            phase[mine] = calendar_phase(ds, FREQS[int(kind)])
    return World(
        group=np.repeat(np.arange(groups), np.diff(first)),
        first=first,
        family=family,
        season=season,
        end=end.astype(np.int64),
        phase=phase,
        kinship=rng.uniform(*prior.kinship, groups).astype(np.float32),
        additive=additive,
        shop=closes & (rng.random(groups) < prior.shops),
        **fields(begin),
    )


def period_starts(
    start: Dates, steps: int, family: int, rng: np.random.Generator
) -> tuple[Dates, Dates]:
    """Starts of `steps` periods from days `start` [K] on, and the days after them, [K, steps]."""
    t = np.arange(steps)
    if family == HOUR:
        hours = rng.integers(0, 24, (len(start), 1)) + t
        ds: Dates = start.astype("datetime64[h]")[:, None] + hours.astype("timedelta64[h]")
        tomorrow = ds.astype("datetime64[D]").astype(np.int64) + 1
        return ds, tomorrow.astype("datetime64[D]")
    months = {MONTH: 1, QUARTER: 3, YEAR: 12}.get(family)
    if months is None:
        days = 7 if family == WEEK else 1
        ahead = (days * np.arange(steps + 1)).astype("timedelta64[D]")
        dates: Dates = start[:, None] + ahead
        return dates[:, :-1], dates[:, 1:]
    whole = start.astype("datetime64[M]").astype(np.int64) // months * months
    month = whole[:, None] + months * t
    first, after = month.astype("datetime64[M]"), (month + months).astype("datetime64[M]")
    return first.astype("datetime64[D]"), after.astype("datetime64[D]")


def fields(begin: Dates) -> dict[str, Ints]:
    """What the first hour of each period [G, T] is in the calendar, as integers."""
    days = begin.astype("datetime64[D]")
    months, years = days.astype("datetime64[M]"), days.astype("datetime64[Y]")
    month_start = months.astype("datetime64[D]")
    return {
        "begin": days.astype(np.int64),
        "hour": (begin - days).astype(np.int64),
        "weekday": (days.astype(np.int64) + 3) % 7,
        "month": months.astype(np.int64) % 12,
        "month_day": (days - month_start).astype(np.int64) + 1,
        "month_days": ((months + 1).astype("datetime64[D]") - month_start).astype(np.int64),
        "year_day": (days - years.astype("datetime64[D]")).astype(np.int64),
        "year": years.astype(np.int64) + 1970,
    }
