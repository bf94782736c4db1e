"""Detections as COCO's tools write them: a list of dicts with `image_id`, `category_id`, `bbox` and `score`."""

from collections.abc import Collection, Hashable, Iterable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from gradcam_lab.console import warn
from gradcam_lab.data.box_conventions import to_voc
from gradcam_lab.data.box_files.arrays import by_code, coded
from gradcam_lab.data.box_files.coco import in_order
from gradcam_lab.data.box_files.coco_rows import Rows
from gradcam_lab.data.box_files.ground_truth import ClassGroundTruth
from gradcam_lab.data.box_files.tables import Annotated, Detections
from gradcam_lab.errors import LabError


class _Columns(NamedTuple):
    """All entries of a file: images and categories as it calls them, and the index of those of each entry."""

    images: list[Hashable]
    categories: list[Hashable]
    image: np.ndarray
    category: np.ndarray
    boxes: np.ndarray
    scores: np.ndarray

    def rows(self) -> np.ndarray:
        """Return `xmin, ymin, xmax, ymax, score` in VOC's pixels, shape (n, 5)."""
        return np.column_stack([to_voc(self.boxes, "coco"), self.scores])


def read_results(path: Path, parts: Iterable[list[Any]], truth: ClassGroundTruth) -> dict[Hashable, np.ndarray]:
    """Read detections of one category.

    Args:
        path: the file, for messages.
        parts: its JSON, in parts.
        truth: has the `category_id` that counts, where None takes all if all are the same, and the images' names.

    Returns:
        (n, 5) arrays `xmin, ymin, xmax, ymax, score` in VOC's pixels, by image; by `image_id` where it has no name.

    Raises:
        LabError: an entry is not of this format, no box has the category, or they differ and none was chosen.
    """
    found = _columns(path, parts, truth.categories)
    if truth.category is None and len(found.categories) > 1:
        ids = ", ".join(sorted(map(str, found.categories))[:5])
        raise LabError(
            f"'{path}' has boxes of {len(found.categories)} categories ({ids}, ...), and only ground truth in COCO's "
            "format names them: give that, or the number of one as --target."
        )
    if truth.category is not None and found.categories:
        _require_boxes_of([truth.category], truth.categories, set(found.categories), path)
        ours = found.category == found.categories.index(truth.category)
        found = found._replace(image=found.image[ours], boxes=found.boxes[ours], scores=found.scores[ours])
    names = [truth.names.get(number, number) for number in found.images]
    return {name: part for name, part in by_code(names, found.image, found.rows()).items() if len(part)}


def read_every_result(path: Path, parts: Iterable[list[Any]], truth: Annotated) -> Detections:
    """Read the detections of every class of the ground truth; those of other categories are left out.

    Args:
        path: the file, for messages.
        parts: its JSON, in parts.
        truth: has the categories, the images and their numbers.

    Raises:
        LabError: an entry is not of this format, no box has one of the categories, or an image is not in the truth.
    """
    found = _columns(path, parts, truth.categories)
    if found.categories:
        _require_boxes_of(truth.categories, truth.categories, set(found.categories), path)
    places = {name: place for place, name in enumerate(truth.classes)}
    by_number = {number: places[name] for number, name in truth.categories.items()}
    category = np.array([by_number.get(number, -1) for number in found.categories], dtype=np.int32)[found.category]
    image = truth.places(found.images, path)[found.image]
    known = category >= 0
    if known.all():
        return Detections(found.boxes, found.scores, image, category)
    return Detections(found.boxes[known], found.scores[known], image[known], category[known])


def _columns(path: Path, parts: Iterable[list[Any]], names: Mapping[Hashable, str]) -> _Columns:
    """Read the columns; a category may be called by its name, for which its number is taken."""
    numbers = {name: number for number, name in names.items()}
    images: dict[Hashable, int] = {}
    categories: dict[Hashable, int] = {}
    none = np.zeros(0, np.int32)
    columns = [(none, none, np.zeros((0, 4)), np.zeros(0))]
    before = 0
    for content in parts:
        entries = Rows(path, "entry", content, range(before + 1, before + len(content) + 1))
        before += len(content)
        kinds = entries.keys("category_id")
        if any(isinstance(key, str) for key in set(kinds)):
            kinds = [numbers.get(str(key), key) if isinstance(key, str) else key for key in kinds]
        image, category = coded(entries.keys("image_id"), images), coded(kinds, categories)
        columns.append((image, category, entries.boxes(smallest=0.0), entries.numbers("score")))
    return _Columns(list(images), list(categories), *(np.concatenate(column) for column in zip(*columns, strict=True)))


def _require_boxes_of(
    wanted: Collection[Hashable], categories: Mapping[Hashable, str], found: set[Hashable], path: Path
) -> None:
    """Require that some boxes have a category that counts, and warn where the file seems to number otherwise.

    Args:
        wanted: the categories that count.
        categories: the names of all that the ground truth has.
        found: those of the boxes.
        path: the file of the boxes, for messages.
    """
    if not found & set(wanted):
        known = f"; the ground truth has {_listed(categories, categories)}" if categories else ""
        raise LabError(
            f"'{path}' has boxes of category {_listed(found, categories)}, but none of {_listed(wanted, categories)}"
            f"{known}: give its categories the numbers of the ground truth; where none was found, none can be scored."
        )
    numbers, named = ({number for number in ids if isinstance(number, int)} for ids in (found, categories))
    unknown = numbers - named
    shifted = any({number + step for number in numbers} <= named for step in (-1, 1))
    if named and unknown and (0 in unknown or shifted):  # ground truth of few of a network's classes is no mistake
        warn(
            f"'{path}' has boxes of categories that the ground truth does not have ({_listed(unknown, categories)}): "
            "if it counts them from another number, these are the scores of another class."
        )


def _listed(numbers: Collection[Hashable], categories: Mapping[Hashable, str]) -> str:
    """Write categories in order, with their names where these are known."""
    ids = sorted(numbers, key=in_order)
    names = [f"{number} ({categories[number]})" if number in categories else str(number) for number in ids]
    return ", ".join(names[:8]) + (", ..." if len(names) > 8 else "")
