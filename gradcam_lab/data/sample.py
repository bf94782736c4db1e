"""What every data set yields: an image and the objects in it."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from gradcam_lab.data.image_files import read_image

Box = tuple[float, float, float, float]
"""`(xmin, ymin, xmax, ymax)` in VOC's pixels: 1-based, both ends inclusive."""


@dataclass(frozen=True)
class Object:
    """One annotated object: its class name, its box, and VOC's two flags."""

    name: str
    box: Box
    difficult: bool = False
    truncated: bool = False


@dataclass(frozen=True)
class Sample:
    """One annotated image; its pixels are read from the file at each access, so a list of samples is small.

    Attributes:
        id: the image's name without its extension, unique within a split.
        path: the image file.
        size: `(width, height)` in pixels, as the annotation says and the reader has checked.
        objects: the annotated objects; a negative image has none.
        bits: that hold the data of an image file of 16 bits, see `read_image`.
        mask: the file of its true mask; None where the data set has none.
    """

    id: str
    path: Path
    size: tuple[int, int]
    objects: tuple[Object, ...] = ()
    bits: int | None = None
    mask: Path | None = None

    @property
    def image(self) -> np.ndarray:
        """The pixels: RGB, uint8, shape (height, width, 3)."""
        return read_image(self.path, self.bits)

    def boxes(self, name: str) -> list[Box]:
        """The boxes of one class, in the annotation's order."""
        return [o.box for o in self.objects if o.name == name]


def labels(samples: Sequence[Sample], name: str) -> np.ndarray:
    """Return which images hold a class: 1, 0, or NaN where all of its objects are difficult; shape (n,).

    VOC's evaluation leaves out the images with NaN.
    """
    found = [[o.difficult for o in sample.objects if o.name == name] for sample in samples]
    return np.array([np.nan if flags and all(flags) else float(bool(flags)) for flags in found])
