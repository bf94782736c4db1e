"""What was found in one photo: its classes, each with its probability, its raw map and its scored boxes."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from gradcam_lab.data.picture import Source, path_of
from gradcam_lab.explain.photo import read_photo


@dataclass(frozen=True)
class FoundClass:
    """One class in one photo.

    Attributes:
        name: the class, or the group of classes.
        outputs: the network's outputs that make it up.
        probability: that the photo holds it.
        cam: the raw map on the layer's grid, float32, shape (h, w).
        boxes: float64, shape (n, 5): `xmin, ymin, xmax, ymax, score` in VOC's pixels (1-based, both ends inside) of the
            photo as it is displayed, the best first.
    """

    name: str
    outputs: tuple[int, ...]
    probability: float
    cam: np.ndarray
    boxes: np.ndarray


@dataclass(frozen=True)
class Found:
    """One photo.

    Attributes:
        source: the file, or the image itself.
        size: `(width, height)` as it is displayed, turned as its EXIF orientation says.
        classes: the most probable first, or in the order in which they were named.
        threshold: at which the maps were cut, a fraction of each map's maximum.
    """

    source: Source
    size: tuple[int, int]
    classes: tuple[FoundClass, ...]
    threshold: float

    @property
    def path(self) -> Path:
        """The file, or what an image in the memory is called."""
        return path_of(self.source)

    @property
    def image(self) -> np.ndarray:
        """The pixels, read again where there is a file: RGB, uint8, shape (height, width, 3).

        Raises:
            LabError: the file cannot be read any more.
        """
        return read_photo(self.source)
