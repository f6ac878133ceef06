"""What training minimises: the pinball loss of all levels, and the chance of a zero for counts."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from tradewind.models.pretrained.levels import LEVELS

TRUTH = ("target", "weight", "zero", "count")
"""Arrays of a batch that the network must not see."""
ZERO_SHARE = 0.05
"""Weight of the loss of P(y = 0) beside the pinball loss."""


def loss(network: nn.Module, batch: Mapping[str, Tensor]) -> Tensor:
    """Weighted mean of 2 · pinball over levels and steps, in z; plus that of P(y = 0).

    batch   the arrays of `draw.batch`, as tensors
    """
    quantiles, zero = network(**{k: v for k, v in batch.items() if k not in TRUTH})
    weight = batch["weight"]
    total = weight.sum().clamp(min=1e-6)
    main = (pinball(quantiles, batch["target"]) * weight).sum() / total
    asked = weight * batch["count"]
    chance = F.binary_cross_entropy_with_logits(zero, batch["zero"], reduction="none")
    return main + ZERO_SHARE * (chance * asked).sum() / total


def pinball(quantiles: Tensor, target: Tensor) -> Tensor:
    """Twice the pinball loss, averaged over LEVELS, [B, H]; quantiles [B, H, Q], target [B, H]."""
    levels = torch.tensor(LEVELS, dtype=torch.float32, device=target.device)
    error = target[..., None] - quantiles
    return 2 * torch.maximum(levels * error, (levels - 1) * error).mean(-1)
