"""The weights that ship with the package: where they are, their checksum, their licence.

Trained by this project on synthetic series only (docs/pretrained.md); Apache-2.0 like the code.
"""

from __future__ import annotations

import hashlib
from functools import lru_cache
from pathlib import Path
from typing import Any

from tradewind.errors import DataError

FOLDER = Path(__file__).parent / "shipped"
SHA256: dict[str, str] = {}
"""Digest of every shipped file, by name."""
PRECISIONS = {"int8": "default.int8.onnx", "fp32": "default.onnx"}
TENSORS = "default.safetensors"


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


@lru_cache(maxsize=8)
def session(path: Path) -> Any:
    """An ONNX Runtime session on one thread; callers run several side by side."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
