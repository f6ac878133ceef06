"""A ridge regression under the trees: it adds up lags and profiles."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tradewind.arrays import Bools, Floats, Ints
from tradewind.models.field import Single

FAR = 4.0
"""Standardised columns are cut off here, so that nothing is extrapolated far."""
PENALTY = 1e-2
"""Ridge penalty per observation, on standardised columns."""
ROUNDS = 6
"""Rounds of reweighting that turn least squares into (nearly) least absolute deviations."""


@dataclass(frozen=True, slots=True)
class Lesson:
    """What one stack of models is to learn.

    x        [R, F]   feature table
    answer   [R]
    weight   [R]
    fold     [R]      span of time, 0 … K − 1
    share    [R]      step ahead / h
    """

    x: Single
    answer: Floats
    weight: Floats
    fold: Ints
    share: Floats

    def part(self, keep: Bools) -> Lesson:
        """Some of the rows."""
        x, answer, weight = self.x[keep], self.answer[keep], self.weight[keep]
        return Lesson(x, answer, weight, self.fold[keep], self.share[keep])


@dataclass(frozen=True, slots=True)
class Linear:
    """value = (columns, and columns × share of the horizon) · weights.

    use       [F]        columns that are numbers, not codes
    centre    [F']       their means; a missing value takes it
    scale     [F']       their standard deviations
    weights   [1 + 2F']  intercept, columns, columns × share of the horizon
    """

    use: Bools
    centre: Floats
    scale: Floats
    weights: Floats

    def predict(self, x: Single, share: Floats) -> Floats:
        """[R, F] and step ahead / h [R] → [R]."""
        out: Floats = self.design(x, share) @ self.weights
        return out

    def design(self, x: Single, share: Floats) -> Floats:
        """What the weights are multiplied by, [R, 1 + 2F']."""
        return _design(x[:, self.use], self.centre, self.scale, share)


def to_json(line: Linear | None) -> dict[str, list[float]] | None:
    """The line as plain lists."""
    if line is None:
        return None
    return {name: getattr(line, name).tolist() for name in ("use", "centre", "scale", "weights")}


def from_json(about: dict[str, list[float]] | None) -> Linear | None:
    """The line that `to_json` wrote."""
    if about is None:
        return None
    numbers = [np.array(about[name]) for name in ("centre", "scale", "weights")]
    return Linear(np.array(about["use"], dtype=np.bool_), *numbers)


def fit_linear(lesson: Lesson, use: Bools) -> Linear:
    """Least absolute deviations by reweighted ridge regression.

    use   [F]   columns that are numbers

    Source: iteratively reweighted least squares, Holland & Welsch (1977).
    """
    x, y, weight, share = lesson.x, lesson.answer, lesson.weight, lesson.share
    some = x[:, use].astype(np.float64)
    seen = np.isfinite(some)
    count = np.maximum(seen.sum(axis=0), 1)
    centre = np.where(seen, some, 0).sum(axis=0) / count
    deviation = np.where(seen, some - centre, 0)
    scale = np.sqrt((deviation**2).sum(axis=0) / count)
    scale = np.where(scale > 1e-9, scale, 1.0).astype(np.float64)
    design = _design(x[:, use], centre, scale, share)
    penalty = np.full(design.shape[1], PENALTY * weight.sum())
    penalty[0] = 0.0
    now = weight
    for _ in range(ROUNDS):
        gram = design.T @ (design * now[:, None]) + np.diag(
            penalty * now.sum() / weight.sum() + 1e-9
        )
        weights = np.linalg.solve(gram, design.T @ (y * now))
        miss = np.abs(y - design @ weights)
        now = weight / np.maximum(miss, 0.2 * np.median(miss) + 1e-6)
    return Linear(use, centre, scale, weights.astype(np.float64))


def _design(x: Single, centre: Floats, scale: Floats, share: Floats) -> Floats:
    standard = np.clip(np.nan_to_num((x - centre) / scale, nan=0.0), -FAR, FAR)
    return np.column_stack([np.ones(len(x)), standard, standard * (share[:, None] - 0.5)])
