"""Writing VOC's XML: the annotation of one image, as the devkit has it and labelImg writes it.

An object may have a `score` beside its box: so `gradcam-lab locate` writes what it has found.
"""

from collections.abc import Mapping, Sequence
from xml.sax.saxutils import escape

import numpy as np

from gradcam_lab.data.layouts.voc_xml import CORNERS, FLAGS
from gradcam_lab.errors import one_line


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
