"""A lock between processes: two that download the same data set, say, must not write the same file."""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from gradcam_lab.console import heartbeat, warn
from gradcam_lab.errors import LabError

PAUSE = 0.2


@contextmanager
def alone(path: Path, what: str, otherwise: str = "") -> Iterator[None]:
    """Wait until no other process is inside this block for the same file; a process that is killed leaves no lock.

    Args:
        path: the lock's file; it is made, and stays.
        what: what is waited for, in words.
        otherwise: what to do instead of waiting, in words, where one does not wait.

    Raises:
        LabError: another process is inside, and one does not wait.
    """
    with path.open("ab") as stream:
        if not _taken(stream):
            if otherwise:
                raise LabError(f"Another process is at work on {what}: {otherwise}.")
            warn(f"Another process is at work on {what}: waiting for it.")
        while not _taken(stream):
            heartbeat()
            time.sleep(PAUSE)
        yield


def _taken(stream: IO[bytes]) -> bool:
    """Take the lock if it is free; closing the file gives it back."""
    try:
        if sys.platform == "win32":
            import msvcrt

            stream.seek(0)
            msvcrt.locking(stream.fileno(), msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (BlockingIOError, PermissionError):
        return False
    except OSError:
        return True  # a file system without locks: better unguarded than not at all
    return True
