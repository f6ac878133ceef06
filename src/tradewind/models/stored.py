"""Forecasts and rescues on disk, in formats that cannot run code."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from tradewind.forecast import Dependence, Forecast
from tradewind.models.protocol import Rescue


def write_forecast(path: Path, forecast: Forecast) -> None:
    """Write a forecast without a sampler as a numpy archive."""
    about = {
        "ids": list(forecast.ids),
        "levels": list(forecast.levels),
        "target": forecast.target,
        "whole": forecast.whole,
        "lower": forecast.lower,
        "common": forecast.dependence.common if forecast.dependence else None,
    }
    steps = forecast.dependence.steps if forecast.dependence else np.zeros((0, 0))
    partial = path.with_suffix(".partial")
    with partial.open("wb") as file:
        np.savez(
            file,
            about=np.frombuffer(json.dumps(about).encode(), dtype=np.uint8),
            ds=forecast.ds,
            quantiles=forecast.quantiles,
            steps=steps,
        )
    partial.replace(path)  # nobody ever reads half a file


def read_forecast(path: Path) -> Forecast:
    """The forecast that `write_forecast` wrote."""
    with np.load(path, allow_pickle=False) as archive:
        about = json.loads(archive["about"].tobytes())
        joint = None if about["common"] is None else Dependence(archive["steps"], about["common"])
        return Forecast(
            tuple(about["ids"]),
            archive["ds"],
            tuple(about["levels"]),
            archive["quantiles"],
            target=about["target"],
            whole=about["whole"],
            lower=about["lower"],
            dependence=joint,
        )


def write_rescues(path: Path, rescues: Sequence[Rescue], seconds: float = 0.0) -> None:
    """Write rescues as JSON, with the seconds that the answer took."""
    rows = [[r.unique_id, r.model, r.reason] for r in rescues]
    text = json.dumps({"seconds": seconds, "rescues": rows}, ensure_ascii=False)
    path.write_text(text, encoding="utf-8")


def read_rescues(path: Path) -> tuple[Rescue, ...]:
    """The rescues that `write_rescues` wrote."""
    rows = json.loads(path.read_text(encoding="utf-8"))["rescues"]
    return tuple(Rescue(*row) for row in rows)


def read_seconds(path: Path) -> float:
    """The seconds that `write_rescues` wrote."""
    return float(json.loads(path.read_text(encoding="utf-8"))["seconds"])
