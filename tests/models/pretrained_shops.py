"""Small shops as matrices, for the tests of the pretrained model."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import numpy as np

from tradewind.arrays import Floats32
from tradewind.models.field import Field
from tradewind.models.pretrained.slots import Shop, flags_of, shop_of
from tradewind.panel import dates_from

START = datetime(2024, 1, 1)


def field(y: Floats32, h: int = 20, **columns: Any) -> Field:
    """Daily series; `known` [N, T + h], `past` [N, T] and `dated` [T + h] by name."""
    steps = y.shape[1]
    return Field(
        ids=tuple(f"s{k}" for k in range(len(y))),
        ds=dates_from(START, steps + h, "D"),
        freq="D",
        y=y,
        known={k: np.asarray(v, np.float32) for k, v in columns.get("known", {}).items()},
        past={k: np.asarray(v, np.float32) for k, v in columns.get("past", {}).items()},
        static={},
        texts=(),
        closed=np.zeros((len(y), steps + h), np.bool_),
        dated=columns.get("dated", {}),
    )


def as_shop(made: Field, season: int = 0, texts: tuple[str, ...] = ()) -> Shop:
    return shop_of(made, np.zeros(made.y.shape, np.bool_), season, flags_of(made, texts))


def sales(n: int = 12, steps: int = 150, seed: int = 0) -> Floats32:
    """Weekly series of all ages, some counts, some with gaps, one without an observation."""
    rng = np.random.default_rng(seed)
    level = np.exp(rng.normal(2, 1, (12, 1)))
    week = 1 + 0.6 * np.sin(2 * np.pi * np.arange(steps) / 7)
    y = level * week * rng.gamma(9, 1 / 9, (12, steps))
    y[::3] = np.rint(y[::3])
    y[1, :-3], y[2, : steps * 2 // 3], y[4, 20:60], y[5] = np.nan, np.nan, np.nan, np.nan
    return y[:n].astype(np.float32)


def priced_shop(h: int = 20, steps: int = 150) -> Shop:
    y, rng = sales(steps=steps), np.random.default_rng(1)
    shape = (len(y), steps + h)
    known = {"price": 9 + rng.random(shape), "promo": (rng.random(shape) < 0.15).astype(np.float32)}
    return as_shop(field(y, h, known=known, past={"views": rng.gamma(2, 50, (len(y), steps))}))
