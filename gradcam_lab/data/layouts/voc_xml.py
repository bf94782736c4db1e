"""Reading VOC's XML, as the devkit has it and as other programs write it: the objects of one image."""

import math
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

Corners = tuple[float, float, float, float]


def read_annotation(
    path: Path, image: Path, size: Size, repairs: Repairs, convention: Convention = "voc"
) -> tuple[Object, ...]:
    """Read the objects of an image; a negative image has none.

    Args:
        path: the XML.
        image: its image.
        size: (width, height) of the image in pixels, as it is displayed.
        repairs: counts what is mended.
        convention: how the boxes are stated; of four corners.

    Raises:
        ProblemError: the file is missing or no XML, an object lacks its name or its box, or what it says is not clear.
    """
    annotation = read_xml(path, repairs)
    found = [(element, _corners(element, path)) for element in annotation.findall("object")]
    stated = to_voc(np.array([corners for _, corners in found]).reshape(-1, 4), convention)
    check_size(_stated_size(annotation), size, stated, path, image, repairs)
    objects = (_object(element, corners, path, size, repairs, convention) for element, corners in found)
    return tuple(read for read in objects if read)


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


def _object(
    element: Element, corners: Corners, path: Path, size: Size, repairs: Repairs, convention: Convention
) -> Object | None:
    name = element.findtext("name", "").strip()
    if not name:
        raise ProblemError(f"'{path}' has an object without a name")
    box = read_box(corners, convention, size, repairs, f"'{path}' has a '{name}'")
    flags = {tag: element.findtext(tag, "0").strip() == "1" for tag in ("difficult", "truncated")}  # or `Unspecified`
    return Object(name, box, **flags) if box else None


def _corners(element: Element, path: Path) -> Corners:
    if element.find("bndbox") is None and element.find("polygon") is not None:
        raise ProblemError(f"'{path}' has an object with a polygon and no <bndbox> (draw its box)")
    xmin, ymin, xmax, ymax = (_number(element, f"bndbox/{tag}", path) for tag in ("xmin", "ymin", "xmax", "ymax"))
    return xmin, ymin, xmax, ymax


def _number(element: Element, tag: str, path: Path) -> float:
    """Read a finite number; some of VOC's own boxes are fractions (`45.70`)."""
    text = element.findtext(tag)
    if text is None:
        raise ProblemError(f"'{path}' has an <{element.tag}> without <{tag}>")
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise ProblemError(f"'{path}' has '{text.strip()}' for <{tag}>, which is not a finite number")
    return value


def _stated_size(annotation: Element) -> tuple[float, float] | None:
    """Return (width, height) as the annotation says; None where it says none."""
    try:
        width, height = (float(annotation.findtext(f"size/{tag}") or 0) for tag in ("width", "height"))
    except ValueError:
        return None
    return width, height
