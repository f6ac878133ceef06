"""Threads that each compute their part of a batch, and what they draw by chance."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, TypeVar

import numpy as np
import torch
from torch import Tensor, nn

P = TypeVar("P")
R = TypeVar("R")

_GENERATOR: ContextVar[torch.Generator | None] = ContextVar("generator", default=None)


class Dropout(nn.Module):
    """Dropout that draws from the generator of `drawing`, so that parts of a batch that are
    computed at the same time do not draw from one another's; outside it, from torch's own.

    >>> layer, ones = Dropout(0.5), torch.ones(4, 4)
    >>> with drawing([7]):
    ...     first = layer(ones)
    >>> with drawing([7]):
    ...     bool((layer(ones) == first).all())
    True
    """

    def __init__(self, share: float) -> None:
        super().__init__()
        self.share = share

    def forward(self, x: Tensor) -> Tensor:
        """A share of x is 0 and the rest so much larger; outside training x is as it was."""
        if not self.training or not self.share:
            return x
        keep = torch.empty_like(x).bernoulli_(1 - self.share, generator=_GENERATOR.get())
        return x * keep.div_(1 - self.share)


@contextmanager
def drawing(seed: Sequence[int]) -> Iterator[None]:
    """Inside, and on this thread, `Dropout` on the CPU draws from a generator of its own."""
    number = int(np.random.SeedSequence(seed).generate_state(1, np.uint64)[0])
    token = _GENERATOR.set(torch.Generator().manual_seed(number))
    try:
        yield
    finally:
        _GENERATOR.reset(token)


class Workers:
    """The calling thread and size - 1 others, each computing on one thread only.

    Numbers too small to be normal count as 0 on all of them: gradients vanish over a long past, and
    in numbers below 1e-38 processors compute a hundred times slower (a step of the GRU took 2.3 s
    instead of 0.03).
    """

    def __init__(self, size: int) -> None:
        self.size = size
        self.threads = torch.get_num_threads()
        self.others = ThreadPoolExecutor(max(size - 1, 1), "part", initializer=_alone)

    def __enter__(self) -> Workers:
        _alone()
        return self

    def __exit__(self, *_: object) -> None:
        self.others.shutdown()
        torch.set_flush_denormal(False)
        torch.set_num_threads(self.threads)

    def each(self, work: Callable[[P], R], parts: Sequence[P]) -> list[R]:
        """work(part) of each, at the same time; the first error where there is one."""
        waited = [self.others.submit(work, part) for part in parts[1:]]
        try:
            first = work(parts[0])
        finally:
            wait(waited)  # nobody computes on while the caller has given up
        return [first, *(one.result() for one in waited)]


def _alone() -> None:
    torch.set_num_threads(1)
    torch.set_flush_denormal(True)


def parts_of(batch: Mapping[str, Any], size: int) -> list[dict[str, Any]]:
    """A batch cut along the first axis of its arrays into as many parts of about equal length.

    >>> [part["x"] for part in parts_of({"x": [1, 2, 3]}, 2)]
    [[1], [2, 3]]
    """
    (length,) = {len(values) for values in batch.values()}
    ends = [length * k // size for k in range(size + 1)]
    return [
        {name: values[start:end] for name, values in batch.items()}
        for start, end in itertools.pairwise(ends)
        if end > start
    ]
