"""The images on which several methods differ most: in how well objects are covered, and in false alarms."""

from collections.abc import Mapping, Sequence
from typing import Any, Literal, NamedTuple

import numpy as np

from gradcam_lab.lessons.step4_metrics import box_iou

LEAST = 0.01
"""A smaller spread is none to look at: the values are shown with two decimals."""

Kind = Literal["objects", "false alarm"]


class ImageDifference(NamedTuple):
    """One image, and a value of each method.

    Attributes:
        image: its name.
        kind: "objects": the IoU of each object with the detection that overlaps it most, on the mean over the objects;
            "false alarm", where there is no object: the score of the surest detection, or 0.
        values: one a method.
    """

    image: str
    kind: Kind
    values: tuple[float, ...]

    @property
    def spread(self) -> float:
        """The highest value less the lowest."""
        return max(self.values) - min(self.values)


def most_different(
    methods: Sequence[Mapping[str, np.ndarray]], truth: Mapping[str, Any], count: int
) -> list[ImageDifference]:
    """Return the images on which the methods differ most.

    Args:
        methods: the detections of each, (n, 5) arrays by image.
        truth: boxes (m, 4) and difficult (m,) by image; images that hold only difficult objects are left out.
        count: how many images of each kind at most.

    Returns:
        Images with objects first; within each kind by falling spread, none with less than LEAST.
    """
    none = np.zeros((0, 5))
    differences: dict[Kind, list[ImageDifference]] = {"objects": [], "false alarm": []}
    for image, (boxes, difficult) in truth.items():
        found = [detections.get(image, none) for detections in methods]
        if len(boxes) and difficult.all():
            continue
        kind: Kind = "objects" if len(boxes) else "false alarm"
        values = [
            mean_overlap(rows, boxes[~difficult]) if len(boxes) else float(rows[:, 4].max(initial=0)) for rows in found
        ]
        differences[kind].append(ImageDifference(image, kind, tuple(values)))
    return [
        item
        for items in differences.values()
        for item in sorted(items, key=lambda item: -item.spread)[:count]
        if item.spread >= LEAST
    ]


def mean_overlap(rows: np.ndarray, objects: np.ndarray) -> float:
    """Average over the objects the IoU with the detection that overlaps it most.

    Args:
        rows: detections, shape (n, 5).
        objects: at least one box, shape (m, 4).

    Examples:
        >>> mean_overlap(np.array([[1, 1, 10, 10, 0.9]]), np.array([[1, 1, 10, 10], [21, 1, 30, 10]]))
        0.5
    """
    return float(box_iou(objects, rows[:, :4]).max(axis=1, initial=0).mean())
