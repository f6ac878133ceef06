"""A trained network that answers: in torch right after training, in ONNX Runtime ever after."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tradewind.arrays import Floats32, Ints
from tradewind.errors import DataError

GRAPH, WEIGHTS, ABOUT = "network.onnx", "network.safetensors", "network.json"
Inputs = dict[str, Floats32 | Ints]


@dataclass(frozen=True, slots=True)
class Serve:
    """Answers for windows.

    run       inputs by name → quantiles [B, H, T, Q] and logits [B, 3]
    keep      writes graph and weights into a folder
    weights   of the network, in torch, to train on from
    """

    run: Callable[[Inputs], tuple[Floats32, Floats32]]
    keep: Callable[[Path], None]
    weights: Callable[[], Any]

    def __call__(self, inputs: Inputs) -> tuple[Floats32, Floats32]:
        """Of any number of windows."""
        return self.run(inputs)


def write(folder: Path, serve: Serve, about: dict[str, Any]) -> None:
    """Keep a network and what it needs beside, in formats that cannot run code."""
    folder.mkdir(parents=True, exist_ok=True)
    serve.keep(folder)
    (folder / ABOUT).write_text(json.dumps(about, ensure_ascii=False), encoding="utf-8")


def read(folder: Path) -> tuple[dict[str, Any], Serve]:
    """What `write` kept; it answers without torch. Raises DataError for a file that is damaged."""
    import onnxruntime
    from onnxruntime.capi import onnxruntime_pybind11_state as of

    unreadable = (of.Fail, of.InvalidArgument, of.InvalidGraph, of.InvalidProtobuf, of.NoSuchFile)
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    try:
        about: dict[str, Any] = json.loads((folder / ABOUT).read_text(encoding="utf-8"))
        made = onnxruntime.InferenceSession(
            str(folder / GRAPH), options, providers=["CPUExecutionProvider"]
        )
    except (ValueError, OSError, *unreadable) as error:
        raise DataError(f"the network in {folder} is damaged ({error}): train it again") from error
    wanted = [item.name for item in made.get_inputs()]

    def run(inputs: Inputs) -> tuple[Floats32, Floats32]:
        quantiles, trend = made.run(None, {name: inputs[name] for name in wanted})
        return quantiles, trend

    def keep(other: Path) -> None:
        for name in (GRAPH, WEIGHTS):
            shutil.copy2(folder / name, other / name)

    def weights() -> Any:
        from safetensors.torch import load_file

        return load_file(folder / WEIGHTS)

    return about, Serve(run, keep, weights)
