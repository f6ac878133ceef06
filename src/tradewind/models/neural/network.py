"""The networks: the same inputs through one of several encoders into the same head."""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from tradewind.models.neural.nets import MLP, Attention, Linear, Net, Recurrent
from tradewind.train.threads import Dropout

ACTIVATION: dict[str, type[nn.Module]] = {
    "relu": nn.ReLU,
    "silu": nn.SiLU,
    "gelu": nn.GELU,
    "tanh": nn.Tanh,
}
CLASSES = 3
"""Rise, flat, fall."""
HEAD = 64
BACK = 0.25
"""Share of the context that a recurrent network learns through, unless told otherwise."""
EDGES = 5
"""Numbers that tell where the edges of the classes lie."""


@dataclass(frozen=True, slots=True)
class Shape:
    """Sizes of what goes in and out.

    context    L   steps of the past
    h          H   steps ahead
    past       C   numbers of each past step
    ahead      F   numbers of each step ahead
    guesses    G   starting points of the median, the same for each target
    kinds      how many texts each static column has; an unknown one is the first
    targets    targets
    outputs    Q quantiles, or 2 of a negative binomial
    """

    context: int
    h: int
    past: int
    ahead: int
    guesses: int
    kinds: tuple[int, ...]
    targets: int
    outputs: int
    counts: bool


def feed_forward(sizes: tuple[int, ...], activation: str, dropout: float = 0.0) -> nn.Sequential:
    """Layers of neurons, an activation between them.

    Two layers of one neuron with ReLU, weights 1 and 2 and biases 0.5 make of 100
    2 · max(0, 1 · 100 + 0.5) + 0.5:

    >>> net = feed_forward((1, 1, 1), "relu")
    >>> with torch.no_grad():
    ...     for value, parameter in zip((1.0, 0.5, 2.0, 0.5), net.parameters()):
    ...         _ = parameter.fill_(value)
    >>> float(net(torch.tensor([[100.0]])).detach())
    201.5
    """
    layers: list[nn.Module] = []
    for k, (before, after) in enumerate(itertools.pairwise(sizes)):
        if k:
            layers += [ACTIVATION[activation](), Dropout(dropout)]
        layers.append(nn.Linear(before, after))
    return nn.Sequential(*layers)


class Network(nn.Module):
    """An encoder of the past and, for each target, a head over the steps ahead."""

    def __init__(self, net: Net, shape: Shape) -> None:
        super().__init__()
        self.shape, self.net = shape, net
        self.embed = nn.ModuleList(
            nn.Embedding(kinds + 1, min(8, 1 + kinds // 2)) for kinds in shape.kinds
        )
        static = sum(table.embedding_dim for table in self.embed)  # type: ignore[misc]
        self.encoder = encoder_of(net, shape, static)
        self.heads = nn.ModuleList(
            _Head(net, shape, self.encoder.width + static) for _ in range(shape.targets)
        )
        self.trend = feed_forward((EDGES, HEAD, CLASSES), "relu")
        self.spread = nn.Parameter(torch.zeros(shape.targets))
        """What is learnt of the size of each target's loss: its logarithm."""

    def forward(
        self, past: Tensor, ahead: Tensor, guesses: Tensor, static: Tensor, edges: Tensor
    ) -> tuple[Tensor, Tensor]:
        """What is expected of the steps ahead, and of their sum against what went before.

        past      [B, L, C]
        ahead     [B, H, F]
        guesses   [B, H, T, G]   z of each target's starting points
        static    [B, S]         codes, 0 where unknown
        edges     [B, 3]         z of the first target beyond which its mean is a rise, or a fall;
                                 and ln of its units before, which tells how coarse counts are
        →         [B, H, T, Q] ascending z (of counts: z of the mean, and ln dispersion), and [B, 3]
                  logits of rise, flat and fall
        """
        told = [table(static[:, k]) for k, table in enumerate(self.embed)]
        summary = torch.cat([self.encoder(past, told), *told], dim=1)
        made = [head(summary, ahead, guesses[:, :, k], past) for k, head in enumerate(self.heads)]
        about = _placed(made[0].detach().mean(1), edges)
        return torch.stack(made, dim=2), self.trend(about)


def _placed(told: Tensor, edges: Tensor) -> Tensor:
    """Where the edges lie in what is expected of a mean step, told [B, Q], in units of its spread;
    how wide that is, also against the room between the edges; and the units before, [B, EDGES].
    """
    middle = told[:, told.shape[1] // 2, None] if told.shape[1] > 2 else told[:, :1]
    wide = (told[:, -1:] - told[:, :1]).abs() + 1e-3
    places, units = edges[:, :2], edges[:, 2:]
    between = places[:, :1] - places[:, 1:]
    return torch.cat([(places - middle) / wide, between / wide, torch.log(wide), units], dim=1)


class _Head(nn.Module):
    """Quantiles of each step ahead: a mixture of guesses, moved, and spread around."""

    def __init__(self, net: Net, shape: Shape, summary: int) -> None:
        super().__init__()
        self.shape, self.counts = shape, shape.counts
        self.straight = isinstance(net, Linear)
        out = shape.outputs + (0 if self.straight else shape.guesses)
        if self.straight:
            self.lines = nn.Linear(summary, shape.h * out)
            self.of_ahead = nn.Linear(shape.ahead, out)
        else:
            inputs = summary + shape.ahead + shape.guesses
            dropout = 0.0 if isinstance(net, Linear) else net.dropout
            self.body = feed_forward((inputs, HEAD, out), "relu", dropout)
            with torch.no_grad():
                list(self.body.parameters())[-2].mul_(0.1)

    def forward(self, summary: Tensor, ahead: Tensor, guesses: Tensor, past: Tensor) -> Tensor:
        """summary [B, D], ahead [B, H, F], guesses [B, H, G] → [B, H, Q]."""
        steps = ahead.shape[1]
        if self.straight:
            made = self.lines(summary).reshape(-1, self.shape.h, self.shape.outputs)
            made = made[:, :steps] + self.of_ahead(ahead)
            return self._told(made[..., :1], made[..., 1:])
        wide = summary[:, None].expand(-1, steps, -1)
        made = self.body(torch.cat([wide, ahead, guesses], dim=2))
        weight = torch.softmax(made[..., : self.shape.guesses], dim=2)
        rest = made[..., self.shape.guesses :]
        middle = (weight * guesses).sum(2, keepdim=True) + rest[..., :1]
        return self._told(middle, rest[..., 1:])

    def _told(self, middle: Tensor, rest: Tensor) -> Tensor:
        """Numbers that do not cross, from a middle and steps away from it."""
        if self.counts:
            return torch.cat([middle, rest], dim=2)
        gaps = F.softplus(rest - 1.0)
        half = gaps.shape[2] // 2
        below = middle - torch.cumsum(gaps[..., :half], dim=2).flip(2)
        above = middle + torch.cumsum(gaps[..., half:], dim=2)
        return torch.cat([below, middle, above], dim=2)


def encoder_of(net: Net, shape: Shape, static: int) -> Encoder:
    """The encoder that the settings name."""
    if isinstance(net, MLP):
        return _Layers(net, shape)
    if isinstance(net, Recurrent):
        return _Steps(net, shape, static)
    if isinstance(net, Attention):
        return _Tokens(net, shape)
    return _Parts(net, shape)


class Encoder(nn.Module):
    """The past [B, L, C], and static embeddings, as `width` numbers."""

    width: int

    def forward(self, past: Tensor, static: list[Tensor]) -> Tensor:
        """→ [B, width]."""
        raise NotImplementedError

    def layers(self) -> tuple[tuple[str, ...], ...]:
        """Beginnings of its parameters' names, layer by layer from the past upwards."""
        return ()


class _Layers(Encoder):
    def __init__(self, net: MLP, shape: Shape) -> None:
        super().__init__()
        sizes = (shape.context * shape.past, *net.hidden)
        self.body = feed_forward(sizes, net.activation, net.dropout)
        self.last = ACTIVATION[net.activation]()
        self.width = net.hidden[-1]

    def forward(self, past: Tensor, static: list[Tensor]) -> Tensor:
        out: Tensor = self.last(self.body(past.flatten(1)))
        return out

    def layers(self) -> tuple[tuple[str, ...], ...]:
        return tuple((f"body.{k}.",) for k, m in enumerate(self.body) if isinstance(m, nn.Linear))


class _Steps(Encoder):
    def __init__(self, net: Recurrent, shape: Shape, static: int) -> None:
        super().__init__()
        kind = {"rnn": nn.RNN, "lstm": nn.LSTM, "gru": nn.GRU}[net.cell]
        self.body = kind(shape.past + static, net.hidden, batch_first=True)
        self.above = nn.ModuleList(
            kind(net.hidden, net.hidden, batch_first=True) for _ in range(net.layers - 1)
        )
        self.drop = Dropout(net.dropout)
        self.back = net.back or math.ceil(BACK * shape.context)
        self.width = net.hidden

    def forward(self, past: Tensor, static: list[Tensor]) -> Tensor:
        wide = [part[:, None].expand(-1, past.shape[1], -1) for part in static]
        steps = torch.cat([past, *wide], dim=2)
        through = self.back if self.training and not past.requires_grad else steps.shape[1]
        early, late = steps[:, :-through], steps[:, -through:]
        for k, layer in enumerate((self.body, *self.above)):
            if k:
                early, late = self.drop(early), self.drop(late)
            state = None
            if early.shape[1]:
                with torch.no_grad():
                    early, state = layer(early)
            late, _ = layer(late, state)
        out: Tensor = self.drop(late[:, -1])
        return out

    def layers(self) -> tuple[tuple[str, ...], ...]:
        return (("body.",), *((f"above.{k}.",) for k in range(len(self.above))))


class _Tokens(Encoder):
    def __init__(self, net: Attention, shape: Shape) -> None:
        super().__init__()
        self.patch = math.ceil(shape.context / net.tokens)
        self.count = math.ceil(shape.context / self.patch)
        self.lack = self.count * self.patch - shape.context
        self.into = nn.Linear(self.patch * shape.past, net.width)
        self.place = nn.Parameter(torch.randn(self.count, net.width) * 0.02)
        self.blocks = nn.ModuleList(_Block(net) for _ in range(net.layers))
        self.norm = nn.LayerNorm(net.width)
        self.width = net.width

    def forward(self, past: Tensor, static: list[Tensor]) -> Tensor:
        whole = F.pad(past, (0, 0, self.lack, 0))
        x = self.into(whole.reshape(len(past), self.count, -1)) + self.place
        for block in self.blocks:
            x = block(x)
        out: Tensor = self.norm(x[:, -1])
        return out

    def layers(self) -> tuple[tuple[str, ...], ...]:
        blocks = tuple((f"blocks.{k}.",) for k in range(len(self.blocks)))
        return (("into", "place"), *blocks[:-1], (*blocks[-1], "norm"))


class _Block(nn.Module):
    def __init__(self, net: Attention) -> None:
        super().__init__()
        self.heads = net.heads
        self.before, self.between = nn.LayerNorm(net.width), nn.LayerNorm(net.width)
        self.mix = nn.Linear(net.width, 3 * net.width)
        self.out = nn.Linear(net.width, net.width)
        self.body = feed_forward((net.width, 2 * net.width, net.width), "gelu", net.dropout)
        self.drop = Dropout(net.dropout)

    def forward(self, x: Tensor) -> Tensor:
        b, n, width = x.shape
        parts = self.mix(self.before(x)).reshape(b, n, 3, self.heads, width // self.heads)
        q, k, v = parts.permute(2, 0, 3, 1, 4).unbind(0)
        seen = F.scaled_dot_product_attention(q, k, v, is_causal=True)
        x = x + self.drop(self.out(seen.transpose(1, 2).reshape(b, n, width)))
        out: Tensor = x + self.drop(self.body(self.between(x)))
        return out


class _Parts(Encoder):
    """A moving average of the first target, and what it leaves."""

    def __init__(self, net: Linear, shape: Shape) -> None:
        super().__init__()
        self.kernel = min(net.kernel, shape.context)
        self.width = 2 * shape.context

    def forward(self, past: Tensor, static: list[Tensor]) -> Tensor:
        z = past[:, :, 0]
        left = (self.kernel - 1) // 2
        ends = [z[:, :1].expand(-1, left), z, z[:, -1:].expand(-1, self.kernel - 1 - left)]
        smooth = F.avg_pool1d(torch.cat(ends, dim=1)[:, None], self.kernel, 1)[:, 0]
        return torch.cat([smooth, z - smooth], dim=1)
