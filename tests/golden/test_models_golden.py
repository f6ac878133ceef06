"""The models' arithmetic against numbers that other libraries gave, with their versions."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tradewind.models.ar import continue_ar, fit_ar, psi_weights, residual_sd
from tradewind.models.intermittent import croston, tsb

HERE = Path(__file__).parent


def stored(name: str) -> dict[str, Any]:
    table: dict[str, Any] = json.loads((HERE / f"{name}.json").read_text(encoding="utf-8"))
    return table


def test_ar_equals_statsmodels() -> None:
    golden = stored("ar_statsmodels")
    y = np.array(golden["y"], dtype=np.float64)[None]
    alpha, intercept, _, _ = fit_ar(y, 3, True, 0.0)
    np.testing.assert_allclose(alpha[0], golden["alpha"], rtol=1e-6)
    assert intercept[0] == pytest.approx(golden["intercept"], rel=1e-6)
    np.testing.assert_allclose(continue_ar(y, alpha, intercept, 6)[0], golden["mean"], rtol=1e-6)
    sd = residual_sd(y, alpha, intercept)  # statsmodels, too, divides by the number of rows
    assert sd[0] ** 2 == pytest.approx(golden["sigma2_mle"], rel=1e-6)
    spread = sd[0] * np.sqrt(np.cumsum(psi_weights(alpha, 6)[0] ** 2))
    np.testing.assert_allclose(spread, golden["se"], rtol=1e-6)


def test_croston_and_tsb_equal_statsforecast() -> None:
    golden = stored("intermittent_statsforecast")
    y = np.array(golden["y"], dtype=np.float64)[None]
    size, chance = croston(y, 0.1)
    assert (size * chance)[0] == pytest.approx(golden["croston"])
    assert (0.95 * size * chance)[0] == pytest.approx(golden["sba"])
    size, chance = tsb(y, 0.2, 0.1)  # statsforecast names the smoothing of the size first
    assert (size * chance)[0] == pytest.approx(golden["tsb"])
