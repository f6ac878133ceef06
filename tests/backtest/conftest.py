"""A small shop for the tests of back-tests."""

from __future__ import annotations

from datetime import datetime, timedelta

import numpy as np
import polars as pl
import pytest

from tradewind.panel import Panel

START = datetime(2024, 1, 1)


@pytest.fixture
def shop() -> Panel:
    """Three daily series with a weekly season, priced 1, 2, 3; "c" starts on the eleventh day."""
    rng, steps = np.random.default_rng(5), 40
    day = np.arange(steps)
    frames = []
    for price, key in enumerate("abc", start=1):
        y = rng.poisson(10 * price * (1 + 0.5 * np.sin(day * 2 * np.pi / 7))).astype(float)
        table = pl.DataFrame(
            {
                "unique_id": [key] * steps,
                "ds": [START + timedelta(days=int(d)) for d in day],
                "y": y,
                "price": [float(price)] * steps,
            }
        )
        frames.append(table[10:] if key == "c" else table)
    return Panel.from_frame(pl.concat(frames), "D")
