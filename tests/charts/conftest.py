"""A made-up report for the tests of charts: seasons, prices, promotions, stock-outs."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

import numpy as np
import polars as pl
import pytest

from tradewind.charts.report import Money, Report
from tradewind.forecast import Dependence, Forecast
from tradewind.panel import Panel, dates_from

LEVELS = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)
SPREAD = np.array([-1.28, -0.84, -0.52, -0.25, 0.0, 0.25, 0.52, 0.84, 1.28])
NAMES = (
    "Oat milk 1 l",
    "Green tea 50 g",
    "燕麦奶 1 升",
    "Dark chocolate 70 %",
    "Rice 5 kg",
    "Basmati rice",
    "洗衣液 2 千克",
    "Espresso beans 1 kg",
)


def made_up(
    n: int = 40, steps: int = 104, h: int = 8, names: tuple[str, ...] = NAMES, **more: object
) -> Report:
    """A weekly report of n products; the same each time."""
    rng = np.random.default_rng(7)
    ids = [f"SKU-{i:05d}" for i in range(n)]
    grid = dates_from(datetime(2023, 1, 2), steps + h, "W-MON")
    level = rng.lognormal(3.5, 0.8, (n, 1))
    t = np.arange(steps + h)
    slope = rng.normal(0, 0.006, (n, 1))
    season = 1 + 0.3 * np.sin(2 * np.pi * (t[None, :] / 52 + rng.random((n, 1))))
    promo = rng.random((n, steps + h)) < 0.08
    price = np.round(level / 9 + 2, 2) * np.where(promo, 0.8, 1.0)
    mean = level * season * np.exp(slope * t) * np.where(promo, 1.6, 1.0)
    demand = rng.poisson(mean).astype(float)
    censored = rng.random((n, steps + h)) < 0.02
    y = np.where(censored, np.floor(demand * 0.4), demand)
    frame = pl.DataFrame(
        {
            "unique_id": np.repeat(np.array(ids, dtype=object), steps + h),
            "ds": np.tile(grid, n),
            "y": y.ravel(),
            "price": price.ravel(),
            "display": promo.ravel().astype(float),
            "censored": censored.ravel(),
            "demand": np.where(censored, demand, y).ravel(),
        },
        schema_overrides={"unique_id": pl.String},
    )
    static = pl.DataFrame(
        {
            "unique_id": ids,
            "name": [f"{names[i % len(names)]} {i // len(names) or ''}".strip() for i in range(n)],
        },
        schema={"unique_id": pl.String, "name": pl.String},
    )
    cutoff = grid[steps - 1].item()
    whole = Panel.from_frame(frame, "W-MON", static) if n else None
    panel = whole.until(cutoff) if whole else Panel(frame, "W-MON", static)
    known = whole.after(cutoff).select(["price", "display"]) if whole else None
    center = mean[:, steps:, None]
    width = (np.sqrt(center) + 0.04 * center * np.sqrt(np.arange(1, h + 1))[None, :, None]) * SPREAD
    forecast = Forecast(
        tuple(ids),
        grid[steps:],
        LEVELS,
        np.maximum(center + width, 0),
        whole=True,
        lower=0.0,
        dependence=Dependence(0.4 * np.ones((h, h)) + 0.6 * np.eye(h), 0.1),
    )
    growth = center.sum(axis=(1, 2)) / np.maximum(y[:, steps - h : steps].sum(axis=1), 1) - 1
    direction = np.where(growth > 0.1, "rise", np.where(growth < -0.1, "fall", "unclear"))
    trends = pl.DataFrame(
        {
            "unique_id": ids,
            "direction": direction.tolist(),
            "probability": np.clip(0.55 + np.abs(growth), 0, 0.99),
            "growth": growth,
        },
        schema={
            "unique_id": pl.String,
            "direction": pl.String,
            "probability": pl.Float64,
            "growth": pl.Float64,
        },
    ).sort("probability", descending=True)
    settings: dict[str, Any] = {
        "name": "Harbour Street Grocery",
        "made_at": datetime(2025, 1, 6, 8, 30),
        "panel": panel,
        "forecast": forecast,
        "chosen": "ensemble",
        "known": known,
        "currency": "USD",
        "price_column": "price",
        "promotion_columns": ("display",),
        "leaderboard": leaderboard(),
        "error_by_step": error_by_step(h),
        "calibration": calibration(),
        "repairs": repairs(),
        "trends": trends,
        "money": Money("mean_of_four", 182_400.0, 251_900.0),
        "n_windows": 4,
        "version": "0.1.0",
        "digest": "9f2c1ab07d34e5f0",
        "preset": "default",
        "command": "tradewind demo --preset default",
    }
    return Report(**(settings | more))


@pytest.fixture
def shop_report() -> Callable[..., Report]:
    """`made_up` itself: call it with the number of products and anything that differs."""
    return made_up


def leaderboard() -> pl.DataFrame:
    """Six models, best first."""
    return pl.DataFrame(
        {
            "model": ["ensemble", "trees", "theta", "ets", "ar", "seasonal_naive"],
            "skill": [0.462, 0.431, 0.312, 0.298, 0.207, 0.0],
            "WAPE": [0.281, 0.297, 0.334, 0.341, 0.371, 0.428],
            "SQL": [0.412, 0.436, 0.527, 0.538, 0.607, 0.766],
            "MASE": [0.71, 0.74, 0.83, 0.85, 0.92, 1.08],
            "bias": [0.004, 0.011, -0.02, -0.018, 0.031, 0.012],
            "coverage80": [0.798, 0.771, 0.742, 0.739, 0.762, 0.811],
            "money_error": [182400.0, 191200.0, 214000.0, 219500.0, 236100.0, 274000.0],
            "seconds": [61.2, 38.4, 11.9, 8.2, 1.1, 0.2],
            "failures": [0, 0, 3, 1, 0, 0],
            "spread": [0.012, 0.015, 0.02, 0.021, 0.018, 0.0],
        }
    )


def error_by_step(h: int) -> pl.DataFrame:
    """Error that grows with the horizon, for three models."""
    return pl.DataFrame(
        [
            {"model": name, "step": s, "wape": start * (1 + 0.03 * s)}
            for name, start in (
                ("ensemble", 0.25),
                ("trees", 0.265),
                ("theta", 0.3),
                ("seasonal_naive", 0.42),
            )
            for s in range(1, h + 1)
        ]
    )


def calibration() -> pl.DataFrame:
    """Intervals that nearly keep their word."""
    nominal = [0.2, 0.4, 0.6, 0.8]
    return pl.DataFrame(
        {"level": nominal, "nominal": nominal, "empirical": [0.21, 0.41, 0.59, 0.798]}
    )


def repairs() -> pl.DataFrame:
    """A few kinds of repair with examples."""
    return pl.DataFrame(
        {
            "kind": ["exact_duplicate", "missing_period", "outlier", "returned", "ended"],
            "count": [1204, 3311, 87, 640, 83],
            "example": [
                "event 1f3a, 2024-03-02",
                "SKU-00012, 2023-07-10 to 2023-07-24",
                "SKU-00031, 2024-11-11: 941",
                "order 88213: −2",
                "SKU-00004, 2024-02-05",
            ],
        }
    )
