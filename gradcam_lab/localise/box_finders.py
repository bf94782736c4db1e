"""Ways from an upsampled heatmap to boxes, all with step 3's islands, scores and suppression."""

from collections.abc import Callable, Iterable, Sequence

import cv2
import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from gradcam_lab.lesson_modules import Lessons

Finder = Callable[[Lessons, np.ndarray, np.ndarray | None, float, int], np.ndarray]
"""From the full-size map (H, W), the image (H, W, 3; None unless `Method.needs_image`), the threshold and the least
number of pixels to boxes (n, 4). A threshold per image ignores the one it is given."""

Seen = tuple[str, np.ndarray, Sequence[int], float, np.ndarray | None]
"""An image by its id, its raw map (h, w), its `(width, height)`, the class's probability, and perhaps its pixels."""

GRID = 32
"""Hills are looked for on a map of so many cells a side."""

REACH = 5
"""Each cell climbs to the highest in a window of so many cells a side, so that a small dent does not split a hill."""

DIP = 0.65
"""Two hills are two objects where the pass between them is lower than this share of the lower peak."""


SURE_FOREGROUND = 0.3
"""What reaches this share of the map's maximum surely is the object, for GrabCut."""

SURE_BACKGROUND = (0.005, 0.01, 0.02, 0.05, 0.1, 0.2)
"""The shares among which val chooses: what does not reach it surely is not the object."""

SMALL = 96
"""The longer side of the image on which GrabCut runs."""


def islands(
    lessons: Lessons, full: np.ndarray, image: np.ndarray | None, threshold: float, min_area: int
) -> np.ndarray:
    """Step 3's way: each island of what is hot enough."""
    return lessons.boxes.mask_to_boxes(lessons.boxes.threshold_mask(full, threshold), min_area)


def otsu(lessons: Lessons, full: np.ndarray, image: np.ndarray | None, threshold: float, min_area: int) -> np.ndarray:
    """Islands above a threshold of the image's own: Otsu's (1979), which parts the histogram into two narrow halves."""
    if full.max() <= 0:
        return np.zeros((0, 4))
    levels = np.rint(255 * np.maximum(full, 0) / full.max()).astype(np.uint8)
    cut, _ = cv2.threshold(levels, 0, 255, cv2.THRESH_BINARY + cv2.THRESH_OTSU)
    return islands(lessons, full, image, (cut + 1) / 255, min_area)


def watershed(
    lessons: Lessons, full: np.ndarray, image: np.ndarray | None, threshold: float, min_area: int
) -> np.ndarray:
    """Islands with several peaks are parted along the valleys between them: the watershed of the map turned over."""
    mask = lessons.boxes.threshold_mask(full, threshold)
    height, width = full.shape
    coarse = cv2.resize(full, (GRID, GRID), interpolation=cv2.INTER_AREA)
    _, names = np.unique(merged(coarse, hills(coarse)), return_inverse=True)
    small = names.reshape(GRID, GRID).astype(np.uint16)
    labels = cv2.resize(small, (width, height), interpolation=cv2.INTER_NEAREST)
    if not names.any():
        return lessons.boxes.mask_to_boxes(mask, min_area)
    return np.concatenate([part_boxes(lessons, mask, labels == label, min_area) for label in range(names.max() + 1)])


def part_boxes(lessons: Lessons, mask: np.ndarray, part: np.ndarray, min_area: int) -> np.ndarray:
    """Box the islands of one part of a mask, searching its rectangle only: to search the whole map takes longer."""
    left, top, width, height = cv2.boundingRect((mask & part).astype(np.uint8))
    there = np.s_[top : top + height, left : left + width]
    if not width:
        return np.zeros((0, 4))
    return lessons.boxes.mask_to_boxes((mask & part)[there], min_area) + np.array([left, top, left, top])


def refined(
    lessons: Lessons, full: np.ndarray, image: np.ndarray | None, threshold: float, min_area: int
) -> np.ndarray:
    """The boxes of step 5's refined mask, made on the small `image`; the threshold is that of the sure background."""
    if image is None:
        raise ValueError("a mask is refined by the image's colours: give the image")
    height, width = image.shape[:2]
    small = cv2.resize(full, (width, height), interpolation=cv2.INTER_AREA)
    mask = lessons.segmentation.segment(small, image, sure_foreground=SURE_FOREGROUND, sure_background=threshold)
    boxes = lessons.segmentation.mask_box(mask) - [1, 1, 0, 0]  # edges instead of pixels, which alone can be scaled
    return boxes * np.tile([full.shape[1] / width, full.shape[0] / height], 2) + [1, 1, 0, 0]


def shrunk(image: np.ndarray) -> np.ndarray:
    """Shrink an image (H, W, 3) to a longer side of `SMALL` at most: GrabCut's time grows with the pixels."""
    scale = min(1.0, SMALL / max(image.shape[:2]))
    size = max(1, round(image.shape[1] * scale)), max(1, round(image.shape[0] * scale))
    return cv2.resize(image, size, interpolation=cv2.INTER_AREA)


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
    down, right = (np.s_[1:], np.s_[:-1]), (np.s_[:, 1:], np.s_[:, :-1])
    value, first, second = (
        np.concatenate([part(a, b).ravel() for a, b in (down, right)])
        for part in (
            lambda a, b: np.minimum(heat[a], heat[b]),
            lambda a, b: np.minimum(labels[a], labels[b]),
            lambda a, b: np.maximum(labels[a], labels[b]),
        )
    )
    highest: dict[tuple[int, int], float] = {}
    different = np.flatnonzero(first != second)
    for place in different[np.argsort(value[different])]:  # a higher pass overwrites a lower one
        highest[int(first[place]), int(second[place])] = float(value[place])
    return sorted(((height, *pair) for pair, height in highest.items()), reverse=True)


def detect_at(
    lessons: Lessons, finder: Finder, seen: Iterable[Seen], thresholds: Sequence[float], min_area: int
) -> list[dict[str, np.ndarray]]:
    """Find boxes in every image at each of some thresholds: (n, 5) arrays by image; see `detect`."""
    detections: list[dict[str, np.ndarray]] = [{} for _ in thresholds]
    for id, heatmap, size, probability, image in seen:
        for threshold, found in zip(thresholds, detections, strict=True):
            found[id] = detect(lessons, finder, heatmap, size, probability, threshold, min_area, image)
    return detections


def detect(
    lessons: Lessons,
    finder: Finder,
    heatmap: np.ndarray,
    size: Sequence[int],
    probability: float,
    threshold: float,
    min_area: int,
    image: np.ndarray | None = None,
    max_overlap: float = 0.5,
) -> np.ndarray:
    """Turn one raw map into scored boxes: islands by step 3 itself, and as step 3 does where they are found otherwise.

    Args:
        lessons: whose steps 3 and 4 do the rest.
        finder: from the map to boxes.
        heatmap: raw, shape (h, w).
        size: `(width, height)` of the image.
        probability: that the image holds the class.
        threshold: for the finder.
        min_area: for the finder.
        image: for a finder that looks at it.
        max_overlap: for step 3's suppression.

    Returns:
        float64, shape (n, 5), the best first; (0, 5) where there is no evidence.
    """
    width, height = size
    if finder is islands:  # the whole of step 3, which may be a student's
        return lessons.boxes.detect(
            heatmap, (height, width), probability, threshold=threshold, iou=lessons.metrics.box_iou, min_area=min_area
        )
    full = lessons.boxes.upsample(heatmap, (height, width))
    if full.max() <= 0:
        return np.zeros((0, 5))
    boxes = finder(lessons, full, image, threshold, min_area).reshape(-1, 4)
    peaks = [full[int(y0) - 1 : int(y1), int(x0) - 1 : int(x1)].max() for x0, y0, x1, y1 in boxes]
    scores = probability * np.array(peaks) / full.max()
    kept = lessons.boxes.nms(boxes, scores, max_overlap, lessons.metrics.box_iou)
    return np.column_stack([boxes, scores])[kept]
