"""The pretrained network: tensors in, tensors out; it knows no panels."""

from __future__ import annotations

from dataclasses import asdict, dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from tradewind.models.pretrained.encode import (
    FUTURE_CHANNELS,
    HISTORY_CHANNELS,
    PREFIX,
    STEP_FEATURES,
)
from tradewind.models.pretrained.layout import BUCKETS, PATCH
from tradewind.models.pretrained.levels import LEVELS
from tradewind.models.pretrained.phase import PHASES

FINDS = 4
"""Heads that look for similar past steps."""
GUESSES = 6 + 2 * FINDS
"""Starting points of the median: last season, longer season, recent level, what was found (as it
was, and with the covariates' effect), both seasons grown, newest level."""


@dataclass(frozen=True, slots=True)
class Size:
    """Width and depth of a network.

    width     numbers a token carries
    layers    blocks of attention and feed-forward
    heads     attention heads
    hidden    width inside a feed-forward part
    embed     width inside the embedding of a token
    step      numbers that each step of the horizon carries in the head
    """

    width: int = 96
    layers: int = 4
    heads: int = 4
    hidden: int = 288
    embed: int = 160
    step: int = 32

    def table(self) -> dict[str, int]:
        """As plain values, for the file of weights."""
        return asdict(self)


class Norm(nn.Module):
    """Root-mean-square normalisation, spelt out so that every exporter knows it."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.gain = nn.Parameter(torch.ones(width))

    def forward(self, x: Tensor) -> Tensor:
        """x [..., width], divided by its root mean square."""
        out: Tensor = x * torch.rsqrt((x * x).mean(-1, keepdim=True) + 1e-6) * self.gain
        return out


class Block(nn.Module):
    """Attention and a SwiGLU feed-forward, each on the normalised input and added to it."""

    def __init__(self, size: Size) -> None:
        super().__init__()
        self.heads = size.heads
        self.before, self.between = Norm(size.width), Norm(size.width)
        self.mix = nn.Linear(size.width, 3 * size.width, bias=False)
        self.out = nn.Linear(size.width, size.width, bias=False)
        self.up = nn.Linear(size.width, 2 * size.hidden, bias=False)
        self.down = nn.Linear(size.hidden, size.width, bias=False)

    def forward(self, x: Tensor, bias: Tensor) -> Tensor:
        """x [B, N, width]; bias [heads, N, N] is added to the attention's logits."""
        b, n, width = x.shape
        q, k, v = self.mix(self.before(x)).chunk(3, dim=-1)
        shape = (b, n, self.heads, width // self.heads)
        q, k, v = (part.reshape(shape).transpose(1, 2) for part in (q, k, v))
        seen = F.scaled_dot_product_attention(q, k, v, attn_mask=bias.to(q.dtype)[None])
        x = x + self.out(seen.transpose(1, 2).reshape(b, n, width))
        gate, value = self.up(self.between(x)).chunk(2, dim=-1)
        out: Tensor = x + self.down(F.silu(gate) * value)
        return out


class Embed(nn.Module):
    """A token from its inputs: a straight line and a bent one, added."""

    def __init__(self, inputs: int, size: Size) -> None:
        super().__init__()
        self.line = nn.Linear(inputs, size.width)
        self.bend = nn.Linear(inputs, size.embed)
        self.back = nn.Linear(size.embed, size.width, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        """x [B, N, inputs] → [B, N, width]."""
        out: Tensor = self.line(x) + self.back(F.silu(self.bend(x)))
        return out


class Find(nn.Module):
    """Steps of the past that resemble a step of the horizon, and what y was then.

    Attention at the resolution of single steps, over a few features whose dot products are
    kernels: the calendar's sines and cosines, the covariates' effect (with its square: a
    Gaussian), the age, and whether the step was seen.
    """

    def __init__(self) -> None:
        super().__init__()
        self.features = STEP_FEATURES + 2
        self.ask = nn.Linear(self.features, FINDS * self.features, bias=False)
        with torch.no_grad():
            start = torch.zeros(FINDS, self.features, self.features)
            for head in range(FINDS):
                sharp = torch.full((self.features,), 0.5 + head)
                sharp[-3], sharp[-2], sharp[-1] = -1.0, -1.0, -20.0  # age, square of effect, unseen
                start[head, range(self.features), range(self.features)] = sharp
            self.ask.weight.copy_(start.reshape(FINDS * self.features, self.features))

    def forward(self, keys: Tensor, values: Tensor, asks: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Mean z, its spread, and mean effect of the steps found, each [B, H, FINDS]."""
        if torch.is_autocast_enabled(keys.device.type):  # three digits do not tell two days apart
            with torch.autocast(keys.device.type, enabled=False):
                return self._found(keys, values, asks)
        return self._found(keys, values, asks)

    def _found(self, keys: Tensor, values: Tensor, asks: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        b, h, _ = asks.shape
        wanted = self.ask(asks).reshape(b, 1, h * FINDS, self.features)
        wide = F.pad(values, (0, self.features - values.shape[-1])).contiguous()[:, None]
        # as wide as the keys: only then does torch take its fused kernel, twice as fast
        seen = F.scaled_dot_product_attention(wanted, keys[:, None], wide, scale=1.0)
        found = seen.reshape(b, h, FINDS, self.features)
        mean = found[..., 0]
        spread = torch.sqrt((found[..., 1] - mean * mean).clamp(min=0) + 1e-4)
        return mean, spread, found[..., 2]


class Head(nn.Module):
    """Quantiles of every step from the tokens of the horizon and what is known of each step."""

    def __init__(self, size: Size) -> None:
        super().__init__()
        self.step = size.step
        self.norm = Norm(size.width)
        self.spread = nn.Linear(size.width, PATCH * size.step)
        self.known = nn.Linear(9 + 3 * FINDS, size.step)
        self.near = nn.Conv1d(size.step, size.step, 5, padding=2)
        self.last = nn.Linear(size.step, len(LEVELS) + GUESSES + 1)
        nn.init.zeros_(self.last.weight)
        nn.init.zeros_(self.last.bias)

    def forward(self, tokens: Tensor, known: Tensor, guesses: Tensor) -> tuple[Tensor, Tensor]:
        """From tokens [B, Nq, width], known and guesses [B, H, ·]:

        z quantiles [B, H, Q] and the logit of 0.
        """
        b, n, _ = tokens.shape
        x = self.spread(self.norm(tokens)).reshape(b, n * PATCH, self.step)
        x = F.silu(x + self.known(known))
        x = x + F.silu(self.near(x.transpose(1, 2)).transpose(1, 2))
        raw = self.last(x).float()
        q = len(LEVELS)
        gate = torch.softmax(raw[..., q : q + GUESSES], dim=-1)
        start = (gate * guesses).sum(-1, keepdim=True)
        return spread_out(raw[..., :q], start), raw[..., -1]


def spread_out(raw: Tensor, start: Tensor) -> Tensor:
    """Quantiles that cannot cross: the median, and steps away from it that are never negative."""
    middle = len(LEVELS) // 2
    gaps = 0.3 * F.softplus(raw)
    median = start + raw[..., middle : middle + 1]
    above = torch.cumsum(gaps[..., middle + 1 :], dim=-1)
    below = torch.flip(torch.cumsum(torch.flip(gaps[..., :middle], [-1]), dim=-1), [-1])
    return torch.cat([median - below, median, median + above], dim=-1)


class Network(nn.Module):
    """An encoder over tokens of the past and of the horizon; see docs/pretrained.md."""

    def __init__(self, size: Size = Size()) -> None:  # frozen
        super().__init__()
        self.size = size
        self.find = Find()
        self.fine = Embed(PATCH * HISTORY_CHANNELS, size)
        self.coarse = Embed(PATCH * HISTORY_CHANNELS, size)
        self.query = Embed(PATCH * (FUTURE_CHANNELS + 2 * FINDS), size)
        self.prefix = Embed(PREFIX, size)
        self.calendar = nn.Linear(PHASES, size.width, bias=False)
        self.place = nn.Embedding(BUCKETS, size.width)
        self.distance = nn.Embedding(BUCKETS, size.heads)
        self.blocks = nn.ModuleList(Block(size) for _ in range(size.layers))
        self.head = Head(size)
        nn.init.normal_(self.place.weight, std=0.02)
        nn.init.zeros_(self.distance.weight)

    def forward(  # noqa: PLR0913  # the names of the exported graph's inputs
        self,
        fine: Tensor,
        coarse: Tensor,
        query: Tensor,
        phases: Tensor,
        prefix: Tensor,
        keys: Tensor,
        values: Tensor,
        asks: Tensor,
        level: Tensor,
        distance: Tensor,
        place: Tensor,
    ) -> tuple[Tensor, Tensor]:
        """Quantiles of z [B, H, Q] and the logit of P(y = 0) [B, H]; inputs as in `Inputs`."""
        b, n, _, _ = query.shape
        mean, spread, cause = self.find(keys, values, asks)
        steps = query.reshape(b, n * PATCH, FUTURE_CHANNELS)
        tokens = torch.cat([steps, mean, spread], dim=-1).reshape(b, n, -1)
        whole = self.prefix(prefix)[:, None]
        parts = [self.coarse(coarse), self.fine(fine), self.query(tokens)]
        x = torch.cat(parts, dim=1) + self.calendar(phases) + whole
        x = torch.cat([whole, x], dim=1) + self.place(place)
        bias = self.distance(distance).permute(2, 0, 1)
        for block in self.blocks:
            x = block(x, bias)
        adjusted = mean + steps[..., 4:5] - cause
        base = level[:, None, :1].expand(-1, n * PATCH, 1)
        newest = level[:, None, 1:] + steps[..., 4:5]
        more = torch.cat([steps[..., 5:7], newest], dim=-1)
        season = torch.where(steps[..., 1:2] > 0, steps[..., :1], base)
        longer = torch.where(steps[..., 3:4] > 0, steps[..., 2:3], season)
        guesses = torch.cat([season, longer, base, mean, adjusted, more], dim=-1)
        known = torch.cat([steps[..., :5], base, mean, spread, adjusted, more], dim=-1)
        quantiles, zero = self.head(x[:, -n:], known, guesses)
        return quantiles, zero
