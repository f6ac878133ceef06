from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import islice

import numpy as np
import pytest

from tradewind.errors import DataError, Diverged

torch = pytest.importorskip("torch", reason="networks need tradewind[deep]")

from torch import Tensor, nn  # noqa: E402

from tradewind.train.loop import State, Training, Watch, rate, train  # noqa: E402
from tradewind.train.threads import Dropout, parts_of  # noqa: E402

QUICK = Training(steps=30, learning_rate=0.01, warmup=5, log_every=10, bf16=False)
Batch = tuple[Tensor, Tensor]


def network(dropout: float = 0.2) -> nn.Sequential:
    torch.manual_seed(3)
    return nn.Sequential(
        nn.Linear(6, 16), nn.BatchNorm1d(16), nn.GELU(), nn.Dropout(dropout), nn.Linear(16, 1)
    )


def plain() -> nn.Linear:
    torch.manual_seed(3)
    return nn.Linear(6, 1)


def batches(first: int) -> Iterator[tuple[object, object]]:
    step = first
    while True:
        rng = np.random.default_rng(step)
        x = rng.normal(size=(32, 6)).astype(np.float32)
        yield x, x.sum(axis=1, keepdims=True)
        step += 1


def squared(net: nn.Module, batch: Batch) -> Tensor:
    loss: Tensor = (net(batch[0]) - batch[1]).square().mean()
    return loss


def same(left: State, right: State) -> bool:
    return all(
        list(a) == list(b) and all(torch.equal(a[name], b[name]) for name in a)
        for a, b in [
            (left.weights, right.weights),
            (left.ema, right.ema),
            (left.moments, right.moments),
        ]
    )


def states(
    net: nn.Module, settings: Training, every: int, state: State | None = None
) -> list[State]:
    """The state after every `every` steps."""
    seen: list[State] = []
    train(
        net,
        batches,
        squared,
        settings,
        state,
        Watch(after=lambda _, s: seen.append(s), every=every),
    )
    return seen


@pytest.mark.parametrize("optimizer", ["adamw", "adam", "sgd"])
@pytest.mark.parametrize("bf16", [False, True])
def test_a_resumed_run_equals_one_that_never_stopped(optimizer: str, bf16: bool) -> None:
    settings = replace(QUICK, optimizer=optimizer, bf16=bf16)  # type: ignore[arg-type]
    never = states(network(), settings, every=11)
    other = network()
    with torch.no_grad():
        next(other.parameters()).fill_(9.0)  # what stands in the network before does not matter
    torch.rand(5)  # nor what was drawn
    resumed = states(other, settings, every=11, state=never[0])
    assert never[1].step == resumed[0].step == 22
    assert same(never[1], resumed[0])
    assert not same(never[0], never[1])


def test_training_learns() -> None:
    losses: list[float] = []
    watch = Watch(progress=lambda step, of, values: losses.append(values["loss"]))
    train(plain(), batches, squared, replace(QUICK, steps=300, learning_rate=0.03), watch=watch)
    assert losses[-1] < 0.01 * losses[0]


def test_the_budget_can_be_extended_before_the_rate_falls() -> None:
    short = states(plain(), replace(QUICK, steps=40), every=30)[0]  # falls from step 30 on
    extended = states(plain(), replace(QUICK, steps=80), every=60, state=short)[0]
    long = states(plain(), replace(QUICK, steps=80), every=60)[0]
    assert same(extended, long)


def test_three_steps_equal_torch_adamw_by_hand() -> None:
    ours = plain()
    train(
        ours,
        batches,
        squared,
        replace(QUICK, steps=3, weight_decay=0.1, clip=0.5, schedule="constant"),
    )
    theirs = plain()
    groups = [
        {"params": [theirs.weight], "weight_decay": 0.1},
        {"params": [theirs.bias], "weight_decay": 0.0},
    ]
    optimizer = torch.optim.AdamW(groups, betas=(0.9, 0.95), lr=0.01)
    for step, (x, y) in zip(range(3), batches(0), strict=False):
        for group in optimizer.param_groups:
            group["lr"] = 0.01 * (step + 1) / 5
        loss = squared(theirs, (torch.as_tensor(x), torch.as_tensor(y)))
        gradients = torch.autograd.grad(loss, list(theirs.parameters()))
        length = torch.cat([g.flatten() for g in gradients]).norm()
        assert length > 0.5
        for parameter, gradient in zip(theirs.parameters(), gradients, strict=True):
            parameter.grad = gradient * 0.5 / length
        optimizer.step()
    torch.testing.assert_close(ours.weight, theirs.weight, rtol=1e-5, atol=1e-7)
    torch.testing.assert_close(ours.bias, theirs.bias, rtol=1e-5, atol=1e-7)


def test_clipping_bounds_a_step_of_plain_descent() -> None:
    settings = replace(
        QUICK, steps=1, optimizer="sgd", clip=0.25, warmup=0, schedule="constant", weight_decay=0.0
    )
    clipped, free = plain(), plain()
    train(clipped, batches, squared, settings)
    train(free, batches, squared, replace(settings, clip=0.0))
    assert moved(clipped) == pytest.approx(0.01 * 0.25, rel=1e-3)
    assert moved(free) > 2 * moved(clipped)


def moved(net: nn.Module) -> float:
    """How far `net` is from `plain()`."""
    here, there = (nn.utils.parameters_to_vector(n.parameters()) for n in (net, plain()))
    return float((here - there).detach().norm())


def test_the_average_equals_a_plain_loop() -> None:
    net = plain()
    average = net.weight.detach().clone().double()
    seen = states(net, replace(QUICK, ema=0.7), every=1)
    for step, state in enumerate(seen):
        past = min(0.7, (1 + step) / (10 + step))
        average = past * average + (1 - past) * state.weights["weight"].double()
    torch.testing.assert_close(seen[-1].ema["weight"].double(), average, rtol=1e-5, atol=1e-6)
    assert seen[-1].best is seen[-1].ema
    assert not torch.equal(seen[-1].ema["weight"], seen[-1].weights["weight"])


def test_an_average_takes_buffers_over_and_none_is_kept_where_none_is_asked() -> None:
    with_average = states(network(), QUICK, every=30)[0]
    assert torch.equal(with_average.ema["1.running_mean"], with_average.weights["1.running_mean"])
    without = states(network(), replace(QUICK, ema=0.0), every=30)[0]
    assert not without.ema
    assert without.best is without.weights


@pytest.mark.parametrize(
    ("schedule", "wanted"),
    [
        ("constant", [0.1, 1.0, 1.0, 1.0, 1.0]),
        ("wsd", [0.1, 1.0, 1.0, 0.51, 0.02]),
        ("cosine", [0.1, 1.0, 0.8741, 0.0496, 0.02]),
    ],
)
def test_schedule_values(schedule: str, wanted: list[float]) -> None:
    settings = Training(steps=100, learning_rate=1.0, warmup=10, decay=0.2, final=0.02)
    settings = replace(settings, schedule=schedule)  # type: ignore[arg-type]
    assert [round(rate(settings, s), 4) for s in (0, 9, 30, 89, 99)] == wanted


def test_after_may_end_training_and_is_asked_by_steps_and_by_seconds() -> None:
    asked: list[int] = []

    def after(step: int, state: State) -> bool:
        asked.append(step)
        return step >= 20

    assert train(plain(), batches, squared, QUICK, watch=Watch(after=after, every=10)).step == 20
    assert asked == [10, 20]
    asked.clear()
    timed = Watch(after=after, every_seconds=7.0, clock=ticking())
    assert train(plain(), batches, squared, QUICK, watch=timed).step >= 20
    assert asked == [7, 14, 21]


def ticking() -> Callable[[], float]:
    """A clock on which every look costs a second."""
    ticks = iter(range(1000))
    return lambda: float(next(ticks))


def test_a_time_budget_ends_training_between_two_steps() -> None:
    state = train(plain(), batches, squared, QUICK, watch=Watch(seconds=12.0, clock=ticking()))
    assert 4 <= state.step <= 12
    rest = train(plain(), batches, squared, QUICK, state)
    assert same(rest, train(plain(), batches, squared, QUICK))


def test_a_stop_ends_training_after_the_step_and_it_goes_on_from_there() -> None:
    asked = iter([False, False, True])
    state = train(plain(), batches, squared, QUICK, watch=Watch(stop=lambda: next(asked)))
    assert state.step == 3
    rest = train(plain(), batches, squared, QUICK, state)
    assert same(rest, train(plain(), batches, squared, QUICK))


def test_a_step_that_is_not_finite_is_left_out_and_counted() -> None:
    def sometimes(net: nn.Module, batch: Batch) -> Tensor:
        calls.append(1)
        return squared(net, batch) * (float("nan") if len(calls) in (4, 7) else 1.0)

    calls: list[int] = []
    settings = replace(QUICK, steps=8, schedule="constant")
    state = train(plain(), batches, sometimes, settings)
    assert (state.step, state.skipped) == (8, 2)
    assert torch.isfinite(state.weights["weight"]).all()
    assert float(state.moments["weight:step"]) == 6


def test_every_step_draws_anew_and_the_same_however_the_run_was_cut() -> None:
    def draws(net: nn.Module, batch: Batch) -> Tensor:
        drawn.append(float(torch.rand(())))
        return squared(net, batch)

    drawn: list[float] = []
    half = train(plain(), batches, draws, replace(QUICK, steps=4))
    train(plain(), batches, draws, replace(QUICK, steps=8), half)
    cut, drawn = drawn, []
    train(plain(), batches, draws, replace(QUICK, steps=8))
    assert cut == drawn
    assert len(set(drawn)) == 8


def test_the_network_is_in_training_whatever_a_callback_did() -> None:
    def asks(net: nn.Module, batch: Batch) -> Tensor:
        modes.append(net.training)
        return squared(net, batch)

    modes: list[bool] = []
    net = plain().eval()
    train(net, batches, asks, QUICK, watch=Watch(after=lambda *_: net.eval() is None, every=1))
    assert modes == [True] * 30


def test_bad_steps_with_good_ones_between_do_not_end_training() -> None:
    def alternates(net: nn.Module, batch: Batch) -> Tensor:
        calls.append(1)
        return squared(net, batch) * (float("inf") if len(calls) % 2 else 1.0)

    calls: list[int] = []
    assert train(plain(), batches, alternates, replace(QUICK, steps=60)).skipped == 30


def test_twenty_bad_steps_in_a_row_end_training_with_the_step() -> None:
    def breaks(net: nn.Module, batch: Batch) -> Tensor:
        calls.append(1)
        loss = squared(net, batch)
        return (loss / (0 if len(calls) > 5 else 1)).sqrt()

    calls: list[int] = []
    with pytest.raises(Diverged, match="20 steps in a row, since step 5"):
        train(plain(), batches, breaks, replace(QUICK, steps=100))
    assert len(calls) == 25


def test_a_state_of_another_network_or_optimiser_is_refused() -> None:
    state = train(plain(), batches, squared, replace(QUICK, steps=1))
    with pytest.raises(DataError, match="another network"):
        train(network(), batches, squared, QUICK, state)
    with pytest.raises(DataError, match="'weight:step', which sgd"):
        train(plain(), batches, squared, replace(QUICK, optimizer="sgd"), state)


def test_batches_that_end_too_early_are_an_error_and_the_stream_is_closed() -> None:
    class Few:
        """Five batches, and a note of whether the stream was closed."""

        def __init__(self, first: int) -> None:
            self.stream = islice(batches(first), 5)

        def __iter__(self) -> Iterator[object]:
            return self

        def __next__(self) -> object:
            return next(self.stream)

        def close(self) -> None:
            closed.append(True)

    closed: list[bool] = []
    with pytest.raises(ValueError, match="end at step 5, 30 were wanted"):
        train(plain(), Few, squared, QUICK)
    train(plain(), Few, squared, replace(QUICK, steps=3))
    assert closed == [True, True]


def test_a_finished_run_asks_for_no_more_batches() -> None:
    def none(first: int) -> Iterator[tuple[object, object]]:
        raise AssertionError(f"asked for batch {first}")

    done = train(network(), batches, squared, QUICK)
    assert same(train(network(), none, squared, QUICK, done), done)


def test_training_leaves_the_global_generator_alone() -> None:
    torch.manual_seed(11)
    before = torch.get_rng_state()
    net = network()
    torch.set_rng_state(before)
    train(net, batches, squared, replace(QUICK, steps=3))
    assert torch.equal(torch.get_rng_state(), before)


def named(first: int) -> Iterator[dict[str, object]]:
    for x, y in batches(first):
        yield {"x": x, "y": y}


def squared_of_names(net: nn.Module, batch: dict[str, Tensor]) -> Tensor:
    return squared(net, (batch["x"], batch["y"]))


def noisy() -> nn.Sequential:
    torch.manual_seed(3)
    return nn.Sequential(nn.Linear(6, 16), Dropout(0.3), nn.Linear(16, 1))


@pytest.mark.parametrize("threads", [2, 3])
def test_threads_learn_the_mean_of_their_parts(threads: int) -> None:
    def of_parts(net: nn.Module, batch: dict[str, Tensor]) -> Tensor:
        parts = parts_of(batch, threads)
        mean: Tensor = torch.stack([squared_of_names(net, part) for part in parts]).mean()
        return mean

    one, several = plain(), plain()
    train(one, named, of_parts, QUICK)
    state = train(several, named, squared_of_names, replace(QUICK, threads=threads))
    torch.testing.assert_close(one.weight, several.weight, rtol=1e-4, atol=1e-6)
    assert state.skipped == 0


def test_threads_draw_the_same_in_every_run_and_after_a_pause() -> None:
    settings = replace(QUICK, threads=2)
    never = train(noisy(), named, squared_of_names, settings)
    half = train(noisy(), named, squared_of_names, replace(settings, schedule="constant", steps=9))
    whole = replace(settings, schedule="constant")
    resumed = train(noisy(), named, squared_of_names, whole, half)
    assert same(never, train(noisy(), named, squared_of_names, settings))
    assert same(resumed, train(noisy(), named, squared_of_names, whole))


def test_no_part_and_no_step_draws_what_another_drew() -> None:
    layer, ones, drawn = Dropout(0.5), torch.ones(64), []

    def draws(net: nn.Module, batch: dict[str, Tensor]) -> Tensor:
        drawn.append(tuple(layer(ones).tolist()))
        return squared_of_names(net, batch)

    train(plain(), named, draws, replace(QUICK, steps=4, threads=2))
    assert len(drawn) == len(set(drawn)) == 8


def test_an_error_in_a_part_ends_training_and_gives_the_threads_back() -> None:
    def fails(net: nn.Module, batch: dict[str, Tensor]) -> Tensor:
        raise RuntimeError("no")

    before = threading.active_count()
    with pytest.raises(RuntimeError, match="no"):
        train(plain(), named, fails, replace(QUICK, threads=2))
    assert threading.active_count() == before


def test_reports_come_every_log_every_steps_and_at_the_end() -> None:
    reports: list[tuple[int, int]] = []
    watch = Watch(progress=lambda step, of, values: reports.append((step, of)))
    train(plain(), batches, squared, replace(QUICK, steps=25), watch=watch)
    assert reports == [(10, 25), (20, 25), (25, 25)]


@pytest.mark.parametrize(
    "wrong",
    [
        {"steps": 0},
        {"decay": 1.5},
        {"ema": 1.0},
        {"optimizer": "lion"},
        {"schedule": "x"},
        {"threads": 0},
        {"threads": 2, "device": "cuda"},
    ],
)
def test_impossible_settings_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"must|no optimizer|threads"):
        replace(QUICK, **wrong)  # type: ignore[arg-type]
