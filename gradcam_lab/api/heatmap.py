"""A map as one looks at it."""

import numpy as np

from gradcam_lab.lesson_modules import Lessons


def heatmap_of(cam: np.ndarray, size: tuple[int, int], lessons: Lessons) -> np.ndarray:
    """Stretch a raw map over its photo, bilinear between the centres of the cells, and divide it by its maximum.

    Args:
        cam: shape (h, w), on the layer's grid.
        size: `(width, height)` of the photo.
        lessons: whose steps 1 and 3 do it.

    Returns:
        float32, shape (height, width), from 0 to 1; all 0 where the map is nowhere positive.
    """
    width, height = size
    return lessons.cam.normalize_map(lessons.boxes.upsample(cam, (height, width)))
