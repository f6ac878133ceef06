"""Windows made from windows: what a network should not mind, or should have seen.

Source: Iwana & Uchida (2021), An empirical survey of data augmentation for time series; mixup:
Zhang et al. (2018). Every function returns new arrays and keeps a law that its docstring names.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from tradewind.arrays import Floats32, Ints

SHARE = 0.5
"""Of the windows of a batch that each augmentation changes."""


@dataclass(frozen=True, slots=True)
class Augment:
    """How strongly half of the windows are changed in training; 0 for not at all.

    shift    most steps by which the past is moved against the horizon
    jitter   standard deviation of noise on the past, in units of the series' own scale
    scale    standard deviation of the logarithm of a factor on past and future
    rotate   largest angle (radians) between a series and its partner in the batch
    warp     largest share by which a stretch of the past is made longer or shorter
    mixup    a of the Beta(a, a) share that a partner's window gets
    drop     chance that a covariate is hidden
    """

    shift: int = 0
    jitter: float = 0.0
    scale: float = 0.0
    rotate: float = 0.0
    warp: float = 0.0
    mixup: float = 0.0
    drop: float = 0.0

    def __post_init__(self) -> None:
        strengths = (self.jitter, self.scale, self.rotate, self.warp, self.mixup, self.drop)
        if min(self.shift, *strengths) < 0 or self.drop >= 1 or self.warp >= 1:
            raise ValueError(f"strengths are not below 0, warp and drop below 1: {strengths}")

    @property
    def moves_values(self) -> bool:
        """Whether sales themselves are changed, so that they are no counts any more."""
        moves = (self.shift, self.jitter, self.scale, self.rotate, self.warp, self.mixup)
        return max(moves) > 0

    def apply(
        self, batch: dict[str, Any], targets: int, rng: np.random.Generator
    ) -> dict[str, Any]:
        """The batch with some of its windows changed: `past`, `ahead`, `guesses`, `target`.

        targets   how many; channels 0, 2, … of the past are their z, 1, 3, … whether it was seen
        """
        made = dict(batch)
        size = len(batch["past"])
        partner = rng.permutation(size)
        values = slice(0, 2 * targets, 2)

        def some() -> Any:
            return rng.random(size) < SHARE

        if self.shift:
            whole = made["past"][:, :, : 2 * targets]
            moved = shifted(whole, int(rng.integers(-self.shift, self.shift + 1)))
            both = np.where(some()[:, None, None], moved, whole)
            made["past"] = _put(made["past"], slice(0, 2 * targets), both)
        if self.jitter:
            z = made["past"][:, :, values]
            noise = self.jitter * some()[:, None, None] * made["past"][:, :, 1 : 2 * targets : 2]
            made["past"] = _put(made["past"], values, jittered(z, noise, rng))
        if self.warp:
            stretch = some() * rng.uniform(-self.warp, self.warp, size)
            past = made["past"][:, :, : 2 * targets]
            made["past"] = _put(made["past"], slice(0, 2 * targets), warped(past, stretch))
        if self.scale:
            factor = np.exp(some() * rng.normal(0, self.scale, size)).astype(np.float32)
            made |= self._of_values(made, values, lambda x: scaled(x, factor))
        if self.rotate:
            angle = (some() * rng.uniform(-self.rotate, self.rotate, size)).astype(np.float32)
            made |= self._of_values(made, values, lambda x: rotated(x, partner, angle))
            made["use"] = made["use"] * np.where(
                (angle != 0)[:, None, None], made["use"][partner], 1
            )
        if self.mixup:
            share = np.where(some(), rng.beta(self.mixup, self.mixup, size), 1.0)
            for name in ("past", "ahead", "guesses", "target"):
                made[name] = mixed(made[name], partner, share.astype(np.float32))
            made["use"] = made["use"] * np.where(
                (share < 1)[:, None, None], made["use"][partner], 1
            )
        if self.drop:
            made |= hidden(made, batch["columns"], some() * self.drop, rng)
        return made

    @staticmethod
    def _of_values(made: dict[str, Any], values: slice, change: Any) -> dict[str, Any]:
        """Past, guesses and target, all changed alike."""
        return {
            "past": _put(made["past"], values, change(made["past"][:, :, values])),
            "guesses": change(made["guesses"]),
            "target": change(made["target"]),
        }


def jittered(z: Floats32, size: Floats32, rng: np.random.Generator) -> Floats32:
    """z with normal noise of standard deviation `size` (broadcast); size 0 changes nothing."""
    return (z + size * rng.standard_normal(z.shape)).astype(np.float32)


def scaled(z: Floats32, factor: Floats32) -> Floats32:
    """z [B, …] times factor [B]; by a and then by b is by a·b."""
    out: Floats32 = z * factor.reshape(-1, *(1,) * (z.ndim - 1))
    return out


def rotated(z: Floats32, partner: Ints, angle: Floats32) -> Floats32:
    """cos(angle) · z + sin(angle) · the partner's z, [B, …]; π turns a series upside down.

    Of two series that are each other's partner, the one by θ and the other by −θ, the sum of
    squares stays the same.
    """
    turn = angle.reshape(-1, *(1,) * (z.ndim - 1))
    return (np.cos(turn) * z + np.sin(turn) * z[partner]).astype(np.float32)


def shifted(z: Floats32, steps: int) -> Floats32:
    """z [B, L, …] moved to `steps` later; what comes in from outside is 0.

    By a and then by b is by a + b, for shifts of one direction.
    """
    out = np.zeros_like(z)
    if abs(steps) >= z.shape[1]:
        return out
    if steps >= 0:
        out[:, steps:] = z[:, : z.shape[1] - steps]
    else:
        out[:, :steps] = z[:, -steps:]
    return out


def warped(z: Floats32, stretch: Floats32) -> Floats32:
    """z [B, L, C] with its first half `stretch` [B] longer and its second half shorter, linearly
    between steps; first and last step stay where they are, and so does a constant.
    """
    length = z.shape[1]
    at = np.arange(length, dtype=np.float64)
    half = (length - 1) / 2
    bend = half * (1 + stretch[:, None])
    first = at[None] * half / np.maximum(bend, 1e-6)
    rest = (at[None] - bend) * (length - 1 - half) / np.maximum(length - 1 - bend, 1e-6) + half
    place = np.clip(np.where(at[None] <= bend, first, rest), 0, length - 1)
    low = np.floor(place).astype(np.int64)
    high = np.minimum(low + 1, length - 1)
    row = np.arange(len(z))[:, None]
    share = (place - low)[:, :, None].astype(np.float32)
    out: Floats32 = z[row, low] * (1 - share) + z[row, high] * share
    return out


def mixed(x: Floats32, partner: Ints, share: Floats32) -> Floats32:
    """share · x + (1 − share) · the partner's x, [B, …]; between both, and x where they agree."""
    own = share.reshape(-1, *(1,) * (x.ndim - 1))
    out: Floats32 = own * x + (1 - own) * x[partner]
    return out


def hidden(
    batch: dict[str, Any], columns: tuple[int, int, int], chance: Floats32, rng: np.random.Generator
) -> dict[str, Any]:
    """Past and horizon with some covariates 0; sales, calendar and all else stay as they are.

    columns   place of the first covariate in the past, how many there are, and how many of them
              are known ahead (these come first, in the past and in the horizon)
    chance    [B]   that each covariate of a window is hidden
    """
    first, count, ahead = columns
    keep = (rng.random((len(chance), count)) >= chance[:, None]).astype(np.float32)
    past, horizon = batch["past"].copy(), batch["ahead"].copy()
    past[:, :, first : first + count] *= keep[:, None]
    horizon[:, :, :ahead] *= keep[:, None, :ahead]
    return {"past": past, "ahead": horizon}


def _put(whole: Floats32, channels: slice, part: Floats32) -> Floats32:
    """A copy of `whole` [B, L, C] with some channels replaced."""
    out = whole.copy()
    out[:, :, channels] = part
    return out
