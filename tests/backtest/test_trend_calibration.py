"""Of the products called rising at about 80 %, about 80 % rise."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from tradewind.backtest import trend
from tradewind.data.synthetic import ShopSettings, shop
from tradewind.models.hindsight import Memory
from tradewind.models.table import preset
from tradewind.panel import next_ds
from tradewind.task import Roles, Task

H, FLAT = 8, 0.05


def called(seed: int) -> pl.DataFrame:
    """Trends of one weekly shop, told eight weeks before its end, and what came."""
    rng = np.random.default_rng(seed)
    panel = shop(ShopSettings(products=150, days=7 * 78, freq="W", stockouts=False), rng).panel
    task = Task(h=H, roles=Roles(static=("category",), past=("price", "promotion")))
    window = task.window(panel, next_ds(panel.end, panel.freq, -H))
    model = preset("fast", Memory())["ensemble"]
    made = model.fit(window.past, window.task).forecast(H, task.levels, window.known)
    before = trend.before_of(window.past, made.ids, "y", H)
    table = trend.trends(before, made, H, FLAT, 500, rng)
    after = panel.only(made.ids).after(window.cutoff, H)
    sums = dict(zip(after.ids, after.wide().sum(axis=1), strict=True))
    later = np.array([sums[key] for key in table["unique_id"]])
    came = trend.outcome(table["before"].to_numpy(), later, FLAT)
    return table.with_columns(pl.Series("came", came))


@pytest.mark.slow
def test_of_those_called_rising_at_about_80_percent_about_80_percent_rise() -> None:
    table = pl.concat([called(seed) for seed in range(6)])
    some = table.filter(pl.col("p_rise").is_between(0.7, 0.9))
    assert len(some) >= 60
    said, came = some["p_rise"].mean(), (some["came"] == "rise").mean()
    assert came == pytest.approx(said, abs=0.08)
