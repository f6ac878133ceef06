"""The family of networks: what goes in, what comes out, and what training keeps."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from datetime import datetime
from functools import cache
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from tradewind import metrics
from tradewind.models.naive import SeasonalNaive
from tradewind.models.neural import augment
from tradewind.models.neural.augment import Augment
from tradewind.models.neural.forecaster import FittedNeural, Neural
from tradewind.models.neural.learn import _batches, _cutoffs
from tradewind.models.neural.lesson import _sold
from tradewind.models.neural.nets import MLP, Attention, Linear, Net, Recurrent
from tradewind.models.neural.pace import Pace
from tradewind.models.neural.scaling import SCALINGS, Scaling, scale_of
from tradewind.models.protocol import Forecaster
from tradewind.panel import Panel, dates_from
from tradewind.task import DECILES, Roles, Task, Window

H, STEPS = 7, 140
TASK = Task(h=H, roles=Roles(static=("category",), known=("promotion",)))
FAST = Pace(steps=40, batch=64, learning_rate=1e-2)


@cache
def shop(steps: int = STEPS + H) -> Panel:
    """Thirty series with a week, a promotion that doubles sales, and a price that follows it."""
    rng = np.random.default_rng(3)
    ds = dates_from(datetime(2025, 1, 6), steps, "D")
    tables = []
    for k in range(30):
        promotion = (rng.random(steps) < 0.15) * 1.0
        rate = (5 + k) * (1 + 0.5 * (np.arange(steps) % 7 > 4)) * (1 + promotion)
        y = rng.poisson(rate).astype(float)
        tables.append(
            pl.DataFrame(
                {
                    "unique_id": f"p{k:02d}",
                    "ds": ds,
                    "y": y,
                    "promotion": promotion,
                    "price": 10 - 2 * promotion + rng.normal(0, 0.05, steps),
                }
            )
        )
    kinds = pl.DataFrame({"unique_id": [f"p{k:02d}" for k in range(30)]}).with_columns(
        pl.Series("category", ["tea", "rice", "oil"] * 10)
    )
    return Panel.from_frame(pl.concat(tables), "D", kinds)


def window(task: Task = TASK) -> Window:
    return task.window(shop(), shop().ds[STEPS - 1].item())


def error(model: Forecaster, task: Task = TASK) -> float:
    seen = window(task)
    made = model.fit(seen.past, seen.task).forecast(H, DECILES, seen.known)
    truth = shop().after(seen.cutoff, H).wide("y")
    return float(metrics.wql(truth, made.quantiles, DECILES))


@cache
def gru() -> FittedNeural:
    seen = window()
    return Neural(Recurrent("gru", 16), context=28, pace=FAST).fit(seen.past, seen.task)


@pytest.mark.parametrize(
    "net", [MLP((32,)), Recurrent("gru", 16), Attention(16, 1, 2), Linear(7)], ids=repr
)
def test_each_network_beats_the_seasonal_naive_by_far(net: Net) -> None:
    assert error(Neural(net, context=28, pace=FAST)) < 0.8 * error(SeasonalNaive())


def test_a_promotion_that_is_known_ahead_is_used() -> None:
    blind = Task(h=H, roles=Roles(static=("category",), past=("promotion",)))
    model = Neural(MLP((32,)), context=28, pace=replace(FAST, steps=120))
    assert error(model) < 0.9 * error(model, blind)


def test_counts_are_whole_numbers_and_as_good() -> None:
    seen = window()
    model = Neural(MLP((32,)), context=28, loss="count", pace=FAST)
    made = model.fit(seen.past, seen.task).forecast(H, DECILES, seen.known)
    assert np.array_equal(made.quantiles, np.rint(made.quantiles))
    assert error(model) < 0.8 * error(SeasonalNaive())
    with pytest.raises(ValueError, match="only drop goes with"):
        Neural(loss="count", pace=Pace(augment=Augment(jitter=0.1)))


def test_two_targets_share_an_encoder() -> None:
    task = Task(h=H, roles=Roles(targets=("y", "price"), known=("promotion",)))
    seen = window(task)
    fitted = Neural(MLP((32,)), context=28, pace=FAST).fit(seen.past, task)
    price = fitted.forecast(H, DECILES, seen.known, "price")
    truth = shop().after(seen.cutoff, H).wide("price")
    assert np.abs(price.median - truth).mean() < 0.5
    assert fitted.forecast(H, DECILES, seen.known, "y").quantiles.shape == (30, H, 9)


def test_the_class_of_the_sum_is_a_chance() -> None:
    seen = window()
    model = Neural(MLP((32,)), context=28, trend=0.5, pace=FAST)
    chance = model.fit(seen.past, seen.task).trend(seen.known)
    assert chance.shape == (30, 3)
    assert chance.sum(axis=1) == pytest.approx(1)
    with pytest.raises(ValueError, match="set trend above 0"):
        gru().trend()


def test_training_stops_where_nothing_is_gained() -> None:
    told = gru().training
    assert 0 < told["best_step"] <= told["steps"] <= FAST.steps
    long = Neural(MLP((64,)), context=28, pace=replace(FAST, steps=2000, patience=2))
    seen = window()
    assert long.fit(seen.past, seen.task).training["steps"] < 2000


def test_a_warm_start_begins_where_training_ended() -> None:
    seen = window()
    short = Neural(Recurrent("gru", 16), context=28, pace=replace(FAST, steps=1))
    warm = short.resume(gru(), seen.past, seen.task).training["validation"]
    cold = short.fit(seen.past, seen.task).training["validation"]
    assert warm < 0.9 * cold


def test_a_kept_network_answers_without_torch(tmp_path: Path) -> None:
    seen = window()
    gru().save(tmp_path / "kept")
    seen.past.frame.write_parquet(tmp_path / "past.parquet")
    seen.past.static.write_parquet(tmp_path / "static.parquet")
    program = f"""
import sys
import polars as pl
from tradewind.models.neural.forecaster import Neural
from tradewind.models.neural.nets import Recurrent
from tradewind.panel import Panel
from tradewind.task import DECILES, Roles, Task
from pathlib import Path
at = Path({str(tmp_path)!r})
past = Panel(pl.read_parquet(at / "past.parquet"), "D", pl.read_parquet(at / "static.parquet"))
task = Task(h={H}, roles=Roles(static=("category",), known=("promotion",)))
fitted = Neural(Recurrent("gru", 16), context=28).restore(at / "kept", past, task)
print(fitted.forecast({H}, DECILES).median.sum())
assert "torch" not in sys.modules
"""
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False
    )
    assert not done.returncode, done.stderr
    assert float(done.stdout) == pytest.approx(gru().forecast(H, DECILES).median.sum(), rel=1e-4)


@pytest.mark.parametrize("kind", SCALINGS)
def test_scaling_is_undone_exactly(kind: Scaling) -> None:
    rng = np.random.default_rng(0)
    y = rng.gamma(2, 30, (5, 40)).astype(np.float32)
    y[0, :10] = np.nan
    y[1] = 7.0
    y[2] = -y[2]
    scale = scale_of(y, kind)
    np.testing.assert_allclose(scale.back(scale.forward(y)), y, rtol=2e-5, atol=1e-4)


def test_scales_are_what_their_names_say() -> None:
    y = np.array([[0.0, 10.0, 20.0, 30.0]], np.float32)
    low = scale_of(y, "minmax").forward(y)
    assert (low.min(), low.max()) == (0.0, 1.0)
    assert scale_of(y, "robust").loc[0, 0] == 15.0
    assert scale_of(y, "standard").forward(y).mean() == pytest.approx(0, abs=1e-6)


class TestAugmentation:
    rng = np.random.default_rng(0)
    z = rng.normal(size=(4, 21, 2)).astype(np.float32)
    partner = np.array([1, 0, 3, 2])

    def test_no_noise_changes_nothing(self) -> None:
        none = np.zeros((4, 1, 1), np.float32)
        assert np.array_equal(augment.jittered(self.z, none, self.rng), self.z)

    def test_scaling_twice_is_scaling_by_the_product(self) -> None:
        a, b = np.full(4, 2.0, np.float32), np.full(4, 1.5, np.float32)
        once = augment.scaled(self.z, a * b)
        np.testing.assert_allclose(augment.scaled(augment.scaled(self.z, a), b), once, rtol=1e-6)

    def test_a_rotation_keeps_the_sum_of_squares_and_half_a_turn_flips_the_sign(self) -> None:
        angle = np.array([0.7, -0.7, 0.3, -0.3], np.float32)
        turned = augment.rotated(self.z, self.partner, angle)
        assert (turned**2).sum() == pytest.approx((self.z**2).sum(), rel=1e-5)
        flipped = augment.rotated(self.z, self.partner, np.full(4, np.pi, np.float32))
        np.testing.assert_allclose(flipped, -self.z, atol=1e-5)

    def test_shifting_twice_is_shifting_by_the_sum(self) -> None:
        twice = augment.shifted(augment.shifted(self.z, 2), 3)
        assert np.array_equal(twice, augment.shifted(self.z, 5))

    def test_warping_keeps_the_ends_and_constants(self) -> None:
        stretch = np.array([0.3, -0.3, 0.5, 0.0], np.float32)
        warped = augment.warped(self.z, stretch)
        np.testing.assert_allclose(warped[:, [0, -1]], self.z[:, [0, -1]], atol=1e-5)
        np.testing.assert_allclose(warped[3], self.z[3], atol=1e-5)
        assert np.allclose(augment.warped(np.ones_like(self.z), stretch), 1)
        assert not np.allclose(warped[0], self.z[0])

    def test_a_mixture_lies_between_both(self) -> None:
        mixed = augment.mixed(self.z, self.partner, np.full(4, 0.3, np.float32))
        other = self.z[self.partner]
        assert (mixed <= np.maximum(self.z, other) + 1e-6).all()
        assert (mixed >= np.minimum(self.z, other) - 1e-6).all()

    def test_hidden_covariates_leave_sales_alone(self) -> None:
        batch = {"past": np.ones((4, 5, 6), np.float32), "ahead": np.ones((4, 3, 4), np.float32)}
        made = augment.hidden(batch, (2, 3, 1), np.ones(4, np.float32), self.rng)
        assert (made["past"][:, :, [0, 1, 5]] == 1).all()
        assert (made["past"][:, :, 2:5] == 0).all()
        assert (made["ahead"][:, :, 0] == 0).all()
        assert (made["ahead"][:, :, 1:] == 1).all()


def test_training_with_everything_on_still_learns() -> None:
    every = Augment(shift=1, jitter=0.1, scale=0.1, rotate=0.3, warp=0.2, mixup=0.4, drop=0.1)
    model = Neural(MLP((32,)), context=28, radius=0.05, pace=replace(FAST, augment=every))
    assert error(model) < 0.85 * error(SeasonalNaive())


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: MLP(()), "at least one"),
        (lambda: Recurrent(hidden=0), "at least 1"),
        (lambda: Recurrent(back=-1), "back is at least 0"),
        (lambda: Attention(width=10, heads=4), "multiple of heads"),
        (lambda: Pace(learning_rate=0), "above 0"),
        (lambda: Neural(context=-1), "not below 0"),
        (lambda: Augment(drop=1.0), "below 1"),
    ],
)
def test_impossible_settings_are_refused(make: type, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        make()


def test_what_says_when_to_stop_is_never_trained_on() -> None:
    lesson = gru().lesson(1, None)
    end = lesson.steps - H
    y = lesson.fields[0].y.copy()
    y[:, end:] = 1e6
    tampered = replace(lesson, fields=(replace(lesson.fields[0], y=y),))
    cutoffs = _cutoffs(lesson, end, H)
    for index in range(3):
        pair = [
            next(_batches(one, (end, cutoffs), (28, H), FAST)(index)) for one in (lesson, tampered)
        ]
        for name, values in pair[0].items():
            np.testing.assert_array_equal(values, pair[1][name], err_msg=name)


def test_sales_at_chosen_steps_equal_a_plain_loop_over_the_open_steps() -> None:
    rng = np.random.default_rng(5)
    field = gru().lesson(1, None).fields[0]
    field = replace(field, closed=rng.random(field.closed.shape) < 0.2)
    rows, at = rng.integers(0, 30, 8), rng.integers(-3, field.steps + 3, (8, 40))
    expected = np.full(at.shape, np.nan, np.float32)
    for b, row in enumerate(rows):
        for k, step in enumerate(at[b]):
            if 0 <= step < field.steps:
                expected[b, k] = field.open_y[row, step]
    found = _sold(field, rows, at)
    np.testing.assert_array_equal(found, expected)
    assert np.isnan(found).any()
    assert np.isfinite(found).any()
    assert found.dtype == np.float32
