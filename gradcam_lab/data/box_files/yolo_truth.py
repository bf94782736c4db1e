"""Ground truth in YOLO's text, whose boxes are shares of their images: the images have to be there, for their sizes."""

import os.path
from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np

from gradcam_lab.data.box_conventions import from_voc, to_voc
from gradcam_lab.data.box_files import yolo
from gradcam_lab.data.box_files.ground_truth import numbered
from gradcam_lab.data.box_files.tables import Annotated, Objects
from gradcam_lab.data.image_files import ProblemError, check_image, find_image, is_image
from gradcam_lab.data.layouts.yolo_places import base_of, images_of
from gradcam_lab.data.layouts.yolo_text import read_data_yaml, read_names
from gradcam_lab.errors import LabError


def is_yolo(path: Path) -> bool:
    """Return whether a path is a `data.yaml`, or a folder with one, or of labels whose classes a file names."""
    if path.suffix in (".yaml", ".yml"):
        return True
    holds_labels = any((path / name).is_file() for name in yolo.NAME_FILES) or (
        path.is_dir() and any(yolo.label_files(path)) and not (path / "ImageSets").exists()
    )
    return holds_labels and yolo.find_names(path) is not None


def read_yolo_truth(path: Path, split: str) -> Annotated:
    """Read the objects of every class.

    Args:
        path: the `data.yaml` or its folder; or a folder of labels, beside whose images (or above them) `classes.txt` or
            `data.yaml` names the classes.
        split: the split of a `data.yaml`.

    Raises:
        LabError: there is no such split, an image is missing or broken, or a file of labels cannot be used.
    """
    names_file = path if path.is_file() else yolo.find_names(path)
    if names_file is None:
        raise LabError(f"No file names the classes of '{path}': put a classes.txt in it, a name a line.")
    names = read_names(names_file)
    whole = names_file.suffix in (".yaml", ".yml") and path in (names_file, names_file.parent)
    pairs: dict[str, tuple[Path, Path]] = {}
    for name, files in sorted(_of_split(names_file, split) if whole else _of_labels(path)):
        if name in pairs:
            raise LabError(f"'{pairs[name][0]}' and '{files[0]}' have one name: rename one, and its labels.")
        pairs[name] = files
    sizes = {name: _size(image) for name, (image, _) in pairs.items()}
    parts = [yolo.read_labels(labels, names=names) for _, labels in pairs.values() if os.path.lexists(labels)]
    held = [place for place, (_, labels) in enumerate(pairs.values()) if os.path.lexists(labels)]
    sides = [list(sizes.values())[place] for place in held]
    voc = [to_voc(part.boxes, "relative", size) for part, size in zip(parts, sides, strict=True)]
    boxes = from_voc(np.concatenate([np.zeros((0, 4)), *voc]), "coco")
    nothing = np.zeros(len(boxes), bool)
    objects = Objects(
        boxes,
        area=boxes[:, 2] * boxes[:, 3],
        crowd=nothing,
        ignored=nothing,
        image=np.repeat(np.array(held, dtype=int), [len(part.boxes) for part in parts]),
        category=np.concatenate([np.zeros(0, int), *(part.classes for part in parts)]),
    )
    return Annotated(list(pairs), names, objects, numbered(pairs), dict(enumerate(names)), sizes)


Pairs = Iterator[tuple[str, tuple[Path, Path]]]
"""The name of each image, its file, and that of its labels, which may be missing: nothing is in it."""


def _of_split(data_yaml: Path, split: str) -> Pairs:
    places: Mapping[str, list[Path]] = yolo.split_places(data_yaml)
    if split not in places:
        raise LabError(f"'{data_yaml}' has no split '{split}': choose one of {', '.join(places)} with --split.")
    base = base_of(data_yaml, read_data_yaml(data_yaml))
    for place in places[split]:
        for image in images_of(data_yaml, base, place):
            yield image.stem, (image, (yolo.labels_of(image.parent) / image.stem).with_suffix(".txt"))


def _of_labels(folder: Path) -> Pairs:
    """Yield the images of a folder of labels, also those that have none."""
    place = yolo.images_of(folder)
    for image in place.rglob("*") if place.is_dir() else ():
        if is_image(image):
            yield image.stem, (image, folder / image.relative_to(place).with_suffix(".txt"))
    for labels in yolo.label_files(folder):
        try:
            image = find_image(place / labels.parent.relative_to(folder), labels.stem)
        except ProblemError as problem:
            raise LabError(f"{problem}: rename or remove one.") from problem
        if not image.is_file():
            raise LabError(
                f"There is no image '{image}', of whose size the boxes of '{labels}' are shares: put it there."
            )


def _size(image: Path) -> tuple[float, float]:
    try:
        return check_image(image).size
    except ProblemError as problem:
        raise LabError(f"{problem}: replace it.") from problem
