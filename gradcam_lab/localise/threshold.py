"""The threshold, chosen on the validation split and applied once to test."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from gradcam_lab.console import tracked
from gradcam_lab.data.sample import Sample
from gradcam_lab.lesson_modules import Lessons
from gradcam_lab.localise import box_finders
from gradcam_lab.localise.maps import Heatmaps

Detect = Callable[[float], dict[str, np.ndarray]]
"""From a threshold to the boxes of all images of a split: (n, 5) arrays by image."""

GRID = tuple(round(0.05 * step, 2) for step in range(1, 20))
"""The fractions of the map's maximum that are tried: 0.05 to 0.95."""


def choose(values: Sequence[float]) -> int:
    """Return the index of the highest point of a curve after averaging each point with its two neighbours.

    With fifty dogs on validation one dog is two points of recall, and the highest single point is often the luckiest.
    A threshold whose neighbours do well too is the safer choice. An end stands in for the neighbour that it lacks, so
    that it is not judged by half as many points, and chosen for the sake of the one beside it.
    """
    padded = np.pad(np.asarray(values, dtype=float), 1, mode="edge")
    return int(np.argmax(np.mean([padded[:-2], padded[1:-1], padded[2:]], axis=0)))


def ground_truth(lessons: Lessons, samples: Sequence[Sample], target: str) -> dict[str, Any]:
    """Return step 4's `GroundTruth` of one class for each image."""
    truth = {}
    for sample in samples:
        objects = [o for o in sample.objects if o.name == target]
        boxes = np.array([o.box for o in objects], dtype=float).reshape(-1, 4)
        truth[sample.id] = lessons.metrics.GroundTruth(boxes, np.array([o.difficult for o in objects], dtype=bool))
    return truth


def detect_all(
    lessons: Lessons,
    heatmaps: Heatmaps,
    threshold: float,
    min_area: int,
    find: box_finders.Finder = box_finders.islands,
    samples: Sequence[Sample] = (),
) -> dict[str, np.ndarray]:
    """Find boxes in every image.

    Args:
        lessons: whose steps 3 and 4 do it; for islands the whole of step 3's `detect`.
        heatmaps: the maps of a split.
        threshold: for the finder.
        min_area: for the finder.
        find: from the upsampled map to boxes.
        samples: the images, for a finder that looks at them.

    Returns:
        (n, 5) arrays by image.
    """
    by_id = {sample.id: sample for sample in samples}
    ids, sizes = heatmaps.ids.tolist(), heatmaps.sizes.tolist()
    images = (box_finders.shrunk(by_id[id].image) if by_id else None for id in ids)
    seen = zip(ids, heatmaps.maps, sizes, heatmaps.probabilities.tolist(), images, strict=True)
    return box_finders.detect_at(lessons, find, seen, [threshold], min_area)[0]


def sweep(
    lessons: Lessons,
    detect: Detect,
    truth: Mapping[str, Any],
    thresholds: Sequence[float],
    title: str,
    grid: Sequence[float] = GRID,
) -> dict[str, Any]:
    """Score every threshold of a grid on one split.

    Args:
        lessons: whose step 4 does it.
        detect: finds the boxes of the split.
        truth: step 4's `GroundTruth` of its images.
        thresholds: IoU thresholds.
        title: of the progress bar.
        grid: the fractions that are tried.

    Returns:
        `ap` and `recall`, each by IoU threshold (as text) a list along the grid, and `mean_ap`, their mean over the
        IoUs.
    """
    ap: dict[str, list[float]] = {f"{threshold:g}": [] for threshold in thresholds}
    recall: dict[str, list[float]] = {f"{threshold:g}": [] for threshold in thresholds}
    for fraction in tracked(grid, title, len(grid)):
        for threshold, score in lessons.metrics.evaluate(detect(fraction), truth, thresholds).items():
            ap[f"{threshold:g}"].append(score.ap)
            recall[f"{threshold:g}"].append(score.recall)
    return {"ap": ap, "recall": recall, "mean_ap": np.mean(list(ap.values()), axis=0).tolist()}
