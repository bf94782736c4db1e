"""The threshold: the rule that chooses it on the validation split, and the one loop that tries thresholds."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from gradcam_lab.console import tracked
from gradcam_lab.data.sample import Sample
from gradcam_lab.errors import LabError
from gradcam_lab.lesson_protocols import MetricsLesson
from gradcam_lab.localise.detector import Detections, Detector
from gradcam_lab.localise.experiment import Ap
from gradcam_lab.localise.maps import Maps


def require_fraction(threshold: float | None, otherwise: str) -> None:
    """Refuse a threshold of the user's that is none.

    Args:
        threshold: None where none is given.
        otherwise: which one is taken then.

    Raises:
        LabError: it is no number above 0 and up to 1.
    """
    if threshold is not None and not 0 < threshold <= 1:  # nan is not either
        raise LabError(
            f"--threshold {threshold:g} is no fraction of a map's maximum: give a number above 0 and up to 1, such as "
            f"0.5, or leave it out for {otherwise}."
        )


class ThresholdCurves(NamedTuple):
    """Scores along a grid of thresholds.

    `boxes` counts the boxes at each; `ap` and `recall` are lists along the grid by IoU threshold (as text), and
    `mean_ap` is AP's mean over the IoUs.
    """

    boxes: list[int]
    ap: dict[str, list[float]]
    recall: dict[str, list[float]]
    mean_ap: list[float]


def choose(values: Sequence[float]) -> int:
    """Return the index of the highest point of a curve after averaging each point with its two neighbours.

    With fifty dogs on validation one dog is two points of recall, and the highest single point is often the luckiest.
    A threshold whose neighbours do well too is the safer choice. An end stands in for the neighbour that it lacks, so
    that it is not judged by half as many points, and chosen for the sake of the one beside it.

    Examples:
        >>> choose([40, 45, 47, 45])
        2
        >>> choose([0, 0, 10, 0, 0, 6, 7, 6, 0])
        6
    """
    padded = np.pad(np.asarray(values, dtype=float), 1, mode="edge")
    return int(np.argmax(np.mean([padded[:-2], padded[1:-1], padded[2:]], axis=0)))


def sweep(
    detector: Detector,
    maps: Maps,
    truth: Mapping[str, Any],
    grid: Sequence[float],
    ious: Sequence[float],
    samples: Sequence[Sample] = (),
    title: str | None = None,
    ap: Ap = "area",
) -> ThresholdCurves:
    """Find and score the boxes of one split at every threshold of a grid.

    Args:
        detector: finds the boxes.
        maps: of the split.
        truth: step 4's `GroundTruth` by image, see `Experiment.ground_truth`.
        grid: the thresholds that are tried.
        ious: the IoU thresholds at which boxes are scored.
        samples: the images, for a method that looks at them.
        title: of a progress bar; None for none.
        ap: how average precision is taken.
    """
    found = detector.at(maps, grid, samples, title)
    return score_thresholds(detector.lessons.metrics, found, truth, ious, title, ap)


def score_thresholds(
    metrics: MetricsLesson,
    found: Sequence[Detections],
    truth: Mapping[str, Any],
    ious: Sequence[float],
    title: str | None = None,
    ap: Ap = "area",
) -> ThresholdCurves:
    """Score the boxes that were found at each threshold; `metrics` is step 4, the rest as in `sweep`."""
    scores = [
        metrics.evaluate(detections, truth, ious, method=ap)
        for detections in (tracked(found, f"{title}: scores", len(found)) if title else found)
    ]
    aps = {f"{iou:g}": [score[iou].ap for score in scores] for iou in ious}
    recall = {f"{iou:g}": [score[iou].recall for score in scores] for iou in ious}
    return ThresholdCurves(
        [sum(map(len, boxes.values())) for boxes in found], aps, recall, np.mean([*aps.values()], axis=0).tolist()
    )
