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

import numpy as np

from gradcam_lab.console import tracked
from gradcam_lab.data.sample import Sample
from gradcam_lab.evaluate.bootstrap import Estimate, estimate, image_draws
from gradcam_lab.evaluate.records import MaxBoxAcc, MaxBoxAccRow
from gradcam_lab.lesson_modules import Lessons
from gradcam_lab.localise.experiment import Experiment
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


def max_box_acc(overlaps: np.ndarray, deltas: Sequence[float] = DELTAS) -> np.ndarray:
    """Compute the share of correct images at the best threshold, for each IoU.

    Args:
        overlaps: from `best_overlap`, shape (images, thresholds), at least one image.
        deltas: the IoU thresholds; an overlap of exactly delta is enough, as in the paper.

    Returns:
        shape (deltas,). Its mean is MaxBoxAccV2.
    """
    return np.array([(overlaps >= delta).mean(axis=0).max() for delta in deltas])


def score_maps(experiment: Experiment, samples: Sequence[Sample], cams: Iterable[np.ndarray]) -> MaxBoxAcc:
    """Score the maps of all images that hold an object of the target which is not difficult.

    Args:
        experiment: whose target it is, whose steps 3 and 4 do it, and whose seed the bootstrap over images has; in
            each draw the best thresholds are found again.
        samples: the images.
        cams: a map for each, (h, w), of any size, in the same order.

    Returns:
        A row an IoU (as text), and their `mean`, which is MaxBoxAccV2 itself; None where there is no such image.
    """
    truth, upsample = experiment.ground_truth(samples), experiment.lessons.boxes.upsample
    overlaps = []
    for sample, cam in tracked(zip(samples, cams, strict=True), "MaxBoxAccV2", len(samples)):
        objects = truth[sample.id].boxes[~truth[sample.id].difficult]
        if len(objects):
            heatmap = upsample(cam, sample.size[::-1])
            overlaps.append(best_overlap(experiment.lessons, heatmap, objects, GRID))
    if not overlaps:
        empty = Estimate(None, None, None).record()
        return {"oracle": True, "images": 0, "rows": {f"{delta:g}": {**empty} for delta in DELTAS}, "mean": empty}
    table = np.array(overlaps)
    points, draws = max_box_acc(table), resampled(table, experiment.seed)
    rows: dict[str, MaxBoxAccRow] = {
        f"{delta:g}": {
            **estimate(points[k], draws[:, k]).record(),
            "threshold": GRID[int((table >= delta).mean(axis=0).argmax())],
        }
        for k, delta in enumerate(DELTAS)
    }
    mean = estimate(points.mean(), draws.mean(axis=1)).record()
    return {"oracle": True, "images": len(table), "rows": rows, "mean": mean}


def resampled(overlaps: np.ndarray, seed: int, deltas: Sequence[float] = DELTAS) -> np.ndarray:
    """Run `max_box_acc` on bootstrap samples of the images: shape (draws, deltas)."""
    counts = image_draws(len(overlaps), seed)
    return np.stack([(counts @ (overlaps >= delta) / len(overlaps)).max(axis=1) for delta in deltas], axis=1)
