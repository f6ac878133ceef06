"""From a trained network to the files of the package: safetensors, and ONNX in two precisions."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

from tradewind.models.pretrained.draw import Draw, batch
from tradewind.models.pretrained.loss import TRUTH
from tradewind.models.pretrained.network import Network, Size
from tradewind.models.pretrained.weights import PLACES, PRECISIONS, TENSORS
from tradewind.train.export import parity, quantize_int8, to_onnx

TOLERANCE = 1e-4
"""Largest difference from torch that an exported network may have, in z."""
BATCH, TOKENS, STEPS = "batch", "tokens", "steps"
DYNAMIC = {
    "fine": {0: BATCH, 1: "fine"},
    "coarse": {0: BATCH, 1: "coarse"},
    "query": {0: BATCH, 1: "query"},
    "phases": {0: BATCH, 1: "calendar"},
    "prefix": {0: BATCH},
    "keys": {0: BATCH, 1: STEPS},
    "values": {0: BATCH, 1: STEPS},
    "asks": {0: BATCH, 1: "ahead"},
    "level": {0: BATCH},
    "distance": {0: TOKENS, 1: TOKENS},
    "place": {0: TOKENS},
}
"""Dimensions that vary from call to call."""


def ship(network: Network, folder: Path) -> dict[str, str]:
    """Write the files that the package ships, and return their SHA-256 by name.

    Raises ValueError if the exported network differs from torch by more than 1e-4.
    """
    folder.mkdir(parents=True, exist_ok=True)
    network = network.cpu().eval()
    about = {name: str(value) for name, value in network.size.table().items()}
    save_file(dict(network.state_dict()), folder / TENSORS, metadata=about)
    full, small = folder / PRECISIONS["fp32"], folder / PRECISIONS["int8"]
    to_onnx(network, example(1024, 3), full, DYNAMIC)
    for steps in (32, 256, 1024):
        gap = parity(network, full, example(steps, 2))
        if gap > TOLERANCE:
            raise ValueError(f"{full} differs from torch by {gap:g} at {steps} steps")
    quantize_int8(full, small)
    places = folder / PLACES
    places.write_text(json.dumps(places_of(network, full), indent=0), encoding="utf-8")
    return {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest()
        for path in (folder / TENSORS, full, small, places)
    }


def places_of(network: Network, path: Path) -> dict[str, tuple[str, bool]]:
    """The initializer of each weight in the graph, and whether it lies there transposed.

    The exporter turns and renames the weights of matrix products; they are found by their values.
    Raises ValueError if one is not found, or if two that are equal share an initializer.
    """
    import onnx
    from onnx import numpy_helper

    graph = onnx.load(str(path)).graph
    found = {item.name: numpy_helper.to_array(item) for item in graph.initializer}
    places: dict[str, tuple[str, bool]] = {}
    for name, tensor in network.state_dict().items():
        value = tensor.numpy()
        for turned in (False, True):
            like = value.T if turned else value
            names = [name] if name in found and not turned else list(found)
            same = [k for k in names if np.array_equal(found[k], like) and found[k].size]
            if same:
                places[name] = (same[0], turned)
                break
        else:
            raise ValueError(f"the graph {path} has no weight like {name}")
    taken = [initializer for initializer, _ in places.values()]
    twice = sorted(
        name for name, (initializer, _) in places.items() if taken.count(initializer) > 1
    )
    if twice:
        raise ValueError(f"in the graph {path} these equal weights share one place: {twice}")
    return places


def load_network(path: Path) -> Network:
    """The network whose weights `ship` wrote as safetensors."""
    from safetensors import safe_open

    with safe_open(path, "pt") as file:
        about = file.metadata() or {}
    network = Network(Size(**{name: int(value) for name, value in about.items()}))
    network.load_state_dict(load_file(path))
    return network.eval()


def example(steps: int, queries: int) -> dict[str, Tensor]:
    """Inputs of the network for a context of `steps`, from the prior."""
    index = 0
    while True:
        arrays = batch(Draw(size=4, seed=7), index)
        if arrays["keys"].shape[1] == steps and arrays["query"].shape[1] == queries:
            return {k: torch.from_numpy(v) for k, v in arrays.items() if k not in TRUTH}
        index += 1
