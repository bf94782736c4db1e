"""Figures that others have published: copied from their texts digit by digit, in percent, and never measured here."""

from typing import Annotated, Literal

from pydantic import Field

from gradcam_lab.evaluate.records import ByIou, Count, Name, NonEmpty, Record

Percent = Annotated[float, Field(ge=0, le=100)]


class PublishedRow(Record):
    """AP and recall of one way to find boxes, in percent."""

    name: Name
    kind: Literal["published", "cheating"]
    """Cheating: the row knows which images hold a dog."""
    source: Name
    ap: ByIou[Percent]
    recall: ByIou[Percent]


class PublishedBoxes(Record):
    """Rows that were measured on the same images."""

    title: Name
    objects: Count
    """Dogs, of which the recalls are whole numbers."""
    rows: NonEmpty[PublishedRow]


class PublishedClassifier(Record):
    """The mAP of a classifier on VOC2007 test, in percent: a range."""

    source: Name
    map_low: Percent
    map_high: Percent


class Published(Record):
    """Figures that others have published, in percent, as they stand there."""

    exercise: PublishedBoxes
    """The EFEO exercise's own."""
    solution: PublishedBoxes
    """A student's."""
    classifier: PublishedClassifier


IOUS = ("0.3", "0.4", "0.5")

EFEO, SIMPLIFIED = "EFEO exercise", "EFEO exercise, simplified"
SOLUTION = "github.com/rayanramoul/GradCAM"


def _row(
    name: str,
    source: str,
    ap: tuple[float, float, float],
    recall: tuple[float, float, float],
    kind: Literal["published", "cheating"] = "published",
) -> PublishedRow:
    by_iou = (dict(zip(IOUS, values, strict=True)) for values in (ap, recall))
    return PublishedRow(name=name, kind=kind, source=source, ap=next(by_iou), recall=next(by_iou))


PUBLISHED: Published = {
    "exercise": {
        "title": "the first 500 images of VOC2007 test",
        "objects": 50,
        "rows": [
            _row("the author’s Grad-CAM", "both texts", (48.805799, 43.845483, 21.4125), (58, 54, 34)),
            _row("A: centre box, s = 0.3", SIMPLIFIED, (3.868464, 2.15691, 0.283798), (54, 38, 16)),
            _row(
                "B: centre box on dog images, s = 0.3",
                SIMPLIFIED,
                (40.296106, 22.182328, 4.509091),
                (54, 38, 16),
                "cheating",
            ),
            _row("C: scored centre box, s = 0.3", SIMPLIFIED, (50.434485, 27.06006, 5.821429), (54, 38, 16)),
            _row("A: centre box, s = 0.5", EFEO, (4.20689, 2.199484, 1.471604), (60, 44, 34)),
            _row(
                "B: centre box on dog images, s = 0.5", EFEO, (45.328972, 24.49676, 14.515679), (60, 44, 34), "cheating"
            ),
        ],
    },
    "solution": {
        "title": "a student’s solution of the EFEO exercise, by the threshold of the map",
        "objects": 530,
        "rows": [
            _row(
                "Grad-CAM, threshold 0.01",
                SOLUTION,
                (48.880971, 34.132415, 17.308526),
                (62.075472, 51.698113, 36.226415),
            ),
            _row(
                "Grad-CAM, threshold 0.02",
                SOLUTION,
                (46.853608, 32.152346, 17.796862),
                (61.132075, 50.566038, 36.792453),
            ),
            _row(
                "Grad-CAM, threshold 0.06",
                SOLUTION,
                (47.716435, 32.736706, 18.843717),
                (61.698113, 50.566038, 37.547170),
            ),
        ],
    },
    "classifier": {"source": "both texts of the EFEO exercise", "map_low": 83, "map_high": 85},
}
"""Everything that the five exercises publish in numbers, with its source."""
