"""A product of a large shop is explained in less than two seconds."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import numpy as np
import pytest

from tradewind.data.synthetic import ShopSettings, shop
from tradewind.flows.asked import Question
from tradewind.flows.explain import explained
from tradewind.flows.forecast import forecast
from tradewind.flows.load import load
from tradewind.flows.looked import look
from tradewind.store import Workspace

ASKED = Question(h=8, freq="W-MON", country="US", n_windows=1, models=("ensemble",))


@pytest.mark.slow
@pytest.mark.timeout(2400)
def test_the_default_ensemble_of_a_thousand_products_is_explained_in_two_seconds(
    tmp_path: Path,
) -> None:
    made = shop(ShopSettings(products=1000, days=500, stock_column=False), np.random.default_rng(1))
    with Workspace(tmp_path / "shop", create=True) as place:
        load(place, made.lines, zone="Europe/Berlin")
        forecast(place, ASKED, at=datetime(2026, 1, 1))
    with Workspace(tmp_path / "shop") as place:
        looked = look(place, ASKED)
        ids = looked.series.ids
        told = [explained(looked, ids[k]) for k in range(0, len(ids), len(ids) // 10)]
    assert looked.trained.version.forecaster == "ensemble"
    for one in told:
        said = one.to_dict()
        total = said["baseline"] + sum(said["contributions"].values())
        assert total == pytest.approx(said["forecast"]["mean"])
    assert np.median([one.seconds for one in told]) < 2
