"""Ctrl-C at a certain moment."""

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count

from gradcam_lab.console import on_heartbeat


@contextmanager
def interrupted_at_beat(number: int) -> Iterator[None]:
    """Interrupt the work inside the block at its heartbeat of this number, counted from 1; see `console`."""
    beats = count(1)

    def interrupt() -> None:
        if next(beats) == number:
            raise KeyboardInterrupt

    on_heartbeat(interrupt)
    try:
        yield
    finally:
        on_heartbeat(None)
