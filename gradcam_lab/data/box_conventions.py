"""The four ways in which files state boxes, and the conversion to and from VOC's pixels, in which all boxes are here.

voc         `xmin, ymin, xmax, ymax`, pixels counted from 1, both ends inside (PASCAL VOC)
zero-based  `xmin, ymin, xmax, ymax`, pixels counted from 0, both ends inside
coco        `x, y, width, height` from the image's corner: the first pixel lies between 0 and 1 (COCO)
relative    centre x and y, width and height as shares of the image's sides (YOLO)

A box that covers the pixels 1 to 10 of 20 is `1 .. 10`, `0 .. 9`, `x = 0, width = 10`, and centre 0.25, width 0.5: the
area and every IoU stay the same. Nothing in the numbers of a file says which convention it follows, so it is declared.
"""

from typing import Literal, get_args

import numpy as np

Convention = Literal["voc", "coco", "zero-based", "relative"]
"""A way of stating boxes, as --boxes declares it."""

CONVENTIONS: tuple[Convention, ...] = get_args(Convention)

Sizes = np.ndarray | tuple[float, float] | None
"""(width, height) in pixels: of one image, or of each box's image, shape (n, 2). Only `relative` needs them."""

FIRST_PIXEL = {"voc": 1, "zero-based": 0}
"""The number of the first pixel in the conventions of corners."""


def to_voc(boxes: np.ndarray, convention: Convention, sizes: Sizes = None) -> np.ndarray:
    """Convert boxes to VOC's pixels.

    Args:
        boxes: four numbers a box as the convention has them, shape (n, 4).
        convention: how they are stated.
        sizes: of the images.

    Returns:
        `xmin, ymin, xmax, ymax`, counted from 1, both ends inside, shape (n, 4), float.

    Raises:
        ValueError: the convention is `relative` and no sizes are given.

    Examples:
        >>> to_voc(np.array([[0, 4, 10, 4]]), "coco").tolist()
        [[1.0, 5.0, 10.0, 8.0]]
        >>> to_voc(np.array([[0.25, 0.75, 0.5, 0.5]]), "relative", (20, 8)).tolist()
        [[1.0, 5.0, 10.0, 8.0]]
    """
    first, last = np.hsplit(np.asarray(boxes, float), 2)
    if convention in FIRST_PIXEL:
        shift = 1 - FIRST_PIXEL[convention]
        return np.hstack([first + shift, last + shift])
    if convention == "relative":
        sides = _sides(sizes)
        first, last = (first - last / 2) * sides, last * sides
    return np.hstack([first + 1, first + last])


def from_voc(boxes: np.ndarray, convention: Convention, sizes: Sizes = None) -> np.ndarray:
    """Convert boxes in VOC's pixels to a convention: the inverse of `to_voc`, with the same arguments and errors.

    Examples:
        >>> from_voc(np.array([[1, 5, 10, 8]]), "coco").tolist()
        [[0.0, 4.0, 10.0, 4.0]]
        >>> from_voc(np.array([[1, 5, 10, 8]]), "zero-based").tolist()
        [[0.0, 4.0, 9.0, 7.0]]
    """
    first, last = np.hsplit(np.asarray(boxes, float), 2)
    if convention in FIRST_PIXEL:
        shift = FIRST_PIXEL[convention] - 1
        return np.hstack([first + shift, last + shift])
    corner, extent = first - 1, last - first + 1
    if convention == "relative":
        sides = _sides(sizes)
        corner, extent = (corner + extent / 2) / sides, extent / sides
    return np.hstack([corner, extent])


def _sides(sizes: Sizes) -> np.ndarray:
    if sizes is None:
        raise ValueError("relative boxes need the sizes of their images")
    return np.asarray(sizes, float)
