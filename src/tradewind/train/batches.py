"""Batches made ahead of time by worker processes, in order."""

from __future__ import annotations

import os
import pickle
import signal
import socket
import threading
import traceback
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from itertools import count
from multiprocessing import get_context
from multiprocessing.context import SpawnProcess
from queue import SimpleQueue
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

T = TypeVar("T")

THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS")
"""What numeric libraries ask, when they load, for the number of their threads."""


def parallel(
    make: Callable[[int], T], first: int, workers: int, ahead: int
) -> Generator[T, None, None]:
    """make(first), make(first + 1), … without end, made by `workers` processes at once.

    make      importable by name, as is all that it holds (functools.partial over settings is fine);
              what it returns travels as a pickle with its arrays beside it, uncopied
    workers   each makes every workers-th batch with numeric libraries on one thread; 0 makes the
              batches in this process when they are asked for
    ahead     finished batches that wait in this process at most, in all, at least one a worker;
              each worker holds one more

    Closing the iterator ends the workers, and so does whatever error leaves it. An error inside
    `make` is raised when its batch is due, with the worker's traceback as a note. A program that
    uses workers starts below `if __name__ == "__main__"`, as multiprocessing demands.

    Sockets, because a batch of 40 MB takes 25 ms through one, as through shared memory, which
    containers keep small, and 250 ms through a multiprocessing.Queue (two cores, Python 3.11).
    """
    if workers == 0:
        yield from map(make, count(first))
        return
    crew: list[_Worker] = []
    try:
        for number in range(workers):
            crew.append(_Worker(make, first + number, workers, max(1, ahead // workers)))
        while True:
            for worker in crew:
                yield worker.next()
    finally:
        for worker in crew:
            worker.stop()
        for worker in crew:
            worker.join()


class _Worker:
    """One process that makes every `stride`-th batch, and the thread that receives them."""

    def __init__(self, make: Callable[[int], Any], first: int, stride: int, room: int) -> None:
        self.due, self.stride = first, stride
        self.free, self.made = threading.Semaphore(room), SimpleQueue[Any]()
        self.stopped = False
        self.end, theirs = socket.socketpair()
        with theirs, _one_thread():
            context = get_context("spawn")
            self.process: SpawnProcess = context.Process(
                target=_work, args=(theirs, make, first, stride), daemon=True
            )
            try:
                self.process.start()
            except BaseException:  # `make` cannot travel, or the user has had enough
                self.end.close()
                raise
        self.thread = threading.Thread(target=self._receive, daemon=True)
        self.thread.start()

    def next(self) -> Any:
        """The next batch of this worker, or the error that stands in its place."""
        good, value = self.made.get()
        if not good:
            raise value
        self.free.release()
        self.due += self.stride
        return value

    def _receive(self) -> None:
        """Take in batches while there is room, until the worker ends or fails."""
        good = True
        while good:
            self.free.acquire()
            if self.stopped:
                return
            try:
                good, value = _receive(self.end)
            except (EOFError, OSError):
                good, value = False, None
            if value is None and not good:
                self.process.join()
                value = RuntimeError(
                    f"the worker that makes batch {self.due} and every {self.stride} after ended "
                    f"with code {self.process.exitcode}; -9 mostly means that memory ran out"
                )
            self.made.put((good, value))

    def stop(self) -> None:
        self.stopped = True
        self.process.terminate()
        self.free.release()

    def join(self) -> None:
        self.process.join()
        self.thread.join()
        self.end.close()


def _work(end: socket.socket, make: Callable[[int], Any], first: int, stride: int) -> None:
    """What a worker does: make and send, until the other end is closed or `make` fails."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the parent, who ends the workers
    for index in count(first, stride):
        try:
            answer = (True, make(index))
        except Exception as error:  # the outermost layer of this process
            error.add_note(f"in the worker that made batch {index}:\n{traceback.format_exc()}")
            _send(end, (False, _portable(error)))
            return
        try:
            _send(end, answer)
        except OSError:  # nobody listens any more
            return


def _portable(error: Exception) -> Exception:
    """The error, or its text where it does not survive the journey."""
    try:
        pickle.loads(pickle.dumps(error))
    except Exception:  # whatever its own reduction raises
        return RuntimeError("\n".join([f"{type(error).__name__}: {error}", *error.__notes__]))
    return error


def _send(end: socket.socket, value: Any) -> None:
    """Send a pickle, then the memory of its arrays, before both their sizes."""
    buffers: list[pickle.PickleBuffer] = []
    head = pickle.dumps(value, protocol=5, buffer_callback=buffers.append)
    parts = [memoryview(head), *(buffer.raw() for buffer in buffers)]
    sizes = np.array([len(parts), *(part.nbytes for part in parts)], dtype=np.int64)
    end.sendall(sizes.tobytes())
    for part in parts:
        end.sendall(part)


def _receive(end: socket.socket) -> Any:
    """What `_send` sent; its arrays own their memory and may be written to."""
    parts = int(_take(end, 8).view(np.int64)[0])
    head, *buffers = [_take(end, int(size)) for size in _take(end, 8 * parts).view(np.int64)]
    return pickle.loads(head.data, buffers=buffers)  # from a process that this one has started


def _take(end: socket.socket, size: int) -> NDArray[np.uint8]:
    """The next `size` bytes; EOFError if the other end has closed."""
    taken = np.empty(size, dtype=np.uint8)
    rest = memoryview(taken.data)
    while rest.nbytes:
        got = end.recv_into(rest)
        if got == 0:
            raise EOFError
        rest = rest[got:]
    return taken


@contextmanager
def _one_thread() -> Iterator[None]:
    """An environment in which a new process computes on one thread."""
    before = {name: os.environ.get(name) for name in THREADS}
    os.environ.update(dict.fromkeys(THREADS, "1"))
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
