"""On synthetic shops, 80 % intervals of sums over 1…h steps cover 77–83 %, seeds taken together."""

from __future__ import annotations

import numpy as np
import pytest

from tradewind.data.synthetic.settings import ShopSettings
from tradewind.data.synthetic.shop import shop
from tradewind.models.ar import AR
from tradewind.models.conformal import Conformal
from tradewind.models.ensemble import Ensemble
from tradewind.models.hindsight import Memory, truth_of
from tradewind.models.intermittent import TSB
from tradewind.models.naive import Average, SeasonalNaive
from tradewind.panel import next_ds
from tradewind.task import Task

H = 14
SEEDS = range(6)


def covered(seed: int) -> tuple[float, float]:
    """Share of sums over 1…h inside their 80 % interval: as joined, and with independent days."""
    panel = shop(ShopSettings(products=120, days=260), np.random.default_rng(seed)).panel
    cutoff = next_ds(panel.end, "D", -H)
    window = Task(h=H).window(panel, cutoff)
    memory = Memory()
    members = (SeasonalNaive(), Average(), AR(), TSB())
    model = Conformal(Ensemble(members, memory=memory), memory=memory)
    forecast = model.fit(window.past, window.task).forecast(H, window.task.levels, window.known)
    sums = np.cumsum(truth_of(panel, cutoff, forecast), axis=1)
    paths = forecast.paths(300, np.random.default_rng(seed))
    alone = np.stack([np.random.default_rng(k).permuted(p, axis=1) for k, p in enumerate(paths)])
    shares = []
    for drawn in (paths, alone):
        low, high = np.quantile(np.cumsum(drawn, axis=1), (0.1, 0.9), axis=2)
        shares.append(float(((low <= sums) & (sums <= high)).mean()))
    return shares[0], shares[1]


@pytest.fixture(scope="module")
def shares() -> np.ndarray:
    return np.array([covered(seed) for seed in SEEDS])


def test_intervals_of_sums_cover(shares: np.ndarray) -> None:
    assert 0.77 <= shares[:, 0].mean() <= 0.83
    assert np.abs(shares[:, 0] - 0.8).max() < 0.1  # one shop has one common fortune


def test_independent_days_would_not(shares: np.ndarray) -> None:
    assert shares[:, 1].mean() < shares[:, 0].mean() - 0.04
