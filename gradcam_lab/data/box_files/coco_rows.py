"""The tables in COCO's files, read column by column: checked at once, and only where that fails, row by row."""

import re
from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import compress
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from gradcam_lab.data.box_files.arrays import finite_numbers, finite_rows, require_pixels
from gradcam_lab.data.box_files.tables import stem_of
from gradcam_lab.errors import LabError

T = TypeVar("T")

TINY = float(np.nextafter(0, 1))
"""An object without any area overlaps nothing, and two of them would divide 0 by 0. A detection may be empty."""


@dataclass(frozen=True)
class Rows:
    """Some rows of one table, and their places in the file, counted from 1, for messages.

    Every method that reads a column checks it and raises a LabError with the first bad row.
    """

    path: Path
    what: str
    rows: Sequence[Any]
    places: Sequence[int]

    def bad(self, index: int, problem: str) -> LabError:
        """Return the error of a bad row, of which `problem` says in a clause what is wrong."""
        return LabError(f"'{self.path}', {self.what} {self.places[index]}: {problem}: mend it.")

    def only(self, kept: Sequence[bool]) -> "Rows":
        """Keep the rows that are marked so."""
        return replace(self, rows=list(compress(self.rows, kept)), places=list(compress(self.places, kept)))

    def column(self, key: str) -> list[Any]:
        """Every entry's value."""
        try:
            return [row[key] for row in self.rows]
        except (KeyError, TypeError):
            index = next(i for i, row in enumerate(self.rows) if not isinstance(row, dict) or key not in row)
            if key == "bbox" and "segmentation" in self.rows[index]:
                raise self.bad(index, "it has a 'segmentation' and no 'bbox', but boxes are scored here") from None
            raise self.bad(index, f"{_shown(self.rows[index])} has no '{key}'") from None

    def keys(self, key: str) -> list[Hashable]:
        """Every entry's number, or name."""
        return self.checked(key, _keys, "a whole number")

    def called(self, key: str) -> list[str]:
        """Every entry's name; its `id` where it has none."""
        return [str(row.get(key, row["id"])) for row in self.rows]

    def flags(self, key: str) -> np.ndarray:
        """Every entry's flag, which may be left out: bool, shape (n,)."""
        return self._converted(key, [row.get(key) for row in self.rows], _flags, "0 or 1")

    def numbers(self, key: str) -> np.ndarray:
        """Every entry's number, shape (n,)."""
        return self.checked(key, finite_numbers, "a finite number")

    def boxes(self, smallest: float) -> np.ndarray:
        """Every entry's `bbox`, `x, y, width, height`, shape (n, 4); no side may be shorter than `smallest`."""
        wanted = "[x, y, width, height] with finite numbers and no empty side"
        boxes = self.checked("bbox", partial(_boxes, smallest=smallest), wanted)
        require_pixels(self.path, boxes)
        return boxes

    def areas(self, boxes: np.ndarray) -> np.ndarray:
        """Every entry's `area`, shape (n,); that of its box where it has none."""
        sizes = (boxes[:, 2] * boxes[:, 3]).tolist()
        given = [row.get("area") for row in self.rows]
        filled = [size if area is None else area for size, area in zip(sizes, given, strict=True)]
        return self._converted("area", filled, finite_numbers, "a finite number")

    def checked(self, key: str, convert: Callable[[list[Any]], T | None], wanted: str) -> T:
        """Convert a column, which no row may leave out; `wanted` says what its values should be."""
        return self._converted(key, self.column(key), convert, wanted)

    def _converted(self, key: str, values: list[Any], convert: Callable[[list[Any]], T | None], wanted: str) -> T:
        """Convert values at once; only where that gives None, one by one, to name the first bad one."""
        converted = convert(values)
        if converted is None:
            index = next(i for i, value in enumerate(values) if convert([value]) is None)
            raise self.bad(index, f"its '{key}' is {_shown(values[index])}, but should be {wanted}")
        return converted


def rows_of(content: dict[str, Any], table: str, path: Path, what: str) -> Rows:
    """Return a table of a file's JSON; `what` is the word for one of its rows."""
    rows = content.get(table)
    if not isinstance(rows, list):
        raise LabError(f"'{path}' has no list '{table}': COCO ground truth has images, annotations and categories.")
    return Rows(path, what, rows, range(1, len(rows) + 1))


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
    try:
        if not set(values) <= {None, 0, 1, "0", "1"}:
            return None
    except TypeError:  # a list or an object
        return None
    return np.array([value in (1, "1") for value in values], dtype=bool)


def _boxes(values: list[Any], smallest: float) -> np.ndarray | None:
    boxes = finite_rows(values, 4)
    return boxes if boxes is not None and (boxes[:, 2:] >= smallest).all() else None


def image_names(images: Rows) -> dict[Hashable, str]:
    """Return the name of each image by its number: that of its file, without folder and ending where these suffice."""
    ids = images.keys("id")
    files = images.called("file_name")
    stems = list(map(stem_of, files))
    names = stems if len(set(stems)) == len(stems) else files
    for values in (ids, names):
        if twice := [value for value, count in Counter(values).items() if count > 1]:
            raise LabError(f"'{images.path}' has two images {twice[0]!r}: give each its own id and file_name.")
    return dict(zip(ids, names, strict=True))


def sizes_of(images: Rows, names: Iterable[str]) -> dict[str, tuple[float, float]]:
    """Return (width, height) by image; nothing where an image does not say a usable one."""
    sizes = finite_rows([[row.get("width"), row.get("height")] for row in images.rows], 2)
    if sizes is None or (sizes < 1).any():
        return {}
    return {name: (width, height) for name, (width, height) in zip(names, sizes.tolist(), strict=True)}


def _shown(value: Any) -> str:
    return repr(str(value)[:60])
