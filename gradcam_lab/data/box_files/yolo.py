"""YOLO's text: a file of labels for each image, a line `class cx cy width height` for each box, and `data.yaml`.

The class is a number, counted from 0 in the list of names; centre and sides are shares of the image's width and height
(the convention `relative` of `box_conventions`). Detections have their confidence behind the box, as in ultralytics'
`save_txt` and `save_conf`. An empty file is an image without any object.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from gradcam_lab.data.box_conventions import Convention, from_voc
from gradcam_lab.data.box_files.arrays import finite_numbers
from gradcam_lab.data.layouts.yolo_text import listed_names, read_data_yaml
from gradcam_lab.data.photo_paths import natural
from gradcam_lab.errors import LabError
from gradcam_lab.files import read_text

LINE = "class cx cy width height"
NAME_FILES = ("data.yaml", "data.yml", "classes.txt")
"""The files of class names, beside or above the labels."""

SLACK = 0.01
"""How far a share may lie outside of 0 to 1: rounding, and boxes that reach a little over the edge."""


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


def label_files(folder: Path) -> Iterator[Path]:
    """Yield the files of labels in a folder and in those below it, in natural order.

    Raises:
        LabError: there is no such folder.
    """
    if not folder.is_dir():
        raise LabError(f"There is no folder of labels '{folder}': check the name.")
    paths = (path for path in folder.rglob("*.txt") if path.name not in NAME_FILES and not path.name.startswith("."))
    yield from sorted(paths, key=lambda path: natural(path.relative_to(folder).as_posix()))


def read_labels(path: Path, *, names: Sequence[str], convention: Convention = "relative") -> Labels:
    """Read the boxes of one image.

    Args:
        path: the file.
        names: of the classes, in the order of their numbers.
        convention: how the boxes are stated.

    Raises:
        LabError: the file cannot be read; a line is no box, but a polygon for example; a class has no name; or a number
            is no share of an image, where the convention is `relative`.
    """
    lines = read_text(path, f"a text file with lines '{LINE}'").splitlines()
    words = [(number, line.split()) for number, line in enumerate(lines, 1) if not line.isspace() and line]
    counts = {len(row) for _, row in words}
    if not words:
        return NONE
    values = _floats([word for _, row in words for word in row]) if counts in ({5}, {6}) else None
    if values is None:
        raise _first_bad(path, words)
    rows = values.reshape(len(words), -1)
    nameless = ~np.isin(rows[:, 0], range(len(names)))
    _require(path, words, nameless, f"the classes are 0 to {len(names) - 1} by their names")
    if convention == "relative":
        beyond = SLACK if rows.shape[1] == 5 else 1  # detections may reach over the edge
        outside = np.abs(rows[:, 1:5] - 0.5).max(axis=1) > 0.5 + beyond
        _require(path, words, outside, "its numbers are no shares of the image's sides, 0 to 1; declare it by --boxes")
    return Labels(rows[:, 0].astype(int), rows[:, 1:5], rows[:, 5] if rows.shape[1] == 6 else None)


def labels_text(classes: Sequence[int], boxes: np.ndarray, size: tuple[int, int], scores: np.ndarray | None) -> str:
    r"""Return the text of an image's file of labels.

    Shares have 8 decimals, which is less than a hundredth of a pixel in the largest image; a score has 9 digits, so
    that no two become equal.

    Args:
        classes: number of each box's class, shape (n,).
        boxes: in VOC's pixels, shape (n, 4).
        size: (width, height) of the image.
        scores: shape (n,); None for annotations.

    Examples:
        >>> labels_text([3], np.array([[1, 1, 10, 20]]), (40, 20), np.array([0.75]))
        '3 0.12500000 0.50000000 0.25000000 1.00000000 0.75\n'
    """
    shares = from_voc(boxes, "relative", size).tolist()
    ends = [""] * len(shares) if scores is None else [f" {score:.9g}" for score in scores.tolist()]
    return "".join(
        f"{number} {x:.8f} {y:.8f} {width:.8f} {height:.8f}{end}\n"
        for number, (x, y, width, height), end in zip(classes, shares, ends, strict=True)
    )


def data_yaml_text(names: Sequence[str], places: Mapping[str, str]) -> str:
    """Return a `data.yaml` with the folder of each split's images and the names; JSON's text is YAML's too."""
    splits = "".join(f"{split}: {json.dumps(place, ensure_ascii=False)}\n" for split, place in places.items())
    lines = "".join(f"  {number}: {json.dumps(name, ensure_ascii=False)}\n" for number, name in enumerate(names))
    return f"{splits}nc: {len(names)}\nnames:\n{lines}"


def _floats(words: Sequence[str]) -> np.ndarray | None:
    try:
        return finite_numbers([float(word) for word in words])
    except ValueError:
        return None


def _require(path: Path, words: Sequence[tuple[int, list[str]]], bad: np.ndarray, problem: str) -> None:
    """Raise a LabError that names the first bad line."""
    if bad.any():
        number, row = words[int(bad.argmax())]
        raise LabError(f"'{path}', line {number}: {_shown(row)}: {problem}: mend it.")


def _first_bad(path: Path, words: Sequence[tuple[int, list[str]]]) -> LabError:
    expected = len(words[0][1])
    for number, row in words:
        where = f"'{path}', line {number}: {_shown(row)}"
        if _floats(row) is None:
            return LabError(f"{where} is not '{LINE}' with finite numbers: mend it.")
        if len(row) > 6:
            return LabError(
                f"{where} has {len(row) - 1} numbers behind the class, as polygons and keypoints have, where a box has "
                "4: make boxes of them first."
            )
        if len(row) < 5:
            return LabError(f"{where} has {len(row)} numbers, where '{LINE}' has 5: mend it.")
        if len(row) != expected:
            return LabError(f"{where} has {len(row)} numbers, and other lines {expected}: give all boxes a confidence.")
    raise AssertionError("all lines are good, one by one")


def _shown(row: Sequence[str]) -> str:
    return repr(" ".join(row)[:60])


# --------------------------------------------------------------------------------------------------- names


def read_names(path: Path) -> tuple[str, ...]:
    """Read the names of the classes, in the order of their numbers: of a `data.yaml`, or one a line.

    Raises:
        LabError: the file cannot be read, or has no names, an empty one or one twice.
    """
    if path.suffix in (".yaml", ".yml"):
        names = list(listed_names(path, read_data_yaml(path)))
    else:
        names = [line.strip() for line in read_text(path, "a text file of class names").strip().splitlines()]
    if not names or "" in names:
        raise LabError(f"'{path}' names {'a class without a letter' if names else 'no classes'}: give each its name.")
    if twice := next((name for name in names if names.count(name) > 1), None):
        raise LabError(f"'{path}' names the class '{twice}' twice: give each class its own name.")
    return tuple(names)


def find_names(folder: Path) -> Path | None:
    """Find the file of class names in a folder of labels or up to two folders above it, as the usual layouts have it.

    Returns:
        The nearest; None where there is none.
    """
    above = [folder, *folder.absolute().parents[:2]]
    return next((path for place in above for name in NAME_FILES if (path := place / name).is_file()), None)


# -------------------------------------------------------------------------------------------------- splits


def split_places(path: Path) -> dict[str, list[Path]]:
    """Return where the images of each split of a `data.yaml` lie: folders, or lists of files (`.txt`).

    Args:
        path: the `data.yaml`. Its `path`, if any, is a folder in or beside which it lies.

    Raises:
        LabError: it names no split, or a place outside of its own folder.
    """
    content = read_data_yaml(path)
    root = _root(path, content.get("path", ""))
    places: dict[str, list[Path]] = {}
    for split in ("train", "val", "test"):
        stated = content.get(split) or (content.get("validation") if split == "val" else None)
        if stated:
            words = stated if isinstance(stated, list) else [stated]
            places[split] = [_inside(path, root, word) for word in words]
    if not places:
        raise LabError(f"'{path}' has neither 'train', 'val' nor 'test': say in which folders the images lie.")
    return places


def _root(path: Path, stated: Any) -> Path:
    """Return the data set's folder: ultralytics looks for a relative one from another place, where it is not."""
    folder = path.parent
    if not stated or not isinstance(stated, str) or Path(stated).name == folder.resolve().name:
        return folder
    return _inside(path, folder, stated)


def _inside(path: Path, root: Path, stated: Any) -> Path:
    """Return a place in the file's own folder; Roboflow writes `../train/images` where `train/images` is meant."""
    place, meant = root / str(stated), root / str(stated).removeprefix("../")
    if not place.exists() and meant.exists():
        place = meant
    if not place.resolve().is_relative_to(path.parent.resolve()):
        raise LabError(
            f"'{path}' names the place '{stated}', which is outside of its own folder: put the data beside it, or the "
            "file above the data."
        )
    return place


def labels_of(images: Path) -> Path:
    """Return the folder of labels that belongs to a folder of images: its sibling, `labels` for the last `images`.

    Examples:
        >>> labels_of(Path("images/train")).as_posix()
        'labels/train'
    """
    return _sibling(images, "images", "labels")


def images_of(labels: Path) -> Path:
    """Return the folder of images that belongs to a folder of labels, the inverse of `labels_of`."""
    return _sibling(labels, "labels", "images")


def _sibling(folder: Path, old: str, new: str) -> Path:
    parts = list(folder.parts)
    if old not in parts:
        return folder
    place = len(parts) - 1 - parts[::-1].index(old)
    return Path(*parts[:place], new, *parts[place + 1 :])
