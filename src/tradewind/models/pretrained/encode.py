"""From series to the network's inputs: normalised, laid out in tokens, with the season at hand."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace

import numpy as np

from tradewind.arrays import Bools, Floats32, Ints
from tradewind.models.pretrained.effects import effects
from tradewind.models.pretrained.layout import PATCH, RUN, SLOTS, STATIC, layout
from tradewind.models.pretrained.phase import PHASES
from tradewind.models.pretrained.seasonal import grown, season_ago

HALF_LIVES = (14.0, 3.0)
"""Steps after which an observation counts half in the recent and in the newest level."""
PRIOR_SPREAD = 0.5
"""Spread assumed of a series before its second observation, as a share of its mean."""

HISTORY_CHANNELS = 6 + SLOTS  # z, seen, last season, its mask, stock-out, effect
FUTURE_CHANNELS = 7 + SLOTS
"""Last season, its mask, longer season, its mask, effect, both seasons grown; and the slots."""
STEP_FEATURES = PHASES + 6  # phases, both seasons' waves, effect, recency
PREFIX = 2 * SLOTS + STATIC + 12


@dataclass(frozen=True, slots=True)
class Context:
    """B series that end at the same step, right-aligned, as recorded.

    y            [B, T]          nan where there is no observation; T is one of CONTEXTS
    stockout     [B, T]          sales were limited by stock: y is a lower bound there
    covariates   [B, T + H, K]   K = SLOTS; nan or 0 where there is none; H is 64 or less
    kinds        [B, K]          0 empty, 1 known ahead, 2 past only
    static       [B, S]          S = STATIC numbers that never change
    season       [B, 2]          steps in the season and in a longer one; 0 is none
    phase        [B, T + H, 8]   sine and cosine of hour, weekday, day of month, day of year
    borrowed     [B]             True where y is not the series' own but that of its siblings
    """

    y: Floats32
    stockout: Bools
    covariates: Floats32
    kinds: Ints
    static: Floats32
    season: Ints
    phase: Floats32
    borrowed: Bools


@dataclass(frozen=True, slots=True)
class Inputs:
    """What the network reads, all float32 except the indices of the layout.

    fine, coarse   [B, N, 16·HISTORY_CHANNELS]   tokens of the past
    query          [B, Nq, 16, FUTURE_CHANNELS]  tokens of the horizon
    phases         [B, N, 8]                     calendar at each token's first step, all tokens
    prefix         [B, PREFIX]                   what never changes
    keys           [B, T, STEP_FEATURES + 2]     each past step as it may be found again
    values         [B, T, 3]                     z, z² and effect there
    asks           [B, H, STEP_FEATURES + 2]     each step of the horizon, asking
    level          [B, 2]                        recent level of z, and newest level less effects
    distance, place                              see Layout
    """

    fine: Floats32
    coarse: Floats32
    query: Floats32
    phases: Floats32
    prefix: Floats32
    keys: Floats32
    values: Floats32
    asks: Floats32
    level: Floats32
    distance: Ints
    place: Ints

    def arrays(self) -> dict[str, Floats32 | Ints]:
        """By name, as the network's arguments and the exported graph's inputs are called."""
        return {item.name: getattr(self, item.name) for item in fields(self)}


@dataclass(frozen=True, slots=True)
class Scale:
    """z = asinh((y − loc) / size), and back; loc and size are [B, 1]."""

    loc: Floats32
    size: Floats32

    def forward(self, y: Floats32) -> Floats32:
        """y [B, T] as z."""
        z: Floats32 = np.arcsinh((y - self.loc) / self.size)
        return z

    def back(self, z: Floats32) -> Floats32:
        """z [B, H, Q] as y."""
        y: Floats32 = np.sinh(np.clip(z, -12, 12)) * self.size[:, :, None] + self.loc[:, :, None]
        return y


def scale_of(y: Floats32, seen: Bools) -> Scale:
    """Mean and spread of the observed past; the spread is shrunk to a share of the mean, [B, 1]."""
    n = seen.sum(axis=1, keepdims=True).astype(np.float32)
    known = np.where(seen, y, np.float32(0))
    loc = known.sum(axis=1, keepdims=True, dtype=np.float64).astype(np.float32) / np.maximum(n, 1)
    squares = np.where(seen, y - loc, np.float32(0)) ** 2
    usual = (PRIOR_SPREAD * loc) ** 2
    size = np.sqrt((squares.sum(axis=1, keepdims=True) + usual) / (n + 1)) + 1e-6
    return Scale(loc, size.astype(np.float32))


def encode(context: Context, queries: int) -> tuple[Inputs, Scale]:
    """The network's inputs for a horizon of `queries` patches, and the way back to units.

    Nothing after the cutoff is read but what is known ahead, and no series sees another.
    """
    size, steps = context.y.shape
    h = queries * PATCH
    context = replace(
        context, covariates=context.covariates[:, : steps + h], phase=context.phase[:, : steps + h]
    )
    seen = np.isfinite(context.y) & ~context.stockout
    scale = scale_of(context.y, seen)
    z = np.where(seen, scale.forward(np.where(seen, context.y, np.float32(0))), np.float32(0))
    slots = standardised(context, seen)
    turns = season_waves(context.season, steps, h)
    effect = np.zeros((size, steps + h), np.float32)
    planned = context.kinds == 1
    some, columns = planned.any(axis=1), planned.any(axis=0)
    if some.any():
        known = slots[some][:, :, columns] * planned[some][:, None, columns]
        waves = np.concatenate([ridge_waves(turns[some]), context.phase[some][:, :, 6:]], axis=2)
        effect[some] = effects(z[some], seen[some], known, waves)
    inputs = _inputs(context, z, seen, slots, effect, turns)
    prefix = _prefix(context, scale, z, seen)
    return replace(inputs, prefix=prefix), scale


def standardised(context: Context, seen: Bools) -> Floats32:
    """Covariates about zero mean and unit size over the steps since the first observation.

    The size of a column is the geometric mean of its standard deviation and its largest
    deviation, so that a rare flag is not blown up. [B, T + H, K]
    """
    out = np.zeros(context.covariates.shape, np.float32)
    used = np.flatnonzero((context.kinds > 0).any(axis=0))
    if not len(used):
        return out
    values = np.ascontiguousarray(context.covariates[:, :, used].transpose(0, 2, 1))
    values[~np.isfinite(values)] = 0
    steps, kinds = context.y.shape[1], context.kinds[:, used]
    use = np.ones((len(values), 1, values.shape[2]), np.float32)
    use[:, 0, :steps] = np.maximum.accumulate(seen | context.stockout, axis=1)
    weight = use * (kinds > 0)[:, :, None].astype(np.float32)
    weight[:, :, steps:] *= (kinds == 1)[:, :, None]
    out[:, :, used] = unit_sized(values, weight).transpose(0, 2, 1)
    return out


def unit_sized(values: Floats32, weight: Floats32) -> Floats32:
    """Columns [B, K, T] about zero mean and unit size where weight [B, K, T] is 1, else 0.

    `values` are overwritten.
    """
    n = np.maximum(weight.sum(axis=2), 1)
    values -= (np.einsum("bkt,bkt->bk", values, weight) / n)[:, :, None]
    values *= weight
    if not values.size:
        return values
    deviation = np.sqrt(np.einsum("bkt,bkt->bk", values, values) / n)
    unit = np.sqrt(deviation * np.maximum(values.max(axis=2), -values.min(axis=2)))
    values /= np.maximum(unit, 1e-6)[:, :, None]
    return np.clip(values, -5, 5, out=values)


def season_waves(season: Ints, steps: int, h: int) -> Floats32:
    """Sine and cosine of the place in the season and in the longer one, [B, T + H, 4]."""
    t = np.arange(-steps, h, dtype=np.float32)
    kinds, which = np.unique(season, axis=0, return_inverse=True)
    period = kinds.astype(np.float32)
    angle = 2 * np.pi * t[None, :, None] / np.maximum(period, 1)[:, None, :]
    waves = np.stack([np.sin(angle), np.cos(angle)], axis=-1) * (period > 1)[:, None, :, None]
    each: Floats32 = waves.reshape(len(kinds), len(t), 4).astype(np.float32)
    return each[which]


def ridge_waves(turns: Floats32) -> Floats32:
    """Three harmonics of the season, and a trend, [B, T + H, 7]."""
    sine, cosine = turns[:, :, 0], turns[:, :, 1]
    double = (2 * sine * cosine, cosine**2 - sine**2)
    triple = (sine * (3 - 4 * sine**2), cosine * (4 * cosine**2 - 3))
    trend = np.broadcast_to(np.linspace(-1, 1, turns.shape[1], dtype=np.float32), sine.shape)
    return np.stack([sine, cosine, *double, *triple, trend], axis=2)


def _inputs(
    context: Context, z: Floats32, seen: Bools, slots: Floats32, effect: Floats32, turns: Floats32
) -> Inputs:
    size, steps = z.shape
    h = effect.shape[1] - steps
    shape = layout(steps, h // PATCH)
    last, has_last = season_ago(z, seen, context.season[:, 0], np.arange(steps + h))
    longer, has_longer = season_ago(z, seen, context.season[:, 1], steps + np.arange(h))
    flags = seen.astype(np.float32)
    history = np.empty((size, steps, HISTORY_CHANNELS), np.float32)
    own = (z, flags, last[:, :steps], has_last[:, :steps], context.stockout, effect[:, :steps])
    for k, channel in enumerate(own):
        history[:, :, k] = channel
    history[:, :, len(own) :] = slots[:, :steps]
    first = np.concatenate([shape.coarse, shape.fine, shape.query]) + steps
    level = np.stack([_level(z, flags, 0), _level(z - effect[:, :steps], flags, 1)], axis=1)
    past, coming = effect[:, :steps], effect[:, steps:]
    both = [grown(z - past, seen, season, h, level[:, 1]) + coming for season in context.season.T]
    own_ahead = (last[:, steps:], has_last[:, steps:], longer, has_longer, coming, *both)
    future = np.empty((size, h, FUTURE_CHANNELS), np.float32)
    for k, channel in enumerate(own_ahead):
        future[:, :, k] = channel
    future[:, :, len(own_ahead) :] = slots[:, steps:]
    keys, asks = _search(context.phase, turns, effect, flags)
    return Inputs(
        fine=_patches(history, shape.fine, 1),
        coarse=_patches(history, shape.coarse, RUN),
        query=future.reshape(size, -1, PATCH, FUTURE_CHANNELS),
        phases=context.phase[:, first],
        prefix=np.empty((size, 0), np.float32),
        keys=keys,
        values=np.stack([z, z**2, effect[:, :steps]], axis=2),
        asks=asks,
        level=level,
        distance=shape.distance,
        place=shape.place,
    )


def _level(z: Floats32, flags: Floats32, which: int) -> Floats32:
    """Mean of z [B, T] where it was seen, newer steps counting more, [B]."""
    weight = flags * np.exp2(np.arange(-z.shape[1], 0, dtype=np.float32) / HALF_LIVES[which])
    mean = (z * weight).sum(axis=1) / np.maximum(weight.sum(axis=1), 1e-6)
    return np.asarray(mean, np.float32)


def _search(
    phase: Floats32, turns: Floats32, effect: Floats32, flags: Floats32
) -> tuple[Floats32, Floats32]:
    """Features by which steps of the horizon find steps of the past; two more end the key's own.

    The last two make a Gaussian kernel of the effect, and shut out what was not seen.
    """
    size, steps = flags.shape
    ahead = effect.shape[1] - steps
    width = PHASES + 4
    keys = np.empty((size, steps, STEP_FEATURES + 2), np.float32)
    keys[:, :, :PHASES] = phase[:, :steps]
    keys[:, :, PHASES:width] = turns[:, :steps]
    keys[:, :, width] = effect[:, :steps]
    keys[:, :, width + 1] = np.log2(np.arange(steps + 1, 1, -1, dtype=np.float32)) / 10
    keys[:, :, width + 2] = effect[:, :steps] ** 2
    keys[:, :, width + 3] = 1 - flags
    asks = np.ones((size, ahead, STEP_FEATURES + 2), np.float32)
    asks[:, :, :PHASES] = phase[:, steps:]
    asks[:, :, PHASES:width] = turns[:, steps:]
    asks[:, :, width] = effect[:, steps:]
    return keys, asks


def _patches(history: Floats32, first: Ints, run: int) -> Floats32:
    """Tokens of PATCH steps, or of PATCH means over `run` steps, [B, N, PATCH · C]."""
    size, steps, channels = history.shape
    if not len(first):
        return np.empty((size, 0, PATCH * channels), np.float32)
    at = first[:, None] + np.arange(PATCH * run)[None, :] + steps
    if len(first) * PATCH * run == at[-1, -1] + 1 - at[0, 0]:  # one after the other: no copy
        taken = history[:, at[0, 0] : at[-1, -1] + 1].reshape(size, len(first), -1, channels)
    else:
        taken = history[:, at]
    if run > 1:
        taken = taken.reshape(size, len(first), PATCH, run, channels)
        means = taken[:, :, :, 0] / np.float32(run)
        for k in range(1, run):
            means += taken[:, :, :, k] / np.float32(run)
        means[..., 0] /= np.maximum(means[..., 1], 1e-6)  # z is 0 where it was not seen
        return means.reshape(size, len(first), PATCH * channels)
    return np.ascontiguousarray(taken.reshape(size, len(first), PATCH * channels))


def _prefix(context: Context, scale: Scale, z: Floats32, seen: Bools) -> Floats32:
    """What is known of the series as a whole, [B, PREFIX]."""
    n = seen.sum(axis=1).astype(np.float32)
    y = np.where(seen, context.y, np.float32(0))
    steps = z.shape[1]
    newest = steps - 1 - np.argmax(seen[:, ::-1], axis=1)
    whole = ((y == np.rint(y)) | ~seen).all(axis=1)
    own = [
        np.log2(1 + n) / 10,
        np.take_along_axis(z, newest[:, None], axis=1)[:, 0],
        whole,
        (y >= 0).all(axis=1),
        ((y == 0) & seen).sum(axis=1) / np.maximum(n, 1),
        np.log1p(np.abs(scale.loc[:, 0])) / 5,
        np.log(scale.size[:, 0] / (np.abs(scale.loc[:, 0]) + scale.size[:, 0])),
        context.borrowed,
        np.log2(np.maximum(context.season[:, 0], 1)) / 5,
        np.log2(np.maximum(context.season[:, 1], 1)) / 8,
        (context.phase[:, :, 2:4] != 0).any(axis=(1, 2)),
        (context.phase[:, :, 6:8] != 0).any(axis=(1, 2)),
    ]
    kinds = [context.kinds == 1, context.kinds == 2, context.static]
    columns = np.stack([np.asarray(c, np.float32) for c in own], axis=1)
    return np.concatenate([*(np.asarray(k, np.float32) for k in kinds), columns], axis=1)
