"""A training state in one file that cannot run code: safetensors, with a header in JSON."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from tradewind.errors import DataError
from tradewind.train.loop import State

FORMAT = 1
PARTS = ("weights", "ema", "moments")


def save(path: Path, state: State, about: Mapping[str, Any] | None = None) -> None:
    """Write `state` to `path` at full precision; a reader sees the old file or the new, never half.

    about   anything JSON can hold, such as the settings of the network; `read_about` returns it
    """
    tensors = {
        f"{part}.{name}": value.contiguous()
        for part in PARTS
        for name, value in getattr(state, part).items()
    }
    counts = {"format": FORMAT, "step": state.step, "skipped": state.skipped}
    header = json.dumps(counts | {"about": dict(about or {})}, ensure_ascii=False)
    metadata = {"tradewind": header, "sha256": _digest(header, tensors)}
    partial = path.with_name(f"{path.name}.{os.getpid()}.partial")
    try:
        save_file(tensors, partial, metadata)
        with partial.open("rb") as file:
            os.fsync(file.fileno())
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


def load(path: Path) -> State:
    """The state that `save` wrote, on the CPU.

    Raises DataError, naming the file, if it is missing, cut off, altered or of another kind.
    """
    metadata, tensors = _read(path, weights=True)
    if _digest(metadata["tradewind"], tensors) != metadata.get("sha256"):
        raise DataError(f"{path} has been altered since it was written: take another copy")
    header = json.loads(metadata["tradewind"])
    parts: dict[str, dict[str, Tensor]] = {part: {} for part in PARTS}
    for key, value in tensors.items():
        part, _, name = key.partition(".")
        parts[part][name] = value
    return State(
        header["step"], parts["weights"], parts["ema"], parts["moments"], header["skipped"]
    )


def read_about(path: Path) -> dict[str, Any]:
    """What `save` was told about the state, without the weights; raises what `load` raises."""
    about: dict[str, Any] = json.loads(_read(path, weights=False)[0]["tradewind"])["about"]
    return about


def _read(path: Path, weights: bool) -> tuple[dict[str, str], dict[str, Tensor]]:
    """The metadata of a checkpoint, and its tensors if wanted."""
    try:
        with safe_open(path, framework="pt") as file:
            metadata: dict[str, str] = file.metadata() or {}
            version = json.loads(metadata["tradewind"])["format"]
            keys = file.keys() if weights and version == FORMAT else []
            tensors = {key: file.get_tensor(key) for key in keys}
    except (SafetensorError, OSError, KeyError, TypeError, ValueError) as error:
        raise DataError(
            f"{path} is no checkpoint of tradewind, or part of one ({error}): take another copy"
        ) from error
    if version != FORMAT:
        raise DataError(
            f"{path} is a checkpoint of format {version}, this version reads {FORMAT}: "
            "update tradewind"
        )
    return metadata, tensors


def _digest(header: str, tensors: Mapping[str, Tensor]) -> str:
    """SHA-256 of the header and of names, kinds, shapes and bytes, in the order of the names."""
    digest = hashlib.sha256(header.encode())
    for name, value in sorted(tensors.items()):
        digest.update(f" {name} {value.dtype} {tuple(value.shape)} ".encode())
        digest.update(value.reshape(-1).view(torch.uint8).numpy().data)
    return digest.hexdigest()
