"""From a heatmap of the image's size to boxes, by step 3's islands; see also `watershed` and `grabcut`."""

from collections.abc import Callable

import cv2
import numpy as np

from gradcam_lab.lesson_modules import Lessons

BoxesAt = Callable[[float], np.ndarray]
"""From a threshold to boxes (n, 4)."""

Finder = Callable[[Lessons, np.ndarray, np.ndarray | None, int], BoxesAt]
"""From the heatmap (H, W), the image (H, W, 3; None unless `Method.needs_image`) and the least number of pixels to what
finds the boxes at a threshold: whatever does not depend on the threshold is done once for all of them. A finder with a
threshold of each image's own ignores the one that it is given."""


def islands(lessons: Lessons, heatmap: np.ndarray, image: np.ndarray | None, min_area: int) -> BoxesAt:
    """Step 3's way: each island of what is hot enough."""
    return lambda threshold: lessons.boxes.mask_to_boxes(lessons.boxes.threshold_mask(heatmap, threshold), min_area)


def otsu(lessons: Lessons, heatmap: np.ndarray, image: np.ndarray | None, min_area: int) -> BoxesAt:
    """Islands above a threshold of the image's own: Otsu's (1979), which parts the histogram into two narrow halves."""
    if heatmap.max() <= 0:
        return lambda threshold: np.zeros((0, 4))
    levels = np.rint(255 * np.maximum(heatmap, 0) / heatmap.max()).astype(np.uint8)
    cut, _ = cv2.threshold(levels, 0, 255, cv2.THRESH_BINARY + cv2.THRESH_OTSU)
    boxes = islands(lessons, heatmap, image, min_area)((cut + 1) / 255)
    return lambda threshold: boxes
