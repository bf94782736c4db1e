"""The annotated objects of one class by image, and the names that detections may use for the images."""

from collections import Counter
from collections.abc import Callable, Collection, Hashable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import numpy as np

from gradcam_lab.data.box_files.tables import name_of
from gradcam_lab.data.layouts.voc import read_split
from gradcam_lab.data.sample import Sample
from gradcam_lab.errors import LabError

ObjectArrays = tuple[np.ndarray, np.ndarray]
"""Boxes (m, 4) in VOC's pixels, and whether each is difficult, bool (m,)."""

Required = Literal["any", "not difficult"]
"""Objects that a ground truth must have."""

Choice = Callable[[Collection[str]], str | None]
"""A function that chooses the class that counts, given the names of those that a ground truth has; None for no choice.
"""


@dataclass(frozen=True)
class ClassGroundTruth:
    """Ground truth of one class.

    Attributes:
        objects: what is annotated in each image.
        names: an image by its number, for detections in COCO's format.
        category: the number of the class there; None where it is not known.
        categories: the names of all classes by their number; empty where there are none.
        sizes: (width, height) in pixels by image; empty where they are not known.
    """

    objects: dict[str, ObjectArrays]
    names: Mapping[Hashable, str]
    category: Hashable = None
    categories: Mapping[Hashable, str] = field(default_factory=dict)
    sizes: Mapping[str, tuple[float, float]] = field(default_factory=dict)

    def renamed(self, found: Mapping[Any, np.ndarray], path: Path) -> dict[str, np.ndarray]:
        """Give the images of detections the names that they have here.

        Detections may also give an image's number, or its file, as in `dogs/7.jpg`.

        Args:
            found: the detections by image.
            path: their file, for messages.

        Raises:
            LabError: an image has two names.
        """
        names = {image: name_of(image, self.objects, self.names) for image in found}
        if len(set(names.values())) < len(names):
            twice = Counter(names.values()).most_common(1)[0][0]
            raise LabError(f"'{path}' has the image '{twice}' under two names: use one.")
        return {names[image]: rows for image, rows in found.items()}

    def require(self, objects: Required | None, path: Path) -> None:
        """Require that there are objects to find.

        Args:
            objects: which; None for none.
            path: the file of the ground truth, for messages.

        Raises:
            LabError: there is none.
        """
        difficult = np.concatenate([flags for _, flags in self.objects.values()])
        if objects and not len(difficult):
            count = len(self.objects)
            raise LabError(f"'{path}' has no object of the class in its {count} image(s): there is nothing to find.")
        if objects == "not difficult" and difficult.all():
            raise LabError(
                f"'{path}' has only difficult objects of the class ({len(difficult)}): count them by --count-difficult."
            )


def numbered(images: Iterable[str]) -> dict[Hashable, str]:
    """Return the images by the number that their name is, as converters to COCO's format number them.

    Two images of the same number have none.

    Examples:
        >>> numbered(["2007_000027", "000005", "dog"])
        {2007000027: '2007_000027', 5: '000005'}
    """
    by_number: dict[Hashable, str] = {}
    twice = set()
    for image in images:
        digits = image.replace("_", "")
        if digits.isascii() and digits.isdecimal():
            number = int(digits)
            if by_number.setdefault(number, image) is not image:
                twice.add(number)
    for number in twice:
        del by_number[number]
    return by_number


def read_folder_truth(path: Path, split: str, choose: Choice) -> ClassGroundTruth:
    """Read the objects of one class in a split of a folder in VOC layout.

    Raises:
        LabError: no class is chosen, it is in no image, or the folder cannot be read.
    """
    samples = read_split(path, split, skip_bad=None).samples
    known = sorted({o.name for sample in samples for o in sample.objects})
    if not known:
        raise LabError(
            f"No image of the split '{split}' of '{path}' has an annotated object: there is nothing to find."
        )
    target = choose(known) or (known[0] if len(known) == 1 else None)
    if target is None:
        raise LabError(f"'{path}' holds objects of many classes ({', '.join(known)}): choose one with --target.")
    if target not in known:
        raise LabError(f"No image of the split '{split}' of '{path}' holds a '{target}': it has {', '.join(known)}.")
    objects = objects_of(samples, target)
    return ClassGroundTruth(objects, numbered(objects), sizes={sample.id: sample.size for sample in samples})


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
