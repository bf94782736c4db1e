"""YOLO's text: a file of labels for each image, a line `class cx cy width height` for each box, and `data.yaml`.

The class is a number, counted from 0 in the list of names; centre and sides are shares of the image's width and height
(the convention `relative` of `box_conventions`). Detections have their confidence behind the box, as in ultralytics'
`save_txt` and `save_conf`. An empty file is an image without any object.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from gradcam_lab.data.box_conventions import Convention
from gradcam_lab.data.image_files import ProblemError
from gradcam_lab.data.layouts.repair import LATIN, Repairs
from gradcam_lab.errors import LabError
from gradcam_lab.files import read_text

LINE = "class cx cy width height"

SLACK = 0.05
"""How far a share may lie outside of 0 to 1: rounding, and boxes that reach a little over the edge."""

BEYOND = 1.0
"""The same of detections, which reach over the edge as they like."""


@dataclass(frozen=True)
class Labels:
    """The boxes of one image, as its file states them.

    Attributes:
        classes: number of each box's class, int, shape (n,).
        boxes: shape (n, 4), in the file's own convention.
        scores: shape (n,); None for annotations, which have none, and for a file without boxes.
    """

    classes: np.ndarray
    boxes: np.ndarray
    scores: np.ndarray | None


NONE = Labels(np.zeros(0, int), np.zeros((0, 4)), None)
"""The labels of an image without boxes."""


def read_data_yaml(path: Path) -> dict[str, Any]:
    """Read a `data.yaml`; every value is text, so that a class may be called `no` or `7`.

    Raises:
        LabError: the file cannot be read or is no such table.
    """
    text = read_text(path, "a YAML file with 'names'")
    try:
        content = yaml.load(text, Loader=yaml.BaseLoader)
    except (yaml.YAMLError, RecursionError) as error:
        mark = getattr(error, "problem_mark", None)
        where = f" (line {mark.line + 1})" if mark else ""
        raise LabError(f"'{path}' is not valid YAML{where}: mend it.") from error
    if not isinstance(content, dict):
        raise LabError(f"'{path}' is no table with 'names', 'train' and 'val', as ultralytics has it: mend it.")
    return content


def read_names_file(path: Path) -> dict[str, Any]:
    """Read the names of classes, one a line, as a `data.yaml` that has nothing else.

    Raises:
        LabError: the file cannot be read.
    """
    lines = read_text(path, "a text file of class names").rstrip().splitlines()
    return {"names": [line.strip() for line in lines]}


def read_names(path: Path) -> tuple[str, ...]:
    """Read the names of the classes of a `data.yaml`, or of a file with one a line.

    Raises:
        LabError: the file cannot be read, or its names cannot be used, see `names_in`.
    """
    is_yaml = path.suffix in (".yaml", ".yml")
    return names_in(path, read_data_yaml(path) if is_yaml else read_names_file(path))


def names_in(path: Path, content: dict[str, Any]) -> tuple[str, ...]:
    """Return the names of the classes of a `data.yaml`, in the order of their numbers.

    Raises:
        LabError: there are none, one is empty or there twice, or there are not as many as its `nc` says.
    """
    names = _listed_names(path, content)
    if not names or "" in names:
        raise LabError(f"'{path}' names {'a class without a letter' if names else 'no classes'}: give each its name.")
    if twice := next((name for name in names if names.count(name) > 1), None):
        raise LabError(f"'{path}' names the class '{twice}' twice: give each class its own name.")
    return names


def _listed_names(path: Path, content: dict[str, Any]) -> tuple[str, ...]:
    """Return the names of a `data.yaml` as they stand there: a list, or a table from the numbers 0, 1, ... to them.

    Raises:
        LabError: they are neither, or not as many as its `nc` says.
    """
    names = content.get("names")
    if isinstance(names, dict) and set(names) == {str(number) for number in range(len(names))}:
        names = [names[str(number)] for number in range(len(names))]
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise _no_names(path)
    count = content.get("nc", str(len(names)))
    if count != str(len(names)):
        stated = count[:20] if isinstance(count, str) else "no number"
        raise LabError(f"'{path}' says nc: {stated}, but names {len(names)} classes: mend one of them.")
    return tuple(name.strip() for name in names)


def _no_names(path: Path) -> LabError:
    return LabError(f"'{path}' has no 'names', a list or a table from 0, 1, ... to the names: add it.")


def read_labels(path: Path, names: Sequence[str], repairs: Repairs, convention: Convention = "relative") -> Labels:
    """Read the boxes of one image.

    Args:
        path: the file.
        names: of the classes, in the order of their numbers.
        repairs: counts what is mended.
        convention: how the boxes are stated.

    Raises:
        ProblemError: the file cannot be read; a line is no box, but a polygon for example; a class has no name; or a
            number is no share of an image, where the convention is `relative`.
    """
    try:
        text = read_text(path, "a text file", latin=True)
    except LabError as error:
        raise ProblemError(f"Cannot read the labels '{path}'") from error
    if not text.isascii():
        repairs[LATIN] += 1
    words = [(number, line.split()) for number, line in enumerate(text.splitlines(), 1) if line.strip()]
    if not words:
        return NONE
    counts = {len(row) for _, row in words}
    values = _floats([word for _, row in words for word in row]) if counts in ({5}, {6}) else None
    if values is None:
        raise _first_bad(path, words)
    rows = values.reshape(len(words), -1)
    known = f"0 to {len(names) - 1}" if len(names) > 1 else "0 alone"
    nameless = ~np.isin(rows[:, 0], range(len(names)))
    _require(path, words, nameless, f"the classes are {known} by their names")
    if convention == "relative":
        outside = np.abs(rows[:, 1:5] - 0.5).max(axis=1) > 0.5 + (SLACK if rows.shape[1] == 5 else BEYOND)
        _require(path, words, outside, "its numbers are no shares of the image's sides, 0 to 1 (see --boxes)")
    return Labels(rows[:, 0].astype(int), rows[:, 1:5], rows[:, 5] if rows.shape[1] == 6 else None)


def _floats(words: Sequence[str]) -> np.ndarray | None:
    """Return finite numbers; None where one of them is none."""
    try:
        numbers = np.array([float(word) for word in words])
    except ValueError:
        return None
    return numbers if np.isfinite(numbers).all() else None


def _require(path: Path, words: Sequence[tuple[int, list[str]]], bad: np.ndarray, problem: str) -> None:
    """Raise a ProblemError that names the first bad line."""
    if bad.any():
        number, row = words[int(bad.argmax())]
        raise ProblemError(f"'{path}', line {number}: {_shown(row)}: {problem}")


def _first_bad(path: Path, words: Sequence[tuple[int, list[str]]]) -> ProblemError:
    expected = len(words[0][1])
    for number, row in words:
        where = f"'{path}', line {number}: {_shown(row)}"
        if _floats(row) is None:
            return ProblemError(f"{where} is not '{LINE}' with finite numbers")
        if len(row) > 6:
            count = f"{len(row) - 1} numbers behind the class"
            return ProblemError(f"{where} has {count}, as polygons and keypoints have, where a box has 4")
        if len(row) < 5:
            return ProblemError(f"{where} has {len(row)} numbers, where '{LINE}' has 5")
        if len(row) != expected:
            return ProblemError(f"{where} has {len(row)} numbers, and other lines {expected}: all or none have a score")
    raise AssertionError("all lines are good, one by one")


def _shown(row: Sequence[str]) -> str:
    return repr(" ".join(row)[:60])
