"""How networks are trained on: warm starts, frozen parts, slow layers, and who is told."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import polars as pl
import pytest

from tests.models.test_neural import FAST, H, gru, window
from tradewind.errors import DataError
from tradewind.models.neural.forecaster import FittedNeural, Neural
from tradewind.models.neural.nets import MLP, Attention, Linear, Net, Recurrent
from tradewind.models.neural.pace import Parts
from tradewind.panel import Panel
from tradewind.task import Window
from tradewind.train.tracker import Silent

SMALL = Recurrent("gru", 16)


class Notebook(Silent):
    """Remembers what it is told."""

    def __init__(self) -> None:
        self.asked: dict[str, Any] = {}
        self.logged: list[tuple[int, dict[str, float]]] = []
        self.final: dict[str, float] = {}

    def settings(self, values: Mapping[str, Any]) -> None:
        self.asked |= values

    def log(self, step: int, values: Mapping[str, float]) -> None:
        self.logged.append((step, dict(values)))

    def summary(self, values: Mapping[str, float]) -> None:
        self.final |= values


def weights(fitted: FittedNeural) -> dict[str, Any]:
    assert fitted.serve is not None
    return {name: value.numpy() for name, value in fitted.serve.weights().items()}


def one_category(seen: Window) -> Window:
    """The window of the ten series of one category."""
    static = seen.past.static
    ids = static.filter(static["category"] == "tea")["unique_id"].to_list()
    return replace(seen, past=seen.past.only(ids), known=seen.known.only(ids))


def test_a_warm_start_never_ends_behind_where_it_began() -> None:
    seen = window()
    wild = Neural(SMALL, context=28, pace=replace(FAST, learning_rate=3.0))
    warm = wild.resume(gru(), seen.past, seen.task).training
    assert (warm["best_step"], warm["validation"]) == (
        0,
        pytest.approx(gru().training["validation"]),
    )


def test_a_warm_start_from_another_shape_is_refused() -> None:
    seen = window()
    with pytest.raises(DataError, match=r"the network before does not fit .*encoder"):
        Neural(MLP((32,)), context=28, pace=FAST).resume(gru(), seen.past, seen.task)


def test_frozen_parts_stay_and_others_learn() -> None:
    seen = window()
    before = Neural(SMALL, context=28, pace=replace(FAST, steps=5)).fit(seen.past, seen.task)
    pace = replace(FAST, parts=Parts(embed=0, encoder=0))
    part = one_category(seen)
    after = Neural(SMALL, context=28, pace=pace).resume(before, part.past, part.task)
    assert after.training["best_step"] > 0
    old, new = weights(before), weights(after)
    for name in old:
        same = np.array_equal(old[name], new[name])
        if name.startswith(("embed", "encoder")):
            assert same, name
        if name.startswith("heads"):
            assert not same, name


@pytest.mark.parametrize("net", [MLP((32, 16)), Recurrent("lstm", 16, 2), Attention(16, 2, 2)])
def test_lower_layers_learn_at_smaller_rates(net: Net) -> None:
    pytest.importorskip("torch", reason="networks need tradewind[deep]")
    from tradewind.models.neural.network import Network, Shape
    from tradewind.train.loop import Training

    network = Network(net, Shape(28, 7, 12, 9, 6, (3,), 1, 9, counts=False))
    layers = network.encoder.layers()
    training = Training(steps=1, shares=Parts(encoder=0.5, layer=0.1).shares(layers))
    found = {training.share(f"encoder.{name}") for name, _ in network.encoder.named_parameters()}
    deep = len(layers)
    assert found == {0.5 * 0.1**k for k in range(deep)}
    assert {training.share(name) for name, _ in network.heads.named_parameters("heads")} == {1.0}
    assert Parts().shares(layers) == ()


@pytest.mark.parametrize("cell", ["rnn", "lstm", "gru"])
def test_recurrent_networks_learn_through_the_latest_steps_and_read_them_all(cell: Any) -> None:
    torch = pytest.importorskip("torch", reason="networks need tradewind[deep]")
    from tradewind.models.neural.network import Shape, encoder_of

    shape = Shape(12, 7, 3, 2, 6, (), 1, 9, counts=False)
    encoder: Any = encoder_of(Recurrent(cell, 4, 2, dropout=0.0, back=5), shape, 0)
    past = torch.randn(6, 12, 3, generator=torch.Generator().manual_seed(1))
    made = encoder.train()(past, [])
    torch.testing.assert_close(made, encoder.eval()(past, []))
    parameters = list(encoder.parameters())
    found = torch.autograd.grad(made.square().sum(), parameters)

    with torch.no_grad():
        below, first = encoder.body(past[:, :7])
        _, second = encoder.above[0](below)
    late, _ = encoder.body(past[:, 7:], first)
    late, _ = encoder.above[0](late, second)
    wanted = torch.autograd.grad(late[:, -1].square().sum(), parameters)
    for one, other in zip(found, wanted, strict=True):
        torch.testing.assert_close(one, other)

    moved = past.clone().requires_grad_(True)
    (told,) = torch.autograd.grad(encoder.train()(moved, []).sum(), moved)
    assert (told != 0).any(2).all(), "adversarial training asks for all steps of the past"


def test_a_line_has_no_layers_to_slow_down() -> None:
    slow = replace(FAST, parts=Parts(layer=0.5))
    seen = window()
    assert Neural(Linear(7), context=28, pace=slow).fit(seen.past, seen.task).training["steps"]


def test_heads_are_never_frozen() -> None:
    with pytest.raises(ValueError, match="heads always learn"):
        Parts(heads=0)


def test_a_tracker_hears_of_settings_data_curves_and_the_end() -> None:
    notebook, seen = Notebook(), window()
    made = Neural(SMALL, context=28, pace=FAST, tracker=notebook)
    fitted = made.fit(seen.past, seen.task)
    assert made == replace(made, tracker=Silent())  # it is no setting
    assert notebook.asked["network"]["net"]["cell"] == "gru"
    assert notebook.asked["steps"] == FAST.steps
    assert len(notebook.asked["data"]) == 2
    curve = [values["validation"] for _, values in notebook.logged if "validation" in values]
    assert min(curve) == pytest.approx(fitted.training["validation"])
    assert notebook.final["best_step"] == fitted.training["best_step"]


def test_a_product_that_wakes_after_a_whole_context_of_zeros_does_not_drown_the_others() -> None:
    seen = window()
    asleep = pl.col("ds") < seen.past.ds[-H].item()
    frame = seen.past.frame.with_columns(
        y=pl.when((pl.col("unique_id") == "p00") & asleep).then(0.0).otherwise(pl.col("y"))
    )
    past = Panel.from_frame(frame, "D", seen.past.static)
    network = Neural(SMALL, context=28, pace=replace(FAST, steps=12))
    loss = network.fit(past, seen.task).training["validation"]
    assert loss < 2 * network.fit(seen.past, seen.task).training["validation"]
