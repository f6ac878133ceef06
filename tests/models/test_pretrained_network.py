"""The pretrained network with random weights: what holds for any of them, and its files."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="networks need tradewind[deep]")

from torch import Tensor  # noqa: E402

from tradewind.models.pretrained.draw import Draw, batch  # noqa: E402
from tradewind.models.pretrained.encode import STEP_FEATURES, Inputs  # noqa: E402
from tradewind.models.pretrained.levels import LEVELS  # noqa: E402
from tradewind.models.pretrained.loss import TRUTH, ZERO_SHARE, loss, pinball  # noqa: E402
from tradewind.models.pretrained.network import (  # noqa: E402
    FINDS,
    Find,
    Network,
    Size,
    spread_out,
)
from tradewind.models.pretrained.ship import TOLERANCE, load_network, ship  # noqa: E402
from tradewind.models.pretrained.weights import PRECISIONS, TENSORS, onnx_run  # noqa: E402

SMALL = Size(width=32, layers=2, heads=2, hidden=48, embed=32, step=16)
LAID_OUT = {"distance", "place"}
"""Inputs without a row for each series."""


def small_network(seed: int = 0, answer: float = 0.1) -> Network:
    """Random weights, also where training starts from zeros and ones, so that all inputs count."""
    with torch.random.fork_rng(), torch.no_grad():
        torch.manual_seed(seed)
        network = Network(SMALL)
        torch.nn.init.normal_(network.head.last.weight, std=answer)
        torch.nn.init.normal_(network.distance.weight, std=0.5)
        for name, value in network.named_parameters():
            if name.endswith(("gain", "last.bias")):
                value.add_(0.05 * torch.randn_like(value))
    return network.eval()


def tensors(index: int, size: int = 12) -> dict[str, Tensor]:
    return {k: torch.from_numpy(v) for k, v in batch(Draw(size=size, seed=5), index).items()}


def inputs_of(arrays: dict[str, Tensor]) -> dict[str, Tensor]:
    return {k: v for k, v in arrays.items() if k not in TRUTH}


def rows_of(arrays: dict[str, Tensor], rows: list[int]) -> dict[str, Tensor]:
    return {k: v if k in LAID_OUT else v[rows] for k, v in arrays.items()}


def answers(network: Network, inputs: dict[str, Tensor]) -> tuple[Tensor, Tensor]:
    with torch.no_grad():
        quantiles, zero = network(**inputs)
    return quantiles, zero


@pytest.mark.parametrize("size", [0.1, 1.0, 30.0])
def test_quantiles_cannot_cross(size: float) -> None:
    torch.manual_seed(0)
    raw, start = size * torch.randn(40, 16, len(LEVELS)), size * torch.randn(40, 16, 1)
    made = spread_out(raw, start)
    middle = len(LEVELS) // 2
    assert (made.diff(dim=-1) >= 0).all()
    torch.testing.assert_close(made[..., middle], (start + raw[..., middle : middle + 1])[..., 0])
    gaps = [0.3 * math.log1p(math.exp(float(v))) for v in raw[0, 0]] if size < 30 else []
    for q in range(len(gaps) - 1):
        gap = gaps[q] if q < middle else gaps[q + 1]
        assert float(made[0, 0, q + 1] - made[0, 0, q]) == pytest.approx(gap, abs=1e-4)


@pytest.mark.parametrize("seed", range(3))
def test_any_weights_give_ordered_finite_quantiles(seed: int) -> None:
    network = small_network(seed, answer=2.0)
    for index in range(6):
        arrays = tensors(index)
        quantiles, zero = answers(network, inputs_of(arrays))
        h = arrays["target"].shape[1]
        assert quantiles.shape == (12, h, len(LEVELS))
        assert zero.shape == (12, h)
        assert torch.isfinite(quantiles).all()
        assert torch.isfinite(zero).all()
        assert (quantiles.diff(dim=-1) >= 0).all()


def test_a_series_is_answered_alike_alone_and_among_others() -> None:
    network = small_network()
    for index in range(4):
        inputs = inputs_of(tensors(index))
        together, zero = answers(network, inputs)
        for rows in ([3], [7, 1], list(range(12))[::-1]):
            some, its_zero = answers(network, rows_of(inputs, rows))
            torch.testing.assert_close(some, together[rows], rtol=1e-4, atol=1e-5)
            torch.testing.assert_close(its_zero, zero[rows], rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("name", ["fine", "coarse", "query", "phases", "prefix", "values", "asks"])
def test_every_input_counts(name: str) -> None:
    inputs = inputs_of(next(b for b in map(tensors, range(40)) if b["coarse"].shape[1]))
    before, _ = answers(small_network(), inputs)
    after, _ = answers(small_network(), {**inputs, name: inputs[name] + 0.5})
    assert (after - before).abs().max() > 1e-3


def test_where_tokens_lie_counts() -> None:
    inputs = inputs_of(tensors(0))
    before, _ = answers(small_network(), inputs)
    for name in LAID_OUT:
        after, _ = answers(small_network(), {**inputs, name: inputs[name].flip(0)})
        assert (after - before).abs().max() > 1e-4, name


def test_the_search_is_attention_in_a_plain_loop() -> None:
    torch.manual_seed(0)
    find, steps, h = Find(), 20, 3
    torch.nn.init.normal_(find.ask.weight, std=0.3)
    keys = torch.randn(2, steps, STEP_FEATURES + 2)
    values, asks = torch.randn(2, steps, 3), torch.randn(2, h, STEP_FEATURES + 2)
    values[..., 1] = values[..., 0] ** 2
    mean, spread, cause = (part.detach().numpy() for part in find(keys, values, asks))
    for b, s, head in np.ndindex(2, h, FINDS):
        wanted = find.ask(asks[b, s]).reshape(FINDS, -1)[head].detach().numpy()
        logits = [float(wanted @ keys[b, t].numpy()) for t in range(steps)]
        share = [math.exp(v - max(logits)) for v in logits]
        share = [v / sum(share) for v in share]
        z = [sum(w * float(values[b, t, k]) for t, w in enumerate(share)) for k in range(3)]
        assert mean[b, s, head] == pytest.approx(z[0], abs=1e-4)
        assert spread[b, s, head] == pytest.approx(math.sqrt(z[1] - z[0] ** 2 + 1e-4), abs=1e-3)
        assert cause[b, s, head] == pytest.approx(z[2], abs=1e-4)


def test_the_search_starts_out_passing_over_what_was_not_seen() -> None:
    find, arrays = Find(), tensors(3)
    unseen = arrays["keys"][:, :, -1] > 0
    changed = arrays["values"] + 5 * unseen[..., None]
    some = (~unseen).sum(1) > 3
    before, _, _ = find(arrays["keys"], arrays["values"], arrays["asks"])
    after, _, _ = find(arrays["keys"], changed, arrays["asks"])
    assert unseen.any()
    assert (after - before)[some].abs().max() < 0.05


def test_an_untrained_network_answers_with_the_mean_of_its_guesses() -> None:
    torch.manual_seed(0)
    network, inputs = Network(SMALL).eval(), inputs_of(tensors(0))
    for name in ("query", "values", "keys", "asks"):  # no season known, and z is 0.7 throughout
        inputs[name] = torch.zeros_like(inputs[name])
    inputs["values"][..., 0], inputs["values"][..., 1] = 0.7, 0.7**2
    inputs["query"][..., 5:7] = 0.7
    inputs["level"] = torch.full_like(inputs["level"], 0.7)
    quantiles, zero = answers(network, inputs)
    torch.testing.assert_close(quantiles[..., 6], torch.full_like(quantiles[..., 6], 0.7))
    assert (zero == 0).all()


def test_pinball_is_that_of_a_plain_loop() -> None:
    rng = np.random.default_rng(0)
    quantiles = np.sort(rng.normal(size=(3, 4, len(LEVELS))), axis=2).astype(np.float32)
    target = rng.normal(size=(3, 4)).astype(np.float32)
    got = pinball(torch.from_numpy(quantiles), torch.from_numpy(target))
    for b, s in np.ndindex(3, 4):
        total = 0.0
        for level, q in zip(LEVELS, quantiles[b, s], strict=True):
            error = float(target[b, s] - q)
            total += 2 * (level * error if error > 0 else (level - 1) * error)
        assert float(got[b, s]) == pytest.approx(total / len(LEVELS), rel=1e-5)


def test_the_loss_weighs_what_it_should_and_hides_the_truth() -> None:
    network, arrays = small_network(), tensors(3)
    quantiles, zero = answers(network, inputs_of(arrays))
    network.requires_grad_(False)
    got = float(loss(network, arrays))
    weight = arrays["weight"].double().numpy()
    main = (pinball(quantiles, arrays["target"]).numpy() * weight).sum() / weight.sum()
    chance = 1 / (1 + np.exp(-zero.double().numpy()))
    truth = arrays["zero"].numpy()
    surprise = -(truth * np.log(chance) + (1 - truth) * np.log(1 - chance))
    asked = weight * arrays["count"].numpy()
    want = main + ZERO_SHARE * (surprise * asked).sum() / weight.sum()
    assert got == pytest.approx(want, rel=1e-4)
    unasked = {**arrays, "target": arrays["target"] + 9 * (arrays["weight"] == 0)}
    assert (arrays["weight"] == 0).any()
    assert float(loss(network, unasked)) == pytest.approx(got, rel=1e-6)
    nothing = loss(network, {**arrays, "weight": torch.zeros_like(arrays["weight"])})
    assert float(nothing) == 0


def test_steps_downhill_lower_the_loss_and_reach_every_weight() -> None:
    network, arrays = small_network(answer=0.02), tensors(5)
    assert arrays["coarse"].shape[1]
    before = loss(network, arrays)
    before.backward()  # type: ignore[no-untyped-call]
    reached = {n for n, p in network.named_parameters() if p.grad is not None and p.grad.any()}
    assert reached == {n for n, _ in network.named_parameters()}
    with torch.no_grad():
        for p in network.parameters():
            p.sub_(1e-3 * torch.as_tensor(p.grad))
    assert loss(network, arrays) < before


@pytest.mark.slow
def test_a_graph_in_which_two_weights_are_one_is_not_shipped(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="share"):
        ship(Network(SMALL), tmp_path)  # all gains are ones still


@pytest.mark.slow
def test_what_is_shipped_gives_the_answers_of_the_network(tmp_path: Path) -> None:
    network = small_network()
    digests = ship(network, tmp_path)
    assert set(digests) == {path.name for path in tmp_path.iterdir()}
    again = load_network(tmp_path / TENSORS)
    other = small_network(seed=9)
    tuned = {name: value.numpy() for name, value in other.state_dict().items()}
    full, small = (onnx_run(tmp_path / PRECISIONS[name]) for name in ("fp32", "int8"))
    exchanged = onnx_run(tmp_path / PRECISIONS["fp32"], tuned)
    seen = set()
    for index in range(24):
        inputs = inputs_of(tensors(index, size=5))
        seen.add((inputs["keys"].shape[1], inputs["query"].shape[1]))
        made = Inputs(**{name: value.numpy() for name, value in inputs.items()})
        want, zero = (part.numpy() for part in answers(network, inputs))
        got, its_zero = full(made)
        np.testing.assert_allclose(got, want, atol=TOLERANCE)
        np.testing.assert_allclose(its_zero, zero, atol=TOLERANCE)
        np.testing.assert_array_equal(answers(again, inputs)[0].numpy(), want)
        assert np.abs(small(made)[0] - want).mean() < 0.02 * want.std()
        np.testing.assert_allclose(
            exchanged(made)[0], answers(other, inputs)[0].numpy(), atol=TOLERANCE
        )
    assert len(seen) > 10  # lengths and horizons, of which one was the example
