"""Scaling of each series by its own past, and back, exactly."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from tradewind.arrays import Bools, Floats32

Scaling = Literal["standard", "minmax", "robust", "log1p"]
SCALINGS = ("standard", "minmax", "robust", "log1p")
SHRINK = 0.3
"""Share of a series' mean size that stands for its spread before it has shown any."""


@dataclass(frozen=True, slots=True)
class Scale:
    """z = (f(y) − loc) / size, with f the signed logarithm or nothing; loc and size are [B, 1]."""

    loc: Floats32
    size: Floats32
    log: bool

    def forward(self, y: Floats32) -> Floats32:
        """y [B, …] as z."""
        z: Floats32 = (_logged(y) if self.log else y) - _as(self.loc, y)
        return (z / _as(self.size, y)).astype(np.float32)

    def back(self, z: Floats32) -> Floats32:
        """z [B, …] as y."""
        y: Floats32 = z * _as(self.size, z) + _as(self.loc, z)
        return np.sign(y) * np.expm1(np.abs(np.minimum(y, 80))) if self.log else y


def scale_of(y: Floats32, kind: Scaling) -> Scale:
    """The scale of each row of y [B, L], nan where nothing was seen.

    standard   mean, standard deviation
    minmax     least and greatest: z lies in [0, 1]
    robust     median, and the mean absolute distance from it
    log1p      as standard, of sign(y) · ln(1 + |y|)

    A spread is drawn towards SHRINK of the mean size, as if one observation more had shown it, so
    that no series has none.
    """
    values = _logged(y) if kind == "log1p" else y
    seen = np.isfinite(values)
    count = seen.sum(axis=1, keepdims=True).astype(np.float32)
    known = np.where(seen, values, np.float32(0))
    mean = known.sum(axis=1, keepdims=True) / np.maximum(count, 1)
    usual = SHRINK * np.abs(known).sum(axis=1, keepdims=True) / np.maximum(count, 1) + 1e-6
    if kind == "minmax":
        low = np.where(seen, values, np.inf).min(axis=1, keepdims=True)
        high = np.where(seen, values, -np.inf).max(axis=1, keepdims=True)
        low, high = (np.where(count > 0, edge, 0.0) for edge in (low, high))
        span = high - low
        return _scale(low, np.where(span > 0, span, usual), log=False)
    if kind == "robust":
        middle = _medians(values, seen)
        spread = np.where(seen, np.abs(values - middle), 0).sum(axis=1, keepdims=True)
        return _scale(middle, (spread + usual) / (count + 1), log=False)
    squares = (np.where(seen, values - mean, np.float32(0)) ** 2).sum(axis=1, keepdims=True)
    return _scale(mean, np.sqrt((squares + usual**2) / (count + 1)), log=kind == "log1p")


def _scale(loc: Floats32, size: Floats32, *, log: bool) -> Scale:
    return Scale(loc.astype(np.float32), size.astype(np.float32), log)


def _medians(values: Floats32, seen: Bools) -> Floats32:
    ordered = np.sort(np.where(seen, values, np.inf), axis=1)
    count = seen.sum(axis=1)
    row = np.arange(len(values))
    low, high = np.maximum((count - 1) // 2, 0), np.maximum(count // 2, 0)
    last = values.shape[1] - 1
    middle = (ordered[row, np.minimum(low, last)] + ordered[row, np.minimum(high, last)]) / 2
    out: Floats32 = np.where(count > 0, middle, 0.0)[:, None]
    return out


def _logged(y: Floats32) -> Floats32:
    out: Floats32 = np.sign(y) * np.log1p(np.abs(y))
    return out


def _as(column: Floats32, like: Floats32) -> Floats32:
    """[B, 1] with as many dimensions as `like`."""
    return column.reshape(len(column), *(1,) * (like.ndim - 1))
