"""Detections and objects of all images and classes, as columns.

The boxes are `(x, y, width, height)`, as COCO states them, and a file of COCO's is not converted: its numbers are
defined on these, and an overlap or an area may lie on the border of two classes.
"""

from collections.abc import Collection, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any, NamedTuple

import numpy as np

from gradcam_lab.errors import LabError


class Detections(NamedTuple):
    """Detections of all images and classes.

    Attributes:
        boxes: `(x, y, width, height)` in pixels, measured from the image's corner, shape (n, 4).
        scores: shape (n,).
        image: the index of each one's image, shape (n,).
        category: the index of each one's class, shape (n,).
    """

    boxes: np.ndarray
    scores: np.ndarray
    image: np.ndarray
    category: np.ndarray


class Objects(NamedTuple):
    """Annotated objects of all images and classes.

    Attributes:
        boxes: as those of `Detections`, shape (m, 4).
        area: in square pixels, as annotated, which of a drawn outline is less than that of its box; shape (m,).
        crowd: whether it is a crowd, bool (m,).
        ignored: whether it counts neither for nor against a detection, bool (m,); a crowd always does so.
        image: the index of each one's image, shape (m,).
        category: the index of each one's class, shape (m,).
    """

    boxes: np.ndarray
    area: np.ndarray
    crowd: np.ndarray
    ignored: np.ndarray
    image: np.ndarray
    category: np.ndarray


@dataclass(frozen=True)
class Annotated:
    """Ground truth of every class.

    Attributes:
        images: the names of the images, in the order in which COCO's protocol takes equal scores.
        classes: the names of the classes.
        objects: what is annotated.
        names: an image by its number, for detections in COCO's format.
        categories: the classes by their number; empty where they have none.
        sizes: (width, height) in pixels by image; empty where they are not known.
    """

    images: Sequence[str]
    classes: Sequence[str]
    objects: Objects
    names: Mapping[Hashable, str] = field(default_factory=dict)
    categories: Mapping[Hashable, str] = field(default_factory=dict)
    sizes: Mapping[str, tuple[float, float]] = field(default_factory=dict)

    def places(self, images: Sequence[Hashable], path: Path) -> np.ndarray:
        """Return the index of the image of each detection, shape (n,).

        Args:
            images: the images as the detections call them, by number or by name; see `name_of`.
            path: the detections' file, for messages.

        Raises:
            LabError: an image is not annotated.
        """
        place = {name: index for index, name in enumerate(self.images)}
        codes = {
            image: place.get(self.names[image] if image in self.names else name_of(image, place, self.names), -1)
            for image in dict.fromkeys(images)
        }
        if strangers := [image for image, code in codes.items() if code < 0]:
            raise LabError(
                f"'{path}' has boxes for {len(strangers)} image(s) that the ground truth does not name, first "
                f"'{strangers[0]}': give the ground truth of all images."
            )
        return np.fromiter(map(codes.__getitem__, images), np.int32, len(images))


def name_of(image: Any, known: Collection[str], names: Mapping[Hashable, str]) -> str:
    """Return the name of an image that detections may call by its number, or by its file, as in `dogs/7.jpg`.

    Args:
        image: what they call it.
        known: the names of the annotated images.
        names: these by number.
    """
    if image in known:
        return image
    stem = stem_of(str(image))
    if stem in known:
        return stem
    number = int(image) if str(image).isascii() and str(image).isdecimal() else image
    return names.get(number, str(image))


def stem_of(file: str) -> str:
    """Return the name of a file without its folder and its ending: pathlib's `stem`, in a tenth of its time.

    Examples:
        >>> stem_of("dogs/7.tar.gz"), stem_of(".hidden"), stem_of("dogs/")
        ('7.tar', '.hidden', 'dogs')
    """
    stem, _, ending = file.rpartition("/")[2].rpartition(".")
    return stem if stem.strip(".") and ending else PurePosixPath(file).stem


def joined(parts: Iterable[Detections]) -> Detections:
    """Put detections of several files behind each other."""
    none = Detections(np.zeros((0, 4)), np.zeros(0), np.zeros(0, int), np.zeros(0, int))
    return Detections(*(np.concatenate(columns) for columns in zip(none, *parts, strict=True)))
