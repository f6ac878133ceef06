"""The synthetic world: its promises, its own statistics, and plain loops beside its fast paths."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import UTC, date, datetime

import numpy as np
import pytest

from tradewind.arrays import Bools, Floats, Floats32
from tradewind.errors import DataError
from tradewind.models.pretrained import prior_events, prior_record, prior_trend
from tradewind.models.pretrained.layout import SLOTS, STATIC
from tradewind.models.pretrained.phase import calendar_phase, seasons_of
from tradewind.models.pretrained.prior import FAMILIES, Prior, Series, sample
from tradewind.models.pretrained.prior_world import draw_world

DAYS = tuple(float(name == "day") for name in FAMILIES)
WEEKS = tuple(float(name == "week") for name in FAMILIES)
QUIET = Prior(
    families=DAYS,
    long_families=DAYS,
    short_families=DAYS,
    trend=0,
    breaks=0,
    life_cycles=0,
    declines=0,
    launches=0,
    zeros_before=0,
    season=0,
    second_season=0,
    part_year=0,
    paydays=0,
    shops=0,
    holidays=0,
    price=0,
    promotion=0,
    adverts=0,
    generics=0,
    late_columns=0,
    views=0,
    noise=(-3.0, 0.0),
    heavy_tails=0,
    autocorrelated=0,
    shocks=0,
    level=(5.0, 1.0),
    additive=0,
    counts=0,
    rounded=0,
    returns=0,
    outliers=0,
    stockouts=0,
    availability=0,
    gaps=0,
    missing_runs=0,
)
"""A world in which nothing happens but small noise: each test switches on what it measures."""


def draw(prior: Prior, n: int = 600, steps: int = 300, seed: int = 1) -> Series:
    return sample(prior, n, steps, np.random.default_rng(seed))


def test_a_seed_repeats_and_another_does_not() -> None:
    first, again, other = (draw(Prior(), 64, 120, seed) for seed in (3, 3, 4))
    for name in Series.__slots__:
        assert np.array_equal(getattr(first, name), getattr(again, name)), name
    assert not np.array_equal(first.y, other.y)


@pytest.mark.parametrize(("n", "steps"), [(1, 8), (7, 24), (300, 96), (300, 420), (48, 1088)])
def test_every_batch_keeps_its_promises(n: int, steps: int) -> None:
    s = draw(Prior(), n, steps)
    shapes = {
        "y": (n, steps),
        "observed": (n, steps),
        "stockout": (n, steps),
        "covariates": (n, steps, SLOTS),
        "kinds": (n, SLOTS),
        "static": (n, STATIC),
        "season": (n, 2),
        "phase": (n, steps, 8),
        "group": (n,),
        "count": (n,),
        "family": (n,),
    }
    assert {name: getattr(s, name).shape for name in Series.__slots__} == shapes
    for values in (s.y, s.covariates, s.static, s.phase):
        assert values.dtype == np.float32
        assert np.isfinite(values).all()
    assert (s.y[~s.observed] == 0).all()
    assert (s.y[s.stockout] == 0).all()
    assert not (s.stockout & ~s.observed).any()
    assert np.isin(s.kinds, (0, 1, 2)).all()
    assert (np.swapaxes(s.covariates, 1, 2)[s.kinds == 0] == 0).all()
    assert (s.y[s.count] == np.rint(s.y[s.count])).all()
    assert (s.y[s.count] >= 0).all()
    assert (np.diff(s.group) >= 0).all()
    dateless = np.isin(s.family, (FAMILIES.index("other"), FAMILIES.index("year")))
    assert (s.phase[dateless] == 0).all()


def test_siblings_share_their_calendar_columns_and_seasons() -> None:
    s = draw(Prior(), 400, 60)
    sizes = np.bincount(s.group)
    assert sizes[:-1].min() >= 8
    assert sizes.max() <= 16
    for g in range(len(sizes)):
        mine = s.group == g
        for values in (s.family, s.season, s.phase, s.kinds):
            assert (values[mine] == values[mine][0]).all()


@pytest.mark.parametrize(
    ("steps", "chances"),
    [(8, Prior().short_families), (201, Prior().families), (401, Prior().long_families)],
)
def test_every_family_is_drawn_as_often_as_set(steps: int, chances: tuple[float, ...]) -> None:
    s = draw(Prior(), 6000 if steps < 100 else 3000, steps)
    shares = np.bincount(s.family, minlength=len(FAMILIES)) / len(s.family)
    assert np.abs(shares - chances).max() < 0.07


def used(s: Series) -> Floats32:
    """The covariates in use, one a series in the quiet worlds below, [B, T]."""
    assert ((s.kinds > 0).sum(axis=1) == 1).all()
    return np.asarray(s.covariates.sum(axis=2), np.float32)


def slope(x: Floats, y: Floats) -> tuple[float, float]:
    """Slope of y on x by least squares, and its R²."""
    x, y = x - x.mean(), y - y.mean()
    fitted = float(x @ y / (x @ x))
    return fitted, float(1 - np.square(y - fitted * x).sum() / np.square(y).sum())


def test_elasticities_are_recovered_from_shown_prices() -> None:
    prior = replace(
        QUIET, price=1, price_shown=1, price_inert=0, everyday=1, competitors=0, noise=(-6, 0)
    )
    s = draw(prior, 1500)
    price = used(s).astype(np.float64)
    found, fits = [], []
    for y, p in zip(np.log(s.y.astype(np.float64)), price, strict=True):
        ways = [slope(p, y)]  # the shop writes ln price, or the price
        if p.min() > 0:
            ways.append(slope(np.log(p), y))
        best = max(ways, key=lambda way: way[1])
        found.append(best[0])
        fits.append(best[1])
    assert np.median(fits) > 0.99
    assert abs(np.mean(found) + 2 * 0.9) < 0.2  # −Gamma(2, 0.9)
    assert abs(np.std(found) - math.sqrt(2) * 0.9) < 0.25


def promoted_world(**changes: float | tuple[float, float]) -> Series:
    """A quiet world with promotions that everybody sees, by flag, code or depth."""
    settings = {"promotion": 1, "promotion_shown": 1, "cuts": 0, "dip": 0, "fading": 0, "idle": 0}
    prior = replace(QUIET, cannibals=0, **{**settings, **changes})  # type: ignore[arg-type]
    return draw(prior, 1500)


def on_promotion(s: Series) -> Bools:
    return np.asarray((s.covariates > 0).any(axis=2))


def lifts(s: Series) -> Floats:
    """How much higher ln sales of each series are on promotion."""
    on, y = on_promotion(s), np.log(s.y.astype(np.float64))
    both = np.flatnonzero(on.any(axis=1) & ~on.all(axis=1))
    return np.array([y[b][on[b]].mean() - y[b][~on[b]].mean() for b in both])


def test_promotions_lift_sales_as_set() -> None:
    alike = lifts(promoted_world(uplift=(600.0, 0.001)))  # gamma with hardly any spread
    assert abs(alike.mean() - 600 * 0.001) < 0.05
    various = lifts(promoted_world())  # Γ(2, 0.3)
    assert abs(various.mean() - 2 * 0.3) < 0.12
    assert various.std() > 1.5 * alike.std()
    assert abs(lifts(promoted_world(idle=1)).mean()) < 0.01


def test_what_was_bought_on_promotion_is_missing_after_it() -> None:
    after = {}
    for dip in (0.0, 1.0):
        s = promoted_world(dip=dip, alternating=0)
        on, y = on_promotion(s), np.log(s.y) - np.median(np.log(s.y), axis=1, keepdims=True)
        ends = on[:, :-2] & ~on[:, 1:-1] & ~on[:, 2:]
        after[dip] = y[:, 1:-1][ends].mean()
    assert after[1.0] < after[0.0] - 0.05


def test_siblings_share_promotions() -> None:
    s = promoted_world()
    on = on_promotion(s).astype(np.float64)
    varied = on.std(axis=1) > 0
    alike = np.corrcoef(on[varied])
    same = s.group[varied][:, None] == s.group[varied][None, :]
    np.fill_diagonal(same, False)
    other = s.group[varied][:, None] != s.group[varied][None, :]
    assert alike[same].mean() > 0.4
    assert abs(alike[other].mean()) < 0.1


def test_a_siblings_promotion_takes_sales_away() -> None:
    prior = replace(QUIET, promotion=1, cannibals=1, uplift=(2.0, 0.0), dip=0, cuts=0)
    s = draw(prior, 1500)
    on = on_promotion(s).astype(np.float64)
    slopes = []
    for g in np.unique(s.group):
        mine = s.group == g
        others = (on[mine].sum(axis=0) - on[mine]) / max(mine.sum() - 1, 1)
        slopes += [
            slope(x, y)[0] for x, y in zip(others, np.log(s.y[mine]), strict=True) if x.std() > 0
        ]
    assert np.mean(slopes) < -0.05
    assert np.max(slopes) > 0.1  # a few siblings help


def test_zeros_are_as_many_as_set() -> None:
    counts = replace(QUIET, counts=1, count_level=(5.0, 0.0), zero_inflated=1, zeros=(0.4, 0.4))
    assert abs((draw(counts).y == 0).mean() - 0.4) < 0.02
    assert (draw(replace(counts, zero_inflated=0)).y == 0).mean() < 0.02


def test_counts_are_as_large_as_set() -> None:
    s = draw(replace(QUIET, counts=1, count_level=(0.9, 1.0), zero_inflated=0))
    assert s.count.all()
    means = s.y.mean(axis=1)
    assert abs(np.median(np.log(means + 1e-3)) - 0.9) < 0.25
    assert (s.y.var(axis=1) > means).mean() > 0.8  # more than Poisson


def test_a_shut_shop_sells_nothing_and_says_so() -> None:
    s = draw(replace(QUIET, shops=1, holidays=1, renovations=1))
    shut_groups = 0
    for g in np.unique(s.group):
        mine = np.flatnonzero(s.group == g)
        for slot in np.flatnonzero(s.kinds[mine[0]]):
            column = s.covariates[mine][:, :, slot]
            if (column == 1).mean() > 0.5:  # the column of open days
                assert (s.y[mine][column == 0] == 0).all()
                assert (s.y[mine][column == 1] > 0).all()
                shut_groups += (column == 0).mean() > 0.02
    assert shut_groups > 20


def test_a_moving_holiday_moves_and_a_fixed_one_does_not() -> None:
    rng = np.random.default_rng(0)
    world = draw_world(QUIET, 500, 1500, rng)
    k = np.arange(world.groups)
    for moving in (0.0, 1.0):
        first = prior_events.event_days(replace(QUIET, moving=moving), world, k, rng)
        years = world.year[:, :1] - 1 + np.arange(first.shape[1])
        january = (years - 1970).astype("datetime64[Y]").astype("datetime64[D]").astype(np.int64)
        shift = first - january
        spread = np.ptp(shift, axis=1)
        assert spread.max() <= 50
        assert (spread > 0).mean() == moving


def test_holidays_are_felt_before_and_after_their_days() -> None:
    rng = np.random.default_rng(2)
    prior = replace(QUIET, holidays=1, moving=0.5)
    world = draw_world(prior, 60, 800, rng)
    kept = prior_events.holidays(prior, world, rng)
    assert kept.kept.any(axis=1).all()
    for k, h in np.argwhere(kept.kept):
        on = kept.on[k, h]
        assert set(np.unique(on)) <= {0.0, 1.0}
        for t in np.flatnonzero((on[1:] == 1) & (on[:-1] == 0)):  # t + 1 is its first day
            assert kept.before[k, h, t] == pytest.approx(1, abs=0.1)
            assert t == 0 or kept.before[k, h, t - 1] <= kept.before[k, h, t]
        for t in np.flatnonzero((on[:-1] == 1) & (on[1:] == 0)):  # t is its last day
            assert kept.after[k, h, t + 1] == pytest.approx(1, abs=0.1)
    assert kept.on[kept.kept].sum(axis=1).mean() > 2  # it comes back every year


def test_a_launch_starts_later_than_its_siblings() -> None:
    s = draw(replace(QUIET, launches=1, launch_share=0.4), 800)
    late = ~s.observed[:, 0]
    assert abs(late.mean() - 0.4) < 0.06
    first = s.observed.argmax(axis=1)
    for row in np.flatnonzero(late):
        assert s.observed[row, first[row] :].all()
    assert all((~late[s.group == g]).any() for g in np.unique(s.group))


def test_about_half_of_the_stock_outs_are_known() -> None:
    prior = replace(QUIET, stockouts=1)
    rng = np.random.default_rng(0)
    world = draw_world(prior, 2000, 300, rng)
    y = np.full((2000, 300), 50, np.float32)
    known, short = prior_record.run_out(prior, world, y, rng)
    out = y < 50
    assert (out == short).all()
    assert (y[known] == 0).all()
    assert out.any(axis=1).all()
    assert abs(known.sum() / out.sum() - 0.5) < 0.05


def test_weeks_have_no_weekday_and_years_come_back() -> None:
    s = draw(
        replace(
            QUIET, families=WEEKS, short_families=WEEKS, second_season=1, second_size=(-0.5, 0.0)
        ),
        200,
        208,
    )
    assert (s.phase[:, :, :4] == 0).all()
    assert (s.phase[:, :, 4:] != 0).any(axis=(0, 1)).all()
    y = np.log(s.y)
    year, half = np.abs(y[:, 52:] - y[:, :-52]).mean(), np.abs(y[:, 26:] - y[:, :-26]).mean()
    assert year < 0.4 * half


def test_static_features_tell_something_of_the_level() -> None:
    s = draw(replace(QUIET, static=1.0), 2000, 30)
    told = s.static[:, 0] != 0
    assert 0.5 < told.mean() < 0.9
    assert np.corrcoef(s.static[told, 0], np.log(s.y[told].mean(axis=1)))[0, 1] > 0.6
    assert (draw(replace(QUIET, static=0.0), 100, 30).static == 0).all()


def test_tables_and_paths_are_spread_as_in_a_plain_loop() -> None:
    rng = np.random.default_rng(5)
    world = draw_world(Prior(), 40, 20, rng)
    tables = rng.normal(size=(40, 6)).astype(np.float32)
    index = rng.integers(0, 6, (world.groups, 20))
    of = rng.random(world.groups) < 0.7
    paths = rng.normal(size=(world.groups, 3, 20)).astype(np.float32)
    sizes = rng.normal(size=(40, 3)).astype(np.float32)
    looked, spread = world.lookup(tables, index, of), world.spread(paths, sizes)
    for b in range(40):
        g = world.group[b]
        for t in range(20):
            assert looked[b, t] == (tables[b, index[g, t]] if of[g] else 0)
            total = sum(float(sizes[b, k]) * float(paths[g, k, t]) for k in range(3))
            assert spread[b, t] == pytest.approx(total, abs=1e-5)


def test_recursions_are_those_of_a_plain_loop() -> None:
    rng = np.random.default_rng(6)
    push, keep = rng.normal(size=(30, 4)).astype(np.float32), np.array([0, 0.5, 0.9, 1], np.float32)
    fast = prior_trend.recursion(push.copy(), keep, np.ones(4, np.float32))
    for k in range(4):
        x = 1.0
        for t in range(30):
            x = float(keep[k]) * x + float(push[t, k])
            assert fast[t, k] == pytest.approx(x, rel=1e-4, abs=1e-4)


def clocks(when: datetime, freq: str) -> list[float]:
    """The four clocks of one date, in plain steps."""
    year = (date(when.year + 1, 1, 1) - date(when.year, 1, 1)).days
    after = date(when.year + when.month // 12, when.month % 12 + 1, 1)
    month = (after - date(when.year, when.month, 1)).days
    parts = [
        when.hour / 24,
        when.weekday() / 7,
        (when.day - 1) / month,
        (when.timetuple().tm_yday - 1) / year,
    ]
    told = {"h": 4, "D": 3, "W": 2, "MS": 1, "QS": 1, "YS": 0}[freq.split("-")[0]]
    out = []
    for k, part in enumerate(parts):
        use = k >= 4 - told
        out += [math.sin(2 * math.pi * part) * use, math.cos(2 * math.pi * part) * use]
    return out


@pytest.mark.parametrize("freq", ["h", "D", "W-SUN", "W-MON", "MS", "QS", "YS"])
def test_phases_are_those_of_a_plain_loop(freq: str) -> None:
    first = np.datetime64("2023-11-29T07", "us")
    ds = first + np.arange(900) * np.timedelta64(7 if freq == "h" else 24 * 5, "h")
    want = [clocks(datetime.fromtimestamp(int(d.astype(int)) / 1e6, UTC), freq) for d in ds]
    assert np.abs(calendar_phase(ds, freq) - np.array(want)).max() < 1e-5


def test_seasons_of_frequencies() -> None:
    assert [seasons_of(f) for f in ("h", "D", "W-WED", "MS", "QS", "YS")] == [
        (24, 168),
        (7, 364),
        (52, 0),
        (12, 0),
        (4, 0),
        (0, 0),
    ]
    with pytest.raises(DataError, match="frequency 'fortnight' is not known"):
        seasons_of("fortnight")


def test_a_batch_without_series_or_steps_is_refused() -> None:
    with pytest.raises(ValueError, match="n must be at least 1 and steps 8, they are 0 and 20"):
        draw(Prior(), 0, 20)
    with pytest.raises(ValueError, match="they are 3 and 4"):
        draw(Prior(), 3, 4)
