"""statsforecast's models, run over many series, in processes of their own where it pays."""

from __future__ import annotations

import json
import subprocess
import sys
import warnings
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from io import BytesIO
from typing import Any

import numpy as np

from tradewind.arrays import Floats

WORTH_A_PROCESS = 6.0
"""Seconds of work below which starting a process costs more than it saves."""

LONGEST_SEASON = 24
"""Longer seasons are taken out first: the models cannot estimate so many seasonal states."""


@dataclass(frozen=True, slots=True)
class Job:
    """What to fit to each series.

    kind       "ets", "theta" or "arima"
    model      form of the model in statsforecast's letters
    season     steps in a season
    h          steps to forecast
    """

    kind: str
    model: str
    season: int
    h: int


def run(job: Job, series: Sequence[Floats], workers: int, seconds_each: float) -> Floats:
    """Median and the 10 % and 90 % quantiles of each series, [N, h, 3]; nan where the model failed.

    series         observations without nan, oldest first, of any length
    seconds_each   what one fit is expected to take: decides whether processes are started
    """
    parts = min(workers, int(len(series) * seconds_each / WORTH_A_PROCESS) + 1)
    if parts < 2:
        return fit_all(job, series)
    shares = [list(series[k::parts]) for k in range(parts)]
    with ThreadPoolExecutor(parts) as pool:
        done = list(pool.map(lambda share: _in_a_process(job, share), shares))
    out = np.empty((len(series), job.h, 3))
    for k, part in enumerate(done):
        out[k::parts] = part
    return out


def fit_all(job: Job, series: Sequence[Floats]) -> Floats:
    """As `run`, here and now."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # statsforecast warns of each series it finds difficult
        return np.stack([fit_one(job, y) for y in series]) if series else np.empty((0, job.h, 3))


def fit_one(job: Job, y: Floats) -> Floats:
    """Median, 10 % and 90 % quantile of the next h steps, [h, 3]; nan where the model failed."""
    season, index, multiplicative = job.season, np.zeros(0), False
    if season > LONGEST_SEASON:
        index, multiplicative = seasonal_index(y, season)
        season = 1
    inside = _without(y, index, multiplicative)
    try:
        made = _model(job, season if len(y) > 2 * season else 1).forecast(
            y=inside, h=job.h, level=[80]
        )
    except (ValueError, ArithmeticError, IndexError, RuntimeError, np.linalg.LinAlgError):
        return np.full((job.h, 3), np.nan)  # counted as a rescue by the caller
    out = np.stack([made["mean"], made["lo-80"], made["hi-80"]], axis=1).astype(np.float64)
    if len(index):
        ahead = index[(len(y) + np.arange(job.h)) % len(index)][:, None]
        out = out * ahead if multiplicative else out + ahead
    return out


def seasonal_index(y: Floats, season: int) -> tuple[Floats, bool]:
    """What each phase of a long season adds (or multiplies, if y > 0), [season]; empty if unknown.

    Classical decomposition (ratio to the moving average), smoothed over five neighbouring phases
    and shrunk towards none, because a year of weeks is seen only two or three times.
    Source: Hyndman & Athanasopoulos (2021), section 3.4; shrinkage: this project.
    """
    cycles = len(y) / season
    if cycles < 2:
        return np.zeros(0), False
    multiplicative = bool((y > 0).all())
    kernel = np.ones(season + 1 - season % 2)
    if season % 2 == 0:
        kernel[[0, -1]] = 0.5
    trend = np.convolve(y, kernel / kernel.sum(), mode="valid")
    first = len(kernel) // 2
    middle = y[first : first + len(trend)]
    rest = middle / trend if multiplicative else middle - trend
    phase = (first + np.arange(len(rest))) % season
    total = np.bincount(phase, rest, minlength=season)
    have = np.bincount(phase, minlength=season)
    none = 1.0 if multiplicative else 0.0
    index = np.where(have > 0, total / np.maximum(have, 1), none)
    wide = np.concatenate([index[-2:], index, index[:2]])
    index = np.convolve(wide, np.array([1, 2, 3, 2, 1]) / 9, mode="valid")
    index = none + (index - index.mean()) * _seasonal_share(index, rest, phase)
    return (np.maximum(index, 0.05) if multiplicative else index), multiplicative


def _seasonal_share(index: Floats, rest: Floats, phase: np.ndarray[Any, Any]) -> float:
    """Share of the detrended variance that the index explains, in [0, 1]."""
    total = float(np.var(rest))
    left = float(np.var(rest - index[phase]))
    return float(np.clip(1 - left / total, 0.0, 1.0)) ** 0.5 if total > 0 else 0.0


def _without(y: Floats, index: Floats, multiplicative: bool) -> Floats:
    if not len(index):
        return y
    mine = index[np.arange(len(y)) % len(index)]
    return y / mine if multiplicative else y - mine


def _model(job: Job, season: int) -> Any:
    from statsforecast import models

    if job.kind == "ets":
        letters = job.model if season > 1 else job.model[:2] + "N"
        return models.AutoETS(season_length=season, model=letters)
    if job.kind == "theta":
        return models.AutoTheta(season_length=season, model=job.model or None)
    return models.AutoARIMA(season_length=season)


def _in_a_process(job: Job, series: list[Floats]) -> Floats:
    """`fit_all` in a fresh interpreter; arrays go through pipes, so callers need no main guard."""
    sent = BytesIO()
    lengths = np.array([len(y) for y in series], dtype=np.int64)
    flat = np.concatenate(series) if series else np.zeros(0)
    about = np.frombuffer(json.dumps(asdict(job)).encode(), dtype=np.uint8)
    np.savez(sent, job=about, lengths=lengths, flat=flat)
    done = subprocess.run(
        [sys.executable, "-m", "tradewind.models.engine"],
        input=sent.getvalue(),
        capture_output=True,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(f"a worker of {job} failed: {done.stderr.decode()[-2000:]}")
    result: Floats = np.load(BytesIO(done.stdout), allow_pickle=False)
    return result


def main() -> None:
    """Read a job and its series from stdin, write the quantiles to stdout."""
    with np.load(BytesIO(sys.stdin.buffer.read()), allow_pickle=False) as archive:
        job = Job(**json.loads(archive["job"].tobytes()))
        series = np.split(archive["flat"], np.cumsum(archive["lengths"])[:-1])
    out = BytesIO()
    np.save(out, fit_all(job, series))
    sys.stdout.buffer.write(out.getvalue())


if __name__ == "__main__":
    main()
