"""Reading data sets as YOLO has them: a `data.yaml` that names the classes and the splits, `images` and `labels`.

The conventions are ultralytics': `train`, `val` and `test` are folders or lists of images (or several of these) below
`path`, which is the file's own folder by default. The labels of `images/train/a.jpg` are `labels/train/a.txt`; an image
without labels is a negative one. Where there is no `data.yaml`, labelImg's `classes.txt` has the names.
"""

import os.path
from collections.abc import Sequence
from pathlib import Path

from gradcam_lab.data.box_conventions import Convention
from gradcam_lab.data.image_files import ProblemError, check_image, is_image
from gradcam_lab.data.layouts.listed import Lists, names_of
from gradcam_lab.data.layouts.places import subfolders
from gradcam_lab.data.layouts.reading import Reading
from gradcam_lab.data.layouts.repair import REPEATED, UNLABELLED, Repairs, read_box
from gradcam_lab.data.layouts.shares import split_called
from gradcam_lab.data.layouts.split import ListedImage, OtherLayoutError, require_folder
from gradcam_lab.data.layouts.yolo_places import base_of, images_of, places_of
from gradcam_lab.data.layouts.yolo_text import names_in, read_data_yaml, read_labels, read_names_file
from gradcam_lab.data.sample import Object, Sample
from gradcam_lab.errors import LabError
from gradcam_lab.files import names_a_file

DATA_FILES = ("data.yaml", "data.yml", "dataset.yaml", "classes.txt", "labels/classes.txt")


def find_root(folder: Path) -> Path:
    """Return the folder itself, where a `data.yaml` lies in it; or a YAML file that is one under another name.

    Raises:
        OtherLayoutError: there is none.
        LabError: there is no such folder.
    """
    require_folder(folder, or_file=True)
    if folder.is_dir() and not _data_yaml(folder):
        raise OtherLayoutError(f"'{folder}' holds no data.yaml, as a YOLO data set has.", 0)
    return folder


def lists_of(root: Path, reading: Reading) -> Lists:
    """List the images of each split that the `data.yaml` names.

    Raises:
        LabError: the file is bad, names a place outside of its own folder, or no image has labels.
    """
    path = _data_yaml(root) or root
    content = read_names_file(path) if path.suffix == ".txt" else read_data_yaml(path)
    names = names_in(path, content)
    base = root if path.suffix == ".txt" else base_of(path, content)
    lists: dict[str, list[ListedImage]] = {}
    labelled = False
    for split, places in (places_of(path, content) or _places_beside(base)).items():
        found = [image for place in places for image in images_of(path, base, place)]
        if found:
            labelled = labelled or any(names_a_file(_label_file(image)) for image in found)
            ids = names_of([image.relative_to(base) if image.is_relative_to(base) else image for image in found])
            boxes = reading.boxes or "relative"
            lists[split] = [_one(image, name, names, boxes) for image, name in zip(found, ids, strict=True)]
    if not lists:
        raise LabError(f"'{path}' names no images: say in 'train' and 'val' in which folders they lie.")
    if not labelled:
        first = next(iter(lists.values()))[0].id
        raise LabError(
            f"No image of '{path}' has labels: those of its '{first}', for example, should be in a folder 'labels' "
            "beside 'images', as a .txt of the same name."
        )
    return Lists(lists)


def _data_yaml(root: Path) -> Path | None:
    if root.is_file():
        return root
    return next((root / name for name in DATA_FILES if (root / name).is_file()), None)


def _places_beside(base: Path) -> dict[str, list[Path]]:
    """Return what a `data.yaml` leaves unsaid, as supervision writes it: the folders in `images`, or that itself."""
    splits = {split: path for path in subfolders(base / "images") if (split := split_called(path.name))}
    if splits:
        return {split: [path] for split, path in splits.items()}
    if (base / "images").is_dir():
        return {"": [base / "images"]}
    return {"": [base]} if any(map(is_image, base.iterdir())) else {}


def _label_file(image: Path) -> Path:
    return _labels_of(image.parent) / f"{image.stem}.txt"


def _one(image: Path, name: str, names: Sequence[str], boxes: Convention) -> ListedImage:
    twice = f"'{image}' has the same name as another image of its split"
    return ListedImage(name, lambda repairs: _read_sample(image, name, names, repairs, boxes), twice)


def _read_sample(path: Path, name: str, names: Sequence[str], repairs: Repairs, boxes: Convention) -> Sample:
    image = check_image(path)
    objects = _read_objects(_label_file(path), names, image.size, repairs, boxes)
    return Sample(name, path, image.size, objects, image.bits)


def _read_objects(
    path: Path, names: Sequence[str], size: tuple[int, int], repairs: Repairs, boxes: Convention
) -> tuple[Object, ...]:
    if not os.path.lexists(path):  # what is there and no file is bad
        repairs[UNLABELLED] += 1
        return ()
    labels = read_labels(path, names, repairs, boxes)
    if labels.scores is not None:
        raise ProblemError(f"'{path}' has a confidence behind each box: these are detections, and no annotations")
    lines = list(zip(labels.classes.tolist(), map(tuple, labels.boxes.tolist()), strict=True))
    if twice := len(lines) - len(set(lines)):
        repairs[REPEATED] += twice
    objects = []
    for number, stated in dict.fromkeys(lines):
        if box := read_box(stated, boxes, size, repairs, f"'{path}' has a '{names[number]}'"):
            objects.append(Object(names[number], box))
    return tuple(objects)


def _labels_of(images: Path) -> Path:
    """Return the folder of labels that belongs to a folder of images: its sibling, `labels` for the last `images`."""
    parts = list(images.parts)
    if "images" not in parts:
        return images
    place = len(parts) - 1 - parts[::-1].index("images")
    return Path(*parts[:place], "labels", *parts[place + 1 :])
