"""What has to change in boxes so that a format can hold them, and how often it does."""

from collections import Counter
from dataclasses import replace

import numpy as np

from gradcam_lab.data.convert.image_boxes import ImageBoxes
from gradcam_lab.errors import LabError

NOTICED = 1e-3
"""What a rounding moves at most, in pixels: boxes that are cut by more are counted."""


class Losses:
    """What is not kept, and what is changed, and how often.

    Attributes:
        not_kept: how many of each thing the format has no place for.
        changed: how many boxes are changed in each way.
    """

    def __init__(self) -> None:
        self.not_kept: Counter[str] = Counter()
        self.changed: Counter[str] = Counter()

    def sentence(self, name: str) -> str:
        """Say it in one line; nothing where all is kept. `name` is that of the format."""
        lost = ", ".join(f"{count} {what}" for what, count in self.not_kept.items() if count)
        changed = ", ".join(f"{count} {what}" for what, count in self.changed.items() if count)
        clauses = [f"{name} has no place for {lost}"] if lost else []
        return "; ".join([*clauses, *([f"changed: {changed}"] if changed else [])])


def cut(image: ImageBoxes, losses: Losses) -> ImageBoxes:
    """Cut annotated boxes at the edges of their image; detections may reach beyond, and so may all without a size.

    Raises:
        LabError: a box has no part inside of its image.
    """
    if image.scores is not None or image.size is None or not len(image.boxes):
        return image
    first = np.maximum(image.boxes[:, :2], 1)
    last = np.minimum(image.boxes[:, 2:], image.size)
    outside = (last - first + 1 <= 0).any(axis=1)
    if outside.any():
        box = ", ".join(f"{value:g}" for value in image.boxes[int(outside.argmax())])
        raise LabError(
            f"'{image.source}' has a box of the image '{image.file}' ({box} in VOC's pixels) with no part inside of "
            f"its {image.size[0]} x {image.size[1]} pixels: mend it, or declare by --boxes how the boxes are stated."
        )
    boxes = np.hstack([first, last])
    moved = (np.abs(boxes - image.boxes) > NOTICED).any(axis=1)
    if not moved.any():
        return replace(image, boxes=boxes)
    losses.changed["boxes cut at the edge of their image"] += int(moved.sum())
    return replace(image, boxes=boxes)


def whole_pixels(image: ImageBoxes, losses: Losses) -> ImageBoxes:
    """Widen boxes that are less than a pixel wide or high, whose last pixel VOC would have before the first."""
    first, last = image.boxes[:, :2], image.boxes[:, 2:]
    narrow = last < first
    if not narrow.any():
        return image
    middle = (first + last) / 2
    if image.size is not None and image.scores is None:
        middle = np.clip(middle, 1, image.size)
    losses.changed["boxes made a pixel wide or high"] += int(narrow.any(axis=1).sum())
    return replace(image, boxes=np.hstack([np.where(narrow, middle, first), np.where(narrow, middle, last)]))


def crowds_are_difficult(image: ImageBoxes, losses: Losses) -> ImageBoxes:
    """Mark crowds as difficult: as in COCO, a detection on such an object is neither right nor wrong."""
    crowd = image.flags.get("crowd")
    if crowd is None or not crowd.any():
        return image
    losses.changed["crowds marked as difficult"] += int(crowd.sum())
    difficult = crowd | image.flags.get("difficult", np.zeros_like(crowd))
    return replace(image, flags={**image.flags, "difficult": difficult, "crowd": np.zeros_like(crowd)})


def drop_flags(image: ImageBoxes, losses: Losses) -> ImageBoxes:
    """Leave all flags out."""
    for flag, values in image.flags.items():
        losses.not_kept[f"flags '{flag}'"] += int(values.sum())
    return replace(image, flags={})
