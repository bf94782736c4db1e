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
    _say_once(len(batch), len(batch) - half)
    return [*in_parts(function, batch[:half]), *in_parts(function, batch[half:])]


_said = set[int]()
"""The sizes of which it has been said that they are too large: once a process, not at every batch."""


def _say_once(size: int, half: int) -> None:
    if size not in _said:
        _said.add(size)
        warn(f"The memory does not hold {size} images at once: going on with {half}; --batch {half} begins so.")
