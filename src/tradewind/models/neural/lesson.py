"""Windows of a shop as a network reads them: one past, one horizon, from any cutoff."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from tradewind.arrays import Bools, Floats32, Ints
from tradewind.features.calendar import calendar_columns
from tradewind.models.field import Field, first_seen, ordinary
from tradewind.models.neural.scaling import Scale, Scaling, scale_of
from tradewind.models.pretrained.encode import unit_sized
from tradewind.models.pretrained.phase import PHASES, calendar_phase
from tradewind.models.pretrained.slots import Flags, filled

CONTEXT = {"1h": 336, "1d": 84, "1w": 60, "1mo": 24, "3mo": 12, "1y": 8}
"""Steps of the past that a network reads unless it is told otherwise."""
GUESSES = 6
"""Season before, mean of four seasons before, year before, recent level, level of the context,
last value."""
RECENT, SEASONS = 4, 4
FLAT = 0.05
"""Within this share of what went before, a sum is called flat."""


@dataclass(frozen=True, slots=True)
class Lesson:
    """A shop's fields, one for each target, with what networks read of them beside.

    columns   K of [N, T + h]      numbers that are known ahead first, then those seen only after
    ahead     how many of them are known ahead
    phase     [T + h, 8]           the calendar
    codes     [N, S]               static texts, from 1; 0 is unknown
    born      [N]                  first step with an observation of the first target
    """

    fields: tuple[Field, ...]
    columns: tuple[Floats32, ...]
    ahead: int
    phase: Floats32
    codes: Ints
    born: Ints
    scaling: Scaling

    @property
    def steps(self) -> int:
        """Steps seen, T."""
        return self.fields[0].steps

    def part(self, rows: Ints) -> Lesson:
        """Some of the series."""
        return replace(
            self,
            fields=tuple(field.part(rows) for field in self.fields),
            columns=tuple(column[rows] for column in self.columns),
            codes=self.codes[rows],
            born=self.born[rows],
        )


@dataclass(frozen=True, slots=True)
class Windows:
    """B windows as arrays.

    past      [B, L, C]
    ahead     [B, H, F]
    guesses   [B, H, T, G]
    static    [B, S]
    target    [B, H, T]   z of what came, nan where unknown
    scales    of each target
    before    [B]         the first target's sum over the H steps before, nan where unknown
    edges     [B, 3]      z of the mean step of a sum that is just a rise, or a fall, against it,
                          and ln(1 + its units)
    """

    past: Floats32
    ahead: Floats32
    guesses: Floats32
    static: Ints
    target: Floats32
    scales: tuple[Scale, ...]
    before: Floats32
    edges: Floats32

    def inputs(self) -> dict[str, Floats32 | Ints]:
        """By the names of the network's arguments."""
        return {
            "past": self.past,
            "ahead": self.ahead,
            "guesses": self.guesses,
            "static": self.static,
            "edges": self.edges,
        }


def lesson_of(fields: Sequence[Field], flags: Flags, scaling: Scaling) -> Lesson:
    """What a network reads of fields that differ in their targets alone."""
    first = fields[0]
    ahead, past = columns_of(first, flags)
    texts = [np.nan_to_num(first.static[name] + 1).astype(np.int64) for name in first.texts]
    codes = np.stack(texts, axis=1) if texts else np.zeros((len(first.ids), 0), np.int64)
    return Lesson(
        tuple(fields),
        (*ahead, *past),
        len(ahead),
        calendar_phase(first.ds, first.freq),
        codes,
        first_seen(first.y),
        scaling,
    )


def columns_of(field: Field, flags: Flags) -> tuple[list[Floats32], list[Floats32]]:
    """Columns that are known ahead (the holidays and festivals of the dates, too), and those that
    are seen only afterwards, [N, T + h] each, without gaps: an unknown plan is as things were.

    Which they are depends on the task alone, so that a network always finds the same.
    """
    shape = (len(field.ids), len(field.ds))
    usual = calendar_columns(field.ds[:1], field.freq)
    ahead, past = [], []
    for name, values in field.known.items():
        ahead += _flagged(values, flags.get(name))
    for name, dated in field.dated.items():
        if name not in usual:
            ahead.append(np.broadcast_to(dated.astype(np.float32), shape).copy())
            if field.quiet is not None:
                ahead[-1][field.quiet, field.steps :] = ordinary(name)
    for name, values in field.past.items():
        rest = ((0, 0), (0, shape[1] - values.shape[1]))
        past += _flagged(np.pad(values, rest, constant_values=np.nan), flags.get(name))
    return ahead, past


def _flagged(values: Floats32, codes: tuple[float, ...] | None) -> list[Floats32]:
    if codes is None:
        return [filled(values)]
    return [(values == code).astype(np.float32) for code in codes]


def windows(lesson: Lesson, rows: Ints, cutoffs: Ints, spans: tuple[int, int]) -> Windows:
    """The series `rows` as they stood after `cutoffs` steps, [B] each; nothing later is read but
    what is known ahead, and the truth beside it.

    spans   L steps of the past and H of the horizon

    A past without a sale has no size to measure what follows in: its truth is not told, as a
    single such window would outweigh a million others.
    """
    context, h = spans
    at_past = cutoffs[:, None] + np.arange(-context, 0)
    at_ahead = cutoffs[:, None] + np.arange(h)
    parts, guesses, truths, scales = [], [], [], []
    for field in lesson.fields:
        y = _sold(field, rows, at_past)
        scale = scale_of(y, lesson.scaling)
        z, seen = scale.forward(y), np.isfinite(y)
        parts += [np.where(seen, z, 0), seen.astype(np.float32)]
        guesses.append(_guesses(field, z, (rows, cutoffs), scale, h))
        sized = (seen & (y != 0)).any(axis=1, keepdims=True)
        truth = scale.forward(_sold(field, rows, at_ahead))
        truths.append(np.where(sized, truth, np.float32(np.nan)))
        scales.append(scale)
    known, past = _columns(lesson, rows, at_past, at_ahead)
    at_all = np.concatenate([at_past, at_ahead], axis=1)
    phase = lesson.phase[np.clip(at_all, 0, len(lesson.phase) - 1)]
    step = np.tile(np.arange(1, h + 1, dtype=np.float32)[None, :, None] / h, (len(rows), 1, 1))
    latest = _sold(lesson.fields[0], rows, at_past[:, -h:])
    told = np.isfinite(latest)
    usual = np.where(told.any(axis=1), _mean(latest, told), np.nan)[:, None]
    places = scales[0].forward(usual * np.array([1 + FLAT, 1 - FLAT], np.float32))
    edges = np.concatenate([places, np.log1p(np.maximum(h * usual, 0))], axis=1)
    stacked = np.stack(parts, axis=2).astype(np.float32)
    return Windows(
        past=np.concatenate([stacked, past, phase[:, :context]], axis=2),
        ahead=np.concatenate([known, phase[:, context:], step], axis=2).astype(np.float32),
        guesses=np.stack(guesses, axis=2),
        static=lesson.codes[rows],
        target=np.stack(truths, axis=2).astype(np.float32),
        scales=tuple(scales),
        before=(h * usual[:, 0]).astype(np.float32),
        edges=np.nan_to_num(edges).astype(np.float32),
    )


def sizes_of(lesson: Lesson) -> tuple[int, int]:
    """C, numbers of each past step; F, of each step ahead."""
    return 2 * len(lesson.fields) + len(lesson.columns) + PHASES, lesson.ahead + PHASES + 1


def _columns(
    lesson: Lesson, rows: Ints, at_past: Ints, at_ahead: Ints
) -> tuple[Floats32, Floats32]:
    """Covariates about zero mean and unit size in the window: ahead [B, H, …], past [B, L, K]."""
    shape = (len(rows), at_ahead.shape[1], 0)
    if not lesson.columns:
        return np.zeros(shape, np.float32), np.zeros((len(rows), at_past.shape[1], 0), np.float32)
    both = np.concatenate([at_past, at_ahead], axis=1)
    values = np.stack([_gather(c, rows, both) for c in lesson.columns], axis=1)
    weight = np.isfinite(values).astype(np.float32)
    weight *= (both >= lesson.born[rows][:, None])[:, None]
    weight[:, lesson.ahead :, at_past.shape[1] :] = 0
    made = unit_sized(np.nan_to_num(values), weight).transpose(0, 2, 1)
    return made[:, at_past.shape[1] :, : lesson.ahead], made[:, : at_past.shape[1]]


def _guesses(field: Field, z: Floats32, place: tuple[Ints, Ints], scale: Scale, h: int) -> Floats32:
    """Starting points of each step's median, [B, H, G]; where one is not seen, the level is."""
    rows, cutoffs = place
    seen = np.isfinite(z)
    level = _mean(z, seen)
    recent = np.where(
        seen[:, -RECENT * field.season :].any(axis=1),
        _mean(z[:, -RECENT * field.season :], seen[:, -RECENT * field.season :]),
        level,
    )
    steps = np.arange(h)
    season = field.season if field.season > 1 else min(field.year, z.shape[1])
    back = season * (steps // season + 1)
    before = [
        scale.forward(_sold(field, rows, cutoffs[:, None] + steps - back - season * k))
        for k in range(SEASONS)
    ]
    if field.season == 1:
        before = before[:1]  # a year before: others lie too far back
    years = -(-(steps + 1) // field.year) * field.year
    yearly = scale.forward(_sold(field, rows, cutoffs[:, None] + steps - years))
    stack = np.stack(before)
    some = np.isfinite(stack)
    mean = np.where(some, stack, 0).sum(axis=0) / np.maximum(some.sum(axis=0), 1)
    usual = np.broadcast_to(recent[:, None], mean.shape)
    last = _last(z, seen, level)
    filled = [
        np.where(np.isfinite(before[0]), before[0], usual),
        np.where(some.any(axis=0), mean, usual),
        np.where(np.isfinite(yearly), yearly, usual),
        usual,
        np.broadcast_to(level[:, None], mean.shape),
        np.broadcast_to(last[:, None], mean.shape),
    ]
    return np.stack(filled, axis=2).astype(np.float32)


def _sold(field: Field, rows: Ints, at: Ints) -> Floats32:
    """field.open_y[rows, at], nan outside, [B, …]; the rest of a large shop is not touched."""
    inside = (at >= 0) & (at < field.steps)
    place = rows[:, None], np.clip(at, 0, field.steps - 1)
    return np.where(inside & ~field.closed[place], field.y[place], np.float32(np.nan))


def _gather(values: Floats32, rows: Ints, at: Ints) -> Floats32:
    """values[rows, at], nan outside; [B, …]."""
    inside = (at >= 0) & (at < values.shape[1])
    out = values[rows[:, None], np.clip(at, 0, values.shape[1] - 1)]
    return np.where(inside, out, np.float32(np.nan))


def _mean(z: Floats32, seen: Bools) -> Floats32:
    total: Floats32 = np.where(seen, z, 0).sum(axis=1) / np.maximum(seen.sum(axis=1), 1)
    return total


def _last(z: Floats32, seen: Bools, level: Floats32) -> Floats32:
    place = z.shape[1] - 1 - seen[:, ::-1].argmax(axis=1)
    out: Floats32 = np.where(seen.any(axis=1), z[np.arange(len(z)), place], level)
    return out
