"""The threshold, chosen on the validation split and applied once to test."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from gradcam_lab.console import tracked
from gradcam_lab.data.sample import Sample
from gradcam_lab.pipeline.heatmaps import Heatmaps
from gradcam_lab.pipeline.steps import Steps

GRID = tuple(round(0.05 * step, 2) for step in range(1, 20))
"""The fractions of the map's maximum that are tried: 0.05 to 0.95."""


def choose(values: Sequence[float]) -> int:
    """Return the index of the highest point of a curve after averaging each point with its two neighbours.

    With fifty dogs on validation one dog is two points of recall, and the highest single point is often the luckiest.
    A threshold whose neighbours do well too is the safer choice.
    """
    padded = np.pad(np.asarray(values, dtype=float), 1, constant_values=np.nan)  # the ends have one neighbour only
    return int(np.argmax(np.nanmean([padded[:-2], padded[1:-1], padded[2:]], axis=0)))


def ground_truth(steps: Steps, samples: Sequence[Sample], target: str) -> dict[str, Any]:
    """Return step 4's `GroundTruth` of one class for each image."""
    truth = {}
    for sample in samples:
        objects = [o for o in sample.objects if o.name == target]
        boxes = np.array([o.box for o in objects], dtype=float).reshape(-1, 4)
        truth[sample.id] = steps.metrics.GroundTruth(boxes, np.array([o.difficult for o in objects], dtype=bool))
    return truth


def detect_all(steps: Steps, heatmaps: Heatmaps, threshold: float, min_area: int) -> dict[str, np.ndarray]:
    """Run step 3 on every image: (n, 5) arrays by image."""
    detections = {}
    for id, heatmap, probability, (width, height) in zip(
        heatmaps.ids.tolist(), heatmaps.maps, heatmaps.probabilities, heatmaps.sizes.tolist(), strict=True
    ):
        detections[id] = steps.boxes.detect(
            heatmap,
            (height, width),
            float(probability),
            threshold=threshold,
            iou=steps.metrics.box_iou,
            min_area=min_area,
        )
    return detections


def sweep(
    steps: Steps, heatmaps: Heatmaps, truth: Mapping[str, Any], thresholds: Sequence[float], min_area: int, title: str
) -> dict[str, Any]:
    """Score every threshold of the grid on one split.

    Returns:
        `ap` and `recall`, each by IoU threshold (as text) a list along `GRID`, and `mean_ap`, their mean over the IoUs.
    """
    ap: dict[str, list[float]] = {f"{threshold:g}": [] for threshold in thresholds}
    recall: dict[str, list[float]] = {f"{threshold:g}": [] for threshold in thresholds}
    for fraction in tracked(GRID, title, len(GRID)):
        detections = detect_all(steps, heatmaps, fraction, min_area)
        for threshold, score in steps.metrics.evaluate(detections, truth, thresholds).items():
            ap[f"{threshold:g}"].append(score.ap)
            recall[f"{threshold:g}"].append(score.recall)
    return {"ap": ap, "recall": recall, "mean_ap": np.mean(list(ap.values()), axis=0).tolist()}
