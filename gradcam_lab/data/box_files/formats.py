"""Saved detections and ground truth, whichever of the known formats they are in; they may differ from each other.

detections    our JSON, COCO results (JSON), or the VOC devkit's `comp4_det_test_dog.txt`
ground truth  our JSON, COCO ground truth (JSON), or a folder in VOC layout
"""

import gc
from collections import Counter
from collections.abc import Hashable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np

from gradcam_lab.data.box_files import coco, json_boxes
from gradcam_lab.data.box_files.comp4 import class_in_name, read_comp4
from gradcam_lab.data.layouts.voc import read_split
from gradcam_lab.data.sample import Sample
from gradcam_lab.errors import LabError
from gradcam_lab.files import read_json


@dataclass(frozen=True)
class Truth:
    """Ground truth of one class, and the names under which detections may speak of its images.

    Attributes:
        objects: boxes (m, 4) and difficult, bool (m,), by image.
        ids: an image by its number, for detections in COCO's format.
        category: the number of the class there; None where it is not known.
    """

    objects: dict[str, coco.Objects]
    ids: Mapping[Hashable, str]
    category: Hashable = None


def read_both(
    detections: Path, ground_truth: Path, *, target: str | None = None, split: str = "test"
) -> tuple[dict[str, np.ndarray], dict[str, coco.Objects]]:
    """Read detections and ground truth of one class.

    Args:
        detections: a file in one of three formats.
        ground_truth: a file in one of two formats, or a folder in VOC layout.
        target: the class; None for the one in the name of a `comp4` file, or the only one of the ground truth.
        split: the split of a folder in VOC layout.

    Returns:
        The detections, (n, 5) arrays by image, and the objects by image.

    Raises:
        LabError: one of them cannot be used, or the detections name an image that the ground truth does not.
    """
    with no_collection():
        target = _the_class(detections, target)
        truth = read_truth(ground_truth, target, split)
        if not truth.objects:
            raise LabError(f"'{ground_truth}' names no image: there is nothing to score against.")
        found = read_found(detections, truth, target)
    if strangers := [image for image in found if image not in truth.objects]:
        raise LabError(
            f"'{detections}' has boxes for {len(strangers)} image(s) that '{ground_truth}' does not name, first "
            f"'{strangers[0]}': give the ground truth of all images."
        )
    return found, truth.objects


@contextmanager
def no_collection() -> Iterator[None]:
    """Keep Python from searching millions of new lists for garbage, which takes as long as reading them."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def read_truth(path: Path, target: str | None, split: str) -> Truth:
    """Read ground truth in any of the formats.

    Raises:
        LabError: it cannot be used.
    """
    if path.is_dir():
        return _voc_truth(path, target, split)
    content = read_json(path)
    if coco.looks_like_truth(content):
        return Truth(*coco.read_truth(content, path, target))
    objects = json_boxes.ground_truth_in(json_boxes.images_in(content, path), path)
    return Truth(objects, numbered(objects))


def read_found(path: Path, truth: Truth, target: str | None) -> dict[str, np.ndarray]:
    """Read detections in any of the formats, under the ground truth's names of the images.

    Raises:
        LabError: they cannot be used.
    """
    if is_comp4(path):
        return _named(read_comp4(path), truth, path)
    content = read_json(path)
    if coco.looks_like_truth(content):
        raise LabError(f"'{path}' is COCO ground truth: give COCO results, a list of boxes with scores.")
    if not coco.looks_like_results(content):
        return _named(json_boxes.detections_in(json_boxes.images_in(content, path), path), truth, path)
    category = truth.category
    if category is None and target is not None and target.isdecimal():
        category = int(target)
    by_id = coco.read_results(content, path, category)
    return _named({truth.ids.get(id, id): rows for id, rows in by_id.items()}, truth, path)


def is_comp4(path: Path) -> bool:
    """Say whether a file is no JSON, by its first character; an empty file is what its name says."""
    try:
        with path.open(encoding="utf-8-sig") as file:
            first = next((line.lstrip()[0] for line in file if not line.isspace()), "")
    except (OSError, UnicodeDecodeError):
        first = ""  # reading it will say what is wrong
    return path.suffix != ".json" and first not in ("{", "[") if first else path.suffix == ".txt"


def numbered(images: Iterable[str]) -> dict[Hashable, str]:
    """Return the images by the number that their name is, as converters to COCO's format do: 2007_000027 and 000005.

    Two images of the same number have none.
    """
    by_number: dict[Hashable, list[str]] = {}
    for image in images:
        digits = image.replace("_", "")
        if digits.isascii() and digits.isdecimal():
            by_number.setdefault(int(digits), []).append(image)
    return {number: names[0] for number, names in by_number.items() if len(names) == 1}


def objects_of(samples: Iterable[Sample], target: str) -> dict[str, coco.Objects]:
    """Return the objects of one class in each sample."""
    found = {sample.id: [o for o in sample.objects if o.name == target] for sample in samples}
    return {
        id: (
            np.array([o.box for o in objects], dtype=float).reshape(-1, 4),
            np.array([o.difficult for o in objects], dtype=bool),
        )
        for id, objects in found.items()
    }


def _the_class(detections: Path, target: str | None) -> str | None:
    said = class_in_name(detections)
    if target is not None and said is not None and said != target:
        raise LabError(
            f"'{detections}' holds boxes of '{said}' by its name, not of '{target}': give the file of the class."
        )
    return target or said


def _voc_truth(path: Path, target: str | None, split: str) -> Truth:
    if target is None:
        raise LabError(f"'{path}' holds objects of many classes: choose one with --target.")
    samples = read_split(path, split).samples
    known = sorted({o.name for sample in samples for o in sample.objects})
    if target not in known:
        raise LabError(f"No image of the split '{split}' of '{path}' holds a '{target}': it has {', '.join(known)}.")
    objects = objects_of(samples, target)
    return Truth(objects, numbered(objects))


def _named(found: Mapping[Any, np.ndarray], truth: Truth, path: Path) -> dict[str, np.ndarray]:
    """Call the images as the ground truth does."""
    names = {image: _name(image, truth) for image in found}
    if len(set(names.values())) < len(names):
        twice = Counter(names.values()).most_common(1)[0][0]
        raise LabError(f"'{path}' has the image '{twice}' under two names: use one.")
    return {names[image]: rows for image, rows in found.items()}


def _name(image: Any, truth: Truth) -> str:
    """Detections may also give an image's number, or its file, as in `dogs/7.jpg`."""
    if image in truth.objects:
        return image
    stem = PurePosixPath(str(image)).stem
    if stem in truth.objects:
        return stem
    number = int(image) if str(image).isascii() and str(image).isdecimal() else image
    return truth.ids.get(number, str(image))
