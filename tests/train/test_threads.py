from __future__ import annotations

import threading

import pytest

torch = pytest.importorskip("torch", reason="networks need tradewind[deep]")

from torch import Tensor  # noqa: E402

from tradewind.train.threads import Dropout, Workers, drawing, parts_of  # noqa: E402

TINY = 1e-39
"""Too small to be normal."""


def test_work_is_done_at_the_same_time_and_comes_back_in_order() -> None:
    met = threading.Barrier(3, timeout=10)

    def work(k: int) -> tuple[int, bool]:
        met.wait()
        return k, bool(torch.full((1,), TINY).mul(1.0) == 0)

    with Workers(3) as workers:
        assert workers.each(work, range(3)) == [(k, True) for k in range(3)]
    assert bool(torch.full((1,), TINY).mul(1.0) > 0)


def test_the_number_of_threads_is_given_back() -> None:
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        with Workers(2):
            assert torch.get_num_threads() == 1
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(before)


@pytest.mark.parametrize("bad", [0, 1])
def test_an_error_of_any_part_is_raised_when_all_have_ended(bad: int) -> None:
    ended = []

    def work(k: int) -> None:
        if k == bad:
            raise ValueError(f"part {k}")
        ended.append(k)

    with Workers(2) as workers, pytest.raises(ValueError, match=f"part {bad}"):
        workers.each(work, range(2))
    assert ended == [1 - bad]


def test_parts_hold_every_row_once_and_none_is_empty() -> None:
    batch = {"x": torch.arange(7), "y": torch.arange(7) * 2}
    parts = parts_of(batch, 3)
    assert [len(part["x"]) for part in parts] == [2, 2, 3]
    assert torch.equal(torch.cat([part["y"] for part in parts]), batch["y"])
    assert len(parts_of({"x": torch.arange(1)}, 2)) == 1


def test_dropout_keeps_the_mean_and_leaves_forecasts_alone() -> None:
    layer, ones = Dropout(0.25), torch.ones(400, 400)
    with drawing([1]):
        made = layer(ones)
    assert float((made == 0).float().mean()) == pytest.approx(0.25, abs=0.01)
    assert float(made.mean()) == pytest.approx(1, abs=0.01)
    assert torch.equal(layer.eval()(ones), ones)


def test_what_one_thread_draws_does_not_depend_on_the_others() -> None:
    layer, ones = Dropout(0.5), torch.ones(50, 50)

    def alone(k: int) -> Tensor:
        with drawing([0, k]):
            drawn: Tensor = torch.stack([layer(ones) for _ in range(20)])
        return drawn

    with Workers(2) as workers:
        together = workers.each(alone, range(2))
    assert torch.equal(together[0], alone(0))
    assert torch.equal(together[1], alone(1))
    assert not torch.equal(together[0], together[1])
