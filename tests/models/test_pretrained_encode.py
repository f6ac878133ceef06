"""What the pretrained network reads: plain loops beside the fast paths, and no series sees another.

Slots, seasons and earlier cutoffs are tested here too: they need no network.
"""

from __future__ import annotations

import math
from dataclasses import fields, replace

import numpy as np
import pytest

from tradewind.arrays import Bools, Floats, Floats32, Ints
from tradewind.models.pretrained.effects import PULL_COVARIATE, PULL_LEVEL, PULL_SEASON, effects
from tradewind.models.pretrained.encode import (
    HALF_LIVES,
    HISTORY_CHANNELS,
    PREFIX,
    Context,
    Inputs,
    encode,
    ridge_waves,
    scale_of,
    season_waves,
    standardised,
)
from tradewind.models.pretrained.layout import (
    BUCKETS,
    CONTEXTS,
    DENSE,
    PATCH,
    RECENT,
    RUN,
    SLOTS,
    STATIC,
    bucket,
    context_for,
    layout,
)
from tradewind.models.pretrained.phase import calendar_phase
from tradewind.models.pretrained.season import found_season
from tradewind.models.pretrained.seasonal import LOOK, NEWER, OLDER, SHRINK, grown, season_ago

LEVEL, WHOLE = PREFIX - 7, PREFIX - 10
"""Places in the prefix of the absolute level, and of whether y is whole numbers."""
LAID_OUT = {"distance", "place"}
"""Inputs without a row for each series."""


def context(size: int = 7, steps: int = 128, h: int = 32, seed: int = 0) -> Context:
    """Series of every kind: short, with gaps, stock-outs, columns known ahead and past only."""
    rng = np.random.default_rng(seed)
    t = np.arange(-steps, 0)
    level = np.exp(rng.normal(2, 1, (size, 1)))
    y = level * (1 + 0.5 * np.sin(2 * np.pi * t / 7)) * rng.gamma(8, 1 / 8, (size, steps))
    y[1] = np.rint(y[1])
    y[2, : steps - 10] = np.nan
    y[rng.random((size, steps)) < 0.1] = np.nan
    covariates = rng.normal(3, 2, (size, steps + h, SLOTS))
    covariates[:, :, 1] = rng.random((size, steps + h)) < 0.1
    stockout = rng.random((size, steps)) < 0.03
    stockout[2] = False
    kinds = rng.integers(0, 3, (size, SLOTS))
    kinds[:, :2] = 1
    kinds[:, 2] = 2
    kinds[3] = 0
    season = np.array([(7, 364), (7, 0), (12, 30), (0, 0), (24, 168), (7, 20), (1, 0)])
    ds = np.datetime64("2024-03-01", "us") + np.arange(steps + h) * np.timedelta64(1, "D")
    phase = calendar_phase(ds, "D")
    return Context(
        y=y.astype(np.float32),
        stockout=stockout,
        covariates=np.where((kinds > 0)[:, None, :], covariates, 0).astype(np.float32),
        kinds=kinds,
        static=rng.normal(size=(size, STATIC)).astype(np.float32),
        season=season[np.arange(size) % len(season)],
        phase=np.broadcast_to(phase, (size, *phase.shape)),
        borrowed=rng.random(size) < 0.2,
    )


def picked(whole: Context, rows: list[int]) -> Context:
    return Context(*(getattr(whole, item.name)[rows] for item in fields(Context)))


def assert_same(
    some: Inputs, other: Inputs, rows: list[int], but: frozenset[str] = frozenset()
) -> None:
    """`some` are the rows `rows` of `other`."""
    for name, value in some.arrays().items():
        want = getattr(other, name)
        if name not in but:
            want = want if name in LAID_OUT else want[rows]
            np.testing.assert_allclose(value, want, rtol=1e-6, atol=1e-6, err_msg=name)


def seen_of(c: Context) -> Bools:
    return np.asarray(np.isfinite(c.y) & ~c.stockout)


# Layout


@pytest.mark.parametrize("steps", CONTEXTS)
def test_tokens_cover_every_step_of_the_past_and_the_horizon(steps: int) -> None:
    shape = layout(steps, 3)
    fine = {int(a) + k for a in shape.fine for k in range(PATCH)}
    coarse = {int(a) + k for a in shape.coarse for k in range(PATCH * RUN)}
    assert fine == set(range(-min(steps, RECENT), 0))
    assert coarse == set(range(-steps, -RECENT))
    assert shape.query.tolist() == [0, 16, 32]
    doubled = steps <= DENSE
    assert len(shape.fine) == min(steps, RECENT) // PATCH * (1 + doubled) - doubled


def test_distances_are_those_of_a_plain_loop() -> None:
    shape = layout(256, 2)
    middle = [int(a) + 32 for a in shape.coarse]
    middle += [int(a) + 8 for a in [*shape.fine, *shape.query]]
    for i, a in enumerate(middle):
        for j, b in enumerate(middle):
            gap = min(round(3 * math.log2(1 + abs(a - b) / 4)), 28)
            want = 28 + gap * ((a > b) - (a < b))
            assert shape.distance[1 + i, 1 + j] == want
    assert (shape.distance[0] == BUCKETS - 1).all()
    assert (shape.distance[:, 0] == BUCKETS - 1).all()
    far = bucket(np.array([-5000, 5000, 0]))
    assert far.tolist() == [0, BUCKETS - 2, 28]


def test_a_context_holds_the_series() -> None:
    for n in (1, 32, 33, 200, 1024, 9000):
        assert context_for(n) == next((c for c in CONTEXTS if c >= n), 1024)


@pytest.mark.parametrize("steps", [32, 128, 512])
def test_tokens_hold_what_a_plain_loop_puts_there(steps: int) -> None:
    c = context(steps=steps)
    inputs, scale = encode(c, 2)
    seen = seen_of(c)
    shape = layout(steps, 2)
    z = np.where(seen, scale.forward(np.nan_to_num(c.y)), 0)
    fine = inputs.fine.reshape(len(c.y), len(shape.fine), PATCH, HISTORY_CHANNELS)
    coarse = inputs.coarse.reshape(len(c.y), len(shape.coarse), PATCH, HISTORY_CHANNELS)
    for b in range(len(c.y)):
        for n, first in enumerate(shape.fine + steps):
            for k in range(PATCH):
                assert fine[b, n, k, 0] == pytest.approx(z[b, first + k], abs=1e-6)
                assert fine[b, n, k, 1] == seen[b, first + k]
                assert fine[b, n, k, 4] == c.stockout[b, first + k]
        for n, first in enumerate(shape.coarse + steps):
            for k in range(PATCH):
                run = [t for t in range(first + 4 * k, first + 4 * k + 4) if seen[b, t]]
                mean = np.mean([z[b, t] for t in run]) if run else 0
                assert coarse[b, n, k, 0] == pytest.approx(mean, abs=1e-5)
                assert coarse[b, n, k, 1] == pytest.approx(len(run) / 4)


# Scale


def test_the_scale_is_that_of_a_plain_loop() -> None:
    c = context()
    seen = seen_of(c)
    scale = scale_of(c.y, seen)
    for b in range(len(c.y)):
        values = [float(v) for v, s in zip(c.y[b], seen[b], strict=True) if s]
        loc = sum(values) / len(values)
        squares = sum((v - loc) ** 2 for v in values) + (0.5 * loc) ** 2
        assert scale.loc[b, 0] == pytest.approx(loc, rel=1e-5)
        assert scale.size[b, 0] == pytest.approx(math.sqrt(squares / (len(values) + 1)), rel=1e-4)


def test_the_scale_goes_forward_and_back() -> None:
    c = context()
    scale = scale_of(c.y, seen_of(c))
    y = np.exp(np.random.default_rng(1).normal(2, 2, (7, 40))).astype(np.float32)
    back = scale.back(scale.forward(y)[:, :, None])[:, :, 0]
    np.testing.assert_allclose(back, y, rtol=1e-3, atol=1e-4 * float(scale.size.max()))


# Seasons


def test_last_season_is_that_of_a_plain_loop() -> None:
    c = context(steps=64)
    seen, steps = seen_of(c), 64
    z = np.where(seen, np.nan_to_num(c.y), 0).astype(np.float32)
    value, found = season_ago(z, seen, c.season[:, 0], np.arange(steps + 40))
    for b, m in enumerate(c.season[:, 0].tolist()):
        for t in range(steps + 40):
            at = t - m
            while m and at >= steps:  # not known yet: a season earlier
                at -= m
            tries = [a for a in (at, at - m) if m and a >= 0 and seen[b, a]]
            assert found[b, t] == bool(tries), (b, t)
            assert value[b, t] == (z[b, tries[0]] if tries else 0)


def plainly_grown(base: list[float], seen: list[bool], m: int, h: int, level: float) -> list[float]:
    steps = len(base)
    over = total = 0.0
    for t in range(max(steps - LOOK, m), steps):
        if seen[t] and seen[t - m]:
            weight = 0.5 ** ((steps - 1 - t) / max(m / 4, 1))
            over, total = over + weight, total + weight * (base[t] - base[t - m])
    out = []
    for k in range(h):
        parts = []
        for more, share in ((0, NEWER), (1, OLDER)):
            ago = (1 + k // m + more) if m else 0
            at = steps + k - ago * m
            if m and at >= 0 and seen[at]:
                parts.append((share, base[at] + ago * total / (over + SHRINK)))
        whole = sum(share for share, _ in parts)
        out.append(sum(s * v for s, v in parts) / whole if parts else level)
    return out


def test_a_grown_season_is_that_of_a_plain_loop() -> None:
    c = context(steps=256)
    seen = seen_of(c)
    base = np.where(seen, np.nan_to_num(c.y), 0).astype(np.float32)
    level = np.arange(len(base), dtype=np.float32)
    for season in (c.season[:, 0], c.season[:, 1], np.full(len(base), 100)):
        made = grown(base, seen, season, 40, level)
        for b, m in enumerate(season.tolist()):
            want = plainly_grown(base[b].tolist(), seen[b].tolist(), m, 40, float(level[b]))
            assert made[b] == pytest.approx(want, rel=1e-4, abs=1e-3), b


def test_a_season_that_grows_steadily_goes_on_growing() -> None:
    t = np.arange(72)
    base = (0.1 * t + np.sin(2 * np.pi * t / 12)).astype(np.float32)[None]
    made = grown(
        base[:, :48], np.ones((1, 48), np.bool_), np.array([12]), 24, np.zeros(1, np.float32)
    )
    weights = sum(0.5 ** (k / 3) for k in range(36))
    held = 1.2 * SHRINK / (weights + SHRINK)  # of the growth of a year
    ahead = np.repeat((1.4, 2.4), 12)  # years since the mean of the last two, by NEWER and OLDER
    np.testing.assert_allclose(base[0, 48:] - made[0], held * ahead, rtol=1e-3)


def test_waves_are_sines_and_cosines_of_the_season() -> None:
    season = np.array([(7, 364), (12, 0), (0, 0), (7, 364)])
    waves = season_waves(season, 40, 16)
    ridge = ridge_waves(waves)
    for b, (m, longer) in enumerate(season.tolist()):
        for k, t in enumerate(range(-40, 16)):
            for j, period in enumerate((m, longer)):
                angle = 2 * math.pi * t / max(period, 1)
                want = (math.sin(angle), math.cos(angle)) if period else (0, 0)
                assert waves[b, k, 2 * j : 2 * j + 2] == pytest.approx(want, abs=2e-5)
            for wave in (1, 2, 3):
                angle = 2 * math.pi * wave * t / max(m, 1)
                want = (math.sin(angle), math.cos(angle)) if m else (0, 0)
                assert ridge[b, k, 2 * wave - 2 : 2 * wave] == pytest.approx(want, abs=1e-4)
    np.testing.assert_allclose(ridge[:, :, 6], np.tile(np.linspace(-1, 1, 56), (4, 1)), atol=1e-6)


def seasonal(period: int, n: int = 8, steps: int = 256) -> Floats32:
    """One good step in each season, a fair one after it, and noise."""
    place = np.arange(steps) % period
    y = np.where(place == 0, 14, np.where(place == 1, 12, 10))
    return (y + np.random.default_rng(0).normal(0, 0.5, (n, steps))).astype(np.float32)


@pytest.mark.parametrize("period", [5, 7, 12])
@pytest.mark.parametrize("usual", [0, 7])
def test_a_plain_season_is_found(period: int, usual: int) -> None:
    y = seasonal(period, n=40)
    assert (found_season(y, usual) == period).all()
    y[np.random.default_rng(1).random(y.shape) < 0.2] = np.nan
    assert (found_season(y, usual) == period).mean() > 0.8


def test_noise_keeps_the_usual_season_and_so_does_a_multiple_of_it() -> None:
    noise = np.random.default_rng(0).normal(size=(40, 256)).astype(np.float32)
    assert (found_season(noise, 7) == 7).all()
    assert (found_season(noise, 0) == 0).all()
    assert (found_season(seasonal(14), 7) == 7).all()
    assert (found_season(np.full((2, 256), 3, np.float32), 7) == 7).all()
    assert (found_season(np.full((2, 256), np.nan, np.float32), 7) == 7).all()


def test_a_season_is_found_whatever_the_others_are() -> None:
    """Among them a shop that opens three days a week: few changes, and all a week apart."""
    rare = np.full((4, 256), np.nan, np.float32)
    days = np.arange(256 - 12 * 7, 256)
    days = days[days % 7 < 3]
    noise = np.random.default_rng(0).normal(0, 0.1, (4, len(days)))
    rare[:, days] = np.array([2.0, 9.0, 4.0])[days % 7] + noise
    ragged = seasonal(5)
    ragged[1, :230] = ragged[2, :200] = np.nan
    whole = np.concatenate([rare, ragged, seasonal(7)])
    for usual in (0, 7, 12):
        together = found_season(whole, usual)
        alone = [found_season(whole[b : b + 1], usual)[0] for b in range(len(whole))]
        assert together.tolist() == alone


# Effects and covariates


@pytest.mark.parametrize("steps", [60, 2500])  # in one span, and in three
def test_effects_are_those_of_ridge_regression_one_series_at_a_time(steps: int) -> None:
    rng = np.random.default_rng(3)
    n, h, k, w = 5, 16, 4, 7
    z = rng.normal(size=(n, steps)).astype(np.float32)
    seen = rng.random((n, steps)) < 0.8
    x = rng.normal(size=(n, steps + h, k)).astype(np.float32)
    waves = rng.normal(size=(n, steps + h, w)).astype(np.float32)
    got = effects(np.where(seen, z, 0).astype(np.float32), seen, x, waves)
    pull = np.diag(np.sqrt([PULL_COVARIATE] * k + [PULL_SEASON] * w + [PULL_LEVEL]))
    for b in range(n):
        past = np.concatenate([x[b, :steps], waves[b, :steps], np.ones((steps, 1))], axis=1)
        rows = np.concatenate([past[seen[b]], pull])  # the penalties as observations of zero
        truth = np.concatenate([z[b][seen[b]], np.zeros(k + w + 1)])
        slopes = np.linalg.lstsq(rows, truth, rcond=None)[0][:k]
        np.testing.assert_allclose(got[b], x[b] @ slopes, rtol=1e-3, atol=1e-4)


def plain_standardised(values: Floats, use: Bools) -> Floats:
    """One column over the steps of one series that count."""
    have = [v for v, u in zip(values, use, strict=True) if u]
    if not have:
        return np.zeros(len(values))
    centre = sum(have) / len(have)
    deviation = math.sqrt(sum((v - centre) ** 2 for v in have) / len(have))
    unit = math.sqrt(deviation * max(abs(v - centre) for v in have))
    out = [(v - centre) / max(unit, 1e-6) if u else 0.0 for v, u in zip(values, use, strict=True)]
    return np.clip(out, -5, 5)


def test_standardised_columns_are_those_of_a_plain_loop() -> None:
    c = context(steps=64, h=16)
    seen = seen_of(c)
    got = standardised(c, seen)
    for b in range(len(c.y)):
        first = min(np.flatnonzero(seen[b] | c.stockout[b]), default=64)
        for k in range(SLOTS):
            t = np.arange(80)
            use = (c.kinds[b, k] > 0) & (t >= first) & ((t < 64) | (c.kinds[b, k] == 1))
            want = plain_standardised(c.covariates[b, :, k].astype(np.float64), use)
            np.testing.assert_allclose(got[b, :, k], want, atol=2e-4)


# Laws


@pytest.mark.parametrize("steps", [32, 256])
def test_a_series_is_encoded_alike_alone_and_among_others(steps: int) -> None:
    c = context(steps=steps)
    together, scale = encode(c, 2)
    for b in range(len(c.y)):
        alone, own = encode(picked(c, [b]), 2)
        assert_same(alone, together, [b])
        np.testing.assert_allclose(own.size, scale.size[[b]], rtol=1e-6)
        np.testing.assert_allclose(own.loc, scale.loc[[b]], rtol=1e-6)
    order = [4, 0, 6, 2, 1, 5, 3]
    assert_same(encode(picked(c, order), 2)[0], together, order)


def test_only_what_is_known_ahead_is_read_after_the_cutoff() -> None:
    c = context()
    rows = list(range(len(c.y)))
    before, _ = encode(c, 2)
    hidden = c.covariates.copy()
    hidden[:, 128:][np.broadcast_to((c.kinds != 1)[:, None, :], hidden[:, 128:].shape)] = 1e4
    assert_same(encode(replace(c, covariates=hidden), 2)[0], before, rows)
    unused = c.covariates.copy()
    unused[2, : 128 - 30] = 77  # before its first observation
    assert_same(encode(replace(c, covariates=unused), 2)[0], before, rows)
    unseen = np.where(c.stockout, np.float32(1e5), c.y)  # a lower bound is no observation
    assert_same(encode(replace(c, y=unseen), 2)[0], before, rows, frozenset({"prefix"}))
    planned = c.covariates.copy()
    planned[:, 128:, 0] += 1
    after, _ = encode(replace(c, covariates=planned), 2)
    told = (c.kinds[:, 0] == 1).tolist()
    assert (np.abs(after.query - before.query).max(axis=(1, 2, 3)) > 0.1).tolist() == told


def test_a_shorter_horizon_is_read_from_a_longer_context() -> None:
    c = context(h=64)
    short = replace(c, covariates=c.covariates[:, : 128 + 16], phase=c.phase[:, : 128 + 16])
    assert_same(encode(c, 1)[0], encode(short, 1)[0], list(range(7)))


@pytest.mark.parametrize("a", [0.1, 10.0, 1000.0])
def test_scaled_series_give_the_same_inputs_but_for_the_level_told(a: float) -> None:
    """The prefix tells the absolute level, and whether y is whole numbers, by design."""
    c = context()
    before, scale = encode(c, 2)
    after, larger = encode(replace(c, y=c.y * np.float32(a)), 2)
    np.testing.assert_allclose(larger.size, scale.size * a, rtol=1e-4)
    for name, value in after.arrays().items():
        want = getattr(before, name)
        if name == "prefix":
            value, want = (np.delete(p, [LEVEL, WHOLE], axis=1) for p in (value, want))
        np.testing.assert_allclose(value, want, rtol=1e-4, atol=1e-4, err_msg=name)
    assert (np.abs(after.prefix[:, LEVEL] - before.prefix[:, LEVEL]) > 0.1).all()


def odd_series() -> Floats32:
    y = np.full((7, 32), np.nan, np.float32)
    y[1] = 0
    y[2] = 5
    y[3, -3:] = (3, 0, 4)
    y[4, -1] = 2
    y[5, :8] = 9  # ended long ago
    y[6] = -np.arange(32)
    return y


def test_odd_series_give_finite_inputs() -> None:
    odd = replace(context(7, 32), y=odd_series(), stockout=np.zeros((7, 32), np.bool_))
    inputs, scale = encode(odd, 2)
    for name, value in inputs.arrays().items():
        assert np.isfinite(value).all(), name
    assert (scale.size > 0).all()


def test_the_recent_level_weighs_halves_after_a_half_life() -> None:
    c = context()
    inputs, scale = encode(c, 1)
    seen = seen_of(c)
    z = np.where(seen, scale.forward(np.nan_to_num(c.y)), 0)
    for b in range(len(c.y)):
        for k, value in enumerate((z[b], z[b] - inputs.values[b, :, 2])):
            weights = [0.5 ** ((127 - t) / HALF_LIVES[k]) * bool(seen[b, t]) for t in range(128)]
            want = sum(w * float(v) for w, v in zip(weights, value, strict=True)) / sum(weights)
            assert inputs.level[b, k] == pytest.approx(want, abs=1e-4)


def test_steps_that_were_not_seen_are_marked_for_the_search() -> None:
    c = context()
    inputs, _ = encode(c, 2)
    np.testing.assert_array_equal(inputs.keys[:, :, -1], ~seen_of(c))
    assert (inputs.values[~seen_of(c)][:, :2] == 0).all()
    np.testing.assert_allclose(inputs.keys[:, :, -2], inputs.values[:, :, 2] ** 2, rtol=1e-6)
    effect = inputs.query.reshape(7, 32, -1)[:, :, 4]
    np.testing.assert_array_equal(inputs.asks[:, :, 12], effect)
    rows: Ints = np.flatnonzero((c.kinds == 1).any(axis=1))
    assert (np.abs(effect[rows]).max(axis=1) > 0).all()
    assert (np.delete(effect, rows, axis=0) == 0).all()
