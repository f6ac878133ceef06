"""Settings of training: how fast, how long, on what."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from typing import Literal

from tradewind.models.neural.augment import Augment


@dataclass(frozen=True, slots=True)
class Parts:
    """Share of the learning rate at which each part of the network learns; 0 freezes a part.

    For training on from weights that were learnt before (`Neural.resume`): what reads the past
    stays as it is, or changes slowly, while the heads learn the new series.

    embed     tables of texts: category, channel
    encoder   what reads the past
    heads     what tells the steps ahead
    layer     of the encoder's layers each learns at this share of the one above it
              (discriminative rates; Howard & Ruder 2018 take 1 / 2.6)
    """

    embed: float = 1.0
    encoder: float = 1.0
    heads: float = 1.0
    layer: float = 1.0

    def __post_init__(self) -> None:
        if min(self.embed, self.encoder, self.heads, self.layer) < 0 or self.heads == 0:
            raise ValueError(f"shares are not below 0, and heads always learn: {self}")

    def shares(self, layers: tuple[tuple[str, ...], ...]) -> tuple[tuple[str, float], ...]:
        """(Beginning of a parameter's name, share), for encoder layers from the past upwards.

        >>> Parts(encoder=0.5, layer=0.5).shares((("low",), ("high",)))[-2:]
        (('encoder.low', 0.25), ('encoder.high', 0.5))
        """
        if self == Parts():
            return ()
        heads = ((name, self.heads) for name in ("heads", "trend", "spread"))
        deep = (
            (f"encoder.{name}", self.encoder * self.layer ** (len(layers) - 1 - k))
            for k, names in enumerate(layers)
            for name in names
        )
        return (("embed", self.embed), ("encoder", self.encoder), *heads, *deep)


@dataclass(frozen=True, slots=True)
class Pace:
    """How a network of the family is trained.

    learning_rate   the peak, reached after a share `warmup` of the steps
    schedule        cosine, wsd or constant
    optimizer       adamw, adam, or sgd with momentum 0.9
    batch           windows at once
    steps           updates at most; fewer where `patience` runs out
    epochs          in place of steps where above 0: times that each observation is asked for
    again           share of the steps, or epochs, that training on from earlier weights takes
    weight_decay    L2 of matrices
    clip            largest length of the gradient; 0 for no limit
    patience        looks at the validation window, of twelve, without a gain before training ends
    seconds         at most; 0 for no limit
    bf16            mixed precision: for processors and GPUs made for it
    parts           how fast each part of the network learns, for training on
    """

    learning_rate: float = 3e-3
    schedule: Literal["cosine", "wsd", "constant"] = "cosine"
    optimizer: Literal["adamw", "adam", "sgd"] = "adamw"
    warmup: float = 0.1
    batch: int = 128
    steps: int = 600
    epochs: float = 0.0
    again: float = 0.25
    weight_decay: float = 0.01
    clip: float = 1.0
    patience: int = 5
    seconds: float = 0.0
    bf16: bool = False
    device: str = "cpu"
    seed: int = 0
    augment: Augment = field(default_factory=Augment)
    parts: Parts = field(default_factory=Parts)

    def __post_init__(self) -> None:
        if self.batch < 1 or self.steps < 1 or self.patience < 1:
            raise ValueError("batch, steps and patience are at least 1")
        if self.learning_rate <= 0 or min(self.weight_decay, self.epochs, self.seconds) < 0:
            raise ValueError("learning_rate is above 0; weight_decay, epochs, seconds not below")
        if not 0 < self.again <= 1:
            raise ValueError(f"again is a share in (0, 1], not {self.again}")

    def further(self) -> Pace:
        """For training on from weights that were learnt before.

        >>> Pace(steps=600).further().steps
        150
        """
        steps = max(1, round(self.again * self.steps))
        return replace(self, steps=steps, epochs=self.again * self.epochs)

    def steps_of(self, windows: float) -> int:
        """Updates, where so many windows hold every observation once."""
        return max(1, math.ceil(self.epochs * windows / self.batch)) if self.epochs else self.steps
