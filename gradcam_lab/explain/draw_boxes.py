"""Photos with their annotated and their detected boxes, one by one and on a contact sheet."""

import re
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np

from gradcam_lab.console import tracked
from gradcam_lab.data.box_files.ground_truth import ObjectArrays
from gradcam_lab.errors import LabError
from gradcam_lab.report.figures.photos import SHOWN_SCORE, Row, draw_rows, in_rows, panel_of

COLUMNS = 4


def draw(
    folder: Path,
    images: Mapping[str, Callable[[], np.ndarray]],
    truth: Mapping[str, ObjectArrays],
    found: Mapping[str, np.ndarray],
    *,
    name: str = "",
    cut: str = "",
    under: Callable[[str, np.ndarray], np.ndarray] | None = None,
) -> list[Path]:
    """Draw each image by itself, and all of them on `contact-sheet.jpg`.

    Args:
        folder: where the pictures go.
        images: a function that reads each image, by its name.
        truth: boxes (m, 4) and difficult (m,) of each image.
        found: detections (n, 5) of each image that has some.
        name: what the boxes show, by which they are called, such as "dog".
        cut: how the boxes were cut, where it is not the run's way, such as "at threshold 0.02".
        under: makes, of an image's name and its pixels, the picture that lies under the boxes.

    Returns:
        One JPEG an image, and the contact sheet, last.

    Raises:
        LabError: there is no image, or a file cannot be read or written.
    """
    if not images:
        raise LabError("There is nothing to show: draw at least one image.")
    panels, files, legend = [], [], legend_of(cut)
    for number, (image, read) in enumerate(tracked(images.items(), "drawing", len(images)), 1):
        pixels = read()
        shown = under(image, pixels) if under else pixels
        panels.append(panel_of(image, shown, truth[image], found.get(image, np.zeros((0, 5))), name))
        files.append(folder / f"{number:02}-{file_name(image)}.jpg")
        draw_rows(files[-1], [Row(panels[-1:], legend)], tallest=6.0)
    draw_rows(folder / "contact-sheet.jpg", in_rows(panels, COLUMNS, legend))
    return [*files, folder / "contact-sheet.jpg"]


def legend_of(cut: str = "") -> str:
    """The line above the pictures: what the colours mean, and how the boxes were cut."""
    detected = f"detected {cut}".strip()
    return f"Green: annotated (dashed: difficult). Orange: {detected} (score below {SHOWN_SCORE:g} left out)."


def file_name(image: str) -> str:
    """Make a file name of an image's name, which may hold anything: letters, digits and `_.-` are kept."""
    return re.sub(r"[^\w.-]+", "_", Path(image).name)[:80] or "image"
