"""MaxBoxAccV2: how well a map's boxes could do, if somebody told us the best threshold.

Choe et al., *Evaluating Weakly Supervised Object Localization Methods Right*, CVPR 2020, and its extended version. An
image counts as correct at a threshold if any box of its map overlaps any object by at least an IoU delta; of all
thresholds the best is taken, for each delta by itself, on the very images that are scored. So this is an **oracle** and
no honest result: it compares maps, free of the choice of a threshold, and says nothing about detections, because an
image may claim as many boxes as it likes and pays for none.

Three things differ from their code: a map is cut at a fraction of its maximum and not of its range (maps after a ReLU
begin at 0), islands are connected components, as in step 3, and the thresholds are the few of the run's own sweep. They
try a great many, and the more are tried, the higher the best of them.
"""

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from gradcam_lab.console import tracked
from gradcam_lab.data.sample import Sample
from gradcam_lab.evaluate import scores
from gradcam_lab.lesson_modules import Lessons
from gradcam_lab.localise import threshold

IOUS = (0.3, 0.5, 0.7)
GRID = threshold.GRID


def best_overlap(lessons: Lessons, heatmap: np.ndarray, objects: np.ndarray, fractions: Sequence[float]) -> np.ndarray:
    """Find the highest IoU of any box with any object, at each threshold.

    Args:
        lessons: whose step 3 makes the boxes and whose step 4 compares them.
        heatmap: shape (H, W), at the image's size.
        objects: shape (m, 4), at least one.
        fractions: the thresholds, as fractions of the map's maximum.

    Returns:
        shape (thresholds,); 0 where there is no box.
    """
    boxes = [lessons.boxes.mask_to_boxes(lessons.boxes.threshold_mask(heatmap, fraction), 1) for fraction in fractions]
    return np.array([lessons.metrics.box_iou(found, objects).max(initial=0) for found in boxes])


def max_box_acc(overlaps: np.ndarray, ious: Sequence[float] = IOUS) -> np.ndarray:
    """Compute the share of correct images at the best threshold, for each IoU.

    Args:
        overlaps: from `best_overlap`, shape (images, thresholds), at least one image.
        ious: the deltas; an overlap of exactly delta is enough, as in the paper.

    Returns:
        shape (ious,). Its mean is MaxBoxAccV2.
    """
    return np.array([(overlaps >= iou).mean(axis=0).max() for iou in ious])


def score_maps(
    lessons: Lessons,
    samples: Sequence[Sample],
    maps: Iterable[np.ndarray],
    target: str,
    seed: int = 0,
    fractions: Sequence[float] = GRID,
) -> dict[str, Any]:
    """Score the maps of all images that hold an object of the target which is not difficult.

    Args:
        lessons: the lessons.
        samples: the images.
        maps: a map for each, (h, w), of any size, in the same order.
        target: the class.
        seed: of the bootstrap over images; in each draw the best thresholds are found again.
        fractions: the thresholds that are tried.

    Returns:
        `oracle` (True), `images`, `rows` (by IoU: `value`, `low`, `high`, `threshold`) and `mean`, MaxBoxAccV2 itself
        (`value`, `low`, `high`); None where there is no such image.
    """
    truth = threshold.ground_truth(lessons, samples, target)
    overlaps = []
    for sample, raw in tracked(zip(samples, maps, strict=True), "MaxBoxAccV2", len(samples)):
        objects = truth[sample.id].boxes[~truth[sample.id].difficult]
        if len(objects):
            full = lessons.boxes.upsample(raw, sample.size[::-1])
            overlaps.append(best_overlap(lessons, full, objects, fractions))
    table = np.array(overlaps).reshape(-1, len(fractions))
    if not len(table):
        empty = {"value": None, "low": None, "high": None}
        return {"oracle": True, "images": 0, "rows": {f"{iou:g}": empty for iou in IOUS}, "mean": empty}
    points, draws = max_box_acc(table), resampled(table, seed)
    rows = {
        f"{iou:g}": {**_row(points[k], draws[:, k]), "threshold": fractions[int((table >= iou).mean(axis=0).argmax())]}
        for k, iou in enumerate(IOUS)
    }
    return {"oracle": True, "images": len(table), "rows": rows, "mean": _row(points.mean(), draws.mean(axis=1))}


def resampled(overlaps: np.ndarray, seed: int, ious: Sequence[float] = IOUS) -> np.ndarray:
    """Run `max_box_acc` on bootstrap samples of the images: shape (draws, ious)."""
    counts = scores.image_draws(len(overlaps), seed)
    return np.stack([(counts @ (overlaps >= iou) / len(overlaps)).max(axis=1) for iou in ious], axis=1)


def _row(value: float, draws: np.ndarray) -> dict[str, float | None]:
    low, high = scores.interval(draws)
    return {"value": float(value), "low": low, "high": high}
