"""Why a box was wrong: every object that no detection matched, sorted into four kinds.

These are about one class and about what weak supervision does to boxes. The general kinds of errors of detections, of
all classes, are TIDE's: see `evaluate.tide`.
"""

from collections.abc import Mapping
from typing import NamedTuple, get_args

import numpy as np

from gradcam_lab.evaluate.records import FailureKind
from gradcam_lab.lesson_protocols import GroundTruth
from gradcam_lab.localise.experiment import Experiment

KINDS: tuple[FailureKind, ...] = get_args(FailureKind)
"""The kinds of errors, see `find_failures`."""

FAILURE_IOU = 0.5
"""An object is not found where no detection overlaps it by more than this IoU."""

TOUCHES = 0.1
"""A detection whose IoU with an object is below this does not concern it."""
INSIDE = 0.75
"""A box lies inside an object if this share of its pixels does."""
COVERED = 0.5
"""A box covers an object if it holds this share of the object's pixels."""


class Failure(NamedTuple):
    """One object that was not found: the image, the object's index, the kind, and the best IoU any detection had."""

    image: str
    object: int
    kind: FailureKind
    iou: float


def find_failures(
    experiment: Experiment, detections: Mapping[str, np.ndarray], truth: Mapping[str, GroundTruth], iou: float
) -> list[Failure]:
    """Explain every object that is not difficult and that no detection overlaps by more than an IoU threshold.

    The detection it overlaps most with decides. None to speak of: *missed*. One that covers several objects of the
    class: *merged*. One that lies inside the object: *head only*, because it is the most telling part that the
    network lights. Anything else spills over into the surroundings: *context*.

    Returns:
        The failures, the worst (lowest IoU) first within each kind.
    """
    failures = []
    for image, objects in truth.items():
        boxes = detections[image][:, :4]
        overlaps = experiment.lessons.metrics.box_iou(objects.boxes, boxes)  # (objects, detections)
        for index in np.flatnonzero(~objects.difficult).tolist():
            best = overlaps[index].max(initial=0)
            if best <= iou:
                kind = _kind(objects.boxes, index, boxes[overlaps[index].argmax()]) if best >= TOUCHES else "missed"
                failures.append(Failure(image, index, kind, float(best)))
    return sorted(failures, key=lambda failure: (KINDS.index(failure.kind), failure.iou))


def _kind(objects: np.ndarray, index: int, box: np.ndarray) -> FailureKind:
    shared = np.array([_shared_pixels(item, box) for item in objects])
    if (shared > COVERED * np.array([_pixels(item) for item in objects])).sum() > 1:
        return "merged"
    return "head only" if shared[index] > INSIDE * _pixels(box) else "context"


def _pixels(box: np.ndarray) -> float:
    return float((box[2:] - box[:2] + 1).clip(min=0).prod())


def _shared_pixels(a: np.ndarray, b: np.ndarray) -> float:
    return _pixels(np.concatenate([np.maximum(a[:2], b[:2]), np.minimum(a[2:], b[2:])]))
