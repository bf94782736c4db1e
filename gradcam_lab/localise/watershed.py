"""Watershed: islands of a heatmap with several peaks are parted along the valleys between them."""

from typing import NamedTuple

import cv2
import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from gradcam_lab.lesson_modules import Lessons
from gradcam_lab.localise.box_finders import BoxesAt

CELLS = 32
"""Side of the coarse map, in cells, on which hills are found."""

REACH = 5
"""Side of the window, in cells, in which a cell moves to the highest, so that a small dent does not split a hill."""

DIP = 0.65
"""Two hills are two objects where the pass between them is lower than this share of the lower peak."""


def watershed(lessons: Lessons, heatmap: np.ndarray, image: np.ndarray | None, min_area: int) -> BoxesAt:
    """Islands with several peaks are parted along the valleys between them: the watershed of the map turned over."""
    height, width = heatmap.shape
    coarse = cv2.resize(heatmap, (CELLS, CELLS), interpolation=cv2.INTER_AREA)
    _, names = np.unique(merged(coarse, hills(coarse)), return_inverse=True)
    small = names.reshape(CELLS, CELLS).astype(np.uint16)
    labels = cv2.resize(small, (width, height), interpolation=cv2.INTER_NEAREST)
    parts = [Part.of(labels == label) for label in range(names.max() + 1)]

    def boxes_at(threshold: float) -> np.ndarray:
        mask = lessons.boxes.threshold_mask(heatmap, threshold)
        return np.concatenate([part.boxes(lessons, mask, min_area) for part in parts])

    return boxes_at


class Part(NamedTuple):
    """A part of a map: its pixels within the smallest rectangle around them, bool, and where that begins."""

    pixels: np.ndarray
    left: int
    top: int

    @classmethod
    def of(cls, pixels: np.ndarray) -> "Part":
        """Cut the rectangle out of the map, bool, shape (H, W)."""
        left, top, width, height = cv2.boundingRect(pixels.astype(np.uint8))
        return cls(pixels[top : top + height, left : left + width], left, top)

    def boxes(self, lessons: Lessons, mask: np.ndarray, min_area: int) -> np.ndarray:
        """Box the islands of this part of a mask, searching its rectangle only: to search the whole takes longer."""
        height, width = self.pixels.shape
        found = Part.of(mask[self.top : self.top + height, self.left : self.left + width] & self.pixels)
        if not found.pixels.size:
            return np.zeros((0, 4))
        left, top = self.left + found.left, self.top + found.top
        return lessons.boxes.mask_to_boxes(found.pixels, min_area) + np.array([left, top, left, top])


def hills(heat: np.ndarray) -> np.ndarray:
    """Name each cell by the peak (its index in the flat array) that it reaches by climbing: int, shape (h, w)."""
    number = np.arange(heat.size).reshape(heat.shape)
    padded = np.pad(heat, REACH // 2, constant_values=-np.inf)
    names = np.pad(number, REACH // 2)
    windows = sliding_window_view(padded, (REACH, REACH)).reshape(heat.size, -1)
    highest = windows.argmax(axis=1)
    above = sliding_window_view(names, (REACH, REACH)).reshape(heat.size, -1)[np.arange(heat.size), highest]
    above = np.where(heat.ravel()[above] > heat.ravel(), above, number.ravel())  # a plateau stays where it is
    above[heat.ravel() <= 0] = heat.argmin()  # where there is no heat, there are no hills to tell apart
    while (above != above[above]).any():
        above = above[above]
    return above.reshape(heat.shape)


def merged(heat: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Join hills whose pass is hardly lower than the lower peak, the highest pass first."""
    peak = heat.ravel().tolist()
    home = {label: label for label in np.unique(labels).tolist()}  # the peak that each peak belongs to by now
    for value, *pair in passes(heat, labels):
        low, high = sorted((home[label] for label in pair), key=lambda label: peak[label])
        if low != high and value >= DIP * peak[low]:
            home = {label: high if own == low else own for label, own in home.items()}
    names = np.arange(heat.size)
    names[list(home)] = list(home.values())
    return names[labels]


def passes(heat: np.ndarray, labels: np.ndarray) -> list[tuple[float, int, int]]:
    """List the neighbouring hills as (height of the highest pass between them, label, label), the highest first."""
    height = neighbours(heat).min(axis=0)
    pairs = np.sort(neighbours(labels), axis=0)
    different = np.flatnonzero(pairs[0] != pairs[1])
    rising = different[np.argsort(height[different])]
    # A higher pass overwrites a lower one.
    highest = dict(zip(zip(*pairs[:, rising].tolist(), strict=True), height[rising].tolist(), strict=True))
    return sorted(((value, *pair) for pair, value in highest.items()), reverse=True)


def neighbours(cells: np.ndarray) -> np.ndarray:
    """Return every cell and the one below it, then every cell and the one on its right: shape (2, pairs)."""
    first, second = (cells[:-1], cells[:, :-1]), (cells[1:], cells[:, 1:])
    return np.array([np.concatenate([part.ravel() for part in side]) for side in (first, second)])
