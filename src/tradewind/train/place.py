"""A batch, on the device where it is wanted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from typing import Any

import numpy as np
import torch


def place(batch: Any, device: torch.device) -> Any:
    """The same batch with every array and tensor in it as a tensor on `device`.

    Looks into mappings, tuples, lists and dataclasses; anything else passes as it is. On the CPU a
    numpy array is not copied: tensor and array share their memory.
    """
    if isinstance(batch, torch.Tensor):
        return batch.to(device)
    if isinstance(batch, np.ndarray):
        return torch.from_numpy(batch).to(device)
    if isinstance(batch, Mapping):
        return {name: place(value, device) for name, value in batch.items()}
    if isinstance(batch, tuple) and hasattr(batch, "_fields"):  # a named tuple
        return type(batch)(*(place(value, device) for value in batch))
    if isinstance(batch, tuple | list):
        return type(batch)(place(value, device) for value in batch)
    if is_dataclass(batch) and not isinstance(batch, type):
        parts = {f.name: place(getattr(batch, f.name), device) for f in fields(batch)}
        return type(batch)(**parts)
    return batch
