"""Reading VOC's XML, as the devkit has it and as other programs write it: the annotation of one image."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from xml.etree.ElementTree import Element

import numpy as np

from gradcam_lab.data.box_conventions import Convention, to_voc
from gradcam_lab.data.image_files import ProblemError
from gradcam_lab.data.layouts.repair import Repairs, read_box
from gradcam_lab.data.layouts.stated_size import check_size
from gradcam_lab.data.layouts.xml_file import read_xml
from gradcam_lab.data.sample import Object
from gradcam_lab.errors import LabError

Size = tuple[int, int]

CORNERS = ("xmin", "ymin", "xmax", "ymax")
FLAGS = ("truncated", "difficult")
"""The flags of an object, in the order in which they are written."""


@dataclass(frozen=True)
class Annotation:
    """What the annotation of one image says, as it stands there.

    Attributes:
        file: the image's name as the annotation has it, which nobody keeps up; it may be empty.
        size: (width, height) in pixels; None where it says none.
        names: of each object's class.
        boxes: shape (n, 4).
        scores: shape (n,), as `gradcam-lab locate` writes them; None where an object has none.
        flags: each of `FLAGS`, bool, shape (n,).
    """

    file: str
    size: tuple[float, float] | None
    names: tuple[str, ...]
    boxes: np.ndarray
    scores: np.ndarray | None
    flags: Mapping[str, np.ndarray]


def read_annotation(path: Path, repairs: Repairs) -> Annotation:
    """Read the annotation of one image; without objects it is that of a negative image.

    Args:
        path: the XML.
        repairs: counts what is mended.

    Raises:
        ProblemError: it is missing or no XML; or an object has no name, no box, or a number that is none.
    """
    root = read_xml(path, repairs)
    objects = root.findall("object")
    scores = [_number(element, "score", path) for element in objects if element.find("score") is not None]
    return Annotation(
        file=root.findtext("filename", "").strip(),
        size=_size(root),
        names=tuple(_name(element, path) for element in objects),
        boxes=np.array([_corners(element, path) for element in objects]).reshape(-1, 4),
        scores=np.array(scores) if scores and len(scores) == len(objects) else None,
        flags={flag: np.array([_is_set(element, flag) for element in objects], bool) for flag in FLAGS},
    )


def read_objects(
    path: Path, image: Path, size: Size, repairs: Repairs, convention: Convention = "voc"
) -> tuple[Object, ...]:
    """Read the objects of an image, mended where what they say has one meaning; a negative image has none.

    Args:
        path: the XML.
        image: its image.
        size: (width, height) of the image in pixels, as it is displayed.
        repairs: counts what is mended.
        convention: how the boxes are stated; of four corners.

    Raises:
        ProblemError: the file is bad, see `read_annotation`, or what it says is not clear.
    """
    annotation = read_annotation(path, repairs)
    check_size(annotation.size, size, to_voc(annotation.boxes, convention), path, image, repairs)
    flags = (
        {flag: bool(values[place]) for flag, values in annotation.flags.items()}
        for place in range(len(annotation.names))
    )
    stated = zip(annotation.names, annotation.boxes.tolist(), flags, strict=True)
    boxes = [
        (name, read_box(box, convention, size, repairs, f"'{path}' has a '{name}'"), its) for name, box, its in stated
    ]
    return tuple(Object(name, box, **its) for name, box, its in boxes if box)


def require_corners(convention: Convention) -> Convention:
    """Return a convention in which VOC's XML can be: its tags are those of corners.

    Raises:
        LabError: it is of another kind.
    """
    if convention not in ("voc", "zero-based"):
        raise LabError(
            f"The boxes of VOC's XML are corners (xmin, ymin, xmax, ymax) and never --boxes {convention}: give voc, "
            "which counts from 1, or zero-based."
        )
    return convention


def _name(element: Element, path: Path) -> str:
    name = element.findtext("name", "").strip()
    if not name:
        raise ProblemError(f"'{path}' has an object without a name")
    return name


def _corners(element: Element, path: Path) -> list[float]:
    name = _name(element, path)
    if element.find("bndbox") is None:
        polygon = element.find("polygon") is not None
        what = "a polygon and no <bndbox> (draw its box)" if polygon else "no <bndbox>"
        raise ProblemError(f"'{path}' has an object '{name}' with {what}")
    return [_number(element, f"bndbox/{corner}", path) for corner in CORNERS]


def _number(element: Element, tag: str, path: Path) -> float:
    """Read a finite number; some of VOC's own boxes are fractions (`45.70`)."""
    text = (element.findtext(tag) or "").strip()
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise ProblemError(f"'{path}' has '{text}' for <{tag.rpartition('/')[2]}>, which is not a finite number")
    return value


def _is_set(element: Element, flag: str) -> bool:
    """A flag is set by 1; older annotations leave it out, some say `Unspecified`."""
    return element.findtext(flag, "0").strip() == "1"


def _size(annotation: Element) -> tuple[float, float] | None:
    try:
        width, height = (float(annotation.findtext(f"size/{side}") or 0) for side in ("width", "height"))
    except ValueError:
        return None
    return width, height
