"""Dynamic regression: what known columns and the season do to a series, and a level that follows.

Source: ridge regression after Hoerl & Kennard (1970); regression with errors that hang together,
forecast through their level, after Hyndman & Athanasopoulos, Forecasting (3rd ed.), chapter 10.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from scipy import special

from tradewind.arrays import Bools, Floats, Floats32, Ints
from tradewind.forecast import Dependence, Forecast
from tradewind.models.dependence import probed, resized
from tradewind.models.field import Field, Labels, field_of, labels_of
from tradewind.models.history import check_rows, check_target
from tradewind.models.local import spread_sample
from tradewind.models.pretrained.encode import unit_sized
from tradewind.models.pretrained.phase import calendar_phase, seasons_of
from tradewind.models.pretrained.slots import Flags, flags_of, slots_of
from tradewind.models.protocol import Rescue
from tradewind.models.trees_errors import GRID
from tradewind.models.trees_scale import scale_of
from tradewind.models.twins import Twins, asked, field_with
from tradewind.panel import Panel, every
from tradewind.task import Task

PULL_COLUMN, PULL_SEASON, PULL_LEVEL = 2.0, 8.0, 1e-3
"""Ridge penalties, in observations of one unit of a column."""
HALF_LIVES = (1.0, 4.0, 16.0, 64.0, 1e9)
"""Steps after which an observation counts half in the level; the last one never forgets."""
HARMONICS = 2
YEARS = 1.25
"""Waves of the year, and the years that the past must hold before they are told from a trend."""
FEW = 8.0
"""Errors by which a series' own spread and choice are trusted by half, against all series'."""
MOST_LASTING = 0.9
"""Largest share of an error that is taken to be left a step later."""
LAGS = 6
"""Steps ahead at which errors are measured; between them the spread is interpolated."""
NUMBERS_AT_ONCE = 1 << 23
"""Numbers in the columns and errors of one batch of series: memory does not grow with them."""
SAMPLE, ENOUGH = 500, 30
"""Series that tell what is usual, and errors that tell a shape; with fewer it is the normal one."""
PROBE, PROBES = 200, 3
"""Series and earlier cutoffs from which the dependence of the errors is learnt."""


@dataclass(frozen=True, slots=True)
class Regression:
    """Ridge regression of each series on its known columns, dates and season, plus a level.

        ln(y / size + offset) = level + columns · b + season · c + error

    Columns that are not known ahead are not looked at, nor more than the first 16. The level is an
    exponentially weighted mean of what the regression leaves; how fast it forgets is chosen by the
    errors that it made as many steps ahead as the task asks, and their size and shape give the
    quantiles.

    offset   as in Trees; where a value is negative, y / size is regressed
    """

    offset: float = 0.1

    def fit(self, past: Panel, task: Task) -> FittedRegression:
        """Remember `past`; everything is in closed form when a forecast is asked for."""
        check_rows(past, self)
        task.check(past)
        labels = labels_of(past, task)
        joint = {name: self._dependence(past, task, labels, name) for name in task.roles.targets}
        return FittedRegression(self, past, task, labels, joint)

    def restore(self, folder: Path, past: Panel, task: Task) -> FittedRegression:
        """The same as `fit`."""
        return self.fit(past, task)

    def _dependence(self, past: Panel, task: Task, labels: Labels, target: str) -> Dependence:
        whole = field_of(past, task, labels, target, (1, None))
        flags, y = flags_of(whole, labels.columns), whole.y.astype(np.float64)
        rows = spread_sample(y, PROBE)
        part, levels = whole.part(rows), task.levels
        return probed(
            y[rows],
            task.h,
            lambda end: self.quantiles(part.before(end, task.h), flags, levels),
            levels,
            PROBES,
        )

    def quantiles(self, seen: Field, flags: Flags, levels: tuple[float, ...]) -> Floats:
        """Quantiles of the steps ahead, [N, h, Q]."""
        columns = _columns(seen, flags)
        scale = scale_of(seen.open_y, self.offset)
        z = scale.forward(seen.open_y)
        lags = np.unique(np.linspace(1, max(min(seen.h, seen.steps - 1), 1), LAGS).astype(np.int64))
        crowd = seen.crowd
        some = crowd[spread_sample(seen.y[crowd].astype(np.float64), SAMPLE)]
        usual = _usual(_regressed(z[some], columns.part(some), lags))
        numbers = (columns.count + len(HALF_LIVES) * len(lags)) * len(seen.ds)  # of a series
        at_once = max(1, NUMBERS_AT_ONCE // numbers)
        wanted = seen.rows
        out = np.empty((len(wanted), seen.h, len(levels)))
        for a in range(0, len(wanted), at_once):
            rows = wanted[a : a + at_once]
            middle, spread = _ahead(_regressed(z[rows], columns.part(rows), lags), usual, seen.h)
            scores = np.interp(levels, GRID, usual.shape)
            made = middle[:, :, None] + spread[:, :, None] * scores
            flat = scale.back(made.reshape(-1, len(levels)), np.repeat(rows, seen.h))
            out[a : a + len(rows)] = flat.reshape(made.shape)
        return out


@dataclass(frozen=True, slots=True)
class FittedRegression:
    """The past that is asked about."""

    settings: Regression
    past: Panel
    task: Task
    labels: Labels
    dependence: dict[str, Dependence]
    rescues: tuple[Rescue, ...] = ()
    twins: Twins | None = None

    def forecast(
        self, h: int, levels: tuple[float, ...], known: Panel | None = None, target: str = "y"
    ) -> Forecast:
        """As Fitted.forecast."""
        check_target(target, self.task)
        seen = field_with(self.past, self.task, self.labels, target, (h, known), self.twins)
        seen = asked(seen, self.twins)
        values = self.settings.quantiles(seen, flags_of(seen, self.labels.columns), levels)
        return seen.to_forecast(target, levels, values, resized(self.dependence[target], h))

    def update(self, new: Panel) -> FittedRegression:
        """The same as fitting to the longer past."""
        return self.settings.fit(self.past.append(new), self.task)

    def imagine(self, twins: Twins) -> FittedRegression:
        """As Imagining.imagine."""
        return replace(self, past=twins.past, twins=twins)

    def save(self, folder: Path) -> None:
        """Nothing has to be kept: fitting is as fast as reading."""
        folder.mkdir(parents=True, exist_ok=True)


@dataclass(frozen=True, slots=True)
class Columns:
    """What y is regressed on.

    own      K columns [N, T + h] that are known ahead
    season   [S, T + h]   the same for all series
    """

    own: tuple[Floats32, ...]
    season: Floats32

    def part(self, rows: Ints) -> Columns:
        """Those of some series."""
        return replace(self, own=tuple(values[rows] for values in self.own))

    @property
    def count(self) -> int:
        """K + S, and one for the mean."""
        return len(self.own) + len(self.season) + 1


def _columns(seen: Field, flags: Flags) -> Columns:
    length = len(seen.ds)
    slots, kinds = slots_of(seen, flags)
    own = tuple(v[:, :length] for v, kind in zip(slots, kinds, strict=True) if kind == 1)
    return Columns(own, season_columns(seen))


def season_columns(seen: Field) -> Floats32:
    """The dates' part of the season, [S, T + h]: a place in the week or the day, waves of the year.

    Waves of the year are left out where the past holds less than YEARS of it.
    """
    unit = every(seen.freq)
    phase = calendar_phase(seen.ds, seen.freq)
    main, _ = seasons_of(seen.freq)
    made: list[Floats32] = []
    if unit in ("1h", "1d"):
        pairs = {"1h": (0, 2), "1d": (2,)}[unit]
        for first in pairs:
            made += _waves(phase[:, first], phase[:, first + 1], 3)
    yearly = seen.year if unit != "1h" else 24 * 365
    if main and seen.steps >= YEARS * yearly:
        made += _waves(phase[:, 6], phase[:, 7], min(HARMONICS, max(main // 2, 1)))
    return np.array(made, np.float32).reshape(len(made), len(seen.ds))


def _waves(sine: Floats32, cosine: Floats32, harmonics: int) -> list[Floats32]:
    """sin and cos of the first harmonics of an angle."""
    turn = cosine + 1j * sine
    powers = [turn**k for k in range(1, harmonics + 1)]
    return [part for power in powers for part in (power.imag, power.real)]


@dataclass(frozen=True, slots=True)
class Regressed:
    """Some series after regression.

    ahead    [B, h]            what the columns explain of the steps ahead
    levels   [F, B]            level at the end, for each of HALF_LIVES
    errors   [F, L, B, T − 1]  at each lag, of each cutoff; nan where unknown
    lags     [L]               steps ahead
    """

    ahead: Floats
    levels: Floats
    errors: Floats
    lags: Ints


@dataclass(frozen=True, slots=True)
class Usual:
    """What a sample of all series says of one that says little itself.

    miss     [F]   mean size of the error, for each of HALF_LIVES
    square   [L]   median over series of the mean square error
    shape          quantiles at GRID of error / size
    """

    miss: Floats
    square: Floats
    shape: Floats


def _regressed(z: Floats32, columns: Columns, lags: Ints) -> Regressed:
    size, steps = z.shape
    seen = np.isfinite(z)
    x = _design(columns, seen, steps)
    known = np.where(seen, z, np.float32(0))
    plain, _ = _explained(known, seen, x, len(columns.own), np.zeros(size, np.float32))
    lasting = _lasting(np.where(seen, z - plain[:, :steps], np.float32(0)), seen)
    fitted, wider = _explained(known, seen, x, len(columns.own), lasting)
    left = np.where(seen, z - fitted[:, :steps], np.nan)
    levels = [_levels(left, seen, half_life) for half_life in HALF_LIVES]
    errors = np.stack([_errors(left, level, lags) for level in levels]) * wider[:, None]
    ahead = fitted[:, steps:].astype(np.float64)
    return Regressed(ahead, np.stack([level[:, -1] for level in levels]), errors, lags)


def _design(columns: Columns, seen: Bools, steps: int) -> Floats32:
    """Columns about zero mean and unit size over each series' life, [B, K + S, T + h]."""
    size, length = len(seen), columns.season.shape[1]
    own = np.empty((size, len(columns.own), length), np.float32)
    for k, values in enumerate(columns.own):
        own[:, k] = values
    life = np.ones((size, 1, length), np.float32)
    life[:, 0, :steps] = np.maximum.accumulate(seen, axis=1)
    both = np.concatenate([own, np.broadcast_to(columns.season, (size, *columns.season.shape))], 1)
    return unit_sized(both, np.broadcast_to(life, both.shape))


def _explained(
    z: Floats32, seen: Bools, x: Floats32, own: int, lasting: Floats32
) -> tuple[Floats32, Floats32]:
    """What the columns explain, over past and horizon, [B, T + h]; their mean is not in it.

    And by how much errors of steps not learnt from are larger than of those that were, [B]: the
    square root of n / (n − degrees of freedom), two at most.

    lasting   [B]   share of an error that is left a step later: both sides are regressed less that
                    share of the step before (Cochrane & Orcutt 1949)
    """
    steps, k = z.shape[1], x.shape[1]
    past = np.concatenate([x[:, :, :steps], np.ones((len(z), 1, steps), np.float32)], axis=1)
    share = lasting[:, None]
    past[:, :, 1:] -= share[:, :, None] * past[:, :, :-1]
    z = np.concatenate([z[:, :1], z[:, 1:] - share * z[:, :-1]], axis=1)
    both = seen.copy()
    both[:, 1:] &= seen[:, :-1] | (share == 0)
    both[:, :1] &= share == 0
    past *= both[:, None]
    gram = np.matmul(past, past.transpose(0, 2, 1)).astype(np.float64)
    pull = np.concatenate([[PULL_COLUMN] * own, [PULL_SEASON] * (k - own), [PULL_LEVEL]])
    gram[:, np.arange(k + 1), np.arange(k + 1)] += pull
    right = np.matmul(past, (z * both)[:, :, None]).astype(np.float64)
    inverse = np.linalg.inv(gram)
    slopes = np.matmul(inverse, right)[:, :k].astype(np.float32)
    freedom = k + 1 - (inverse[:, np.arange(k + 1), np.arange(k + 1)] * pull).sum(axis=1)
    n = np.maximum(both.sum(axis=1), 1)
    wider = np.sqrt(n / np.maximum(n - freedom, n / 4))
    explained: Floats32 = np.matmul(slopes.transpose(0, 2, 1), x)[:, 0]
    return explained, wider.astype(np.float32)


def _lasting(left: Floats32, seen: Bools) -> Floats32:
    """Autocorrelation at one step of what is left [B, T], [B]; less where there is little."""
    pairs = seen[:, 1:] & seen[:, :-1]
    n = np.maximum(seen.sum(axis=1), 1)
    left = np.where(seen, left - left.sum(axis=1, keepdims=True) / n[:, None], np.float32(0))
    product = (left[:, 1:] * left[:, :-1] * pairs).sum(axis=1)
    share = product / np.maximum((left**2).sum(axis=1), 1e-9) * n / (n + FEW)
    return np.asarray(np.clip(share, 0, MOST_LASTING), np.float32)


def _levels(left: Floats, seen: Bools, half_life: float) -> Floats:
    """Weighted mean of what is left up to each step, newer steps counting more, [B, T]."""
    keep = 0.5 ** (1 / half_life)
    total, weight = np.zeros(len(left)), np.zeros(len(left))
    out = np.empty(left.shape)
    for t in range(left.shape[1]):
        total = keep * total + np.where(seen[:, t], left[:, t], 0.0)
        weight = keep * weight + seen[:, t]
        out[:, t] = total / np.maximum(weight, 1e-9)
    return out


def _errors(left: Floats, level: Floats, lags: Ints) -> Floats:
    """What was left so many steps after each cutoff, less the level then, [L, B, T − 1]."""
    size, steps = left.shape
    out = np.full((len(lags), size, max(steps - 1, 1)), np.nan)
    for k, lag in enumerate(lags):
        out[k, :, : steps - lag] = left[:, lag:] - level[:, : steps - lag]
    return out


def _misses(errors: Floats) -> tuple[Floats, Ints]:
    """Sum of the sizes of errors [F, L, B, M], and how many there are, [F, B] each."""
    have = np.isfinite(errors)
    return np.where(have, np.abs(errors), 0.0).sum(axis=(1, 3)), have.sum(axis=(1, 3))


def _best(part: Regressed, miss: Floats) -> Ints:
    """The half-life that missed least, [B]; a series with few errors goes with all."""
    total, count = _misses(part.errors)
    mean = (total + FEW * miss[:, None]) / (count + FEW)
    return np.asarray(mean.argmin(axis=0), np.int64)


def _with(part: Regressed, best: Ints) -> Floats:
    """The errors with each series' own half-life, [L, B, M]."""
    own: Floats = part.errors[best, :, np.arange(len(best))].transpose(1, 0, 2)
    return own


def _squares(errors: Floats) -> tuple[Floats, Ints]:
    """Sum of squared errors [L, B, M], and how many there are, [L, B] each."""
    have = np.isfinite(errors)
    return (np.where(have, errors, 0.0) ** 2).sum(axis=2), have.sum(axis=2)


def _usual(part: Regressed) -> Usual:
    total, count = _misses(part.errors)
    miss = total.sum(axis=1) / np.maximum(count.sum(axis=1), 1)
    errors = _with(part, _best(part, miss))
    squares, n = _squares(errors)
    mean = np.where(n > 0, squares / np.maximum(n, 1), np.nan)
    known = np.isfinite(mean).any(axis=1)
    square = np.full(len(mean), 0.1)
    square[known] = np.nanmedian(mean[known], axis=1)
    size = np.sqrt((squares + FEW * square[:, None]) / (n + FEW)) + 1e-6
    scores = errors / size[:, :, None]
    scores = scores[np.isfinite(scores)]
    shape = np.quantile(scores, GRID) if len(scores) >= ENOUGH else special.ndtri(GRID)
    return Usual(miss, square, np.asarray(shape))


def _ahead(part: Regressed, usual: Usual, h: int) -> tuple[Floats, Floats]:
    """The middle of each step ahead and the size of its error, [B, h] each.

    A series' own mean square is mixed with the usual one; between the lags it is interpolated.
    """
    best = _best(part, usual.miss)
    middle = part.ahead + part.levels[best, np.arange(len(best))][:, None]
    squares, n = _squares(_with(part, best))
    size = np.sqrt((squares + FEW * usual.square[:, None]) / (n + FEW)) + 1e-6
    steps = np.arange(1, h + 1)
    spread = np.stack([np.interp(steps, part.lags, mine) for mine in size.T])
    return middle, spread
