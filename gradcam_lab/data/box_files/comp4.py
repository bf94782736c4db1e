"""Detections as the VOC devkit reads them: `comp4_det_test_dog.txt`, a line `image score xmin ymin xmax ymax` a box.

The boxes are in VOC's pixels already, if it is not declared otherwise; the class is in the name of the file alone.
"""

import re
from collections.abc import Collection, Hashable, Sequence
from pathlib import Path

import numpy as np

from gradcam_lab.data.box_files.arrays import by_code, coded, finite_numbers
from gradcam_lab.data.box_files.json_parts import PART
from gradcam_lab.data.box_files.stated import VOC, Stated
from gradcam_lab.errors import LabError
from gradcam_lab.files import first_character, text_parts

NAME = re.compile(r"comp\d+_det_(?P<split>[^_]+)_(?P<rest>.+)\.txt")
SPLITS = ("train", "val", "trainval", "test")
"""The devkit's splits, behind which the rest of a file's name is the class."""


def class_of(path: Path, target: str | None, known: Collection[str]) -> str | None:
    """Return the class that a file of detections holds, of which `comp4` files say in their name.

    A class may have underscores in its name (for spaces too), and so may a split of one's own, as in `my_val`: of
    several readings the longest class that the ground truth knows is taken, and the last word where it knows none.

    Args:
        path: the file of detections.
        target: the class that is asked for; None for the one in the name.
        known: the ground truth's classes.

    Returns:
        The class as the ground truth spells it; None where neither the name nor `target` says one.

    Raises:
        LabError: the file is one of another class.

    Examples:
        >>> class_of(Path("comp4_det_test_traffic_light.txt"), None, ["light", "traffic light"])
        'traffic light'
    """
    match = NAME.fullmatch(path.name)
    if not match:
        return target
    spelt = {name.replace(" ", "_"): name for name in known}
    words = match["rest"].split("_")
    possible = ["_".join(words[place:]) for place in range(len(words))]  # the longest first
    if match["split"] in SPLITS and (target is None or possible[0] in spelt):
        possible = possible[:1]
    in_truth = [name for name in possible if name in spelt]
    if target is not None and target.replace(" ", "_") not in (in_truth or possible):
        raise LabError(
            f"'{path}' holds boxes of '{possible[0]}' by its name, not of '{target}': give the file of the class."
        )
    return target or (spelt[in_truth[0]] if in_truth else possible[-1])


def is_comp4(path: Path) -> bool:
    """Return whether a file is no JSON, by its first character; of an empty file, by its name."""
    first = first_character(path)  # where it cannot be read, reading it will say what is wrong
    return path.suffix != ".json" and first not in ("{", "[") if first else path.suffix == ".txt"


def read_comp4(path: Path, stated: Stated = VOC, part: int = PART) -> dict[str, np.ndarray]:
    """Read detections: an (n, 5) array `xmin, ymin, xmax, ymax, score` for each image that has any.

    Args:
        path: the file.
        stated: how its boxes are stated; what is returned is in VOC's pixels.
        part: about how many characters are read together.

    Raises:
        LabError: the file cannot be read, a line is not of this format, or the boxes are shares of their images.
    """
    codes: dict[Hashable, int] = {}
    owners, parts = [np.zeros(0, np.int32)], [np.zeros((0, 5))]
    before = 0
    for text in text_parts(path, f"a text file with lines '{_line(stated)}'", part):
        lines = text.splitlines(keepends=True)
        words = [line.split() for line in lines if not line.isspace()]
        numbers = _numbers(words)
        if numbers is None or stated.backwards(numbers[:, 1:]).any():
            raise _first_bad(path, lines, before, stated)
        owners.append(coded([row[0] for row in words], codes))
        parts.append(numbers[:, [1, 2, 3, 4, 0]])
        before += len(lines)
    names, image, rows = list(codes), np.concatenate(owners), np.concatenate(parts)
    del parts
    rows[:, :4] = stated.in_voc(path, rows[:, :4], (names[code] for code in image), np.ones(len(image), int))
    return by_code(codes, image, rows)


def line_of(image: str, box: Sequence[float], score: float) -> str:
    r"""Return the line of a box in VOC's pixels.

    Examples:
        >>> line_of("000001", [1, 2, 30.5, 40], 0.75)
        '000001 0.75 1 2 30.5 40\n'
    """
    return f"{image} {score:.9g} {' '.join(f'{value:.10g}' for value in box)}\n"


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


def _line(stated: Stated) -> str:
    return " ".join(("image", "score", *stated.columns))


def _first_bad(path: Path, lines: Sequence[str], before: int, stated: Stated) -> LabError:
    """Return the error of the first bad one of some lines, which has so many `before` it in the file."""
    wanted = _line(stated)
    for number, line in enumerate(lines, before + 1):
        if line.isspace():
            continue
        text = line.strip()[:60]
        found = _numbers([line.split()])
        if found is None:
            return LabError(f"'{path}', line {number}: {text!r} is not '{wanted}' with finite numbers: mend it.")
        if stated.backwards(found[:, 1:]).any():
            return LabError(
                f"'{path}', line {number}: the box of {text!r} ends before it begins: it should be '{wanted}'."
            )
    raise AssertionError("all lines are good, one by one")
