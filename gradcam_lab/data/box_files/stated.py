"""How boxes are stated in the files that do not say it, our JSON and `comp4` text, as --boxes declares it."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from gradcam_lab.data.box_conventions import FIRST_PIXEL, Convention, to_voc
from gradcam_lab.data.box_files.arrays import require_pixels
from gradcam_lab.errors import LabError

CORNERS = ("xmin", "ymin", "xmax", "ymax")

COLUMNS: dict[Convention, tuple[str, str, str, str]] = {
    "voc": CORNERS,
    "zero-based": CORNERS,
    "coco": ("x", "y", "width", "height"),
    "relative": ("x_centre", "y_centre", "width", "height"),
}
"""What the four numbers of a box are called."""

BEYOND = 1
"""How far, in sides of the image, shares may lie beyond it: detections may reach over the edge."""


@dataclass(frozen=True)
class Stated:
    """How the boxes of a file are stated.

    Attributes:
        convention: see `box_conventions`.
        size_of: returns (width, height) in pixels of an image that the file names; used for `relative` alone.
    """

    convention: Convention = "voc"
    size_of: Callable[[str], tuple[float, float]] | None = None

    @property
    def columns(self) -> tuple[str, str, str, str]:
        """What the four numbers of a box are called."""
        return COLUMNS[self.convention]

    def backwards(self, boxes: np.ndarray, *, objects: bool = False) -> np.ndarray:
        """Return which boxes end before they begin, bool (n,).

        Args:
            boxes: as they are stated, shape (n, 4).
            objects: whether they are objects, which have at least some width and height.
        """
        if self.convention in FIRST_PIXEL:
            wrong = boxes[:, :2] > boxes[:, 2:]
        else:
            wrong = boxes[:, 2:] <= 0 if objects else boxes[:, 2:] < 0
        return np.any(wrong, axis=1)

    def in_voc(
        self, path: Path, boxes: np.ndarray, images: Iterable[str], counts: Sequence[int] | np.ndarray
    ) -> np.ndarray:
        """Convert the boxes of a file to VOC's pixels.

        Args:
            path: the file, for messages.
            boxes: as they are stated, shape (n, 4).
            images: the images, whose boxes follow each other.
            counts: the number of boxes of each.

        Raises:
            LabError: they should be pixels and seem to be shares of the images' sides, or the other way round.
        """
        if self.convention != "relative" or self.size_of is None:
            require_pixels(path, boxes)
            return boxes if self.convention == "voc" else to_voc(boxes, self.convention)
        if len(boxes) and np.abs(boxes - 0.5).max() > 0.5 + BEYOND:
            raise LabError(
                f"'{path}' has boxes that are no shares of their image's sides, 0 to 1, as --boxes relative declares "
                "them: declare how they are stated."
            )
        sides = np.array([self.size_of(image) for image in images], dtype=float).reshape(-1, 2)
        return to_voc(boxes, "relative", np.repeat(sides, counts, axis=0))


VOC = Stated()
