"""MaxBoxAccV2: how well a map's boxes could do, if somebody told us the best threshold.

Choe et al., *Evaluating Weakly Supervised Object Localization Methods Right*, CVPR 2020, and its extended version. An
image counts as correct at a threshold if any box of its map overlaps any object by at least an IoU delta; of all
thresholds the best is taken, for each delta by itself, on the very images that are scored. So this is an **oracle** and
no honest result: it compares maps, free of the choice of a threshold, and says nothing about detections, because an
image may claim as many boxes as it likes and pays for none.

Three things differ from their code: a map is cut at a fraction of its maximum and not of its range (maps after a ReLU
begin at 0), islands are connected components, as in step 3, and the thresholds are the few of the run's own sweep. They
try a great many, and the more are tried, the higher the best of them. `wsol_scores` has their very rules.
"""

from collections.abc import Sequence

import numpy as np

from gradcam_lab.evaluate.bootstrap import estimate, image_draws
from gradcam_lab.evaluate.records import MaxBoxAcc, MaxBoxAccRow
from gradcam_lab.lesson_modules import Lessons
from gradcam_lab.localise.methods import GRID

DELTAS = (0.3, 0.5, 0.7)
"""The IoU thresholds of the paper's extended version."""


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


def max_box_acc(overlaps: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """Compute the share of correct images at the best threshold, for each IoU of `DELTAS`.

    Args:
        overlaps: from `best_overlap`, shape (images, thresholds), at least one image. An overlap of exactly an IoU is
            enough, as in the paper.
        counts: how often each image counts in each of n samples, shape (n, images); each finds its own best threshold.

    Returns:
        Shape (n, IoUs). The mean of a row is MaxBoxAccV2.
    """
    return np.stack([(counts @ (overlaps >= delta) / len(overlaps)).max(axis=1) for delta in DELTAS], axis=1)


def score_overlaps(overlaps: np.ndarray, seed: int) -> MaxBoxAcc:
    """Score one kind of map.

    Args:
        overlaps: from `best_overlap`, shape (images, thresholds of `GRID`).
        seed: of the bootstrap over images.

    Returns:
        A row an IoU (as text), and their `mean`, which is MaxBoxAccV2 itself; None where there is no image.
    """
    images = len(overlaps)
    if not images:
        none = estimate(np.nan, np.zeros(0))
        return {"oracle": True, "images": 0, "rows": {f"{delta:g}": {**none} for delta in DELTAS}, "mean": none}
    points = max_box_acc(overlaps, np.ones((1, images)))[0]
    draws = max_box_acc(overlaps, image_draws(images, seed))
    rows: dict[str, MaxBoxAccRow] = {
        f"{delta:g}": {
            **estimate(points[k], draws[:, k]),
            "threshold": GRID[int((overlaps >= delta).mean(axis=0).argmax())],
        }
        for k, delta in enumerate(DELTAS)
    }
    return {"oracle": True, "images": images, "rows": rows, "mean": estimate(points.mean(), draws.mean(axis=1))}
