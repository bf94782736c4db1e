"""MaxBoxAcc, MaxBoxAccV2 and PxAP of score maps, by the rules of wsolevaluation.

Choe et al., *Evaluating Weakly Supervised Object Localization Methods Right*, CVPR 2020, and its extended version. Its
code (clovaai/wsolevaluation) squashes maps, boxes and masks to 224 x 224, gives each map the range from 0 to 1, and

- **MaxBoxAcc** draws a box around the largest contour at each of 1000 thresholds; an image is right where the IoU with
  an object is at least 0.5, and the best threshold of all images counts;
- **MaxBoxAccV2** draws a box around every contour, also that of a hole, and takes the mean over the IoUs 0.3, 0.5, 0.7;
- **PxAP** is the area below the curve of precision and recall over pixels, with 1000 thresholds.

All three choose on the very images that they score: they are oracles, and compare maps, free of the choice of a
threshold. What a report calls MaxBoxAccV2 (`max_box_acc`) cuts maps as its boxes are cut, and tries fewer thresholds.
"""

from typing import NamedTuple

import cv2
import numpy as np

from gradcam_lab.lessons.step4_metrics import box_iou

SIDE = 224
"""Height and width at which maps, boxes and masks are compared, in pixels."""

THRESHOLDS = np.arange(0, 1, 0.001)
"""Their thresholds, as shares of a map's range."""

BINS = np.append(THRESHOLDS, [1.0, 2.0, 3.0])
"""The borders of the bins in which pixels are counted; a value of 1 has a bin of its own."""

IOU = 0.5
"""From here on a box of MaxBoxAcc is right."""

IOUS = (0.3, 0.5, 0.7)
"""The IoUs of MaxBoxAccV2."""


class BestOverlaps(NamedTuple):
    """The highest IoU of a map's boxes with any object at each threshold, shape (1000,) each.

    `largest` is that of the box around the largest contour, `any_contour` that of the boxes around all of them.
    """

    largest: np.ndarray
    any_contour: np.ndarray


class PixelCounts(NamedTuple):
    """The pixels of objects, and all others, in each bin of a map's values, int (1002,) each."""

    inside: np.ndarray
    outside: np.ndarray


def score_map(cam: np.ndarray) -> np.ndarray:
    """Squash a map of any size, shape (h, w), to (224, 224), with values from 0 to 1; all 0 where it is constant.

    Examples:
        >>> squashed = score_map(np.array([[1.0, 2.0], [3.0, 5.0]]))
        >>> squashed.shape, float(squashed.min()), float(squashed.max())
        ((224, 224), 0.0, 1.0)
    """
    wide: np.ndarray = np.asarray(cam, dtype=np.float64)
    if wide.shape != (SIDE, SIDE):
        wide = cv2.resize(wide, (SIDE, SIDE), interpolation=cv2.INTER_CUBIC)
    wide = wide - wide.min()
    return wide / wide.max() if wide.max() > 0 else wide


def squashed_boxes(objects: np.ndarray, size: tuple[float, float]) -> np.ndarray:
    """Bring boxes (m, 4) of an image of `(width, height)`, in VOC's pixels, to 224 x 224, from 0 on: int (m, 4)."""
    scale = SIDE / np.array([size[0], size[1], size[0], size[1]], dtype=float)
    return ((np.asarray(objects, dtype=float).reshape(-1, 4) - 1) * scale).astype(int)


def best_overlaps(scores: np.ndarray, objects: np.ndarray) -> BestOverlaps:
    """Find how well a map's boxes fit the objects at each threshold.

    Args:
        scores: from `score_map`.
        objects: from `squashed_boxes`, at least one.
    """
    grey = (scores * 255).astype(np.uint8)
    levels, places = np.unique((THRESHOLDS * grey.max()).astype(int), return_inverse=True)
    found = np.array([_overlaps_at(grey, level, objects) for level in levels.tolist()])
    return BestOverlaps(*found[places].T)


def _overlaps_at(grey: np.ndarray, level: int, objects: np.ndarray) -> tuple[float, float]:
    """The best IoU of the largest contour's box, and of any contour's, where the map exceeds a level."""
    above = cv2.threshold(grey, level, 255, cv2.THRESH_BINARY)[1]
    contours = cv2.findContours(above, cv2.RETR_TREE, cv2.CHAIN_APPROX_SIMPLE)[0]
    if not contours:  # a box of one pixel in the corner stands for none
        best = box_iou(np.zeros((1, 4)), objects).max()
        return best, best
    rectangles = np.array([cv2.boundingRect(contour) for contour in contours])
    corners = np.minimum(rectangles[:, :2] + rectangles[:, 2:], SIDE - 1)  # one pixel beyond, but for the border
    best_of_each = box_iou(np.hstack([rectangles[:, :2], corners]), objects).max(axis=1)
    largest = int(np.argmax([cv2.contourArea(contour) for contour in contours]))
    return best_of_each[largest], best_of_each.max()


def pixel_counts(scores: np.ndarray, mask: np.ndarray) -> PixelCounts:
    """Count the pixels of objects and of the background in each bin of a map's values.

    Args:
        scores: from `score_map`.
        mask: at the same size: 1 for an object, 0 for none, 255 for what does not count.
    """
    return PixelCounts(*(np.histogram(scores[mask == value], bins=BINS)[0] for value in (1, 0)))


def squashed_mask(mask: np.ndarray) -> np.ndarray:
    """Bring a mask of any size to 224 x 224 by the nearest pixel."""
    return cv2.resize(mask, (SIDE, SIDE), interpolation=cv2.INTER_NEAREST)


def max_box_acc(right: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """Compute the share of right images at the best threshold.

    Args:
        right: whether the IoU of an image reaches what is asked, at each threshold: bool (images, 1000), of at least
            one image.
        counts: how often each image counts in each of n samples, shape (n, images); each finds its own best threshold.

    Returns:
        Shape (n,).
    """
    return (counts.astype(np.float32) @ right.astype(np.float32)).max(axis=1) / len(right)


def px_ap(inside: np.ndarray, outside: np.ndarray) -> np.ndarray:
    """Compute the average precision of pixels.

    Args:
        inside: pixels of objects by bin, shape (n, 1002), of n samples of images.
        outside: all others, of the same shape.

    Returns:
        Shape (n,); NaN where there is no pixel of an object.
    """
    hits, others = (part[:, ::-1].cumsum(axis=1).astype(float) for part in (inside, outside))
    with np.errstate(invalid="ignore", divide="ignore"):
        recall = hits / hits[:, -1:]
        precision = np.where(hits + others > 0, hits / (hits + others), 0)
    return (precision[:, 1:] * np.diff(recall, axis=1)).sum(axis=1)
