"""The scale on which trees learn: the target relative to the series' own size, as a logarithm."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tradewind.arrays import Floats, Ints
from tradewind.models.field import Single


@dataclass(frozen=True, slots=True)
class Scale:
    """z = log(y / size + offset), or z = y / size where the target can be negative.

    size      [N]   mean of |y| of each series, the panel's median where all is zero
    offset          keeps small sales apart from none; 0 means the linear scale
    """

    size: Single
    offset: float

    def forward(self, y: Single) -> Single:
        """[N, T] → [N, T]."""
        share = y / self.size[:, None]
        return np.log(share + np.float32(self.offset)) if self.offset else share

    def back(self, z: Floats, series: Ints) -> Floats:
        """z of rows [R] or [R, Q] → y."""
        size = self.size[series].reshape(-1, *[1] * (z.ndim - 1))
        if not self.offset:
            return z * size
        return np.maximum(np.exp(np.minimum(z, 20.0)) - self.offset, 0.0) * size


def scale_of(y: Single, offset: float) -> Scale:
    """The scale of a target [N, T]; linear where any value is negative."""
    seen = np.isfinite(y)
    mean = np.where(seen, np.abs(y), 0).sum(axis=1) / np.maximum(seen.sum(axis=1), 1)
    some = mean[mean > 0]
    size = np.where(mean > 0, mean, np.median(some) if len(some) else 1.0).astype(np.float32)
    return Scale(size, 0.0 if np.nanmin(np.where(seen, y, 0.0)) < 0 else offset)
