"""Quantiles for any number of series: in batches of like length, on two threads."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from tradewind.arrays import Bools, Floats32, Ints
from tradewind.models.pretrained.encode import Context, Inputs, encode
from tradewind.models.pretrained.layout import AHEAD, CONTEXTS, PATCH, context_for
from tradewind.models.pretrained.levels import LEVELS
from tradewind.models.pretrained.slots import Shop

Run = Callable[[Inputs], tuple[Floats32, Floats32]]
"""The network: inputs → quantiles of z [B, H, Q] and the logit of P(y = 0) [B, H]."""

STEPS_AT_ONCE = 64 * 512
"""Series times steps in one batch: the memory of a batch does not depend on the context."""

WORTH_SHARING = 16
"""Series of one context from which on they are shared out to the threads."""


def quantiles_of(run: Run, shop: Shop, longest: int, threads: int = 2) -> Floats32:
    """Quantiles of y at LEVELS for every series and step ahead, [N, h, Q].

    longest   steps of the past that are looked at, at most

    What a series gets depends on itself alone. A horizon beyond 64 steps is taken in turns: what
    was forecast becomes the past, and its uncertainty is carried on.
    """
    field = shop.field
    out = np.empty((len(field.ids), field.h, len(LEVELS)), np.float32)  # of all, also if not asked
    with ThreadPoolExecutor(threads) as pool:
        batches = list(_batches(shop, longest, threads))
        for rows, answer in pool.map(lambda b: (b[0], _answer(run, shop, *b)), batches):
            out[rows] = answer
    return out[field.rows]


def _batches(shop: Shop, longest: int, threads: int) -> Iterator[tuple[Ints, int]]:
    """Rows of series, and the context that holds them; no thread waits while there is enough."""
    y = shop.y
    seen = np.isfinite(y)
    born = np.where(seen.any(axis=1), seen.argmax(axis=1), y.shape[1] - 1)
    length = np.minimum(y.shape[1] - born, longest)
    contexts = np.array([context_for(int(n)) for n in range(longest + 1)])[length]
    for steps in CONTEXTS:
        rows = shop.field.rows[contexts[shop.field.rows] == steps]
        size = max(1, STEPS_AT_ONCE // steps)
        if WORTH_SHARING <= len(rows) < size * threads:
            size = -(-len(rows) // threads)
        for a in range(0, len(rows), size):
            yield rows[a : a + size], steps


def _answer(run: Run, shop: Shop, rows: Ints, steps: int) -> Floats32:
    context = shop.context(rows, steps)
    idle = now_and_then(context)
    parts = [forecast_once(run, context, min(shop.field.h, AHEAD), idle)]
    done = parts[0].shape[1]
    while done < shop.field.h:
        context = moved(context, parts[-1][:, :, len(LEVELS) // 2])
        part = forecast_once(run, context, min(shop.field.h - done, AHEAD), idle)
        parts.append(floored(carried(parts[-1][:, -1:], part), context))
        done += part.shape[1]
    return np.concatenate(parts, axis=1)


def forecast_once(run: Run, context: Context, h: int, idle: Bools) -> Floats32:
    """Quantiles of y over at most 64 steps, [B, h, Q]; `idle` as from `now_and_then`."""
    inputs, scale = encode(context, -(-h // PATCH))
    z, zero = run(inputs)
    y = floored(scale.back(z[:, :h]), context)
    chance = 1 / (1 + np.exp(-zero[:, :h]))
    none = np.asarray(LEVELS, np.float32) <= chance[:, :, None]
    return np.where(none & idle[:, None, None], np.float32(0), y)


def floored(y: Floats32, context: Context) -> Floats32:
    """Quantiles that are not negative where the series never was."""
    never = np.asarray(~(context.y < 0).any(axis=1))
    return np.where(never[:, None, None], np.maximum(y, 0), y)


def now_and_then(context: Context) -> Bools:
    """Counts that are zero now and then, [B]: their levels up to P(y = 0) are zero."""
    seen = np.isfinite(context.y)
    value = np.where(seen, context.y, np.float32(0))
    counted = ((value == np.rint(value)) & (value >= 0)).all(axis=1)
    return np.asarray(counted & ((value == 0) & seen).any(axis=1))


def moved(context: Context, y: Floats32) -> Context:
    """The context after `y` [B, s] has been taken for what came."""
    size, steps = context.y.shape
    s = y.shape[1]
    return Context(
        y=np.concatenate([context.y, y], axis=1)[:, -steps:],
        stockout=np.concatenate([context.stockout, np.zeros((size, s), np.bool_)], axis=1)[
            :, -steps:
        ],
        covariates=context.covariates[:, s:],
        kinds=context.kinds,
        static=context.static,
        season=context.season,
        phase=context.phase[:, s:],
        borrowed=context.borrowed,
    )


def carried(last: Floats32, part: Floats32) -> Floats32:
    """Quantiles of a later turn, widened by what was uncertain at the end of the one before.

    Deviations from the median add as independent errors do: by their squares.
    """
    middle = len(LEVELS) // 2
    before = last - last[:, :, middle : middle + 1]
    after = part - part[:, :, middle : middle + 1]
    wide = np.sqrt(before**2 + after**2)
    wide[:, :, :middle] *= -1
    out: Floats32 = part[:, :, middle : middle + 1] + wide
    return out
