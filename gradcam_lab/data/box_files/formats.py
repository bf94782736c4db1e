"""Saved detections and ground truth, whichever of the known formats they are in; they may differ from each other.

detections    our JSON, COCO results (JSON), or the VOC devkit's `comp4_det_test_dog.txt`
ground truth  our JSON, COCO ground truth (JSON), or a folder in VOC layout

A new format is one module and one line in a function below. A program may hand over the content of a JSON file itself,
see `in_memory`.
"""

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from gradcam_lab.console import warn
from gradcam_lab.data.box_files import coco, comp4, json_boxes
from gradcam_lab.data.box_files.ground_truth import (
    Choice,
    ClassGroundTruth,
    ObjectArrays,
    Required,
    numbered,
    read_folder_truth,
)
from gradcam_lab.data.box_files.in_memory import InMemory
from gradcam_lab.data.box_files.plausible import doubts
from gradcam_lab.errors import LabError
from gradcam_lab.files import read_json

Source = Path | InMemory
"""A file or a folder, or what a file would hold."""


def read_both(
    detections: Source,
    ground_truth: Source,
    *,
    target: str | None = None,
    split: str = "test",
    required: Required | None = None,
) -> tuple[dict[str, np.ndarray], dict[str, ObjectArrays]]:
    """Read detections and ground truth of one class; what is doubtful in them is said on stderr.

    Args:
        detections: a file in one of three formats.
        ground_truth: a file in one of two formats, or a folder in VOC layout.
        target: the class; None for the one in the name of a `comp4` file, or the only one of the ground truth.
        split: the split of a folder in VOC layout.
        required: which objects the ground truth must have, at least one; None for none.

    Returns:
        The detections, (n, 5) arrays by image, and the objects by image.

    Raises:
        LabError: one of them cannot be used, the detections name an image that the ground truth does not, or there is
            no object as required.
    """
    with _garbage_collection_off():
        paths = path_of(detections), path_of(ground_truth)
        truth = _read_ground_truth(ground_truth, split, partial(comp4.class_of, paths[0], target))
        if not truth.objects:
            raise LabError(f"'{paths[1]}' names no image: there is nothing to score against.")
        truth.require(required, paths[1])
        found = _read_detections(detections, truth, target)
    if strangers := [image for image in found if image not in truth.objects]:
        raise LabError(
            f"'{paths[0]}' has boxes for {len(strangers)} image(s) that '{paths[1]}' does not name, first "
            f"'{strangers[0]}': give the ground truth of all images."
        )
    for doubt in doubts(found, truth, paths):
        warn(doubt)
    return found, truth.objects


@contextmanager
def _garbage_collection_off() -> Iterator[None]:
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


def _read_ground_truth(source: Source, split: str, choose: Choice) -> ClassGroundTruth:
    if isinstance(source, Path) and source.is_dir():
        return read_folder_truth(source, split, choose)
    path, content = path_of(source), _content(source)
    if coco.is_coco_truth(content):
        return coco.read_coco_truth(path, content, choose)
    choose([])  # our format does not name its class, but the detections may contradict --target
    objects = json_boxes.objects_in(path, content)  # also says what is wrong with a file in no format
    return ClassGroundTruth(objects, numbered(objects))


def _read_detections(source: Source, truth: ClassGroundTruth, target: str | None) -> dict[str, np.ndarray]:
    """Read detections, and give the images the ground truth's names."""
    if isinstance(source, Path) and comp4.is_comp4(source):
        return truth.renamed(comp4.read_comp4(source), source)
    path, content = path_of(source), _content(source)
    if coco.is_coco_truth(content):
        raise LabError(f"'{path}' is COCO ground truth: give COCO results, a list of boxes with scores.")
    if not coco.is_results(content):
        return truth.renamed(json_boxes.detections_in(path, content), path)
    if truth.category is None and target is not None and target.isdecimal():
        truth = replace(truth, category=int(target))
    return truth.renamed(coco.read_results(path, content, truth), path)
