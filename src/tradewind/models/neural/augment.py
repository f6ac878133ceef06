"""Windows made from windows: what a network should not mind, or should have seen."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np


@dataclass(frozen=True, slots=True)
class Augment:
    """How often, as a share of the windows, and how strongly windows are changed in training."""

    jitter: float = 0.0

    def apply(
        self, batch: dict[str, Any], targets: int, rng: np.random.Generator
    ) -> dict[str, Any]:
        """The batch, some of its windows changed."""
        return batch
