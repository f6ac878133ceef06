from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from functools import partial
from itertools import islice
from multiprocessing import active_children
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tradewind.errors import DataError
from tradewind.train.batches import THREADS, parallel

SOURCE = '''
"""Makers of batches, in a file that worker processes can import."""
import os, signal, time
import numpy as np
from tradewind.errors import DataError

def numbers(k, size=5):
    return {"x": np.full((3, size), k, dtype=np.float32), "mask": np.arange(size) < k, "k": k}

def uneven(k):
    time.sleep(0.03 * (k % 3))
    return k, os.getpid()

def fails(k):
    if k == 4:
        raise DataError(f"batch {k} is bad")
    return k

class Odd(Exception):
    def __init__(self, one, two):
        super().__init__(one)

def fails_oddly(k):
    raise Odd("strange", 2)

def dies(k):
    if k == 2:
        os.kill(os.getpid(), signal.SIGKILL)
    return k

def threads(k):
    return {name: os.environ.get(name) for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS")}

def counted(k, folder):
    (folder / str(k)).touch()
    return np.zeros(4_000_000, dtype=np.uint8)  # more than a socket holds
'''


@pytest.fixture(scope="module", autouse=True)
def makers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    folder = tmp_path_factory.mktemp("makers")
    (folder / "makers_of_batches.py").write_text(SOURCE)
    sys.path.insert(0, str(folder))
    yield
    sys.path.remove(str(folder))


def make(name: str, **settings: object) -> partial[Any]:
    import importlib

    return partial(getattr(importlib.import_module("makers_of_batches"), name), **settings)


@pytest.mark.parametrize("workers", [0, 2])
def test_batches_come_in_order_whole_and_writable(workers: int) -> None:
    with closing(parallel(make("numbers", size=70_000), 3, workers, ahead=4)) as made:
        for k, batch in zip(range(3, 8), made, strict=False):
            assert batch["k"] == k
            np.testing.assert_array_equal(batch["x"], np.full((3, 70_000), k, dtype=np.float32))
            np.testing.assert_array_equal(batch["mask"], np.arange(70_000) < k)
            batch["x"] += 1  # torch warns of memory that must not be written
            assert batch["x"].flags.aligned
    assert not active_children()


def test_three_workers_of_uneven_speed_share_the_work_in_order() -> None:
    with closing(parallel(make("uneven"), 0, workers=3, ahead=6)) as made:
        answers = list(islice(made, 12))
    assert [k for k, _ in answers] == list(range(12))
    assert len({process for _, process in answers} - {os.getpid()}) == 3


@pytest.mark.parametrize("workers", [0, 2])
def test_an_error_comes_when_its_batch_is_due_and_tells_where(workers: int) -> None:
    made = parallel(make("fails"), 0, workers, ahead=8)
    assert list(islice(made, 4)) == [0, 1, 2, 3]
    with pytest.raises(DataError, match="batch 4 is bad") as caught:
        next(made)
    if workers:
        (note,) = caught.value.__notes__
        assert "in the worker that made batch 4" in note
        assert 'raise DataError(f"batch {k} is bad")' in note
    assert not active_children()


def test_an_error_that_cannot_travel_arrives_as_text() -> None:
    with pytest.raises(RuntimeError, match=r"(?s)Odd: strange.*in fails_oddly"):
        next(parallel(make("fails_oddly"), 0, workers=1, ahead=1))


def test_a_maker_that_cannot_travel_is_an_error_at_once() -> None:
    with pytest.raises(Exception, match="pickle"):
        next(parallel(lambda k: k, 0, workers=2, ahead=2))
    assert not active_children()


def test_a_worker_that_is_killed_is_told_and_does_not_hang() -> None:
    made = parallel(make("dies"), 0, workers=2, ahead=2)
    assert list(islice(made, 2)) == [0, 1]
    with pytest.raises(RuntimeError, match="makes batch 2 and every 2 after ended with code -9"):
        next(made)
    assert not active_children()


def test_workers_compute_on_one_thread_and_this_process_as_before(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "7")
    monkeypatch.delenv("OPENBLAS_NUM_THREADS", raising=False)
    before = {name: os.environ.get(name) for name in THREADS}
    with closing(parallel(make("threads"), 0, workers=1, ahead=1)) as made:
        assert next(made) == {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    assert {name: os.environ.get(name) for name in THREADS} == before


def test_no_more_is_made_ahead_than_was_asked(tmp_path: Path) -> None:
    with closing(parallel(make("counted", folder=tmp_path), 0, workers=1, ahead=3)) as made:
        next(made)
        wait_for(lambda: len(list(tmp_path.iterdir())) >= 5)
        time.sleep(0.2)  # time enough to overrun the limit
        # one taken, three waiting here, one in the worker's hand
        assert sorted(p.name for p in tmp_path.iterdir()) == ["0", "1", "2", "3", "4"]


def wait_for(condition: Callable[[], bool]) -> None:
    until = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < until
        time.sleep(0.01)


PROGRAM = """
import sys
from makers_of_batches import uneven
from tradewind.train.batches import parallel

if __name__ == "__main__":
    made = parallel(uneven, 0, 2, 2)
    print(next(made)[1], next(made)[1], flush=True)
    for _ in made:
        pass
"""


@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_no_worker_outlives_its_parent(tmp_path: Path, number: signal.Signals) -> None:
    (tmp_path / "program.py").write_text(PROGRAM)
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    with subprocess.Popen(
        [sys.executable, tmp_path / "program.py"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment,
        start_new_session=True,
    ) as parent:
        assert parent.stdout is not None
        workers = [int(word) for word in parent.stdout.readline().split()]
        assert len(workers) == 2
        assert all(alive(worker) for worker in workers)
        if number == signal.SIGINT:
            os.killpg(parent.pid, number)  # as Ctrl-C in a terminal, which reaches the workers too
        else:
            parent.send_signal(number)
        _, told = parent.communicate(timeout=20)
    wait_for(lambda: not any(alive(worker) for worker in workers))
    assert told.count("KeyboardInterrupt") == (number == signal.SIGINT)  # the workers keep quiet


def alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    status = Path(f"/proc/{process}/status")
    return not (status.exists() and "State:\tZ" in status.read_text())
