"""Croston and TSB: for products that sell on some days only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from tradewind.arrays import Floats
from tradewind.models.history import History, counts, history_of
from tradewind.models.local import Local, Quantiles
from tradewind.models.naive import rescued
from tradewind.panel import Panel
from tradewind.task import Task


@dataclass(frozen=True, slots=True)
class Croston(Local):
    """Size of a sale and gap between sales, smoothed apart; the rate is their ratio.

    alpha   smoothing of both, in (0, 1)

    With the Syntetos–Boylan correction: rate = (1 − α/2) · size / gap.
    Source: Croston (1972); Syntetos & Boylan (2005). Quantiles are those of a period that sells
    with probability rate / size, and then a size from the series' own past: this project.
    """

    alpha: float = 0.1

    def __post_init__(self) -> None:
        _check_share("alpha", self.alpha)

    def history(self, past: Panel, task: Task, target: str) -> History:
        """The whole past of the target."""
        return history_of(past, task, target)

    def quantiles(self, history: History, h: int, levels: Sequence[float]) -> Quantiles:
        """Quantiles of the next h steps, [N, h, Q]: the same at each."""
        size, chance = croston(history.y, self.alpha)
        return _flat(history, size, (1 - self.alpha / 2) * chance, h, levels, self)


@dataclass(frozen=True, slots=True)
class TSB(Local):
    """Size of a sale and chance of one, smoothed apart; the chance also falls while nothing sells.

    alpha   smoothing of the chance, in (0, 1)
    beta    smoothing of the size, in (0, 1)

    Source: Teunter, Syntetos & Babai (2011). Quantiles as for `Croston`.
    """

    alpha: float = 0.1
    beta: float = 0.1

    def __post_init__(self) -> None:
        _check_share("alpha", self.alpha)
        _check_share("beta", self.beta)

    def history(self, past: Panel, task: Task, target: str) -> History:
        """The whole past of the target."""
        return history_of(past, task, target)

    def quantiles(self, history: History, h: int, levels: Sequence[float]) -> Quantiles:
        """Quantiles of the next h steps, [N, h, Q]: the same at each."""
        size, chance = tsb(history.y, self.alpha, self.beta)
        return _flat(history, size, chance, h, levels, self)


def croston(y: Floats, alpha: float) -> tuple[Floats, Floats]:
    """Smoothed size of a sale and chance of one (1 / smoothed gap) after each series, [N] and [N].

    y   [N, T]   nan where unknown: skipped, as if the period had not been

    Both start at the first sale: its size, and the gap before it.
    """
    size, gap = np.zeros(len(y)), np.ones(len(y))
    started, since = np.zeros(len(y), dtype=bool), np.ones(len(y))
    for now in y.T:
        sold, seen = now > 0, np.isfinite(now)
        weight = np.where(started, alpha, 1.0)
        size = np.where(sold, size + weight * (now - size), size)
        gap = np.where(sold, gap + weight * (since - gap), gap)
        since = np.where(sold, 1.0, since + seen)
        started |= sold
    return size, np.where(started, 1 / np.maximum(gap, 1.0), 0.0)


def tsb(y: Floats, alpha: float, beta: float) -> tuple[Floats, Floats]:
    """Smoothed size of a sale and chance of one after each series, [N] and [N].

    y   [N, T]   nan where unknown: skipped, as if the period had not been

    The size starts at the first sale, the chance at 1 or 0 as the first period sold or did not.
    """
    size, chance = np.zeros(len(y)), np.zeros(len(y))
    started, begun = np.zeros(len(y), dtype=bool), np.zeros(len(y), dtype=bool)
    for now in y.T:
        sold, seen = now > 0, np.isfinite(now)
        size = np.where(sold, size + np.where(started, beta, 1.0) * (now - size), size)
        rate = np.where(begun, alpha, 1.0)
        chance = np.where(seen, chance + rate * (sold - chance), chance)
        started |= sold
        begun |= seen
    return size, chance


def compound_quantiles(y: Floats, size: Floats, chance: Floats, levels: Sequence[float]) -> Floats:
    """Quantiles of a period that sells with `chance`: then one of the past sizes, scaled to `size`.

    y              [N, T]   nan where unknown
    size, chance   [N]
    →              [N, Q]
    """
    sales = np.where(y > 0, y, np.nan)
    have = counts(sales)
    ordered = np.sort(sales, axis=1)
    mean = np.nansum(sales, axis=1) / np.maximum(have, 1)
    out = np.zeros((len(y), len(levels)))
    for k, level in enumerate(levels):
        with np.errstate(divide="ignore", invalid="ignore"):
            inside = np.where(chance > 0, (level - (1 - chance)) / chance, -1.0)
            scale = np.where(mean > 0, size / mean, 0.0)
        place = np.clip(np.ceil(inside * have) - 1, 0, np.maximum(have - 1, 0)).astype(np.int64)
        picked = np.nan_to_num(np.take_along_axis(ordered, place[:, None], axis=1)[:, 0])
        out[:, k] = np.where(inside > 0, picked * scale, 0.0)
    return out


def _flat(
    history: History,
    size: Floats,
    chance: Floats,
    h: int,
    levels: Sequence[float],
    model: object,
) -> Quantiles:
    quantiles = compound_quantiles(history.y, size, np.minimum(chance, 1.0), levels)
    repeated = np.repeat(quantiles[:, None, :], h, axis=1)
    return repeated, rescued(history, model, counts(history.y) < 1, 1)


def _check_share(name: str, value: float) -> None:
    if not 0 < value < 1:
        raise ValueError(f"{name} must be in (0, 1), it is {value}")
