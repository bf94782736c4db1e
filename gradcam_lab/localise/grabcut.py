"""Boxes of the mask that GrabCut refines from a heatmap, step 5's, on a small copy of the image."""

import cv2
import numpy as np

from gradcam_lab.lesson_modules import Lessons
from gradcam_lab.localise.box_finders import BoxesAt

SURE_FOREGROUND = 0.3
"""What reaches this share of the map's maximum surely is the object."""

SURE_BACKGROUND = (0.005, 0.01, 0.02, 0.05, 0.1, 0.2)
"""The shares among which val chooses: what does not reach it surely is not the object."""

SMALL = 96
"""The longer side of the image on which GrabCut runs: its time grows with the pixels."""


def refined(lessons: Lessons, heatmap: np.ndarray, image: np.ndarray | None, min_area: int) -> BoxesAt:
    """The boxes of step 5's refined mask, made on the small `image`; the threshold is that of the sure background."""
    if image is None:
        raise ValueError("a mask is refined by the image's colours: give the image")
    height, width = image.shape[:2]
    small = cv2.resize(heatmap, (width, height), interpolation=cv2.INTER_AREA)
    scale = np.tile([heatmap.shape[1] / width, heatmap.shape[0] / height], 2)

    def boxes_at(threshold: float) -> np.ndarray:
        mask = lessons.segmentation.segment(small, image, sure_foreground=SURE_FOREGROUND, sure_background=threshold)
        boxes = lessons.segmentation.mask_box(mask) - [1, 1, 0, 0]  # edges, not pixels: only they can be scaled
        return boxes * scale + [1, 1, 0, 0]

    return boxes_at


def shrunk(image: np.ndarray) -> np.ndarray:
    """Shrink an image (H, W, 3) to a longer side of `SMALL` at most."""
    scale = min(1.0, SMALL / max(image.shape[:2]))
    size = max(1, round(image.shape[1] * scale)), max(1, round(image.shape[0] * scale))
    return cv2.resize(image, size, interpolation=cv2.INTER_AREA)
