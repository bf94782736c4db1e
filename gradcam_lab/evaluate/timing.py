"""Times that a busy moment of the machine does not spoil: each beside the first, in turns."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from statistics import median
from typing import TypeVar

import torch

from gradcam_lab.console import tracked

Name = TypeVar("Name", bound=str)


@contextmanager
def running_on(threads: int) -> Iterator[None]:
    """Within the block torch computes on so many threads, and afterwards on as many as before."""
    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def times_in_turns(
    names: Sequence[Name], seconds: Callable[[Name], float], rounds: int, title: str
) -> dict[Name, float]:
    """Time several things; right before each the first one is timed too.

    Args:
        names: what is timed; all are compared with the first.
        seconds: does one of them once, and returns how long it took.
        rounds: how often each is timed.
        title: of the progress bar.

    Returns:
        seconds by name: of the first the median, of each other the median of its ratios to the first, times that.
    """
    first, *others = names
    of_first: list[float] = []
    ratios: dict[Name, list[float]] = {name: [] for name in others}
    for _ in tracked(range(rounds), title, rounds):
        for name, of_name in ratios.items():
            of_first.append(seconds(first))
            of_name.append(seconds(name) / of_first[-1])
    usual = median(of_first)
    return {first: usual, **{name: median(of_name) * usual for name, of_name in ratios.items()}}
