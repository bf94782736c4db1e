"""Detections as the VOC devkit reads them: `comp4_det_test_dog.txt`, a line `image score xmin ymin xmax ymax` a box.

The boxes are in VOC's pixels already; the class is in the name of the file alone.
"""

import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from gradcam_lab.data.box_files.arrays import by_image, finite_numbers
from gradcam_lab.errors import LabError
from gradcam_lab.files import read_text

LINE = "image score xmin ymin xmax ymax"
NAME = re.compile(r"comp\d+_det_.+_(?P<target>[^_]+)\.txt")


def class_in_name(path: Path) -> str | None:
    """Return the class in a file's name; None where there is none.

    Examples:
        >>> class_in_name(Path("comp4_det_test_dog.txt"))
        'dog'
    """
    match = NAME.fullmatch(path.name)
    return match["target"] if match else None


def is_comp4(path: Path) -> bool:
    """Return whether a file is no JSON, by its first character; of an empty file, by its name."""
    try:
        with path.open(encoding="utf-8-sig") as file:
            first = next((line.lstrip()[0] for line in file if not line.isspace()), "")
    except (OSError, UnicodeDecodeError):
        first = ""  # reading it will say what is wrong
    return path.suffix != ".json" and first not in ("{", "[") if first else path.suffix == ".txt"


def read_comp4(path: Path) -> dict[str, np.ndarray]:
    """Read detections: an (n, 5) array `xmin, ymin, xmax, ymax, score` for each image that has any.

    Raises:
        LabError: the file cannot be read, or a line is not of this format.
    """
    lines = read_text(path, f"a text file with lines '{LINE}'").splitlines(keepends=True)
    rows = [line.split() for line in lines if not line.isspace()]
    numbers = _numbers(rows)
    if numbers is None or (numbers[:, 1:3] > numbers[:, 3:5]).any():
        raise _first_bad(path, lines)
    return by_image([row[0] for row in rows], numbers[:, [1, 2, 3, 4, 0]])


def _numbers(rows: Sequence[Sequence[str]]) -> np.ndarray | None:
    """Turn the last five words of each line into floats, shape (n, 5); None where a line is not as it should be."""
    if not set(map(len, rows)) <= {6}:
        return None
    try:
        values = [float(word) for row in rows for word in row[1:]]
    except ValueError:
        return None
    numbers = finite_numbers(values)
    return None if numbers is None else numbers.reshape(-1, 5)


def _first_bad(path: Path, lines: Sequence[str]) -> LabError:
    for number, line in enumerate(lines, 1):
        if line.isspace():
            continue
        text = line.strip()[:60]
        found = _numbers([line.split()])
        if found is None:
            return LabError(f"'{path}', line {number}: {text!r} is not '{LINE}' with finite numbers: mend it.")
        _, xmin, ymin, xmax, ymax = found[0]
        if xmax < xmin or ymax < ymin:
            return LabError(
                f"'{path}', line {number}: the box of {text!r} ends before it begins: it should be '{LINE}'."
            )
    raise AssertionError("all lines are good, one by one")
