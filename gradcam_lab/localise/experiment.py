"""What travels together through a run: who looks for what, and how it is counted."""

from dataclasses import dataclass

from gradcam_lab.lesson_modules import Lessons
from gradcam_lab.models.classifier import Classifier

IOUS = (0.3, 0.4, 0.5)
"""The IoU thresholds of every table."""

MIN_AREA = 30
"""The smallest island that becomes a box, in pixels of the image."""


@dataclass(frozen=True)
class Experiment:
    """One network, one set of lessons, one class to find.

    Attributes:
        classifier: the network that is explained.
        lessons: the code that does it, the reference's or a student's.
        target: the class to find, or `ALL`.
        precision: arithmetic of the network, "float32" or "bf16" (automatic mixed precision).
        ious: the IoU thresholds.
        min_area: the smallest island that becomes a box, in pixels of the image.
        seed: of the bootstrap and of everything that is drawn by lot.
    """

    classifier: Classifier
    lessons: Lessons
    target: str
    precision: str = "float32"
    ious: tuple[float, ...] = IOUS
    min_area: int = MIN_AREA
    seed: int = 0
