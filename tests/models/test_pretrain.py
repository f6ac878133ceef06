"""Batches depend on their number alone, hide the truth, and teach; a cut run goes on the same."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="networks need tradewind[deep]")

from tradewind.arrays import Floats32, Ints  # noqa: E402
from tradewind.errors import DataError  # noqa: E402
from tradewind.models.pretrained import draw as drawing  # noqa: E402
from tradewind.models.pretrained.draw import Draw, batch, importance, misread, siblings  # noqa: E402
from tradewind.models.pretrained.encode import Context, scale_of  # noqa: E402
from tradewind.models.pretrained.layout import AHEAD, CONTEXTS, PATCH  # noqa: E402
from tradewind.models.pretrained.levels import LEVELS  # noqa: E402
from tradewind.models.pretrained.loss import TRUTH  # noqa: E402
from tradewind.models.pretrained.network import Network, Size  # noqa: E402
from tradewind.models.pretrained.pretrain import Pretraining, pretrain, validate  # noqa: E402
from tradewind.models.pretrained.prior import Prior, Series, sample  # noqa: E402
from tradewind.train import checkpoint  # noqa: E402
from tradewind.train.loop import State, Watch  # noqa: E402

TINY = Size(width=16, layers=1, heads=2, hidden=24, embed=16, step=8)
DRAW = Draw(size=8, seed=3)
SMALL = Pretraining(samples=8 * 6, size=TINY, draw=DRAW, learning_rate=0.05, workers=0)


def test_a_batch_depends_on_its_number_alone() -> None:
    first = [batch(DRAW, k) for k in range(4)]
    again = [batch(DRAW, k) for k in (3, 1, 2, 0)]
    np.random.seed(0)  # noqa: NPY002  # whatever else was drawn
    for k, other in zip((3, 1, 2, 0), again, strict=True):
        assert first[k].keys() == other.keys()
        for name, value in other.items():
            np.testing.assert_array_equal(value, first[k][name], err_msg=name)
    assert not np.array_equal(first[0]["prefix"], first[1]["prefix"])
    assert not np.array_equal(batch(replace(DRAW, seed=4), 0)["prefix"], first[0]["prefix"])


def test_every_length_and_horizon_is_drawn_and_everything_is_finite() -> None:
    lengths, horizons = set(), set()
    for k in range(30):
        made = batch(Draw(size=2, seed=6), k)
        lengths.add(made["keys"].shape[1])
        horizons.add(made["query"].shape[1])
        assert made["target"].shape == (2, made["query"].shape[1] * PATCH)
        for name, value in made.items():
            assert np.isfinite(value).all(), name
    assert lengths == set(CONTEXTS)
    assert horizons == {1, 2, 3, 4}


def test_nothing_after_the_cutoff_enters_the_inputs_but_what_is_known_ahead(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def tampered(prior: Prior, n: int, steps: int, rng: np.random.Generator) -> Series:
        made = sample(prior, n, steps, rng)
        cut = steps - AHEAD
        made.y[:, cut:] = made.y[:, cut:] * 3 + 7
        made.observed[:, cut:] = True
        made.stockout[:, cut:] = False
        made.covariates[:, cut:][np.broadcast_to((made.kinds == 2)[:, None], (n, AHEAD, 16))] = 99
        return made

    draw = Draw(size=24, seed=8, borrowed=0.3)
    honest = [batch(draw, k) for k in range(4)]
    monkeypatch.setattr(drawing, "sample", tampered)
    for k, before in enumerate(honest):
        after = batch(draw, k)
        for name, value in before.items():
            if name not in TRUTH:
                np.testing.assert_array_equal(after[name], value, err_msg=name)
        assert not np.array_equal(after["target"], before["target"])


def test_covariates_of_blind_series_are_hidden_and_of_unplanned_ones_ahead() -> None:
    rng = np.random.default_rng(0)
    series = sample(Prior(), 64, 128 + AHEAD, rng)
    blind = drawing.windows(Draw(blind=1.0), series, 128, rng)
    assert not blind.kinds.any()
    assert not blind.covariates.any()
    unplanned = drawing.windows(Draw(blind=0.0, unplanned=1.0), series, 128, rng)
    assert (unplanned.kinds[series.kinds > 0] == 2).all()
    assert not unplanned.covariates[:, 128:].any()
    planned = drawing.windows(Draw(blind=0.0, unplanned=0.0), series, 128, rng)
    np.testing.assert_array_equal(planned.kinds, series.kinds)
    known = (series.kinds == 1)[:, None, :]
    np.testing.assert_array_equal(
        planned.covariates[:, 128:], np.where(known, series.covariates[:, 128:], 0)
    )


def test_windows_show_the_newest_steps_and_no_step_that_was_not_observed() -> None:
    rng = np.random.default_rng(1)
    series = sample(Prior(), 200, 128 + AHEAD, rng)
    made = drawing.windows(Draw(borrowed=0.0), series, 128, rng)
    seen = np.isfinite(made.y)
    np.testing.assert_array_equal(made.y[seen], series.y[:, :128][seen])
    assert not (seen & ~series.observed[:, :128]).any()
    first = np.where(seen.any(axis=1), seen.argmax(axis=1), 128)
    for b in np.flatnonzero(first < 128):  # nothing is left out after the first step shown
        np.testing.assert_array_equal(seen[b, first[b] :], series.observed[b, first[b] : 128])
    assert (first == 0).mean() > 0.2
    assert ((128 - first) < 32).mean() > 0.2


def test_siblings_lend_the_mean_past_of_the_others() -> None:
    rng = np.random.default_rng(2)
    series = sample(Prior(), 60, 64 + AHEAD, rng)
    seen = series.observed[:, :64]
    got = siblings(series, seen, 64, np.random.default_rng(5))
    wrong = np.exp(np.random.default_rng(5).normal(0, 0.6, (60, 1)))
    own = [series.y[b, :64][seen[b]].mean() if seen[b].any() else 0.0 for b in range(60)]
    for b in range(0, 60, 7):
        others = [k for k in range(60) if series.group[k] == series.group[b] and k != b]
        for t in range(0, 64, 9):
            values = [float(series.y[k, t] / (own[k] or 1)) for k in others if seen[k, t]]
            if values:
                want = np.mean(values) * own[b] * wrong[b, 0]
                assert got[b, t] == pytest.approx(want, rel=2e-3, abs=1e-4)
            else:
                assert np.isnan(got[b, t])


def plain_context(y: Floats32, season: Ints) -> Context:
    n, steps = y.shape
    return Context(
        y=y,
        stockout=np.zeros(y.shape, np.bool_),
        covariates=np.zeros((n, steps + 16, 16), np.float32),
        kinds=np.zeros((n, 16), np.int64),
        static=np.zeros((n, 8), np.float32),
        season=season,
        phase=np.zeros((n, steps + 16, 8), np.float32),
        borrowed=np.zeros(n, np.bool_),
    )


def test_series_that_last_season_foretells_count_more() -> None:
    rng = np.random.default_rng(0)
    season = np.tile(np.array([7, 0]), (3, 1))
    weekly = 10 + np.tile(rng.normal(0, 3, 7), 10)[:64]
    y = np.stack([weekly, weekly + rng.normal(0, 1, 64), rng.normal(10, 3, 64)]).astype(np.float32)
    y[2, :5] = np.nan
    context = plain_context(y, season)
    scale = scale_of(y, np.isfinite(y))
    got = importance(context, scale)
    z = scale.forward(y)
    usual = [np.nanmean([abs(z[b, t] - z[b, t - 7]) for t in range(7, 64)]) for b in range(3)]
    want = np.array([1 / (0.3 + u) for u in usual])
    np.testing.assert_allclose(got, want / want.mean(), rtol=1e-4)
    assert got[0] > got[1] > got[2]


def test_one_season_in_twelve_is_not_known() -> None:
    season = np.tile(np.array([7, 364]), (6000, 1))
    told = misread(season, np.random.default_rng(0))
    assert abs((told[:, 0] == 0).mean() - 1 / 12) < 0.015
    assert ((told == 0).all(axis=1) == (told == 0).any(axis=1)).all()


def same(one: State, other: State) -> None:
    assert one.step == other.step
    for part in ("weights", "ema", "moments"):
        mine, its = getattr(one, part), getattr(other, part)
        assert mine.keys() == its.keys()
        assert all(torch.equal(value, its[name]) for name, value in mine.items()), part


def test_a_resumed_run_is_one_that_was_never_cut_bit_for_bit(tmp_path: Path) -> None:
    whole = pretrain(SMALL, tmp_path / "whole", Watch())
    assert whole.step == 6
    cut = pretrain(SMALL, tmp_path / "cut", Watch(after=lambda step, _: step == 2, every=1))
    assert cut.step == 2
    assert not torch.equal(cut.weights["fine.line.weight"], whole.weights["fine.line.weight"])
    torch.rand(7)  # whatever else was drawn
    same(pretrain(SMALL, tmp_path / "cut", Watch()), whole)
    same(checkpoint.load(tmp_path / "cut"), whole)


def test_a_finished_run_stays_and_more_samples_go_on(tmp_path: Path) -> None:
    file = tmp_path / "run"
    done = pretrain(SMALL, file, Watch())
    same(pretrain(SMALL, file, Watch()), done)
    assert pretrain(replace(SMALL, samples=8 * 7 + 1), file, Watch()).step == 8


def test_a_checkpoint_of_another_size_is_refused(tmp_path: Path) -> None:
    pretrain(replace(SMALL, samples=8), tmp_path / "run", Watch())
    with pytest.raises(DataError):
        pretrain(replace(SMALL, size=replace(TINY, width=24)), tmp_path / "run", Watch())


def test_thirty_steps_lower_the_loss_on_series_never_trained_on(tmp_path: Path) -> None:
    settings = replace(SMALL, samples=30 * 8, learning_rate=0.3, ema=0.0)
    torch.manual_seed(settings.draw.seed)
    network, held = Network(TINY), Draw(size=24, seed=99)
    before = validate(network, 2, held)
    assert validate(network, 2, held) == before
    state = pretrain(settings, tmp_path / "run", Watch())
    network.load_state_dict(dict(state.best))
    after = validate(network, 2, held)
    assert after["loss"] < 0.98 * before["loss"]
    assert after["skill"] > before["skill"] + 0.01


def test_skill_is_against_last_season() -> None:
    network, total, naive = Network(TINY), 0.0, 0.0
    for index in range(2):
        arrays = batch(DRAW, index)
        inputs = {k: torch.from_numpy(v) for k, v in arrays.items() if k not in TRUTH}
        with torch.no_grad():
            quantiles = network(**inputs)[0].numpy()
        steps = arrays["query"].reshape(len(quantiles), -1, arrays["query"].shape[-1])
        for b, s in np.ndindex(*arrays["target"].shape):
            truth, weight = float(arrays["target"][b, s]), float(arrays["weight"][b, s])
            last = float(steps[b, s, 0] if steps[b, s, 1] else arrays["level"][b, 0])
            for level, q in zip(LEVELS, quantiles[b, s], strict=True):
                for k, error in enumerate((truth - float(q), truth - last)):
                    lost = weight * max(level * error, (level - 1) * error)
                    total, naive = total + lost * (k == 0), naive + lost * (k == 1)
    assert validate(network, 2, DRAW)["skill"] == pytest.approx(1 - total / naive, abs=1e-4)
