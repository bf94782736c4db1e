"""Boxes as COCO's tools write them: results (a list of dicts) and ground truth (images, annotations, categories).

COCO measures from the image's corner: `bbox` is `[x, y, width, height]`, and the first pixel lies between 0 and 1.
Ours count pixels from 1 and both ends are inside, so

    xmin = x + 1    ymin = y + 1    xmax = x + width    ymax = y + height

and a box that covers the pixels 1 to 10 is `x = 0, width = 10` there. The area and every IoU stay what they were.
"""

from collections import Counter
from collections.abc import Hashable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from gradcam_lab.data.box_conventions import to_voc
from gradcam_lab.data.box_files.arrays import by_image
from gradcam_lab.data.box_files.coco_rows import TINY, Rows, image_names, rows_of, sizes_of
from gradcam_lab.data.box_files.ground_truth import Choice, ClassGroundTruth
from gradcam_lab.data.box_files.tables import Annotated, Objects
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
    _require_known(annotations, category, category_of, "category")
    owners = _owners(annotations, head)
    image_of = {number: place for place, number in enumerate(sorted(head.names, key=in_order))}
    boxes = annotations.boxes(smallest=0.0 if protocol else TINY)
    flags = [annotations.flags(key) for key in ("iscrowd", "ignore", "difficult")]
    objects = Objects(
        boxes,
        annotations.areas(boxes),
        crowd=flags[0],
        ignored=flags[0] if protocol else np.any(flags, axis=0),
        image=np.fromiter(map(image_of.__getitem__, owners), int, len(owners)),
        category=np.fromiter(map(category_of.__getitem__, category), int, len(category)),
    )
    return Annotated(
        [head.names[number] for number in image_of], classes, objects, head.names, head.categories, head.sizes
    )


def in_order(number: Any) -> tuple[bool, Any]:
    """Sort numbers before names."""
    return isinstance(number, str), number


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
    _require_known(annotations, owners, head.names, "image")
    return owners


def _require_known(annotations: Rows, numbers: Sequence[Hashable], known: Mapping[Hashable, Any], what: str) -> None:
    if not set(numbers) <= known.keys():
        place = next(place for place, number in enumerate(numbers) if number not in known)
        raise annotations.bad(place, f"no {what} has the id {numbers[place]!r}")


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
