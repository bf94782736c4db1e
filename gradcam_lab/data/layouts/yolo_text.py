"""YOLO's text: a file of labels for each image, a line `class x y width height` for each box, and `data.yaml`."""

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import yaml

from gradcam_lab.data.image_files import ProblemError
from gradcam_lab.data.layouts.repair import LATIN, Repairs
from gradcam_lab.errors import LabError
from gradcam_lab.files import read_text

Line = tuple[int, tuple[float, ...]]
"""The number of a class, and the four numbers of its box as the file states them."""

LINE = "class x y width height"


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
    lines = read_text(path, "a text file of class names").splitlines()
    return {"names": [line.strip() for line in lines if line.strip()]}


def names_in(path: Path, content: dict[str, Any]) -> tuple[str, ...]:
    """Return the names of the classes of a `data.yaml`.

    Raises:
        LabError: there are none, one is empty, or there are not as many as its `nc` says.
    """
    names = listed_names(path, content)
    if not names or "" in names:
        raise _no_names(path)
    return names


def listed_names(path: Path, content: dict[str, Any]) -> tuple[str, ...]:
    """Return the names of a `data.yaml` as they stand there: a list, or a table from the numbers 0, 1, ... to them.

    Raises:
        LabError: they are neither, or not as many as its `nc` says.
    """
    names = content.get("names")
    if isinstance(names, dict) and set(names) == {str(number) for number in range(len(names))}:
        names = [names[str(number)] for number in range(len(names))]
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise _no_names(path)
    if str(content.get("nc", len(names))) != str(len(names)):
        raise LabError(f"'{path}' says nc: {content['nc']}, but names {len(names)} classes: mend one of them.")
    return tuple(name.strip() for name in names)


def _no_names(path: Path) -> LabError:
    return LabError(f"'{path}' has no 'names', a list or a table from 0, 1, ... to the names: add it.")


def read_label_file(path: Path, names: Sequence[str], repairs: Repairs) -> list[Line]:
    """Read the boxes of one image; an empty file is an image without any.

    Raises:
        ProblemError: the file cannot be read, a line is no box, but a polygon for example, or a class has no name.
    """
    try:
        text = read_text(path, "a text file", latin=True)
    except LabError as error:
        raise ProblemError(f"Cannot read the labels '{path}'") from error
    if not text.isascii():
        repairs[LATIN] += 1
    rows = [(number, line.split()) for number, line in enumerate(text.splitlines(), 1) if line.strip()]
    return [_parsed(row, len(names), f"'{path}', line {number}, '{' '.join(row)[:40]}',") for number, row in rows]


def _parsed(row: Sequence[str], classes: int, told: str) -> Line:
    try:
        numbers = tuple(float(word) for word in row)
    except ValueError:
        numbers = (math.nan,)
    if not all(map(math.isfinite, numbers)):
        raise ProblemError(f"{told} is not '{LINE}' with finite numbers")
    if len(row) == 6:
        raise ProblemError(f"{told} has six numbers, the last a confidence: these are detections, and no annotations")
    if len(row) > 6:
        raise ProblemError(f"{told} has {len(row) - 1} numbers behind the class, as a polygon has, where a box has 4")
    if len(row) < 5:
        raise ProblemError(f"{told} has {len(row)} numbers, where '{LINE}' has 5")
    number = numbers[0]
    if number % 1 or not 0 <= number < classes:
        known = f"0 to {classes - 1}" if classes > 1 else "0"
        raise ProblemError(f"{told} is of the class {row[0]}, but data.yaml names the classes {known}")
    return int(number), numbers[1:]
