"""The weights that ship with the package: where they are, their checksum, their licence.

Trained by this project on synthetic series only (docs/pretrained.md); Apache-2.0 like the code.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from tradewind.arrays import Floats32
from tradewind.errors import DataError
from tradewind.models.pretrained.encode import Inputs
from tradewind.models.pretrained.infer import Run

FOLDER = Path(__file__).parent / "shipped"
SHA256: dict[str, str] = {
    "default.safetensors": "aee1c431ffc5ec7a3ca82a5669701daa4b26c773d3e345e42f20e96c7005ff84",
    "default.onnx": "4d169ce42588cf37a7c16582419427dc9a161ad7ec7f21acad632fcf3e46b186",
    "default.int8.onnx": "4fdebbf0253206194ad52d0b5ad48915ba1a300b24c5ad0dbcd7ed00ac694f67",
    "default.places.json": "562633ecf430b0a0d97ae9edc3b8feabdc29df103bf226bf7c10bc1dd35d212d",
}
"""Digest of every shipped file, by name."""
PRECISIONS = {"int8": "default.int8.onnx", "fp32": "default.onnx"}
TENSORS = "default.safetensors"
PLACES = "default.places.json"
"""Name of each weight in the fp32 graph, and whether it lies there transposed."""
TUNED = "tuned.safetensors"


def shipped(name: str) -> Path:
    """A file of the package, after its checksum was compared.

    Raises DataError if it is missing or not the one that was published.
    """
    path = FOLDER / name
    if not path.exists():
        raise DataError(f"the weights {name} are not in {FOLDER}: install tradewind again")
    found = hashlib.sha256(path.read_bytes()).hexdigest()
    if found != SHA256.get(name):
        raise DataError(
            f"{path} has SHA-256 {found[:12]}…, published was {SHA256.get(name, 'none')[:12]}…: "
            "the file was changed or cut off; install tradewind again"
        )
    return path


@dataclass(frozen=True, slots=True)
class Weights:
    """A network tuned on a merchant's past.

    delta     what was added to every shipped weight, by its name in the network
    before    loss on the last window, which was not trained on, with the weights it began with
    after     and with these
    rate      learning rate that won
    steps     updates made
    """

    delta: dict[str, Floats32]
    before: float
    after: float
    rate: float
    steps: int

    @property
    def arrays(self) -> dict[str, Floats32]:
        """Every weight."""
        base = base_weights()
        return {name: base[name] + value for name, value in self.delta.items()}


def base_weights() -> dict[str, Floats32]:
    """The shipped weights, by their names in the network."""
    from safetensors.numpy import load_file

    return dict(load_file(shipped(TENSORS)))


def write_tuned(folder: Path, tuned: Weights) -> None:
    """Write the differences from the shipped weights, and which those were, without code."""
    from safetensors.numpy import save_file

    about = {name: repr(getattr(tuned, name)) for name in ("before", "after", "rate", "steps")}
    about["base"] = SHA256[TENSORS]
    save_file(tuned.delta, folder / TUNED, metadata=about)


def read_tuned(folder: Path) -> Weights | None:
    """What `write_tuned` wrote; None if the model was saved as shipped.

    Raises DataError if the shipped weights are others than those it was tuned from.
    """
    from safetensors import safe_open
    from safetensors.numpy import load_file

    path = folder / TUNED
    if not path.exists():
        return None
    with safe_open(path, "np") as file:
        about = file.metadata() or {}
    if about.get("base") != SHA256[TENSORS]:
        raise DataError(
            f"{path} was tuned from other weights than those of this version of tradewind; "
            "train the model again"
        )
    before, after, rate = (float(about[name]) for name in ("before", "after", "rate"))
    return Weights(dict(load_file(path)), before, after, rate, int(about["steps"]))


@lru_cache(maxsize=2)
def shipped_run(precision: str) -> Run:
    """The network as it ships; loaded once a process."""
    return onnx_run(shipped(PRECISIONS[precision]))


def onnx_run(path: Path, arrays: Mapping[str, Floats32] | None = None) -> Run:
    """The exported network on ONNX Runtime, with other weights in it where `arrays` has them.

    Every call runs on the thread that makes it; callers run several side by side.
    """
    made, kept = _session(path, arrays)
    wanted = [item.name for item in made.get_inputs()]

    def run(inputs: Inputs) -> tuple[Floats32, Floats32]:
        given = inputs.arrays()
        quantiles, zero = made.run(None, {name: given[name] for name in wanted})
        assert kept is not None  # the session reads these arrays as long as it lives
        return quantiles, zero

    return run


def _session(path: Path, arrays: Mapping[str, Floats32] | None) -> tuple[Any, list[Any]]:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    kept: list[Any] = []
    if arrays is not None:
        place = json.loads((path.parent / PLACES).read_text(encoding="utf-8"))
        for name, value in arrays.items():
            initializer, turned = place[name]
            plain = np.ascontiguousarray(value.T if turned else value)
            kept.append(onnxruntime.OrtValue.ortvalue_from_numpy(plain))
            options.add_initializer(initializer, kept[-1])
            kept.append(plain)
    made = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    return made, kept
