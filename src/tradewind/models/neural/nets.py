"""Settings of the networks: what stands between the same inputs and the same head."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

ACTIVATIONS = ("relu", "silu", "gelu", "tanh")


@dataclass(frozen=True, slots=True)
class MLP:
    """A non-linear autoregression: the past of the context through layers of neurons.

    hidden       neurons of each layer
    activation   relu, silu, gelu or tanh
    dropout      share of neurons left out in training
    """

    hidden: tuple[int, ...] = (128, 64)
    activation: Literal["relu", "silu", "gelu", "tanh"] = "relu"
    dropout: float = 0.1

    def __post_init__(self) -> None:
        if not self.hidden or min(self.hidden) < 1:
            raise ValueError(f"hidden holds the size of each layer, at least one; {self.hidden}")
        if self.activation not in ACTIVATIONS:
            raise ValueError(f"activation is one of {ACTIVATIONS}, not {self.activation!r}")
        _check_dropout(self.dropout)


@dataclass(frozen=True, slots=True)
class Recurrent:
    """A recurrent network that reads the past step by step (Elman 1990; LSTM: Hochreiter &
    Schmidhuber 1997; GRU: Cho et al. 2014).

    cell      rnn, lstm or gru
    hidden    numbers that a layer carries from step to step
    back      latest steps of the past through which the loss is led back in training (truncated
              backpropagation through time; Williams & Peng 1990); 0 for a quarter of the context
    """

    cell: Literal["rnn", "lstm", "gru"] = "gru"
    hidden: int = 64
    layers: int = 1
    dropout: float = 0.1
    back: int = 0

    def __post_init__(self) -> None:
        if self.cell not in ("rnn", "lstm", "gru"):
            raise ValueError(f"cell is rnn, lstm or gru, not {self.cell!r}")
        if self.hidden < 1 or self.layers < 1:
            raise ValueError(f"hidden and layers are at least 1: {self.hidden}, {self.layers}")
        if self.back < 0:
            raise ValueError(f"back is at least 0, not {self.back}")
        _check_dropout(self.dropout)


@dataclass(frozen=True, slots=True)
class Attention:
    """Causal self-attention over the past (Vaswani et al. 2017), in patches of steps.

    width    numbers that a token carries, a multiple of heads
    tokens   at most so many: longer pasts are cut into as many patches
    """

    width: int = 64
    layers: int = 2
    heads: int = 4
    tokens: int = 32
    dropout: float = 0.1

    def __post_init__(self) -> None:
        if self.width % self.heads or min(self.width, self.layers, self.heads, self.tokens) < 1:
            raise ValueError(f"width {self.width} is a multiple of heads {self.heads}, all ≥ 1")
        _check_dropout(self.dropout)


@dataclass(frozen=True, slots=True)
class Linear:
    """Straight lines from a moving average of the past and from what it leaves (DLinear, Zeng et
    al. 2023), and from what is known ahead: the honest baseline.

    kernel   steps of the moving average
    """

    kernel: int = 25

    def __post_init__(self) -> None:
        if self.kernel < 1:
            raise ValueError(f"kernel is at least 1, not {self.kernel}")


Net = MLP | Recurrent | Attention | Linear


def _check_dropout(share: float) -> None:
    if not 0 <= share < 1:
        raise ValueError(f"dropout lies in [0, 1), not {share}")
