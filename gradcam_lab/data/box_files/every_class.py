"""Detections and ground truth of every class at once, in the formats that name their classes.

detections    COCO results (JSON), a folder of the VOC devkit's `comp4_det_test_CLASS.txt`, or one of YOLO's text
ground truth  COCO ground truth (JSON), a folder in VOC layout, or YOLO's text: its `data.yaml`, or a folder of labels
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from gradcam_lab.data.box_conventions import from_voc, to_voc
from gradcam_lab.data.box_files import coco, coco_results, comp4, yolo, yolo_truth
from gradcam_lab.data.box_files.arrays import by_code
from gradcam_lab.data.box_files.ground_truth import Choice, ClassGroundTruth, ObjectArrays, numbered
from gradcam_lab.data.box_files.plausible import doubts
from gradcam_lab.data.box_files.stated import VOC, Stated
from gradcam_lab.data.box_files.tables import Annotated, Detections, Objects, joined
from gradcam_lab.data.layouts.voc import read_split
from gradcam_lab.data.layouts.yolo_text import read_names
from gradcam_lab.data.sample import Sample
from gradcam_lab.errors import LabError


def is_folder(ground_truth: Path) -> bool:
    """Return whether ground truth is a folder, or the `data.yaml` of one."""
    return ground_truth.is_dir() or yolo_truth.is_yolo(ground_truth)


def read_truth(path: Path, content: Any, split: str, protocol: bool) -> Annotated:
    """Read ground truth of every class.

    Args:
        path: the file or folder.
        content: the JSON of a file; None for a folder and a `data.yaml`.
        split: the split of a folder in VOC layout, or of a `data.yaml`.
        protocol: see `coco.read_coco_classes`.

    Raises:
        LabError: it cannot be used.
    """
    if content is not None:
        return coco.read_coco_classes(path, content, protocol)
    if yolo_truth.is_yolo(path):
        return yolo_truth.read_yolo_truth(path, split)
    return annotated(read_split(path, split, skip_bad=None).samples)


def annotated(samples: Sequence[Sample]) -> Annotated:
    """Return the objects of samples; equal scores count in the order of the images' names."""
    samples = sorted(samples, key=lambda sample: sample.id)
    classes = sorted({item.name for sample in samples for item in sample.objects})
    place = {name: index for index, name in enumerate(classes)}
    items = [(index, item) for index, sample in enumerate(samples) for item in sample.objects]
    boxes = from_voc(np.array([item.box for _, item in items], dtype=float).reshape(-1, 4), "coco")
    images = [sample.id for sample in samples]
    objects = Objects(
        boxes,
        area=boxes[:, 2] * boxes[:, 3],
        crowd=np.zeros(len(boxes), bool),
        ignored=np.array([item.difficult for _, item in items], dtype=bool),
        image=np.array([index for index, _ in items], dtype=int),
        category=np.array([place[item.name] for _, item in items], dtype=int),
    )
    return Annotated(images, classes, objects, numbered(images), sizes={sample.id: sample.size for sample in samples})


def read_results(path: Path, parts: Iterable[Any], truth: Annotated) -> Detections:
    """Read detections of the classes of a ground truth from COCO results; those of other classes are left out.

    Args:
        path: the file, for messages.
        parts: its JSON, in parts.
        truth: has the classes and the images.

    Raises:
        LabError: they cannot be used, or name an image that the ground truth does not.
    """
    if not truth.categories:
        raise LabError(
            f"'{path}' has numbers for its categories, and only ground truth in COCO's format names them: give that, "
            "or the number of one as --target."
        )
    return coco_results.read_every_result(path, parts, truth)


def comp4_files(folder: Path) -> list[Path]:
    """Return the VOC devkit's files of detections in a folder."""
    return [file for file in yolo.label_files(folder) if comp4.NAME.fullmatch(file.name)]


def read_folder(path: Path, truth: Annotated, stated: Stated = VOC) -> Detections:
    """Read detections of the classes of a ground truth from a folder; those of other classes are left out.

    Args:
        path: the folder.
        truth: has the classes, the images and their sizes.
        stated: how the boxes of the devkit's files are stated.

    Raises:
        LabError: they cannot be used, or name an image that the ground truth does not.
    """
    if named := comp4_files(path):
        return joined(_comp4(file, truth, stated) for file in named)
    if files := list(yolo.label_files(path)):
        return joined(_yolo(files, path, truth))
    raise LabError(f"'{path}' holds neither VOC's files comp4_det_test_CLASS.txt nor YOLO's labels: give one of them.")


def _comp4(file: Path, truth: Annotated, stated: Stated) -> Detections:
    """Read one class; nothing where the ground truth does not have it."""
    name = comp4.class_of(file, None, truth.classes)
    found = comp4.read_comp4(file, stated) if name in truth.classes else {}
    rows = np.concatenate([np.zeros((0, 5)), *found.values()])
    owners = [image for image, part in found.items() for _ in part]
    category = np.full(len(rows), truth.classes.index(name) if found and name else 0)
    return Detections(from_voc(rows[:, :4], "coco"), rows[:, 4], truth.places(owners, file), category)


def _yolo(files: Sequence[Path], folder: Path, truth: Annotated) -> Iterable[Detections]:
    """Yield the detections of each image.

    The names of the classes stand beside the labels, in `data.yaml` or `classes.txt`, or are those of the truth.
    """
    beside = yolo.find_names(folder)
    numbered_names = [truth.categories.get(number) for number in range(len(truth.classes))]
    if beside is None and None in numbered_names:
        raise LabError(f"No file names the classes of '{folder}': put a classes.txt in it, a name a line.")
    names = read_names(beside) if beside else [name for name in numbered_names if name]
    place = {name: index for index, name in enumerate(truth.classes)}
    wanted = np.array([place.get(name, -1) for name in names])
    images = truth.places([file.stem for file in files], folder)
    for file, image in zip(files, images.tolist(), strict=True):
        labels = yolo.read_labels(file, names=names)
        if not len(labels.boxes):
            continue
        if labels.scores is None:
            raise LabError(f"'{file}' has no confidence behind its boxes: save them with it (ultralytics: save_conf).")
        size = truth.sizes.get(truth.images[image])
        if size is None:
            raise LabError(
                f"'{file}' states its boxes as shares of the image, whose size the ground truth does not say: give its "
                "images a width and a height."
            )
        category = wanted[labels.classes]
        known = category >= 0
        boxes = from_voc(to_voc(labels.boxes[known], "relative", size), "coco")
        yield Detections(boxes, labels.scores[known], np.full(known.sum(), image), category[known])


def one_class(
    found: dict[str, np.ndarray], objects: dict[str, ObjectArrays], name: str
) -> tuple[Detections, Annotated]:
    """Return detections and ground truth of one class, which are in VOC's pixels, as tables."""
    images = sorted(objects)
    rows = [found.get(image, np.zeros((0, 5))) for image in images]
    flat = np.concatenate([np.zeros((0, 5)), *rows])
    owner = np.repeat(np.arange(len(images)), [len(part) for part in rows])
    boxes = from_voc(np.concatenate([np.zeros((0, 4)), *(objects[image][0] for image in images)]), "coco")
    difficult = np.concatenate([np.zeros(0, bool), *(objects[image][1] for image in images)])
    held = np.repeat(np.arange(len(images)), [len(objects[image][0]) for image in images])
    table = Objects(
        boxes, boxes[:, 2] * boxes[:, 3], np.zeros(len(boxes), bool), difficult, held, np.zeros(len(boxes), int)
    )
    detections = Detections(from_voc(flat[:, :4], "coco"), flat[:, 4], owner, np.zeros(len(flat), int))
    return detections, Annotated(images, [name], table)


def of_class(
    found: Detections, truth: Annotated, category: int
) -> tuple[dict[str, np.ndarray], dict[str, ObjectArrays]]:
    """Return the detections and the objects of one class by image, in VOC's pixels."""
    ours, mine = found.category == category, truth.objects.category == category
    rows = np.column_stack([to_voc(found.boxes[ours], "coco"), found.scores[ours]])
    boxes = np.column_stack([to_voc(truth.objects.boxes[mine], "coco"), truth.objects.ignored[mine]])
    held = by_code(truth.images, truth.objects.image[mine], boxes)
    objects = {name: (part[:, :4], part[:, 4] > 0) for name, part in held.items()}
    return by_code(truth.images, found.image[ours], rows), objects


def only(found: Detections, truth: Annotated, target: str, path: Path) -> tuple[Detections, Annotated]:
    """Keep the detections and the objects of one class.

    Raises:
        LabError: the ground truth, which is in `path`, has no such class.
    """
    category = _place(truth, target, path)
    ours, mine = found.category == category, truth.objects.category == category
    objects = Objects(*(column[mine] for column in truth.objects))._replace(category=np.zeros(mine.sum(), int))
    detections = Detections(*(column[ours] for column in found))._replace(category=np.zeros(ours.sum(), int))
    return detections, replace(truth, classes=[truth.classes[category]], objects=objects)


def chosen(truth: Annotated, choose: Choice, path: Path) -> ClassGroundTruth:
    """Return the ground truth of one class.

    Raises:
        LabError: it has no such class, or several and none is chosen.
    """
    target = choose(truth.classes) or (truth.classes[0] if len(truth.classes) == 1 else None)
    if target is None:
        known = ", ".join(truth.classes)
        raise LabError(f"'{path}' holds objects of many classes ({known}): choose one with --target.")
    place = _place(truth, target, path)
    number = next((number for number, name in truth.categories.items() if name == truth.classes[place]), None)
    none = Detections(np.zeros((0, 4)), np.zeros(0), np.zeros(0, int), np.zeros(0, int))
    _, objects = of_class(none, truth, place)
    return ClassGroundTruth(objects, truth.names, number, truth.categories, truth.sizes)


def _place(truth: Annotated, target: str, path: Path) -> int:
    numbers = {str(number): name for number, name in truth.categories.items()}
    name = target if target in truth.classes else numbers.get(target)
    if name is None:
        known = ", ".join(truth.classes[:8]) + (", ..." if len(truth.classes) > 8 else "")
        raise LabError(f"'{path}' has no class '{target}': it has {known}.")
    return truth.classes.index(name)


def doubts_about(found: Detections, truth: Annotated, paths: tuple[Path, Path]) -> Iterator[str]:
    """Yield a sentence for each doubt; see `plausible.doubts`."""
    claims = np.column_stack([to_voc(found.boxes, "coco"), found.scores])
    boxes = by_code(truth.images, found.image, claims)
    del claims
    held = by_code(truth.images, truth.objects.image, to_voc(truth.objects.boxes, "coco"))
    objects = {name: (rows, np.zeros(len(rows), bool)) for name, rows in held.items()}
    yield from doubts(boxes, ClassGroundTruth(objects, {}, sizes=truth.sizes), paths)
