"""Fine-tuning of the shipped network, between arrays on disk and tensors."""

from __future__ import annotations

import torch

from tradewind.models.pretrained.finetune import finetune
from tradewind.models.pretrained.ship import load_network
from tradewind.models.pretrained.slots import Shop
from tradewind.models.pretrained.tuning import FineTune
from tradewind.models.pretrained.weights import TENSORS, Weights, base_weights, shipped
from tradewind.train.tracker import Tracker


def tune(
    shop: Shop,
    before: Weights | None,
    settings: FineTune,
    h: int,
    tracker: Tracker | None = None,
) -> Weights | None:
    """The weights after fine-tuning; None where the shipped ones stay the best.

    before    weights tuned at an earlier cutoff, from which to go on for a while
    tracker   as in `finetune`
    """
    network = load_network(shipped(TENSORS))
    if before is not None:
        tensors = {name: torch.from_numpy(v) for name, v in before.arrays.items()}
        network.load_state_dict(tensors)
        settings = settings.once_more(before.rate)
    made = finetune(network, shop, settings, h, tracker)
    if not made.rate:
        return before
    base = base_weights()
    delta = {name: value.numpy() - base[name] for name, value in made.weights.items()}
    return Weights(delta, made.before, made.after, made.rate, made.steps)
