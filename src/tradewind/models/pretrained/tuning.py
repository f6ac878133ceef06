"""Settings of fine-tuning: no torch is needed to name them."""

from __future__ import annotations

from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True)
class FineTune:
    """How the network is made a merchant's own.

    seconds   of training, at most; what a run did within them is in its `Tuned`
    steps     updates, at most: on a machine fast enough to make them within the seconds, the
              result is the same every time
    rates     learning rates that are tried for a fifth of the steps each; the best one goes on
    batch     windows in an update
    seed      of the windows
    """

    seconds: float = 60.0
    steps: int = 200
    rates: tuple[float, ...] = (3e-4, 1e-3)
    batch: int = 64
    seed: int = 0

    def __post_init__(self) -> None:
        if self.seconds <= 0 or self.steps < 1 or self.batch < 1 or not self.rates:
            raise ValueError(f"seconds, steps, batch and rates must be more than nothing: {self}")

    def once_more(self, rate: float) -> FineTune:
        """For going on from tuned weights when new data came: an eighth of all, one rate."""
        rates = (rate or min(self.rates),)
        return replace(self, seconds=self.seconds / 8, steps=max(self.steps // 8, 1), rates=rates)
