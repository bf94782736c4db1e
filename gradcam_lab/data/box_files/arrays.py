"""Turning many values from a file into one array at once, which is twenty times as quick as row by row."""

from collections.abc import Collection, Hashable, Sequence
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np

from gradcam_lab.errors import LabError


def finite_numbers(values: Sequence[Any]) -> np.ndarray | None:
    """Turn JSON's values into floats, shape (n,); None where one of them is no finite number.

    Examples:
        >>> finite_numbers([1, 2.5])
        array([1. , 2.5])
        >>> finite_numbers([1, True]) is None
        True
    """
    if not set(map(type, values)) <= {int, float}:  # a bool is an int to isinstance, but not here
        return None
    try:
        numbers = np.array(values, dtype=float)
    except OverflowError:  # an integer too large for a float
        return None
    return numbers if np.isfinite(numbers).all() else None


def finite_rows(rows: Sequence[Any], count: int) -> np.ndarray | None:
    """Turn JSON's lists into an array (n, count); None where one of them is not `count` finite numbers."""
    if not set(map(type, rows)) <= {list} or not set(map(len, rows)) <= {count}:
        return None
    numbers = finite_numbers(list(chain.from_iterable(rows)))
    return None if numbers is None else numbers.reshape(-1, count)


def require_pixels(path: Path, boxes: np.ndarray) -> None:
    """Require that coordinates, shape (n, 4), are not shares of the image's width and height.

    Raises:
        LabError: all of them lie between 0 and 1 or hardly beyond, as rounding and boxes over the edge leave them, and
            they are not all the same corner.
    """
    if len(boxes) and boxes.min() > -0.5 and boxes.max() < 1.5 and boxes.min() < boxes.max():
        raise LabError(
            f"'{path}' has all its coordinates near 0 to 1, as shares of the image's size have: "
            "multiply them by the width and the height in pixels."
        )


def by_image(images: Sequence[Hashable], rows: np.ndarray) -> dict:
    """Group rows by their image, in the order in which the images first appear.

    Args:
        images: the image of each row.
        rows: shape (n, k).

    Returns:
        the rows of each image, in their order.
    """
    codes: dict[Hashable, int] = {}
    return by_code(codes, coded(images, codes), rows)


def coded(keys: Sequence[Hashable], codes: dict[Hashable, int]) -> np.ndarray:
    """Return the code of each key, int (n,); `codes` gets one for each that is new to it, counted on."""
    for key in dict.fromkeys(keys):
        codes.setdefault(key, len(codes))
    return np.fromiter(map(codes.__getitem__, keys), np.int32, len(keys))


def by_code(names: Collection[Hashable], code: np.ndarray, rows: np.ndarray) -> dict:
    """Group rows by their name.

    Args:
        names: the names.
        code: the index of the name of each row, shape (n,).
        rows: shape (n, k).

    Returns:
        the rows of each name, in their order.
    """
    counts = np.bincount(code, minlength=len(names))
    ends = counts.cumsum()
    rows = rows[np.argsort(code, kind="stable")]
    return {name: rows[begin:end] for name, begin, end in zip(names, ends - counts, ends, strict=True)}
