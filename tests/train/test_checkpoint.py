from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tradewind.errors import DataError

torch = pytest.importorskip("torch", reason="networks need tradewind[deep]")

from safetensors.torch import save_file  # noqa: E402
from torch import Tensor, nn  # noqa: E402

from tradewind.train.checkpoint import load, read_about, save  # noqa: E402
from tradewind.train.loop import State, Training, Watch, train  # noqa: E402

SETTINGS = Training(steps=12, warmup=3, bf16=False)


def network() -> nn.Sequential:
    torch.manual_seed(3)
    return nn.Sequential(nn.Linear(4, 8), nn.BatchNorm1d(8), nn.Dropout(0.3), nn.Linear(8, 1))


def batches(first: int) -> Iterator[object]:
    step = first
    while True:
        yield np.random.default_rng(step).normal(size=(16, 4)).astype(np.float32)
        step += 1


def loss_of(net: nn.Module, x: Tensor) -> Tensor:
    loss: Tensor = (net(x) - x.sum(dim=1, keepdim=True)).square().mean()
    return loss


@pytest.fixture(scope="module")
def state() -> State:
    return train(network(), batches, loss_of, SETTINGS)


def assert_same(left: State, right: State) -> None:
    assert (left.step, left.skipped) == (right.step, right.skipped)
    for part in ("weights", "ema", "moments"):
        ours, theirs = getattr(left, part), getattr(right, part)
        assert set(ours) == set(theirs)
        for name, value in ours.items():
            assert value.dtype == theirs[name].dtype
            assert torch.equal(value, theirs[name]), name


def test_what_is_saved_comes_back_bit_for_bit(state: State, tmp_path: Path) -> None:
    about = {"width": 8, "levels": [0.1, 0.5], "name": "网络"}
    save(tmp_path / "a.safetensors", replace(state, skipped=2), about)
    assert_same(load(tmp_path / "a.safetensors"), replace(state, skipped=2))
    assert read_about(tmp_path / "a.safetensors") == about
    assert [p.name for p in tmp_path.iterdir()] == ["a.safetensors"]


def test_a_run_goes_on_from_the_file_as_if_it_had_never_stopped(tmp_path: Path) -> None:
    path = tmp_path / "half.safetensors"
    watch = Watch(after=lambda step, s: save(path, s), every=7)
    whole = train(network(), batches, loss_of, SETTINGS, watch=watch)
    assert load(path).step == 7
    assert_same(train(network(), batches, loss_of, SETTINGS, load(path)), whole)


def test_low_precision_scalars_and_tied_weights_survive(tmp_path: Path) -> None:
    shared = torch.randn(3, 2)
    odd = State(
        1,
        {"a": shared, "b": shared, "half": torch.randn(5).bfloat16(), "turned": shared.T},
        moments={"a:step": torch.tensor(4.0)},
    )
    copied = replace(odd, weights={k: v.clone() for k, v in odd.weights.items()})
    save(tmp_path / "a", copied)
    assert_same(load(tmp_path / "a"), odd)


def test_a_disk_that_fills_up_leaves_the_old_file(
    state: State, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def half(tensors: object, path: Path, metadata: object) -> None:
        path.write_bytes(b"half a file")
        raise OSError("no space left on device")

    path = tmp_path / "a.safetensors"
    save(path, state)
    monkeypatch.setattr("tradewind.train.checkpoint.save_file", half)
    with pytest.raises(OSError, match="no space left"):
        save(path, replace(state, step=99))
    assert load(path).step == 12
    assert [p.name for p in tmp_path.iterdir()] == ["a.safetensors"]


def test_a_failed_write_leaves_the_old_file(state: State, tmp_path: Path) -> None:
    path = tmp_path / "a.safetensors"
    save(path, state)
    with pytest.raises(TypeError, match="not JSON serializable"):
        save(path, replace(state, step=99), {"network": object()})
    assert load(path).step == 12
    assert [p.name for p in tmp_path.iterdir()] == ["a.safetensors"]


@pytest.mark.parametrize("kept", [0, 5, 300, -1])
def test_a_file_cut_off_is_refused_by_name(state: State, tmp_path: Path, kept: int) -> None:
    path = tmp_path / "cut.safetensors"
    save(path, state)
    path.write_bytes(path.read_bytes()[:kept])
    with pytest.raises(DataError, match=r"cut\.safetensors is no checkpoint"):
        load(path)


@pytest.mark.parametrize(("old", "new"), [(b"AAAA", b"AAAB"), (b'step\\": 12', b'step\\": 13')])
def test_one_altered_byte_is_noticed(tmp_path: Path, old: bytes, new: bytes) -> None:
    path = tmp_path / "bent.safetensors"
    save(path, State(12, {"w": torch.tensor(list(b"0AAAA0"), dtype=torch.uint8)}))
    data = path.read_bytes()
    assert data.count(old) == 1
    data = data.replace(old, new)
    path.write_bytes(data)
    with pytest.raises(DataError, match=r"bent\.safetensors has been altered"):
        load(path)


def test_foreign_and_missing_files_are_refused_by_name(tmp_path: Path) -> None:
    save_file({"w": torch.zeros(2)}, tmp_path / "foreign.safetensors")
    (tmp_path / "pickle.pt").write_bytes(b"\x80\x04K\x01.")
    for name in ("foreign.safetensors", "pickle.pt", "absent.safetensors"):
        with pytest.raises(DataError, match=name):
            load(tmp_path / name)
        with pytest.raises(DataError, match=name):
            read_about(tmp_path / name)


def test_a_later_format_asks_for_an_update(tmp_path: Path) -> None:
    save_file({}, tmp_path / "later", metadata={"tradewind": '{"format": 2}'})
    with pytest.raises(DataError, match="format 2, this version reads 1: update"):
        load(tmp_path / "later")
