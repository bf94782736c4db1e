"""Folders of YOLO's text: their files of labels, of names and of splits, read and written; a line is in `yolo_text`."""

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np

from gradcam_lab.data.box_conventions import Convention, from_voc
from gradcam_lab.data.image_files import ProblemError
from gradcam_lab.data.layouts import yolo_text
from gradcam_lab.data.layouts.repair import Repairs
from gradcam_lab.data.layouts.yolo_places import places_of
from gradcam_lab.data.layouts.yolo_text import Labels, read_data_yaml
from gradcam_lab.data.photo_paths import natural
from gradcam_lab.errors import LabError

NAME_FILES = ("data.yaml", "data.yml", "classes.txt")
"""The files of class names, beside or above the labels."""


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
    """Read the boxes of one image; see `yolo_text.read_labels`.

    Raises:
        LabError: the file cannot be used.
    """
    try:
        return yolo_text.read_labels(path, names, Repairs(), convention)
    except ProblemError as problem:
        raise LabError(f"{problem}: mend it.") from problem


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


# --------------------------------------------------------------------------------------------------- names


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
    places = places_of(path, read_data_yaml(path))
    if not places:
        raise LabError(f"'{path}' has neither 'train', 'val' nor 'test': say in which folders the images lie.")
    return places


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
