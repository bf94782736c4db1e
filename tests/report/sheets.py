"""Photos for contact sheets: drawn ones with invented maps, boxed by step 3."""

from collections.abc import Sequence

import cv2
import numpy as np

from gradcam_lab.lesson_modules import Lessons
from gradcam_lab.report.contact_sheet import SheetClass, SheetFacts, SheetPhoto

THRESHOLD = 0.35
FACTS = SheetFacts("a network of nothing", "features (7 x 7)", "Grad-CAM", THRESHOLD, "as the test says")


def drawing(seed: int, size: tuple[int, int] = (640, 480)) -> np.ndarray:
    """A picture with as much detail as a photo has, RGB, uint8; the size is (width, height)."""
    random, (width, height) = np.random.default_rng(seed), size
    scales = [2**power for power in range(9)]
    layers = [random.normal(0, scale**0.4, (height // scale + 1, width // scale + 1, 3)) for scale in scales]
    total = np.sum([cv2.resize(layer, size) for layer in layers], axis=0)
    return np.clip(128 + 50 * total / total.std(), 0, 255).astype(np.uint8)


def bumps(shape: tuple[int, int], places: Sequence[tuple[float, float, float, float]]) -> np.ndarray:
    """A map with a bump at each (row, column, height, width in cells), float32, shape (h, w)."""
    rows, columns = np.mgrid[: shape[0], : shape[1]]
    heats = [high * np.exp(-((rows - y) ** 2 + (columns - x) ** 2) / (2 * wide**2)) for y, x, high, wide in places]
    return np.sum(heats, axis=0).astype(np.float32)


def found_class(
    lessons: Lessons,
    name: str,
    cam: np.ndarray,
    size: tuple[int, int],
    probability: float,
    threshold: float = THRESHOLD,
) -> SheetClass:
    """A class with the boxes that step 3 finds."""
    return SheetClass(name, probability, cam, boxes_of(lessons, cam, size, probability, threshold))


def boxes_of(
    lessons: Lessons, cam: np.ndarray, size: tuple[int, int], probability: float, threshold: float
) -> np.ndarray:
    """Step 3's boxes, shape (n, 5)."""
    width, height = size
    iou = lessons.metrics.box_iou
    return lessons.boxes.detect(
        cam, (height, width), probability, threshold=threshold, iou=iou, min_area=FACTS.min_area
    )


def photo(lessons: Lessons, name: str = "dog.jpg", seed: int = 0) -> SheetPhoto:
    """A photo of 120 x 90 pixels with two bumps of one class."""
    random = np.random.default_rng(seed)
    cam = bumps((7, 7), [(1.5, 1, 1, 1), (5, 5, random.uniform(0.5, 0.9), 0.8)])
    size = (120, 90)
    return SheetPhoto(name, drawing(seed, size), size, (found_class(lessons, "dog", cam, size, 0.9 - seed / 10),))
