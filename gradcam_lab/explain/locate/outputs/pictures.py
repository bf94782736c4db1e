"""`pictures/NAME.jpg`: each photo with its boxes, one beside the other for several classes."""

from pathlib import Path

import numpy as np

from gradcam_lab.errors import LabError
from gradcam_lab.explain.locate.found import Found, FoundClass
from gradcam_lab.explain.locate.outputs.output import About, Numbered
from gradcam_lab.explain.locate.read_ahead import BadPhoto
from gradcam_lab.localise.methods import METHODS
from gradcam_lab.report.figures.photos import SHOWN_SCORE, Panel, draw_rows, in_rows
from gradcam_lab.report.figures.tiles import for_display

COLUMNS = 3
TALLEST = 6.0
"""Inches, on a page of 8."""


class Pictures:
    """Draws a picture a photo."""

    def __init__(self, folder: Path, mark: str, about: About) -> None:
        cut, threshold = METHODS[about.facts["method"]].cut, about.facts["threshold"]
        self._how = f": boxes where the map reaches {threshold:g} of its maximum" if cut else ""
        self._folder = folder / "pictures"
        self._folder.mkdir()

    def add(self, photo: Numbered) -> None:
        """Draw a photo; one that has vanished meanwhile is left out."""
        try:
            image = photo.image
        except LabError:
            return
        draw_photo(self._folder / f"{photo.name}.jpg", photo.found, image, f"{photo.found.path.name}{self._how}")

    def skip(self, photo: BadPhoto) -> None:
        """Leave it out."""

    def close(self) -> None:
        """Every file is ended."""


def draw_photo(path: Path, found: Found, image: np.ndarray, heading: str) -> None:
    """Draw a photo with the boxes of each of its classes.

    Args:
        path: the JPEG to write.
        found: what was found.
        image: the photo, RGB, uint8, shape (H, W, 3).
        heading: stands above.
    """
    shown = for_display(image)
    scale = np.array(shown.shape[1::-1]) / found.size  # of x and y
    panels = [_panel(shown, one, scale) for one in found.classes]
    path.parent.mkdir(parents=True, exist_ok=True)
    draw_rows(path, in_rows(panels, COLUMNS, heading), tallest=TALLEST)


def _panel(image: np.ndarray, one: FoundClass, scale: np.ndarray) -> Panel:
    faint = int((one.boxes[:, 4] < SHOWN_SCORE).sum())
    left_out = f", {faint} of a score below {SHOWN_SCORE:g} left out" if faint else ""
    edges = (one.boxes[:, :4] - [1, 1, 0, 0]) * np.tile(scale, 2) + [1, 1, 0, 0]
    boxes = [
        ((x0, y0, x1, y1), score)
        for (x0, y0, x1, y1), score in zip(edges.tolist(), one.boxes[:, 4].tolist(), strict=True)
    ]
    return Panel(image, f"{one.name}, p {one.probability:.3f}{left_out}", detections=boxes, name=one.name)
