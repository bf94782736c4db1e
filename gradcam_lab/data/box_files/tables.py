"""Detections and objects of all images and classes, as columns.

The boxes are `(x, y, width, height)`, as COCO states them, and a file of COCO's is not converted: its numbers are
defined on these, and an overlap or an area may lie on the border of two classes.
"""

from typing import NamedTuple

import numpy as np


class Detections(NamedTuple):
    """Detections of all images and classes.

    Attributes:
        boxes: `(x, y, width, height)` in pixels, measured from the image's corner, shape (n, 4).
        scores: shape (n,).
        image: the index of each one's image, shape (n,).
        category: the index of each one's class, shape (n,).
    """

    boxes: np.ndarray
    scores: np.ndarray
    image: np.ndarray
    category: np.ndarray


class Objects(NamedTuple):
    """Annotated objects of all images and classes.

    Attributes:
        boxes: as those of `Detections`, shape (m, 4).
        area: in square pixels, as annotated, which of a drawn outline is less than that of its box; shape (m,).
        crowd: whether it is a crowd, bool (m,).
        ignored: whether it counts neither for nor against a detection, bool (m,); a crowd always does so.
        image: the index of each one's image, shape (m,).
        category: the index of each one's class, shape (m,).
    """

    boxes: np.ndarray
    area: np.ndarray
    crowd: np.ndarray
    ignored: np.ndarray
    image: np.ndarray
    category: np.ndarray
