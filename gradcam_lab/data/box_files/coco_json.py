"""The entries of COCO's files as they are written; pycocotools reads them by `COCO(...)` and `loadRes`.

A box is `[x, y, width, height]`, counted from 0; its numbers have 10 digits and a score 9, so that no two become equal.
"""

from collections.abc import Hashable, Mapping, Sequence
from typing import Any

import numpy as np

from gradcam_lab.data.box_conventions import from_voc

FLAGS = {"crowd": "iscrowd", "difficult": "ignore", "truncated": "truncated"}
"""The key of each flag: COCO's own, that by which converters of VOC's data tell difficult objects, and VOC's word."""


def image_entry(number: Hashable, file: str, size: tuple[int, int] | None) -> dict[str, Any]:
    """Return the entry of an image; its size is left out where it is not known."""
    sides = {} if size is None else {"width": size[0], "height": size[1]}
    return {"id": number, "file_name": file, **sides}


def category_entries(names: Mapping[Hashable, str]) -> list[dict[str, Any]]:
    """Return the entries of the classes, given by their numbers."""
    return [{"id": number, "name": name} for number, name in names.items()]


def result_texts(image: str, categories: Sequence[str], boxes: np.ndarray, scores: np.ndarray) -> list[str]:
    """Return the JSON of each result, a scored box.

    Args:
        image: the JSON of the image's number.
        categories: the JSON of the number of each box's class, shape (n,).
        boxes: in VOC's pixels, shape (n, 4).
        scores: shape (n,).

    Examples:
        >>> result_texts("7", ["1"], np.array([[1, 1, 10, 20]]), np.array([0.75]))
        ['{"image_id": 7, "category_id": 1, "bbox": [0, 0, 10, 20], "score": 0.75}']
    """
    return [
        f'{{"image_id": {image}, "category_id": {category}, "bbox": [{x:.10g}, {y:.10g}, {width:.10g}, {height:.10g}], '
        f'"score": {score:.9g}}}'
        for category, (x, y, width, height), score in zip(categories, _rows(boxes), scores.tolist(), strict=True)
    ]


def annotation_texts(
    first: int, image: str, categories: Sequence[str], boxes: np.ndarray, flags: Mapping[str, np.ndarray]
) -> list[str]:
    """Return the JSON of each annotated object.

    Args:
        first: the number of the first.
        image: the JSON of the image's number.
        categories: the JSON of the number of each object's class, shape (n,).
        boxes: in VOC's pixels, shape (n, 4).
        flags: those of `FLAGS` that are set for some, bool, shape (n,); of those that COCO does not have itself only
            the set ones are written.
    """
    none = np.zeros(len(boxes), bool)
    marks = [f', "iscrowd": {crowd:d}' for crowd in flags.get("crowd", none).tolist()]
    for flag in ("difficult", "truncated"):
        for place in np.flatnonzero(flags.get(flag, none)).tolist():
            marks[place] += f', "{FLAGS[flag]}": 1'
    return [
        f'{{"id": {number}, "image_id": {image}, "category_id": {category}, '
        f'"bbox": [{x:.10g}, {y:.10g}, {width:.10g}, {height:.10g}], "area": {width * height:.10g}{mark}}}'
        for number, (category, (x, y, width, height), mark) in enumerate(
            zip(categories, _rows(boxes), marks, strict=True), first
        )
    ]


def _rows(boxes: np.ndarray) -> list[list[float]]:
    rows: list[list[float]] = (from_voc(boxes, "coco") + 0.0).tolist()  # + 0.0: no -0
    return rows
