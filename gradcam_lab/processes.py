"""Starting processes that do not run the user's script again, and sharing work among them.

A process that `multiprocessing` spawns imports the `__main__` of its parent, to find functions that were written there.
A script that is not guarded by `if __name__ == "__main__"` would then run a second time in every worker, and one that
was typed at a prompt or piped into Python has no file at all. Nothing that the lab gives its workers was written
there, so it starts them without.
"""

import os
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from multiprocessing.context import SpawnContext, SpawnProcess
from threading import RLock
from types import ModuleType
from typing import TypeVar

Job = TypeVar("Job")
Result = TypeVar("Result")

_starting = RLock()
"""Held while a process starts: what is hidden, is hidden from all threads."""


class _Process(SpawnProcess):
    def start(self) -> None:
        with _starting, _main_hidden(), _current_folder_hidden():
            super().start()


class _Context(SpawnContext):
    Process = _Process


SPAWN = _Context()
"""For whatever takes a context of `multiprocessing`. Its processes are new interpreters and no forks, because a fork of
a process in which torch or OpenCV has threads may hang. What they are given must be importable from a module.
"""


@contextmanager
def _main_hidden() -> Iterator[None]:
    """The new process imports the `__main__` that it is told of; an empty one has neither a name nor a file."""
    before = sys.modules["__main__"]
    sys.modules["__main__"] = ModuleType("__main__")
    try:
        yield
    finally:
        sys.modules["__main__"] = before


@contextmanager
def _current_folder_hidden() -> Iterator[None]:
    """A new interpreter would import a `pickle.py` of the current folder before it is told where modules lie."""
    before = os.environ.get("PYTHONSAFEPATH")
    os.environ["PYTHONSAFEPATH"] = "1"
    try:
        yield
    finally:
        if before is None:
            del os.environ["PYTHONSAFEPATH"]
        else:
            os.environ["PYTHONSAFEPATH"] = before


def in_processes(function: Callable[[Job], Result], jobs: Sequence[Job]) -> Iterator[tuple[int, Result]]:
    """Apply a function to each job, in as many processes as there are cores.

    Args:
        function: can be pickled, as can the jobs and the results.
        jobs: more than one are shared; one is done here.

    Yields:
        The number of a job, from 0, and its result, in the order in which they are finished.
    """
    workers = min(os.cpu_count() or 1, len(jobs))
    left = dict(enumerate(jobs))
    if workers > 1:
        pool = ProcessPoolExecutor(workers, SPAWN, _start_worker)
        try:
            numbers = {pool.submit(function, job): number for number, job in left.items()}
            for future in as_completed(numbers):
                yield numbers[future], future.result()
                del left[numbers[future]]
        except BrokenProcessPool:
            pass  # a worker was killed, as where memory is short: the rest is done here
        finally:
            pool.shutdown(cancel_futures=True)
    for number, job in left.items():
        yield number, function(job)


def _start_worker() -> None:
    import cv2

    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's business
    cv2.setNumThreads(1)  # there is a process per core already
