"""Dynamic regression: against a plain loop, on known effects, on odd series."""

from __future__ import annotations

from datetime import datetime

import numpy as np
import polars as pl
import pytest

from tradewind.arrays import Floats, Floats32
from tradewind.models import regression
from tradewind.models.field import field_of
from tradewind.models.regression import (
    FEW,
    MOST_LASTING,
    PULL_COLUMN,
    PULL_LEVEL,
    PULL_SEASON,
    Regression,
)
from tradewind.panel import Panel, dates_from
from tradewind.task import DECILES, Roles, Task

MIDDLE = DECILES.index(0.5)


def plainly_explained(z: Floats, x: Floats, own: int, lasting: float) -> tuple[list[float], float]:
    """One series: x [K, T + h], z [T] with nan where it was not seen."""
    steps, k = len(z), len(x)
    rows, right = [], []
    for t in range(steps):
        now = [*x[:, t], 1.0]
        if not lasting and np.isfinite(z[t]):
            rows.append(now)
            right.append(z[t])
        elif lasting and t and np.isfinite(z[t]) and np.isfinite(z[t - 1]):
            before = [*x[:, t - 1], 1.0]
            rows.append([a - lasting * b for a, b in zip(now, before, strict=True)])
            right.append(z[t] - lasting * z[t - 1])
    a = np.array(rows)
    pull = np.diag([PULL_COLUMN] * own + [PULL_SEASON] * (k - own) + [PULL_LEVEL])
    slopes = np.linalg.solve(a.T @ a + pull, a.T @ np.array(right))
    freedom = np.trace(np.linalg.solve(a.T @ a + pull, a.T @ a))
    wider = (len(right) / max(len(right) - freedom, len(right) / 4)) ** 0.5
    return [float(slopes[:k] @ x[:, t]) for t in range(x.shape[1])], float(wider)


@pytest.mark.parametrize("lasting", [0.0, 0.6])
def test_what_columns_explain_is_that_of_a_plain_loop(lasting: float) -> None:
    rng = np.random.default_rng(0)
    z = rng.normal(size=(4, 40)).astype(np.float32)
    z[1, :25] = np.nan
    z[2, ::3] = np.nan
    x = rng.normal(size=(4, 3, 50)).astype(np.float32)
    seen = np.isfinite(z)
    share = np.array([lasting, lasting, lasting, 0], np.float32)
    got, wider = regression._explained(np.nan_to_num(z), seen, x, 2, share)
    for b in range(4):
        want, wide = plainly_explained(z[b].astype(float), x[b].astype(float), 2, float(share[b]))
        assert got[b] == pytest.approx(want, abs=2e-3)
        assert wider[b] == pytest.approx(wide, rel=1e-3)


def test_the_share_that_lasts_is_the_autocorrelation() -> None:
    rng = np.random.default_rng(1)
    left = np.zeros((3, 400), np.float32)
    for t in range(1, 400):
        left[:, t] = (0.0, 0.5, 1.0) * left[:, t - 1] + rng.normal(size=3)
    made = regression._lasting(left, np.ones(left.shape, np.bool_))
    assert made == pytest.approx([0.0, 0.5, MOST_LASTING], abs=0.1)
    few = regression._lasting(left[:, :8], np.ones((3, 8), np.bool_))
    assert (few <= 8 / (8 + FEW)).all()


def test_levels_weigh_halves_after_a_half_life() -> None:
    left = np.array([[1.0, np.nan, 3.0, 5.0]])
    made = regression._levels(left, np.isfinite(left), 2.0)
    keep = 0.5**0.5
    want = [1.0, 1.0, (keep**2 + 3) / (keep**2 + 1)]
    want.append((keep**3 + 3 * keep + 5) / (keep**3 + keep + 1))
    assert made[0] == pytest.approx(want)


def shop(steps: int = 60, ahead: int = 13, freq: str = "W-MON") -> Panel:
    """Weeks of eight products whose promotions every other week or so raise sales by a half."""
    rng = np.random.default_rng(3)
    ds = dates_from(datetime(2023, 1, 2), steps + ahead, freq)
    tables = []
    for k in range(8):
        promotion = (rng.random(len(ds)) < 0.4).astype(np.float64)
        y = 100 * (1 + k) * np.exp(np.log(1.5) * promotion + rng.normal(0, 0.05, len(ds)))
        tables.append(
            pl.DataFrame({"unique_id": f"p{k}", "ds": ds, "y": y, "promotion": promotion})
        )
    return Panel.from_frame(pl.concat(tables), freq)


def asked(panel: Panel, model: Regression, h: int = 13) -> tuple[Floats, Floats, Floats]:
    """Quantiles, truth and promotion [N, h] of the last h steps."""
    task = Task(h=h, roles=Roles(known=("promotion",)))
    window = next(iter(task.windows(panel)))
    made = model.fit(window.past, window.task).forecast(h, DECILES, window.known)
    truth = panel.only(list(made.ids)).wide()[:, -h:]
    return made.quantiles, truth, panel.wide("promotion")[:, -h:]


def test_a_known_promotion_is_forecast() -> None:
    quantiles, truth, promoted = asked(shop(), Regression())
    error = quantiles[:, :, MIDDLE] / truth - 1
    assert np.abs(error).mean() < 0.07
    lift = [
        q[p > 0].mean() / q[p == 0].mean()
        for q, p in zip(quantiles[:, :, MIDDLE], promoted, strict=True)
    ]
    assert np.mean(lift) == pytest.approx(1.5, abs=0.07)
    inside = (truth >= quantiles[:, :, 0]) & (truth <= quantiles[:, :, -1])
    assert 0.65 < inside.mean() < 0.95


def test_batches_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    whole, _, _ = asked(shop(), Regression())
    monkeypatch.setattr(regression, "NUMBERS_AT_ONCE", 1)
    single, _, _ = asked(shop(), Regression())
    np.testing.assert_allclose(single, whole, rtol=1e-5)


def test_days_have_their_week_and_a_year_only_where_it_was_seen() -> None:
    ds = dates_from(datetime(2023, 1, 2), 35, "D")
    y = np.tile([50.0, 40, 40, 40, 60, 90, 5], 5)
    panel = Panel.from_frame(pl.DataFrame({"unique_id": "a", "ds": ds, "y": y}), "D")
    task = Task(h=7)
    window = next(iter(task.windows(panel)))
    made = Regression().fit(window.past, window.task).forecast(7, DECILES)
    middle = made.quantiles[0, :, MIDDLE]
    assert middle.argmax() == 5
    assert middle.argmin() == 6
    columns: dict[int, Floats32] = {}
    for steps in (60, 800):
        long = dates_from(datetime(2021, 1, 4), steps, "D")
        table = pl.DataFrame({"unique_id": "a", "ds": long, "y": np.ones(steps)})
        fitted = Regression().fit(Panel.from_frame(table, "D"), Task(h=7))
        field = field_of(fitted.past, fitted.task, fitted.labels, "y", (7, None))
        columns[steps] = regression.season_columns(field)
    assert len(columns[800]) == len(columns[60]) + 2 * regression.HARMONICS


def test_level_and_spread_are_those_of_a_plain_loop() -> None:
    rng = np.random.default_rng(4)
    kinds, lags, series, cutoffs, h = 5, np.array([1, 4, 9]), 6, 12, 9
    errors = rng.normal(size=(kinds, 3, series, cutoffs)) * rng.uniform(
        0.5, 2, (kinds, 1, series, 1)
    )
    errors[:, :, 1, 2:] = np.nan
    errors[:, :, 2] = np.nan
    part = regression.Regressed(
        rng.normal(size=(series, h)), rng.normal(size=(kinds, series)), errors, lags
    )
    usual = regression.Usual(rng.uniform(0.5, 2, kinds), rng.uniform(0.5, 2, 3), np.zeros(1))
    middle, spread = regression._ahead(part, usual, h)
    for b in range(series):
        means = []
        for f in range(kinds):
            mine = [abs(e) for e in errors[f, :, b].ravel() if np.isfinite(e)]
            means.append((sum(mine) + FEW * usual.miss[f]) / (len(mine) + FEW))
        best = means.index(min(means))
        sizes = []
        for k in range(3):
            mine = [e * e for e in errors[best, k, b] if np.isfinite(e)]
            sizes.append(((sum(mine) + FEW * usual.square[k]) / (len(mine) + FEW)) ** 0.5)
        assert middle[b] == pytest.approx(part.ahead[b] + part.levels[best, b])
        assert spread[b, [0, 3, 8]] == pytest.approx(sizes, abs=1e-5)
        assert spread[b, 1] == pytest.approx(sizes[0] + (sizes[1] - sizes[0]) / 3, abs=1e-5)


def test_errors_are_those_after_each_cutoff_widened_by_what_was_fitted() -> None:
    rng = np.random.default_rng(5)
    z = rng.normal(size=(2, 20)).astype(np.float32)
    columns = regression.Columns(
        (rng.normal(size=(2, 26)).astype(np.float32),), np.zeros((0, 26), np.float32)
    )
    part = regression._regressed(z, columns, np.array([1, 5]))
    seen = np.isfinite(z)
    x = regression._design(columns, seen, 20)
    plain, _ = regression._explained(z, seen, x, 1, np.zeros(2, np.float32))
    lasting = regression._lasting(z - plain[:, :20], seen)
    fitted, wider = regression._explained(z, seen, x, 1, lasting)
    left = z - fitted[:, :20]
    assert (wider > 1.01).all()
    for f, half_life in enumerate(regression.HALF_LIVES):
        for b in range(2):
            keep = 0.5 ** (1 / half_life)
            for t in range(15):
                weights = keep ** np.arange(t, -1, -1)
                level = weights @ left[b, : t + 1] / weights.sum()
                want = wider[b] * (left[b, t + 5] - level)
                assert part.errors[f, 1, b, t] == pytest.approx(want, abs=1e-4)
