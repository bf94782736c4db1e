"""Boxes as COCO's tools write them: results (a list of dicts) and ground truth (images, annotations, categories).

COCO measures from the image's corner: `bbox` is `[x, y, width, height]`, and the first pixel lies between 0 and 1.
Ours count pixels from 1 and both ends are inside, so

    xmin = x + 1    ymin = y + 1    xmax = x + width    ymax = y + height

and a box that covers the pixels 1 to 10 is `x = 0, width = 10` there. The area and every IoU stay what they were.
"""

import re
from collections import Counter
from collections.abc import Callable, Collection, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import compress
from pathlib import Path, PurePosixPath
from typing import Any, TypeVar

import numpy as np

from gradcam_lab.console import warn
from gradcam_lab.data.box_files.arrays import by_image, finite_numbers, finite_rows, require_pixels
from gradcam_lab.data.box_files.ground_truth import Choice, ClassGroundTruth
from gradcam_lab.errors import LabError

T = TypeVar("T")

TINY = float(np.nextafter(0, 1))
"""An object without any area overlaps nothing, and two of them would divide 0 by 0. A detection may be empty."""


def to_voc(boxes: np.ndarray) -> np.ndarray:
    """Turn `[x, y, width, height]` counted from 0 into `[xmin, ymin, xmax, ymax]` counted from 1, both ends inside.

    Args:
        boxes: shape (n, 4).

    Returns:
        shape (n, 4): `x + 1, y + 1, x + width, y + height`.

    Examples:
        >>> to_voc(np.array([[0, 4, 10, 4]])).tolist()
        [[1, 5, 10, 8]]
    """
    corner, size = boxes[:, :2], boxes[:, 2:]
    return np.hstack([corner + 1, corner + size])


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
    entries = _Rows(path, "entry", content, range(1, len(content) + 1))
    numbers = {name: number for number, name in truth.categories.items()}  # some write the name for the number
    categories = [numbers.get(str(key), key) if isinstance(key, str) else key for key in entries.keys("category_id")]
    if truth.category is None and len(set(categories)) > 1:
        ids = ", ".join(sorted(map(str, set(categories)))[:5])
        raise LabError(
            f"'{path}' has boxes of {len(set(categories))} categories ({ids}, ...), and only ground truth in COCO's "
            "format names them: give that, or the number of one as --target."
        )
    if categories and truth.category is not None:
        _require_boxes_of(truth, set(categories), path)
    images = [truth.names.get(number, number) for number in entries.keys("image_id")]
    rows = np.column_stack([entries.boxes(smallest=0.0), entries.numbers("score")])
    if truth.category is not None:
        kept = np.fromiter((chosen == truth.category for chosen in categories), bool, len(categories))
        images, rows = list(compress(images, kept)), rows[kept]
    return by_image(images, rows)


def _require_boxes_of(truth: ClassGroundTruth, found: set[Hashable], path: Path) -> None:
    """Require that some boxes have the category that counts, and warn where the file seems to number otherwise."""
    if truth.category not in found:
        known = f"; the ground truth has {_listed(truth.categories, truth)}" if truth.categories else ""
        raise LabError(
            f"'{path}' has boxes of category {_listed(found, truth)}, but none of {_listed([truth.category], truth)}"
            f"{known}: give its categories the numbers of the ground truth; where none was found, none can be scored."
        )
    numbers, named = ({number for number in ids if isinstance(number, int)} for ids in (found, truth.categories))
    unknown = numbers - named
    shifted = any({number + step for number in numbers} <= named for step in (-1, 1))
    if named and unknown and (0 in unknown or shifted):  # ground truth of few of a network's classes is no mistake
        warn(
            f"'{path}' has boxes of categories that the ground truth does not have ({_listed(unknown, truth)}): "
            "if it counts them from another number, these are the scores of another class."
        )


def _listed(categories: Collection[Hashable], truth: ClassGroundTruth) -> str:
    """Write categories in order, with their names where these are known."""
    ids = sorted(categories, key=lambda number: (isinstance(number, str), number))
    names = [f"{number} ({truth.categories[number]})" if number in truth.categories else str(number) for number in ids]
    return ", ".join(names[:8]) + (", ..." if len(names) > 8 else "")


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
    table = _rows_of(content, "categories", path, "category")
    numbers = table.keys("id")
    if twice := [number for number, count in Counter(numbers).items() if count > 1]:
        raise LabError(f"'{path}' has two categories {twice[0]!r}: give each its own id.")
    categories = dict(zip(numbers, table.called("name"), strict=True))
    category = _category(categories, choose(categories.values()), path)
    images = _rows_of(content, "images", path, "image")
    image_names = _image_names(images)
    annotations = _rows_of(content, "annotations", path, "annotation")
    ours = annotations.only([chosen == category for chosen in annotations.keys("category_id")])
    owners = ours.keys("image_id")
    for place, image in enumerate(owners):
        if image not in image_names:
            raise ours.bad(place, f"no image has the id {image!r}")
    difficult = np.any([ours.flags(key) for key in ("iscrowd", "ignore", "difficult")], axis=0)
    found = by_image(owners, np.column_stack([ours.boxes(smallest=TINY), difficult]))
    rows = {name: found.get(number, np.zeros((0, 5))) for number, name in image_names.items()}
    objects = {name: (part[:, :4], part[:, 4] > 0) for name, part in rows.items()}
    return ClassGroundTruth(objects, image_names, category, categories, _sizes(images, image_names.values()))


@dataclass(frozen=True)
class _Rows:
    """Some rows of one table, and their places in the file, counted from 1, for messages.

    Every method that reads a column checks it and raises a LabError with the first bad row.
    """

    path: Path
    what: str
    rows: Sequence[Any]
    places: Sequence[int]

    def bad(self, index: int, problem: str) -> LabError:
        return LabError(f"'{self.path}', {self.what} {self.places[index]}: {problem}: mend it.")

    def only(self, kept: Sequence[bool]) -> "_Rows":
        return replace(self, rows=list(compress(self.rows, kept)), places=list(compress(self.places, kept)))

    def column(self, key: str) -> list[Any]:
        try:
            return [row[key] for row in self.rows]
        except (KeyError, TypeError):
            index = next(i for i, row in enumerate(self.rows) if not isinstance(row, dict) or key not in row)
            raise self.bad(index, f"{_shown(self.rows[index])} has no '{key}'") from None

    def keys(self, key: str) -> list[Hashable]:
        return self.checked(key, _keys, "a whole number")

    def called(self, key: str) -> list[str]:
        """Every entry's name; its `id` where it has none."""
        return [str(row.get(key, row["id"])) for row in self.rows]

    def flags(self, key: str) -> np.ndarray:
        """Every entry's flag, which may be left out: bool, shape (n,)."""
        filled = replace(self, rows=[{key: row.get(key)} for row in self.rows])
        return filled.checked(key, _flags, "0 or 1")

    def numbers(self, key: str) -> np.ndarray:
        return self.checked(key, finite_numbers, "a finite number")

    def boxes(self, smallest: float) -> np.ndarray:
        """Every entry's `bbox` in VOC's pixels, shape (n, 4); no side may be shorter than `smallest`."""
        wanted = "[x, y, width, height] with finite numbers and no empty side"
        boxes = self.checked("bbox", partial(_boxes, smallest=smallest), wanted)
        require_pixels(self.path, boxes)
        return to_voc(boxes)

    def checked(self, key: str, convert: Callable[[list[Any]], T | None], wanted: str) -> T:
        """Convert a column at once; only where that gives None, value by value, to name the first bad one."""
        values = self.column(key)
        converted = convert(values)
        if converted is None:
            index = next(i for i, value in enumerate(values) if convert([value]) is None)
            raise self.bad(index, f"its '{key}' is {_shown(values[index])}, but should be {wanted}")
        return converted


def _rows_of(content: dict[str, Any], table: str, path: Path, what: str) -> _Rows:
    rows = content.get(table)
    if not isinstance(rows, list):
        raise LabError(f"'{path}' has no list '{table}': COCO ground truth has images, annotations and categories.")
    return _Rows(path, what, rows, range(1, len(rows) + 1))


def _keys(values: list[Any]) -> list[Hashable] | None:
    """Check numbers and names; a number in quotes is a number, and so is 2.0, as tables of data write it."""
    types = set(map(type, values))
    if types <= {int}:
        return values
    if not types <= {int, str, float} or any(isinstance(value, float) and value % 1 for value in values):
        return None
    return [_number(value) for value in values]


def _number(value: float | str) -> int | str:
    if isinstance(value, float):
        return int(value)
    return int(value) if isinstance(value, str) and re.fullmatch("0|[1-9][0-9]{0,17}", value) else value


def _flags(values: list[Any]) -> np.ndarray | None:
    if not all(value in (None, 0, 1, "0", "1") for value in values):
        return None
    return np.array([value in (1, "1") for value in values], dtype=bool)


def _boxes(values: list[Any], smallest: float) -> np.ndarray | None:
    boxes = finite_rows(values, 4)
    return boxes if boxes is not None and (boxes[:, 2:] >= smallest).all() else None


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


def _image_names(images: _Rows) -> dict[Hashable, str]:
    ids = images.keys("id")
    files = images.called("file_name")
    stems = [PurePosixPath(file).stem for file in files]
    names = stems if len(set(stems)) == len(stems) else files
    for values in (ids, names):
        if twice := [value for value, count in Counter(values).items() if count > 1]:
            raise LabError(f"'{images.path}' has two images {twice[0]!r}: give each its own id and file_name.")
    return dict(zip(ids, names, strict=True))


def _sizes(images: _Rows, names: Iterable[str]) -> dict[str, tuple[float, float]]:
    """Return (width, height) by image; nothing where an image does not say a usable one."""
    sizes = finite_rows([[row.get("width"), row.get("height")] for row in images.rows], 2)
    if sizes is None or (sizes < 1).any():
        return {}
    return {name: (width, height) for name, (width, height) in zip(names, sizes.tolist(), strict=True)}


def _shown(value: Any) -> str:
    return repr(str(value)[:60])
