"""Detections and ground truth as JSON, in the two formats that every other tool of the course can read.

detections    {image: [[xmin, ymin, xmax, ymax, score], ...]}
ground truth  {image: [[xmin, ymin, xmax, ymax], ...]}   or   {image: [{"box": [...], "difficult": true}, ...]}

Boxes that are stated otherwise (`Stated`) become VOC's pixels as they are read.
"""

import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from gradcam_lab.data.box_files.arrays import finite_rows
from gradcam_lab.data.box_files.ground_truth import ObjectArrays, objects_of
from gradcam_lab.data.box_files.json_parts import by_parts
from gradcam_lab.data.box_files.stated import VOC, Stated
from gradcam_lab.data.sample import Sample
from gradcam_lab.errors import LabError
from gradcam_lab.files import read_json, write_json


def read_detections(path: Path) -> dict[str, np.ndarray]:
    """Read detections: an (n, 5) array `xmin, ymin, xmax, ymax, score` for each image.

    Raises:
        LabError: the file is missing or not of this format, holds a number that is not finite, or boxes that are
            shares of their images.
    """
    return by_parts(path, lambda parts: detections_of(path, parts))


def detections_in(path: Path, content: Any, stated: Stated = VOC) -> dict[str, np.ndarray]:
    """Return the detections in the JSON of a file; see `read_detections`."""
    images = _lists_by_image(path, content)
    return dict(zip(images, _parts(_boxes(images, 5, path, stated), images.values()), strict=True))


def detections_of(path: Path, parts: Iterable[Any], stated: Stated = VOC) -> dict[str, np.ndarray]:
    """Return the detections in the JSON of a file, which is read in parts; see `read_detections`.

    Raises:
        ValueError: two parts have the same image.
    """
    found: dict[str, np.ndarray] = {}
    for content in parts:
        before = len(found)
        new = detections_in(path, content, stated)
        found |= new
        if len(found) < before + len(new):
            raise ValueError("an image is there twice")
    return found


def read_ground_truth(path: Path) -> dict[str, ObjectArrays]:
    """Read objects: for each image their boxes (m, 4) and whether each is difficult, bool (m,).

    Raises:
        LabError: the file is missing or not of this format, holds a number that is not finite, or boxes that are
            shares of their images.
    """
    return objects_in(path, read_json(path))


def objects_in(path: Path, content: Any, stated: Stated = VOC) -> dict[str, ObjectArrays]:
    """Return the objects in the JSON of a file; see `read_ground_truth`."""
    images = _lists_by_image(path, content)
    rows = [row for rows in images.values() for row in rows]
    flags, plain = np.zeros(len(rows), bool), images
    if dict in set(map(type, rows)):
        flags = np.array([_difficult(row, path, image) for image, rows in images.items() for row in rows], dtype=bool)
        plain = {
            image: [row.get("box") if isinstance(row, dict) else row for row in rows] for image, rows in images.items()
        }
    parts = (_parts(values, plain.values()) for values in (_boxes(plain, 4, path, stated), flags))
    return dict(zip(images, zip(*parts, strict=True), strict=True))


def _parts(values: np.ndarray, lists: Iterable[Sequence[Any]]) -> Iterable[np.ndarray]:
    """Cut an array into consecutive parts as long as the given lists."""
    end = 0
    for part in lists:
        begin, end = end, end + len(part)
        yield values[begin:end]


def write_detections(path: Path, detections: Mapping[str, np.ndarray]) -> None:
    """Write detections, every image with a list, also an empty one.

    Coordinates are rounded to 6 decimals, but scores to 9 significant digits: a softmax gives an image without the
    class 1e-7 and another 1e-9, and rounding both to 0 would make ties that the classifier did not.
    """
    write_json(path, {image: [_rounded(row) for row in rows.tolist()] for image, rows in detections.items()})


def _rounded(row: list[float]) -> list[float]:
    *box, score = row
    return [*(round(value, 6) for value in box), float(f"{score:.9g}")]


def write_ground_truth(path: Path, samples: Iterable[Sample], target: str) -> None:
    """Write the objects of one class in each sample."""
    write_objects(path, objects_of(samples, target))


def write_objects(path: Path, truth: Mapping[str, ObjectArrays]) -> None:
    """Write the objects of each image: their boxes, shape (m, 4), and whether each is difficult, shape (m,)."""
    rows = {image: zip(boxes.tolist(), difficult.tolist(), strict=True) for image, (boxes, difficult) in truth.items()}
    write_json(path, {image: [{"box": box, "difficult": flag} for box, flag in row] for image, row in rows.items()})


def _lists_by_image(path: Path, content: Any) -> dict[str, list[Any]]:
    if not isinstance(content, dict) or not set(map(type, content.values())) <= {list}:
        raise LabError(
            f"'{path}' does not map each image to a list of boxes: 'gradcam-lab read scores' shows the formats."
        )
    return content


def _boxes(images: Mapping[str, list[Any]], count: int, path: Path, stated: Stated) -> np.ndarray:
    """Check all rows at once; only if that fails, one by one, to name the first bad one."""
    boxes = finite_rows([row for rows in images.values() for row in rows], count)
    if boxes is None or stated.backwards(boxes[:, :4], objects=count == 4).any():
        checked = [_numbers(row, count, path, image, stated) for image, rows in images.items() for row in rows]
        boxes = np.array(checked, dtype=float).reshape(-1, count)
    boxes[:, :4] = stated.in_voc(path, boxes[:, :4], images, [len(rows) for rows in images.values()])
    return boxes


def _difficult(row: Any, path: Path, image: str) -> bool:
    difficult = row.get("difficult", False) if isinstance(row, dict) else False
    if difficult not in (False, True, 0, 1):
        raise LabError(f"'{path}', image '{image}': 'difficult' is {difficult!r}: it must be true or false.")
    return bool(difficult)


def _numbers(row: Any, count: int, path: Path, image: str, stated: Stated) -> list[float]:
    wanted = f"[{', '.join([*stated.columns, 'score'][:count])}]"
    numeric = isinstance(row, list) and all(isinstance(v, int | float) and not isinstance(v, bool) for v in row)
    if not numeric or len(row) != count:
        raise LabError(f"'{path}', image '{image}': {str(row)[:60]!r} is not a box {wanted}: mend it.")
    if not all(abs(value) <= sys.float_info.max for value in row):  # also an integer too large for a float
        raise LabError(f"'{path}', image '{image}': the box {str(row)[:60]} holds NaN or infinity: mend or remove it.")
    if stated.backwards(np.array([row[:4]], dtype=float), objects=count == 4).any():
        raise LabError(f"'{path}', image '{image}': the box {row} ends before it begins: it should be {wanted}.")
    return row
