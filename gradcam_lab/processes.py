"""Starting processes that do not run the user's script again.

A process that `multiprocessing` spawns imports the `__main__` of its parent, to find functions that were written there.
A script that is not guarded by `if __name__ == "__main__"` would then run a second time in every worker, and one that
was typed at a prompt or piped into Python has no file at all. Nothing that the lab gives its workers was written
there, so it starts them without.
"""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.context import SpawnContext, SpawnProcess
from threading import RLock
from types import ModuleType

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
