"""Photos with their annotated and their detected boxes, one by one and on a contact sheet."""

import re
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from gradcam_lab.console import tracked
from gradcam_lab.data.box_files.ground_truth import ObjectArrays
from gradcam_lab.data.sample import read_image
from gradcam_lab.errors import LabError
from gradcam_lab.report.figures.photos import SHOWN_SCORE, Panel, Row, draw_rows, in_rows

COLUMNS = 4
LEGEND = f"Green: annotated (dashed: difficult). Orange: detected, with its score (below {SHOWN_SCORE:g} left out)."


def draw(
    folder: Path, images: Mapping[str, Path], truth: Mapping[str, ObjectArrays], found: Mapping[str, np.ndarray]
) -> list[Path]:
    """Draw each image by itself, and all of them on `contact-sheet.jpg`.

    Args:
        folder: where the pictures go.
        images: the file of each image, by its name.
        truth: boxes (m, 4) and difficult (m,) of each image.
        found: detections (n, 5) of each image that has some.

    Returns:
        One JPEG an image, and the contact sheet, last.

    Raises:
        LabError: there is no image, or a file cannot be read or written.
    """
    if not images:
        raise LabError("There is nothing to show: draw at least one image.")
    panels, files = [], []
    for number, (image, path) in enumerate(tracked(images.items(), "drawing", len(images)), 1):
        panels.append(panel(image, read_image(path), truth[image], found.get(image, np.zeros((0, 5)))))
        files.append(folder / f"{number:02}-{file_name(image)}.jpg")
        draw_rows(files[-1], [Row(panels[-1:], LEGEND)], tallest=6.0)
    draw_rows(folder / "contact-sheet.jpg", in_rows(panels, COLUMNS, LEGEND))
    return [*files, folder / "contact-sheet.jpg"]


def panel(image: str, pixels: np.ndarray, objects: ObjectArrays, rows: np.ndarray) -> Panel:
    """Put an image and its boxes together; the title says how many boxes are too faint to be drawn."""
    faint = int((rows[:, 4] < SHOWN_SCORE).sum())
    title = f"{image}, {faint} left out" if faint else image
    boxes, difficult = objects
    return Panel(
        pixels,
        title,
        list(zip(map(tuple, boxes.tolist()), difficult.tolist(), strict=True)),
        [((xmin, ymin, xmax, ymax), score) for xmin, ymin, xmax, ymax, score in rows.tolist()],
    )


def file_name(image: str) -> str:
    """Make a file name of an image's name, which may hold anything: letters, digits and `_.-` are kept."""
    return re.sub(r"[^\w.-]+", "_", Path(image).name)[:80] or "image"
