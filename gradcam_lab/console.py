"""Messages while the lab works: plain lines on stdout and stderr, and a progress bar where stderr is a terminal."""

import os
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol, TextIO, TypeVar

from gradcam_lab.errors import one_line

T = TypeVar("T")


class Advance(Protocol):
    """A function that reports further steps as done."""

    def __call__(self, steps: int = 1) -> None:
        """Move the bar."""


_listener: Callable[[], None] | None = None


def on_heartbeat(listener: Callable[[], None] | None) -> None:
    """Set a function to call at every heartbeat: whenever a bar moves or a line is printed; None for none."""
    global _listener
    _listener = listener


def heartbeat() -> None:
    """Call the function that `on_heartbeat` has set."""
    if _listener:
        _listener()


@contextmanager
def progress(title: str, total: int | None) -> Iterator[Advance]:
    """Show a bar with the remaining time, where the total is known; nothing where stderr is not a terminal.

    Of several processes started by torchrun, only the first shows one.
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
    """Yield the items and show a bar that moves at each; see `progress`."""
    with progress(title, total) as advance:
        for item in items:
            yield item
            advance()


_out: TextIO | None = None


def say_to(stream: TextIO | None) -> None:
    """Set the stream that `say` prints to; None for stdout, whatever that is at the time."""
    global _out
    _out = stream


def open_file(path: Path, place: str = "") -> bool:
    """Open a page, at a place such as `#task-2.3`, or a picture in the browser, where there is a screen.

    In a terminal it would take that over.

    Returns:
        Whether it was opened.
    """
    import webbrowser

    screen = sys.platform in ("win32", "darwin") or os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")
    return bool(screen) and webbrowser.open(path.resolve().as_uri() + place)


def say(text: str) -> None:
    """Print one plain line on stdout and flush it, so that a pipe receives it at once."""
    heartbeat()
    print(text, file=_out, flush=True)


def warn(text: str) -> None:
    """Print one plain line on stderr, where it cannot end up in JSON that is written to stdout."""
    heartbeat()
    print(one_line(text), file=sys.stderr, flush=True)
