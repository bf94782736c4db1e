"""Saved detections and ground truth, whichever of the known formats they are in; they may differ from each other.

detections    our JSON, COCO results (JSON), the VOC devkit's `comp4_det_test_dog.txt`, or a folder: see `every_class`
ground truth  our JSON, COCO ground truth (JSON), a folder in VOC layout, or YOLO's text

Our JSON and `comp4` files do not say how their boxes are stated, so it may be declared; all others have their own way.

A new format is one module and one line in a function below, or in `every_class` where it names its classes. A program
may hand over the content of a JSON file itself, see `in_memory`.
"""

import gc
from collections.abc import Callable, Collection, Hashable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from gradcam_lab.console import warn
from gradcam_lab.data.box_conventions import Convention
from gradcam_lab.data.box_files import coco, coco_results, comp4, every_class, json_boxes, yolo_truth
from gradcam_lab.data.box_files.ground_truth import (
    Choice,
    ClassGroundTruth,
    ObjectArrays,
    Required,
    numbered,
    read_folder_truth,
)
from gradcam_lab.data.box_files.in_memory import InMemory
from gradcam_lab.data.box_files.json_parts import by_parts
from gradcam_lab.data.box_files.plausible import doubts
from gradcam_lab.data.box_files.stated import Stated
from gradcam_lab.data.box_files.tables import Annotated, Detections, name_of
from gradcam_lab.errors import LabError
from gradcam_lab.files import first_character, read_json

T = TypeVar("T")

Source = Path | InMemory
"""A file or a folder, or what a file would hold."""


def read_every_class(
    detections: Path,
    ground_truth: Path,
    *,
    target: str | None = None,
    split: str = "test",
    protocol: bool = False,
    boxes: Convention | None = None,
) -> tuple[Detections, Annotated] | None:
    """Read detections and ground truth of every class; what is doubtful in them is said on stderr.

    Args:
        detections: a file or folder in one of the formats.
        ground_truth: the same.
        target: the only class to keep.
        split: the split of a folder in VOC layout, or of a `data.yaml`.
        protocol: whether they are for COCO's own numbers, see `coco.read_coco_classes`.
        boxes: how they are stated in the files that do not say it; None where nothing is declared, for VOC's pixels.

    Returns:
        Both as tables; None where one of them does not name its classes.

    Raises:
        LabError: one of them cannot be used, the detections name an image that the ground truth does not, there is no
            image or no object, or `boxes` says nothing of these files.
    """
    if not detections.is_dir() and first_character(detections) != "[":
        return None
    with garbage_collection_off():
        content = None if every_class.is_folder(ground_truth) else read_json(ground_truth)
        if content is not None and not coco.is_coco_truth(content):
            return None
        if boxes and not (detections.is_dir() and every_class.comp4_files(detections)):
            raise _says_nothing(boxes, detections, ground_truth)
        truth = every_class.read_truth(ground_truth, content, split, protocol)
        del content
        if not truth.images:
            raise LabError(f"'{ground_truth}' names no image: there is nothing to score against.")
        if not len(truth.objects.image):
            count = len(truth.images)
            raise LabError(f"'{ground_truth}' has no object in its {count} image(s): there is nothing to find.")
        if detections.is_dir():
            found = every_class.read_folder(
                detections, truth, _stated(boxes, set(truth.images), truth.names, truth.sizes, ground_truth)
            )
        else:
            found = by_parts(
                detections, lambda parts: every_class.read_results(detections, _results(detections, parts), truth)
            )
    for doubt in every_class.doubts_about(found, truth, (detections, ground_truth)):
        warn(doubt)
    return (found, truth) if target is None else every_class.only(found, truth, target, ground_truth)


def read_both(
    detections: Source,
    ground_truth: Source,
    *,
    target: str | None = None,
    split: str = "test",
    required: Required | None = None,
    boxes: Convention | None = None,
) -> tuple[dict[str, np.ndarray], dict[str, ObjectArrays]]:
    """Read detections and ground truth of one class; what is doubtful in them is said on stderr.

    Args:
        detections: a file in one of three formats.
        ground_truth: a file in one of two formats, or a folder in VOC layout.
        target: the class; None for the one in the name of a `comp4` file, or the only one of the ground truth.
        split: the split of a folder in VOC layout.
        required: which objects the ground truth must have, at least one; None for none.
        boxes: how they are stated in the files that do not say it; None where nothing is declared, for VOC's pixels.

    Returns:
        The detections, (n, 5) arrays by image, and the objects by image.

    Raises:
        LabError: one of them cannot be used, the detections name an image that the ground truth does not, there is no
            object as required, or `boxes` says nothing of these files.
    """
    with garbage_collection_off():
        paths = path_of(detections), path_of(ground_truth)
        is_folder = isinstance(ground_truth, Path) and every_class.is_folder(ground_truth)
        content = None if is_folder else _content(ground_truth)
        if boxes and _is_list(detections) and (is_folder or coco.is_coco_truth(content)):
            raise _says_nothing(boxes, *paths)
        truth = _read_ground_truth(ground_truth, content, split, partial(comp4.class_of, paths[0], target), boxes)
        del content
        if not truth.objects:
            raise LabError(f"'{paths[1]}' names no image: there is nothing to score against.")
        truth.require(required, paths[1])
        stated = _stated(None if _is_list(detections) else boxes, truth.objects, truth.names, truth.sizes, paths[1])
        found = _read_detections(detections, truth, target, stated)
    if strangers := [image for image in found if image not in truth.objects]:
        raise LabError(
            f"'{paths[0]}' has boxes for {len(strangers)} image(s) that '{paths[1]}' does not name, first "
            f"'{strangers[0]}': give the ground truth of all images."
        )
    for doubt in doubts(found, truth, paths):
        warn(doubt)
    return found, truth.objects


def read_truth(
    ground_truth: Path, *, target: str | None = None, split: str = "test", boxes: Convention | None = None
) -> ClassGroundTruth:
    """Read the ground truth of one class by itself.

    Args:
        ground_truth: a file in one of two formats, or a folder.
        target: the class; None for the only one of the ground truth.
        split: the split of a folder in VOC layout, or of a `data.yaml`.
        boxes: how they are stated in files that do not say it; None for VOC's pixels.

    Raises:
        LabError: it cannot be used, or it names no image.
    """
    content = None if every_class.is_folder(ground_truth) else read_json(ground_truth)
    truth = _read_ground_truth(ground_truth, content, split, lambda known: target, boxes)
    if not truth.objects:
        raise LabError(f"'{ground_truth}' names no image: there is nothing to score against.")
    return truth


def _says_nothing(boxes: Convention, detections: Path, ground_truth: Path) -> LabError:
    return LabError(
        f"--boxes {boxes} says nothing of '{detections}' and '{ground_truth}', whose formats have a way of "
        "their own to state boxes: leave it out."
    )


def _stated(
    boxes: Convention | None,
    images: Collection[str],
    names: Mapping[Hashable, str],
    sizes: Mapping[str, tuple[float, float]],
    ground_truth: Path,
) -> Stated:
    """Return how boxes are stated, with the sizes of the images by all the names that detections may use."""
    if boxes == "relative" and not sizes:
        raise LabError(
            f"--boxes relative needs the sizes of the images, which '{ground_truth}' does not say: give ground truth "
            "in COCO's format with them, a folder in VOC layout, or YOLO's text."
        )
    # an image that is not there gets any size: it is refused, by its name, when all are known
    return Stated(boxes or "voc", lambda image: sizes.get(name_of(image, images, names), (1, 1)))


@contextmanager
def garbage_collection_off() -> Iterator[None]:
    """Keep Python from searching millions of new lists for garbage, which takes as long as reading them."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def path_of(source: Source) -> Path:
    """Return the path of a file, or the name of what there is no file of, for messages."""
    return source if isinstance(source, Path) else source.path


def _content(source: Source) -> Any:
    return read_json(source) if isinstance(source, Path) else source.content


def _read_ground_truth(
    source: Source, content: Any, split: str, choose: Choice, boxes: Convention | None
) -> ClassGroundTruth:
    if isinstance(source, Path) and yolo_truth.is_yolo(source):
        return every_class.chosen(every_class.read_truth(source, None, split, False), choose, source)
    if isinstance(source, Path) and source.is_dir():
        return read_folder_truth(source, split, choose)
    path = path_of(source)
    if coco.is_coco_truth(content):
        return coco.read_coco_truth(path, content, choose)
    choose([])  # our format does not name its class, but the detections may contradict --target
    stated = _stated(boxes, (), {}, {}, path)
    objects = json_boxes.objects_in(path, content, stated)  # also says what is wrong with a file in no format
    return ClassGroundTruth(objects, numbered(objects))


def _read_detections(
    source: Source, truth: ClassGroundTruth, target: str | None, stated: Stated
) -> dict[str, np.ndarray]:
    """Read detections, and give the images the ground truth's names."""
    if isinstance(source, Path) and comp4.is_comp4(source):
        return truth.renamed(comp4.read_comp4(source, stated), source)
    path = path_of(source)
    if not _is_list(source):
        found = _by_parts(source, lambda parts: json_boxes.detections_of(path, _no_truth(path, parts), stated))
        return truth.renamed(found, path)
    if truth.category is None and target is not None and target.isdecimal():
        truth = replace(truth, category=int(target))
    results = _by_parts(source, lambda parts: coco_results.read_results(path, _results(path, parts), truth))
    return truth.renamed(results, path)


def _is_list(source: Source) -> bool:
    return first_character(source) == "[" if isinstance(source, Path) else isinstance(source.content, list)


def _by_parts(source: Source, read: Callable[[Iterator[Any]], T]) -> T:
    return by_parts(source, read) if isinstance(source, Path) else read(iter([source.content]))


def _no_truth(path: Path, parts: Iterable[Any]) -> Iterator[Any]:
    for content in parts:
        if coco.is_coco_truth(content):
            raise LabError(f"'{path}' is COCO ground truth: give COCO results, a list of boxes with scores.")
        yield content


def _results(path: Path, parts: Iterable[Any]) -> Iterator[list[Any]]:
    for content in parts:
        if not coco.is_results(content):
            json_boxes.detections_in(path, content)  # says what is wrong
        yield content
