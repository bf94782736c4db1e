"""Boxes as COCO's tools write them: results (a list of dicts) and ground truth (images, annotations, categories).

COCO measures from the image's corner: `bbox` is `[x, y, width, height]`, and the first pixel lies between 0 and 1.
Ours count pixels from 1 and both ends are inside, so

    xmin = x + 1    ymin = y + 1    xmax = x + width    ymax = y + height

and a box that covers the pixels 1 to 10 is `x = 0, width = 10` there. The area and every IoU stay what they were.
"""

from collections import Counter
from collections.abc import Collection, Hashable, Mapping, Sequence
from itertools import compress
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from gradcam_lab.console import warn
from gradcam_lab.data.box_conventions import to_voc
from gradcam_lab.data.box_files.arrays import by_image
from gradcam_lab.data.box_files.coco_rows import TINY, Rows, image_names, rows_of, sizes_of
from gradcam_lab.data.box_files.ground_truth import Choice, ClassGroundTruth
from gradcam_lab.data.box_files.tables import Annotated, Detections, Objects
from gradcam_lab.errors import LabError


def is_results(content: Any) -> bool:
    """Return whether JSON is a list of dicts, which none of our own formats is."""
    return isinstance(content, list) and all(isinstance(entry, dict) for entry in content[:1])


def is_coco_truth(content: Any) -> bool:
    """Return whether JSON has COCO's tables; a photo may be called "images", but hardly has dicts for boxes."""
    if not isinstance(content, dict) or not {"images", "annotations"} <= set(content):
        return False
    images = content["images"]
    return isinstance(images, list) and all(isinstance(entry, dict) and "id" in entry for entry in images[:1])


def read_results(path: Path, content: list[Any], truth: ClassGroundTruth) -> dict[Hashable, np.ndarray]:
    """Read detections of one category from COCO results.

    Args:
        path: the file, for messages.
        content: its JSON.
        truth: has the `category_id` that counts, where None takes all if all are the same, and the images' names.

    Returns:
        (n, 5) arrays `xmin, ymin, xmax, ymax, score` in VOC's pixels, by image; by `image_id` where it has no name.

    Raises:
        LabError: an entry is not of this format, no box has the category, or they differ and none was chosen.
    """
    entries, categories = _entries(path, content, truth.categories)
    if truth.category is None and len(set(categories)) > 1:
        ids = ", ".join(sorted(map(str, set(categories)))[:5])
        raise LabError(
            f"'{path}' has boxes of {len(set(categories))} categories ({ids}, ...), and only ground truth in COCO's "
            "format names them: give that, or the number of one as --target."
        )
    if categories and truth.category is not None:
        _require_boxes_of([truth.category], truth.categories, set(categories), path)
    images = [truth.names.get(number, number) for number in entries.keys("image_id")]
    rows = np.column_stack([to_voc(entries.boxes(smallest=0.0), "coco"), entries.numbers("score")])
    if truth.category is not None:
        kept = np.fromiter((chosen == truth.category for chosen in categories), bool, len(categories))
        images, rows = list(compress(images, kept)), rows[kept]
    return by_image(images, rows)


def read_every_result(path: Path, content: list[Any], truth: Annotated) -> Detections:
    """Read the detections of every class of the ground truth from COCO results; those of other categories are left out.

    Args:
        path: the file, for messages.
        content: its JSON.
        truth: has the categories, the images and their numbers.

    Raises:
        LabError: an entry is not of this format, no box has one of the categories, or an image is not in the truth.
    """
    entries, categories = _entries(path, content, truth.categories)
    if categories:
        _require_boxes_of(truth.categories, truth.categories, set(categories), path)
    places = {name: place for place, name in enumerate(truth.classes)}
    by_number = {number: places[name] for number, name in truth.categories.items()}
    category = np.fromiter((by_number.get(number, -1) for number in categories), int, len(categories))
    image = truth.places(entries.keys("image_id"), path)
    boxes, scores = entries.boxes(smallest=0.0), entries.numbers("score")
    known = category >= 0
    return Detections(boxes[known], scores[known], image[known], category[known])


def _entries(path: Path, content: list[Any], categories: Mapping[Hashable, str]) -> tuple[Rows, Sequence[Hashable]]:
    """Return the entries of results, and the category of each by its number, for which some write its name."""
    entries = Rows(path, "entry", content, range(1, len(content) + 1))
    numbers = {name: number for number, name in categories.items()}
    found = entries.keys("category_id")
    return entries, [numbers.get(str(key), key) if isinstance(key, str) else key for key in found]


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
    ids = sorted(numbers, key=_in_order)
    names = [f"{number} ({categories[number]})" if number in categories else str(number) for number in ids]
    return ", ".join(names[:8]) + (", ..." if len(names) > 8 else "")


def _in_order(number: Any) -> tuple[bool, Any]:
    """Sort numbers before names."""
    return isinstance(number, str), number


def count_categories(content: Any) -> int:
    """Return how many categories the JSON of a COCO ground truth has."""
    categories = content.get("categories")
    return len(categories) if isinstance(categories, list) else 0


def read_coco_truth(path: Path, content: dict[str, Any], choose: Choice) -> ClassGroundTruth:
    """Read the objects of one class from COCO ground truth.

    An image is called as its file without folder and ending, or with both where two would be called the same. What
    COCO marks `iscrowd` (or `ignore`) is difficult: it counts neither for nor against a detection. (COCO's own tools
    moreover measure the overlap with a crowd differently, as a share of the detection; here it is an IoU like all.)

    Args:
        path: the file, for messages.
        content: its JSON.
        choose: chooses a category by its name, or its number; None where there is only one.

    Raises:
        LabError: the file is not of this format, or has no such category.
    """
    head = _head(path, content)
    category = _category(head.categories, choose(head.categories.values()), path)
    annotations = rows_of(content, "annotations", path, "annotation")
    ours = annotations.only([chosen == category for chosen in annotations.keys("category_id")])
    owners = _owners(ours, head)
    difficult = np.any([ours.flags(key) for key in ("iscrowd", "ignore", "difficult")], axis=0)
    found = by_image(owners, np.column_stack([to_voc(ours.boxes(smallest=TINY), "coco"), difficult]))
    rows = {name: found.get(number, np.zeros((0, 5))) for number, name in head.names.items()}
    objects = {name: (part[:, :4], part[:, 4] > 0) for name, part in rows.items()}
    return ClassGroundTruth(objects, head.names, category, head.categories, head.sizes)


def read_coco_classes(path: Path, content: dict[str, Any], protocol: bool) -> Annotated:
    """Read the objects of every class from COCO ground truth.

    Args:
        path: the file, for messages.
        content: its JSON.
        protocol: whether they are for COCO's own numbers. Then `iscrowd` alone marks what is not to be found, since its
            tool reads nothing else, and an object may be empty; otherwise all is as in `read_coco_truth`.

    Raises:
        LabError: the file is not of this format, or two categories have one name.
    """
    head = _head(path, content)
    classes = list(head.categories.values())
    if twice := [name for name, count in Counter(classes).items() if count > 1]:
        raise LabError(f"'{path}' has two categories called '{twice[0]}': give each its own name.")
    annotations = rows_of(content, "annotations", path, "annotation")
    category_of = {number: place for place, number in enumerate(head.categories)}
    category = annotations.keys("category_id")
    for place, number in enumerate(category):
        if number not in category_of:
            raise annotations.bad(place, f"no category has the id {number!r}")
    owners = _owners(annotations, head)
    image_of = {number: place for place, number in enumerate(sorted(head.names, key=_in_order))}
    boxes = annotations.boxes(smallest=0.0 if protocol else TINY)
    flags = [annotations.flags(key) for key in ("iscrowd", "ignore", "difficult")]
    objects = Objects(
        boxes,
        annotations.areas(boxes),
        crowd=flags[0],
        ignored=flags[0] if protocol else np.any(flags, axis=0),
        image=np.fromiter((image_of[number] for number in owners), int, len(owners)),
        category=np.fromiter((category_of[number] for number in category), int, len(category)),
    )
    return Annotated(
        [head.names[number] for number in image_of], classes, objects, head.names, head.categories, head.sizes
    )


class _Head(NamedTuple):
    """The names of the categories and of the images by their numbers, and the sizes of the images by their names."""

    categories: dict[Hashable, str]
    names: dict[Hashable, str]
    sizes: dict[str, tuple[float, float]]


def _head(path: Path, content: dict[str, Any]) -> _Head:
    table = rows_of(content, "categories", path, "category")
    numbers = table.keys("id")
    if twice := [number for number, count in Counter(numbers).items() if count > 1]:
        raise LabError(f"'{path}' has two categories {twice[0]!r}: give each its own id.")
    images = rows_of(content, "images", path, "image")
    names = image_names(images)
    return _Head(dict(zip(numbers, table.called("name"), strict=True)), names, sizes_of(images, names.values()))


def _owners(annotations: Rows, head: _Head) -> list[Hashable]:
    owners = annotations.keys("image_id")
    for place, image in enumerate(owners):
        if image not in head.names:
            raise annotations.bad(place, f"no image has the id {image!r}")
    return owners


def _category(categories: Mapping[Hashable, str], target: str | None, path: Path) -> Hashable:
    names = list(categories.values())
    if target is None and len(names) == 1:
        return next(iter(categories))
    known = (", ".join(names[:8]) or "none at all") + (", ..." if len(names) > 8 else "")
    if target is None:
        raise LabError(f"'{path}' has {len(names)} classes ({known}): choose one with --target.")
    for number, name in categories.items():
        if target in (name, str(number)):
            return number
    raise LabError(f"'{path}' has no class '{target}': it has {known}.")
