"""A part of a list, at equal distances."""

from collections.abc import Sequence
from typing import TypeVar

T = TypeVar("T")


def spread(items: Sequence[T], count: int) -> list[T]:
    """Choose at most `count` items at equal distances: a split may be sorted.

    Examples:
        >>> spread(range(10), 3)
        [0, 3, 6]
    """
    if len(items) <= count:
        return list(items)
    return [items[i * len(items) // count] for i in range(count)]
