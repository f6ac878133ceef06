"""What an ablation takes out is gone, in training and in every score, and nothing else is."""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="networks need tradewind[deep]")

from benchmarks import ablations  # noqa: E402
from benchmarks.ablations import Arrays, Budget, Cut, Variant  # noqa: E402
from tradewind.arrays import Bools, Floats32, Ints  # noqa: E402
from tradewind.errors import DataError  # noqa: E402
from tradewind.models.pretrained import draw as drawing  # noqa: E402
from tradewind.models.pretrained import encode as encoding  # noqa: E402
from tradewind.models.pretrained.draw import Draw, batch  # noqa: E402
from tradewind.models.pretrained.encode import Inputs  # noqa: E402
from tradewind.models.pretrained.loss import TRUTH  # noqa: E402
from tradewind.models.pretrained.network import Find, Size  # noqa: E402
from tradewind.models.pretrained.prior import FAMILIES, Prior, sample  # noqa: E402
from tradewind.models.pretrained.ship import load_network  # noqa: E402
from tradewind.models.pretrained.weights import TENSORS, shipped, shipped_run  # noqa: E402
from tradewind.train import checkpoint  # noqa: E402

CUTS = (
    ablations.without_seasons,
    ablations.without_effect,
    ablations.without_covariates,
    ablations.without_find,
)
TINY = Size(width=16, layers=1, heads=2, hidden=24, embed=16, step=8)
SMALL = Budget(samples=24, batch=8, workers=0)
DRAW = Draw(size=24, seed=3, blind=0.0)
LONG, SHORT = 4, 5
"""Batches of 512 steps and of 64: with coarse tokens and without."""


def drawn(draw: Draw, index: int) -> Arrays:
    """The inputs of a batch, without the truth."""
    return {name: value for name, value in batch(draw, index).items() if name not in TRUTH}


def same(one: Arrays, other: Arrays, names: tuple[str, ...] = ()) -> None:
    for name in names or one.keys():
        np.testing.assert_allclose(one[name], other[name], rtol=1e-5, atol=2e-6, err_msg=name)


def test_the_batches_here_have_coarse_tokens_and_have_none() -> None:
    assert drawn(DRAW, LONG)["coarse"].shape[1] > 0
    assert drawn(DRAW, SHORT)["coarse"].shape[1] == 0


@pytest.mark.parametrize("index", [LONG, SHORT])
def test_without_seasons_is_what_a_series_of_no_season_is_told(
    index: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    blind = replace(DRAW, blind=1.0)  # the regression on covariates knows the season too
    before = drawn(blind, index)
    cut = ablations.without_seasons(before)
    steps = before["query"].reshape(blind.size, -1, before["query"].shape[-1])
    assert (steps[:, :, 0] != 0).any()
    monkeypatch.setattr(drawing, "misread", lambda season, _: np.zeros_like(season))
    same(cut, drawn(blind, index), ("fine", "coarse", "query", "level"))


@pytest.mark.parametrize("index", [LONG, SHORT])
def test_without_effect_is_what_is_told_where_covariates_did_nothing(
    index: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = drawn(DRAW, index)
    assert np.abs(before["values"][:, :, 2]).max() > 0.1

    def nothing(z: Floats32, seen: Bools, covariates: Floats32, waves: Floats32) -> Floats32:
        return np.zeros(covariates.shape[:2], np.float32)

    monkeypatch.setattr(encoding, "effects", nothing)
    same(ablations.without_effect(before), drawn(DRAW, index))


@pytest.mark.parametrize("index", [LONG, SHORT])
def test_without_covariates_is_what_a_blind_series_is_told(index: int) -> None:
    before, blind = drawn(DRAW, index), drawn(replace(DRAW, blind=1.0), index)
    assert not np.array_equal(before["fine"], blind["fine"])
    same(ablations.without_covariates(before), blind)


def test_without_find_nothing_is_found() -> None:
    before = drawn(DRAW, SHORT)

    def found(arrays: Arrays) -> tuple[Floats32, Floats32]:
        names = ("keys", "values", "asks")
        with torch.no_grad():
            mean, _, cause = Find()(*(torch.from_numpy(arrays[name]) for name in names))
        return mean.numpy(), cause.numpy()

    assert np.abs(found(before)[0]).max() > 0.1
    assert all(not part.any() for part in found(ablations.without_find(before)))


@pytest.mark.parametrize("cut", CUTS)
def test_a_cut_leaves_what_it_is_given_and_every_shape(cut: Cut) -> None:
    before, kept = drawn(DRAW, SHORT), drawn(DRAW, SHORT)
    made = cut(before)
    same(before, kept)
    assert {n: (v.shape, v.dtype) for n, v in made.items()} == {
        n: (v.shape, v.dtype) for n, v in kept.items()
    }
    assert any(not np.array_equal(made[name], kept[name]) for name in kept)


def test_a_cut_network_is_blind_to_what_was_cut_wherever_it_is_asked() -> None:
    before = drawn(DRAW, SHORT)
    other = dict(before) | {"values": before["values"] + np.float32(1)}

    def asked(variant: Variant, arrays: Arrays) -> Floats32:
        torch.manual_seed(0)
        run = ablations.torch_run(ablations.network_of(variant))
        return run(Inputs(**arrays))[0]

    cut, full = Variant(ablations.without_find, size=TINY), Variant(size=TINY)
    np.testing.assert_array_equal(asked(cut, before), asked(cut, other))
    assert np.abs(asked(full, before) - asked(full, other)).max() > 0.1


def test_the_network_in_torch_says_what_the_shipped_graph_says() -> None:
    inputs = Inputs(**drawn(DRAW, LONG))
    ours = ablations.torch_run(load_network(shipped(TENSORS)))(inputs)
    for mine, its in zip(ours, shipped_run("fp32")(inputs), strict=True):
        np.testing.assert_allclose(mine, its, atol=1e-3)


def test_a_prior_of_days_and_weeks_draws_nothing_else() -> None:
    prior, rng = ablations.days_and_weeks(Prior()), np.random.default_rng(0)
    for steps in (96, 320, 600):
        drawn_families: Ints = np.unique(sample(prior, 200, steps, rng).family)
        assert [FAMILIES[k] for k in drawn_families] == ["day", "week"]


def test_a_short_run_warms_up_for_a_tenth_of_its_steps() -> None:
    full = ablations.VARIANTS["full"]
    assert (Budget(128_000).training(full).steps, Budget(128_000).training(full).warmup) == (
        500,
        50,
    )
    assert Budget(8_000_000).training(full).warmup == ablations.WARMUP


def test_a_finished_row_is_not_trained_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(ablations.VARIANTS, "tiny", Variant(ablations.without_effect, size=TINY))
    state, code = ablations.trained("tiny", SMALL, tmp_path)
    assert state.step == 3
    monkeypatch.setattr(ablations, "train", lambda *_: pytest.fail("trained again"))
    monkeypatch.setattr(ablations, "code_digest", lambda: "other")
    again, began = ablations.trained("tiny", SMALL, tmp_path)
    assert began == code != "other"
    assert torch.equal(again.best["head.last.weight"], state.best["head.last.weight"])
    with pytest.raises(DataError, match="another samples: name"):
        ablations.trained("tiny", replace(SMALL, samples=32), tmp_path)


def test_a_row_begun_by_other_code_does_not_go_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(ablations.VARIANTS, "tiny", Variant(size=TINY))
    state, code = ablations.trained("tiny", SMALL, tmp_path)
    file, about = tmp_path / "tiny.safetensors", SMALL.about("tiny") | {"code": code}
    checkpoint.save(file, replace(state, step=2), about)
    monkeypatch.setattr(ablations, "code_digest", lambda: "other")
    with pytest.raises(DataError, match="other code"):
        ablations.trained("tiny", SMALL, tmp_path)


def test_a_checkpoint_is_scored_with_its_averaged_weights(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(ablations.VARIANTS, "tiny", Variant(size=TINY))
    state, _ = ablations.trained("tiny", SMALL, tmp_path)
    asked = argparse.Namespace(checkpoint=[tmp_path / "tiny.safetensors"])
    ((about, network),) = ablations.rows(asked)
    assert about == {"row": "tiny", "samples": 24}
    assert torch.equal(network.head.last.weight, state.ema["head.last.weight"])
    assert not torch.equal(network.head.last.weight, state.weights["head.last.weight"])
