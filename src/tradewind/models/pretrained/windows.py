"""A shop as it stood earlier."""

from __future__ import annotations

from dataclasses import replace

from tradewind.arrays import Ints
from tradewind.models.pretrained.slots import Shop, shop_of


def earlier(shop: Shop, rows: Ints, end: int, h: int) -> Shop:
    """Some series as they stood after `end` steps, with the h that followed known ahead."""
    whole = shop.field
    matrices = replace(
        whole.part(rows),
        ds=whole.ds[: end + h],
        y=whole.y[rows, :end],
        known={k: v[rows, : end + h] for k, v in whole.known.items()},
        past={k: v[rows, :end] for k, v in whole.past.items()},
        closed=whole.closed[rows, : end + h],
        dated={k: v[: end + h] for k, v in whole.dated.items()},
    )
    return shop_of(matrices, shop.censored[rows, :end], shop.season[0], shop.texts)
