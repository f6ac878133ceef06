from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="networks need tradewind[deep]")

from tradewind.train.place import place  # noqa: E402

CPU = torch.device("cpu")
META = torch.device("meta")
"""A device that holds shapes only: whatever arrives there has been moved."""


class Pair(NamedTuple):
    x: Any
    name: str


@dataclass(frozen=True, slots=True)
class Window:
    y: Any
    parts: list[Any]


def test_every_array_in_a_batch_moves_and_the_rest_stays() -> None:
    array = np.ones((2, 3), dtype=np.float32)
    batch = {"a": array, "b": (torch.ones(4), "text"), "c": Pair(array, "n"), "d": 7}
    moved = place(batch | {"e": Window(array, [array, None])}, META)
    tensors = [moved["a"], moved["b"][0], moved["c"].x, moved["e"].y, moved["e"].parts[0]]
    assert all(t.device == META for t in tensors)
    assert [tuple(t.shape) for t in tensors] == [(2, 3), (4,), (2, 3), (2, 3), (2, 3)]
    assert (moved["b"][1], moved["c"].name, moved["d"], moved["e"].parts[1]) == (
        "text",
        "n",
        7,
        None,
    )


def test_on_the_cpu_nothing_is_copied() -> None:
    array = np.zeros(3, dtype=np.float32)
    tensor = place(array, CPU)
    array[1] = 5.0
    assert tensor.tolist() == [0.0, 5.0, 0.0]
