"""A product without a past: what the pretrained model makes of its siblings."""

from __future__ import annotations

from datetime import datetime

import numpy as np
import polars as pl
import pytest

from tradewind.models.pretrained.forecaster import FittedPretrained, Pretrained
from tradewind.panel import Panel, dates_from
from tradewind.task import DECILES, Roles, Task

STEPS, H = 84, 14
TASK = Task(h=H, roles=Roles(static=("category",)))


@pytest.fixture(scope="module")
def fitted() -> FittedPretrained:
    """Three slow products, three fast ones, and one of the fast kind that has not sold yet."""
    rng = np.random.default_rng(0)
    ds = dates_from(datetime(2024, 1, 1), STEPS, "D")
    tables = [
        pl.DataFrame({"unique_id": f"p{k}", "ds": ds, "y": rng.poisson(rate, STEPS) * 1.0})
        for k, rate in enumerate((20, 20, 20, 200, 200, 200))
    ]
    new = pl.DataFrame(
        {"unique_id": "new", "ds": ds[-1:], "y": [None]}, schema_overrides={"y": pl.Float64}
    )
    kinds = pl.DataFrame(
        {
            "unique_id": [*(f"p{k}" for k in range(6)), "new"],
            "category": ["slow"] * 3 + ["fast"] * 4,
        }
    )
    panel = Panel.from_frame(pl.concat([*tables, new]), "D", kinds)
    return Pretrained().fit(panel, TASK)


def test_a_launch_is_forecast_like_its_siblings_and_less_surely(fitted: FittedPretrained) -> None:
    made = fitted.forecast(H, DECILES)
    row, sibling = made.ids.index("new"), made.ids.index("p3")
    assert 120 < np.median(made.median[row]) < 300
    width = made.quantiles[:, :, -1] - made.quantiles[:, :, 0]
    assert width[row].mean() > width[sibling].mean()
