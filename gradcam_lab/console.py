"""What the lab says while it works: plain lines on stdout, a progress bar on stderr where somebody is looking."""

import os
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Protocol, TypeVar

T = TypeVar("T")


class Advance(Protocol):
    """Report that so many more steps are done."""

    def __call__(self, steps: int = 1) -> None:
        """Move the bar."""


_listener: Callable[[], None] | None = None


def on_heartbeat(listener: Callable[[], None] | None) -> None:
    """Have a function called at every sign of life: a bar that moves, a line that is said."""
    global _listener
    _listener = listener


def heartbeat() -> None:
    """Give a sign of life, to whoever listens."""
    if _listener:
        _listener()


@contextmanager
def progress(title: str, total: int) -> Iterator[Advance]:
    """Show a bar with the time that is left; nothing at all where stderr is not a terminal.

    Of several processes that torchrun has started, only the first shows one.
    """
    if not sys.stderr.isatty() or os.environ.get("RANK", "0") != "0":
        yield lambda steps=1: heartbeat()
        return
    from rich.console import Console
    from rich.markup import escape
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(escape(title), total=total)

        def advance(steps: int = 1) -> None:
            heartbeat()
            bar.advance(task, steps)

        yield advance


def tracked(items: Iterable[T], title: str, total: int) -> Iterator[T]:
    """Yield the items and move a bar at each."""
    with progress(title, total) as advance:
        for item in items:
            yield item
            advance()


def say(text: str) -> None:
    """Print one plain line at once, so that a pipe sees it when it happens."""
    heartbeat()
    print(text, flush=True)


def warn(text: str) -> None:
    """Print one line on stderr, where it cannot end up in somebody's JSON."""
    heartbeat()
    print(text, file=sys.stderr, flush=True)
