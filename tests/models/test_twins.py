"""Twins: a copy of a series is forecast as the series itself, and nobody else notices it."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from tests.laws.test_forecasters import H, fitted, models, past_of, shop
from tradewind.models.protocol import Fitted
from tradewind.models.twins import Twins, beside, imagine, twin_ids
from tradewind.panel import Panel
from tradewind.task import DECILES


def copies(past: Panel, of: str, count: int) -> tuple[Twins, pl.DataFrame]:
    """Copies of a series that differ in nothing, and which row belongs to which."""
    ids = twin_ids(past, count)
    names = pl.DataFrame({"twin": ids})

    def copied(frame: pl.DataFrame) -> pl.DataFrame:
        own = frame.filter(pl.col("unique_id") == of).drop("unique_id")
        return own.join(names, how="cross").rename({"twin": "unique_id"}).select(frame.columns)

    return Twins(of, ids, beside(past, copied(past.frame), copied(past.static))), names


@pytest.mark.parametrize("of", ["s0", "s3", "s4"])
@pytest.mark.parametrize("name", models())
def test_a_copy_is_forecast_as_the_series_itself(name: str, of: str) -> None:
    past, known = past_of(shop())
    twins, _ = copies(past, of, 3)
    own = known.frame.filter(pl.col("unique_id") == of)
    rows = pl.concat([own.with_columns(pl.lit(key).alias("unique_id")) for key in twins.ids])
    both = beside(known, rows, twins.past.static.filter(pl.col("unique_id").is_in(twins.ids)))
    model: Fitted = fitted(name)
    made = imagine(model, twins).forecast(H, DECILES, both)
    assert made.ids == twins.ids
    shown = model.forecast(H, DECILES, known).select([of]).quantiles
    for k in range(3):
        np.testing.assert_allclose(made.quantiles[k : k + 1], shown, rtol=2e-4, atol=2e-4)
