"""VOC's XML: the annotation of one image, as the devkit has it and labelImg writes it.

An object may have a `score` beside its box: so `gradcam-lab locate` writes what it has found.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from xml.etree.ElementTree import Element
from xml.sax.saxutils import escape

import numpy as np

from gradcam_lab.data.image_files import ProblemError
from gradcam_lab.data.layouts.repair import Repairs
from gradcam_lab.data.layouts.xml_file import read_xml
from gradcam_lab.errors import LabError, one_line

CORNERS = ("xmin", "ymin", "xmax", "ymax")
FLAGS = ("truncated", "difficult")
"""The flags of an object, in the order in which they are written."""


@dataclass(frozen=True)
class Annotation:
    """What the annotation of one image says.

    Attributes:
        file: the image's name as the annotation has it, which nobody keeps up; it may be empty.
        size: (width, height) in pixels; None where it says none, or 0 as some programs do.
        names: of each object's class.
        boxes: as they are stated, shape (n, 4).
        scores: shape (n,); None where an object has none.
        flags: each of `FLAGS`, bool, shape (n,).
    """

    file: str
    size: tuple[int, int] | None
    names: tuple[str, ...]
    boxes: np.ndarray
    scores: np.ndarray | None
    flags: Mapping[str, np.ndarray]


def read_annotation(path: Path) -> Annotation:
    """Read the annotation of one image; without objects it is that of a negative image.

    Raises:
        LabError: it is missing or no XML; or an object has no name, a polygon instead of a box, a number that is none,
            or a box that ends before it begins.
    """
    try:
        root = read_xml(path, Repairs())
        objects = root.findall("object")
        boxes = np.array([_box(element) for element in objects]).reshape(-1, 4)
        scores = [_number(element, "score") for element in objects if element.find("score") is not None]
        return Annotation(
            file=root.findtext("filename", "").strip(),
            size=_size(root),
            names=tuple(_name(element) for element in objects),
            boxes=boxes,
            scores=np.array(scores) if scores and len(scores) == len(objects) else None,
            flags={flag: np.array([_is_set(o, flag) for o in objects], bool) for flag in FLAGS},
        )
    except _BadError as bad:
        raise LabError(f"'{path}' has {bad}: mend it.") from bad
    except ProblemError as problem:
        raise LabError(f"{problem}: mend it.") from problem


class _BadError(Exception):
    """What an annotation has that it should not have, a clause."""


def _name(element: Element) -> str:
    name = element.findtext("name", "").strip()
    if not name:
        raise _BadError("an object without a name")
    return name


def _box(element: Element) -> list[float]:
    name = _name(element)
    box = element.find("bndbox")
    if box is None:
        what = "a polygon, where a box is meant" if element.find("polygon") is not None else "no <bndbox>"
        raise _BadError(f"an object '{name}' with {what}")
    corners = [_number(box, corner) for corner in CORNERS]
    if corners[0] > corners[2] or corners[1] > corners[3]:
        stated = ", ".join(f"{value:g}" for value in corners)
        raise _BadError(f"a '{name}' whose box ({stated}) ends before it begins")
    return corners


def _size(root: Element) -> tuple[int, int] | None:
    if root.find("size/width") is None or root.find("size/height") is None:
        return None
    width, height = (_number(root, f"size/{side}") for side in ("width", "height"))
    if width % 1 or height % 1 or min(width, height) < 0:
        raise _BadError(f"an image of {width:g} x {height:g} pixels")
    return (int(width), int(height)) if width and height else None


def _number(element: Element, tag: str) -> float:
    text = (element.findtext(tag) or "").strip()
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise _BadError(f"'{text}' for <{tag.rpartition('/')[2]}>, which is not a finite number")
    return value


def _is_set(element: Element, flag: str) -> bool:
    """A flag is set by 1; older annotations leave it out, some say `Unspecified`."""
    return element.findtext(flag, "0").strip() == "1"


# ------------------------------------------------------------------------------------------------- writing


def annotation_text(
    folder: str,
    file: str,
    size: tuple[int, int],
    names: Sequence[str],
    boxes: np.ndarray,
    *,
    scores: np.ndarray | None = None,
    flags: Mapping[str, np.ndarray] | None = None,
) -> str:
    """Return the annotation of one image.

    Args:
        folder: of the image, for people to read.
        file: the image's name.
        size: (width, height) in pixels.
        names: of each object's class.
        boxes: in VOC's pixels, shape (n, 4).
        scores: shape (n,); None for annotations.
        flags: those of `FLAGS` that are set for some, bool, shape (n,).
    """
    count = len(names)
    ends = [""] * count if scores is None else [f"\t\t<score>{score:.9g}</score>\n" for score in scores.tolist()]
    columns = [(flags or {}).get(flag, np.zeros(count, bool)).astype(int).tolist() for flag in FLAGS]
    marks = [
        "".join(f"\t\t<{flag}>{value}</{flag}>\n" for flag, value in zip(FLAGS, row, strict=True))
        for row in zip(*columns, strict=True)
    ]
    objects = (
        f"\t<object>\n\t\t<name>{_text(name)}</name>\n\t\t<pose>Unspecified</pose>\n{mark}{end}\t\t<bndbox>\n"
        + "".join(
            f"\t\t\t<{corner}>{_coordinate(value)}</{corner}>\n" for corner, value in zip(CORNERS, box, strict=True)
        )
        + "\t\t</bndbox>\n\t</object>\n"
        for name, box, mark, end in zip(names, boxes.tolist(), marks, ends, strict=True)
    )
    return (
        f"<annotation>\n\t<folder>{_text(folder)}</folder>\n\t<filename>{_text(file)}</filename>\n"
        f"\t<size>\n\t\t<width>{size[0]}</width>\n\t\t<height>{size[1]}</height>\n\t\t<depth>3</depth>\n\t</size>\n"
        f"\t<segmented>0</segmented>\n{''.join(objects)}</annotation>\n"
    )


def _text(text: str) -> str:
    return escape(one_line(text))  # XML has no control characters, not even escaped


def _coordinate(value: float) -> str:
    """Whole where it is, else with two digits."""
    return f"{value:.0f}" if float(value).is_integer() else f"{value:.2f}"
