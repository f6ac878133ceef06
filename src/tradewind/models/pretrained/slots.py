"""From a merchant's table to the network's context: which column goes into which slot."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np

from tradewind.arrays import Bools, Floats32, Ints
from tradewind.features.calendar import calendar_columns
from tradewind.models.field import Field, ordinary
from tradewind.models.pretrained.encode import Context
from tradewind.models.pretrained.layout import PATCH, SIZE_UNIT, SLOTS, STATIC, USUAL_SIZE
from tradewind.models.pretrained.phase import calendar_phase, seasons_of
from tradewind.models.pretrained.season import found_season
from tradewind.panel import dates_from

Flags = dict[str, tuple[float, ...]]
FLAGS = 4
"""A text column becomes one flag for each of its most frequent values but the commonest, so many
at most."""


@dataclass(frozen=True, slots=True)
class Shop:
    """A merchant's series as matrices, and what is common to all of them.

    field      the matrices, over T steps seen and h ahead
    y          [N, T]      the past on open steps; that of its siblings where a series has none
    borrowed   [N]         where it is theirs
    censored   [N, T]      sales were limited by stock
    slots      columns of the slots: [N, T + H] where known ahead, [N, T] where past only
    kinds      [K]         1 known ahead, 2 past only
    season     [2]         as the task or the frequency has it; the first is 0 to find it
    phase      [T + H, 8]  H is h filled up to whole patches
    static     [N, S]      what its text says of it
    flags      codes of each text column that have a flag of their own
    """

    field: Field
    y: Floats32
    borrowed: Bools
    censored: Bools
    slots: tuple[Floats32, ...]
    kinds: tuple[int, ...]
    season: tuple[int, int]
    phase: Floats32
    static: Floats32
    flags: Flags

    def earlier(self, rows: Ints, end: int, h: int) -> Shop:
        """Some series as they stood after `end` steps, with the h that followed known ahead.

        A text column's flags stay those of the whole: a slot means the same in every window.
        """
        part = self.field.part(rows).before(end, h)
        return shop_of(part, self.censored[rows, :end], self.season[0], self.flags)

    def context(self, rows: Ints, steps: int) -> Context:
        """The last `steps` steps of some series, [B, steps], padded where there are fewer."""
        size, have = len(rows), self.field.steps
        h = len(self.phase) - have
        take = min(steps, have)
        y = np.full((size, steps), np.nan, np.float32)
        y[:, steps - take :] = self.y[rows, have - take :]
        stockout = np.zeros((size, steps), np.bool_)
        stockout[:, steps - take :] = self.censored[rows, have - take :]
        covariates = np.zeros((size, steps + h, SLOTS), np.float32)
        for k, values in enumerate(self.slots):
            seen = values[rows, have - take :]
            covariates[:, steps - take : steps - take + seen.shape[1], k] = seen
        phase = np.zeros((steps + h, self.phase.shape[1]), np.float32)
        phase[steps - take :] = self.phase[have - take :]
        kinds = np.zeros((size, SLOTS), np.int64)
        kinds[:, : len(self.kinds)] = self.kinds
        season = np.tile(np.asarray(self.season, np.int64), (size, 1))
        if not self.season[0]:
            season[:, 0] = found_season(y, seasons_of(self.field.freq)[0])
        return Context(
            y=y,
            stockout=stockout,
            covariates=covariates,
            kinds=kinds,
            static=self.static[rows],
            season=season,
            phase=np.broadcast_to(phase, (size, *phase.shape)),
            borrowed=self.borrowed[rows],
        )


def flags_of(field: Field, texts: Collection[str]) -> Flags:
    """The codes of each text column, the most frequent first but the commonest left out."""
    flags: Flags = {}
    for name in texts:
        values = field.known.get(name, field.past.get(name))
        if values is not None:
            seen = values[field.crowd, : field.steps]
            kinds, count = np.unique(seen[np.isfinite(seen)], return_counts=True)
            order = kinds[np.argsort(-count, kind="stable")]
            flags[name] = tuple(float(code) for code in order[1 : 1 + FLAGS])
    return flags


def shop_of(field: Field, censored: Bools, season: int, flags: Flags) -> Shop:
    """`season` is the task's, 0 where it is not stated; `flags` as from `flags_of`."""
    slots, kinds = slots_of(field, flags)
    ds = dates_from(field.ds[0].item(), field.steps + -(-field.h // PATCH) * PATCH, field.freq)
    y, borrowed = lent(field)
    return Shop(
        field=field,
        y=y,
        borrowed=borrowed,
        censored=censored,
        slots=slots,
        kinds=kinds,
        season=(season, seasons_of(field.freq)[1]),
        phase=calendar_phase(ds, field.freq),
        static=traits(field, y, borrowed),
        flags=flags,
    )


def lent(field: Field) -> tuple[Floats32, Bools]:
    """The past on open steps, [N, T], and which series have only that of their siblings, [N].

    A launch has no past. It is given the mean of the series that share its first text column
    (of all series where there is none), step by step.
    """
    y = field.open_y
    empty = ~np.isfinite(y).any(axis=1)
    if not empty.any() or empty.all():
        return y, np.zeros(len(y), np.bool_)
    kind = field.static[field.texts[0]] if field.texts else np.zeros(len(y), np.float32)
    crowd = ~empty & np.isin(np.arange(len(y)), field.crowd)
    for one in np.unique(kind[empty]):
        mine = empty & ((kind == one) | (np.isnan(kind) & np.isnan(one)))
        theirs = y[crowd & (kind == one)]
        theirs = theirs if len(theirs) else y[crowd]
        seen = np.isfinite(theirs)
        total = np.where(seen, theirs, np.float32(0)).sum(axis=0)
        y[mine] = np.where(seen.any(axis=0), total / np.maximum(seen.sum(axis=0), 1), np.nan)
    return y, np.asarray(empty)


def traits(field: Field, y: Floats32, borrowed: Bools) -> Floats32:
    """What the first text column tells of a series, [N, STATIC]: the usual size of its kin.

    The first number is the mean over the series with the same text of ln(mean sales), as the prior
    tells it; those without sales are left out. The others of the prior are not known here: 0.
    """
    out = np.zeros((len(y), STATIC), np.float32)
    if not field.texts:
        return out
    n = np.isfinite(y).sum(axis=1)
    mean = np.nansum(y, axis=1, dtype=np.float64) / np.maximum(n, 1)
    use = (mean > 0) & ~borrowed & np.isin(np.arange(len(y)), field.crowd)
    _, kind = np.unique(field.static[field.texts[0]], return_inverse=True)
    size = np.log(np.where(use, mean, 1.0))
    count = np.bincount(kind, use)
    kin = np.bincount(kind, size * use) / np.maximum(count, 1)
    out[:, 0] = np.where(count > 0, np.clip((kin - USUAL_SIZE) / SIZE_UNIT, -4, 4), 0.0)[kind]
    return out


def slots_of(field: Field, flags: Flags) -> tuple[tuple[Floats32, ...], tuple[int, ...]]:
    """Columns of the slots and their kinds: known ahead first, then the dates', then past only.

    A column of which nothing is known ahead is past only. What does not fit is left out, the last
    first. Steps beyond the horizon that fill its last patch are gaps like any other.
    """
    rest = ((0, 0), (0, -field.h % PATCH))
    ahead: list[Floats32] = []
    past: list[Floats32] = []
    unplanned: dict[str, Floats32] = {}
    for name, values in field.known.items():
        if np.isfinite(values[:, field.steps :]).any():
            ahead += _columns(np.pad(values, rest, constant_values=np.nan), flags.get(name))
        else:
            unplanned[name] = values[:, : field.steps]
    for name, dated in field.dated.items():
        if name not in calendar_columns(field.ds[:1], field.freq) and np.ptp(dated) > 0:
            row = np.pad(dated.astype(np.float32)[None], rest, constant_values=np.nan)
            every = np.broadcast_to(filled(row), (len(field.ids), row.shape[1]))
            if field.quiet is not None and field.quiet.any():
                every = every.copy()
                every[field.quiet, field.steps :] = ordinary(name)
            ahead.append(every)
    for name, values in (unplanned | field.past).items():
        past += _columns(values, flags.get(name))
    kinds = [1] * len(ahead) + [2] * len(past)
    return tuple([*ahead, *past][:SLOTS]), tuple(kinds[:SLOTS])


def filled(values: Floats32) -> Floats32:
    """A column without gaps, [N, T]: a flag is 0 there, anything else as it was before.

    Before the first value known it is as it was then.
    """
    known = np.isfinite(values)
    if known.all():
        return values
    if np.isin(values[known], (0, 1)).all():
        return np.nan_to_num(values)
    steps = np.arange(values.shape[1])
    last = np.maximum.accumulate(np.where(known, steps, 0), axis=1)
    last = np.maximum(last, known.argmax(axis=1)[:, None])
    return np.nan_to_num(np.take_along_axis(values, last, axis=1))


def _columns(values: Floats32, codes: tuple[float, ...] | None) -> list[Floats32]:
    if codes is None:
        return [filled(values)]
    return [(values == code).astype(np.float32) for code in codes]
