"""A batch that the memory does not hold: halved where its size does not matter."""

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from torch import Tensor

from gradcam_lab.console import warn
from gradcam_lab.errors import is_out_of_memory

T = TypeVar("T")


def in_parts(function: Callable[[Any], T], batch: Tensor | Sequence[Any]) -> list[T]:
    """Apply a function to a batch, or to its halves, quarters, ... where the memory does not suffice.

    Args:
        function: of a batch; what it returns for an item must not depend on the others.
        batch: can be sliced.

    Returns:
        what the function returned, for each part in turn.

    Raises:
        RuntimeError: one item alone needs too much memory.

    Examples:
        >>> in_parts(len, [1, 2, 3])
        [3]
    """
    try:
        return [function(batch)]
    except RuntimeError as error:
        if len(batch) < 2 or not is_out_of_memory(error):
            raise
    # Here and not in the handler, whose error keeps the tensors of the whole batch.
    half = len(batch) // 2
    parts = [*in_parts(function, batch[:half]), *in_parts(function, batch[half:])]
    _say(len(batch), len(batch) - half)
    return parts


_smallest: int | None = None
"""The smallest batch of which it has been said that the work goes on with it."""


def _say(size: int, half: int) -> None:
    """Say what size works; once a process and not at every batch, and of 16, 8 and 4 that failed only the last."""
    global _smallest
    if _smallest is None or half < _smallest:
        _smallest = half
        warn(f"The memory does not hold {size} images at once: going on with {half}. --batch {half} begins with that.")
