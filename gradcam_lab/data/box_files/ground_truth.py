"""The annotated objects of one class by image, and the names that detections may use for the images."""

from collections import Counter
from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np

from gradcam_lab.data.layouts.voc import read_split
from gradcam_lab.data.sample import Sample
from gradcam_lab.errors import LabError

ObjectArrays = tuple[np.ndarray, np.ndarray]
"""Boxes (m, 4) in VOC's pixels, and whether each is difficult, bool (m,)."""


@dataclass(frozen=True)
class ClassGroundTruth:
    """Ground truth of one class.

    Attributes:
        objects: what is annotated in each image.
        names: an image by its number, for detections in COCO's format.
        category: the number of the class there; None where it is not known.
    """

    objects: dict[str, ObjectArrays]
    names: Mapping[Hashable, str]
    category: Hashable = None

    def renamed(self, found: Mapping[Any, np.ndarray], path: Path) -> dict[str, np.ndarray]:
        """Give the images of detections the names that they have here.

        Detections may also give an image's number, or its file, as in `dogs/7.jpg`.

        Args:
            found: the detections by image.
            path: their file, for messages.

        Raises:
            LabError: an image has two names.
        """
        names = {image: self._name(image) for image in found}
        if len(set(names.values())) < len(names):
            twice = Counter(names.values()).most_common(1)[0][0]
            raise LabError(f"'{path}' has the image '{twice}' under two names: use one.")
        return {names[image]: rows for image, rows in found.items()}

    def _name(self, image: Any) -> str:
        if image in self.objects:
            return image
        stem = PurePosixPath(str(image)).stem
        if stem in self.objects:
            return stem
        number = int(image) if str(image).isascii() and str(image).isdecimal() else image
        return self.names.get(number, str(image))


def numbered(images: Iterable[str]) -> dict[Hashable, str]:
    """Return the images by the number that their name is, as converters to COCO's format number them.

    Two images of the same number have none.

    Examples:
        >>> numbered(["2007_000027", "000005", "dog"])
        {2007000027: '2007_000027', 5: '000005'}
    """
    by_number: dict[Hashable, list[str]] = {}
    for image in images:
        digits = image.replace("_", "")
        if digits.isascii() and digits.isdecimal():
            by_number.setdefault(int(digits), []).append(image)
    return {number: names[0] for number, names in by_number.items() if len(names) == 1}


def read_folder_truth(path: Path, target: str | None, split: str) -> dict[str, ObjectArrays]:
    """Read the objects of one class in a split of a folder in VOC layout.

    Raises:
        LabError: no class is given, it is in no image, or the folder cannot be read.
    """
    if target is None:
        raise LabError(f"'{path}' holds objects of many classes: choose one with --target.")
    samples = read_split(path, split).samples
    known = sorted({o.name for sample in samples for o in sample.objects})
    if target not in known:
        raise LabError(f"No image of the split '{split}' of '{path}' holds a '{target}': it has {', '.join(known)}.")
    return objects_of(samples, target)


def objects_of(samples: Iterable[Sample], target: str) -> dict[str, ObjectArrays]:
    """Return the objects of one class in each sample."""
    found = {sample.id: [o for o in sample.objects if o.name == target] for sample in samples}
    return {
        image: (
            np.array([o.box for o in objects], dtype=float).reshape(-1, 4),
            np.array([o.difficult for o in objects], dtype=bool),
        )
        for image, objects in found.items()
    }
