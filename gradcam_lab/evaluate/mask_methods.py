"""Ways to draw masks: from the maps of the classes in an image to one label map."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import NamedTuple

import cv2
import numpy as np

from gradcam_lab.data.sample import Sample
from gradcam_lab.lesson_modules import Lessons
from gradcam_lab.localise.baselines import centre_box

ITERATIONS = 1
"""Of GrabCut."""


class Item(NamedTuple):
    """One image with a true mask, and what the classifier says of it.

    `truth` is uint8, shape (height, width); `labels` are the classes predicted present, as indices of `LABELS`, shape
    (k,), with their `probabilities`, shape (k,), and raw maps `cams`, shape (k, h, w).
    """

    sample: Sample
    truth: np.ndarray
    labels: np.ndarray
    probabilities: np.ndarray
    cams: np.ndarray


class ScaledItem(NamedTuple):
    """An `Item` with everything at one size (height, width): its maps are `heatmaps`, shape (k, height, width)."""

    image: np.ndarray
    truth: np.ndarray
    labels: np.ndarray
    probabilities: np.ndarray
    heatmaps: np.ndarray


MaskMethod = Callable[[ScaledItem], np.ndarray]
"""From an item at one size to its label map: uint8, shape (height, width)."""


def at_one_size(lessons: Lessons, item: Item, side: int | None = None) -> ScaledItem:
    """Bring an item to one size: that of its image, or a longer side of `side` at most."""
    width, height = item.sample.size
    scale = min(1.0, side / max(width, height)) if side else 1.0
    size = max(1, round(height * scale)), max(1, round(width * scale))
    image, truth = item.sample.image, item.truth
    if scale < 1:
        image = cv2.resize(image, size[::-1], interpolation=cv2.INTER_AREA)
        truth = cv2.resize(truth, size[::-1], interpolation=cv2.INTER_NEAREST)
    heatmaps = np.array([lessons.boxes.upsample(cam, size) for cam in item.cams], np.float32).reshape(-1, *size)
    return ScaledItem(image, truth, item.labels, item.probabilities, heatmaps)


def thresholded(lessons: Lessons, fraction: float) -> MaskMethod:
    """Each map, cut at a fraction of its maximum."""
    return lambda scaled: claimed(scaled, [lessons.boxes.threshold_mask(heat, fraction) for heat in scaled.heatmaps])


def refined(lessons: Lessons, sure_foreground: float, sure_background: float) -> MaskMethod:
    """The masks of step 5, from seeds of two fractions of the map's maximum."""
    segment = partial(
        lessons.segmentation.segment,
        sure_foreground=sure_foreground,
        sure_background=sure_background,
        iterations=ITERATIONS,
    )
    return lambda scaled: claimed(scaled, [segment(heat, scaled.image) for heat in scaled.heatmaps])


def centred(fraction: float) -> MaskMethod:
    """The baseline: a box in the centre, of the most probable class where there are several."""

    def draw(scaled: ScaledItem) -> np.ndarray:
        result = np.zeros_like(scaled.truth)
        if len(scaled.labels):
            x0, y0, x1, y1 = centre_box(scaled.truth.shape[::-1], fraction).round().astype(int)
            result[y0:y1, x0:x1] = scaled.labels[scaled.probabilities.argmax()]
        return result

    return draw


def claimed(scaled: ScaledItem, masks: Sequence[np.ndarray]) -> np.ndarray:
    """Give each pixel to the class that claims it; of several, to the one with the highest share of its map's maximum.

    Args:
        scaled: whose heatmaps decide.
        masks: a bool mask for each of its classes, shape (height, width).

    Returns:
        uint8, shape (height, width); 0 where no mask claims the pixel.
    """
    result = np.zeros_like(scaled.truth)
    highest = np.full(result.shape, -np.inf, np.float32)
    for label, heat, mask in zip(scaled.labels, scaled.heatmaps, masks, strict=True):
        share = heat / max(heat.max(), np.finfo(np.float32).tiny)
        wins = mask & (share > highest)
        result[wins] = label
        highest[wins] = share[wins]
    return result
