"""What a run is about: the network, the lessons, the class to find, and how boxes are scored."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from gradcam_lab.data.sample import Sample
from gradcam_lab.lesson_modules import Lessons
from gradcam_lab.lesson_protocols import GroundTruth
from gradcam_lab.models.classifier import Classifier

ALL = "all"
"""As a target: every class that the classifier knows."""

IOUS = (0.3, 0.4, 0.5)
"""The IoU thresholds of every table."""

MIN_AREA = 30
"""The smallest island that becomes a box, in pixels of the image."""

Align = Literal["auto", "off"]
"""Whether a shift of the maps that mirrors show is taken out of them, see `evaluate.alignment`."""

Precision = Literal["float32", "bf16"]
"""Floating-point format of the network."""

Ap = Literal["area", "11point"]
"""The average precision: the area below all points of the curve, or VOC2007's mean of eleven; see step 4."""


@dataclass(frozen=True)
class Experiment:
    """One network, one set of lessons, one class to find.

    Attributes:
        classifier: the network that is explained.
        lessons: the code that does it, the reference's or a student's.
        target: the class to find, or `ALL`.
        precision: arithmetic of the network; "bf16" is automatic mixed precision.
        ious: the IoU thresholds.
        min_area: the smallest island that becomes a box, in pixels of the image.
        seed: of the bootstrap and of all other random numbers.
        ap: how average precision is taken.
        threshold: given by the user, a fraction of the map's maximum; None where val chooses.
        max_detections: the most boxes of an image, the surest ones; None for all.
    """

    classifier: Classifier
    lessons: Lessons
    target: str
    precision: Precision = "float32"
    ious: tuple[float, ...] = IOUS
    min_area: int = MIN_AREA
    seed: int = 0
    ap: Ap = "area"
    threshold: float | None = None
    max_detections: int | None = None

    def ground_truth(self, samples: Sequence[Sample]) -> dict[str, GroundTruth]:
        """Return step 4's `GroundTruth` of the target for each image, by its id."""
        return ground_truth(self.lessons, samples, self.target)


def ground_truth(lessons: Lessons, samples: Sequence[Sample], target: str) -> dict[str, GroundTruth]:
    """Return step 4's `GroundTruth` of one class for each image, by its id."""
    truth = {}
    for sample in samples:
        objects = [item for item in sample.objects if item.name == target]
        boxes = np.array([item.box for item in objects], dtype=float).reshape(-1, 4)
        difficult = np.array([item.difficult for item in objects], dtype=bool)
        truth[sample.id] = lessons.metrics.GroundTruth(boxes, difficult)
    return truth
