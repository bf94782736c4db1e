"""YOLO: a `data.yaml` with its splits, a folder of it, or a folder of labels."""

import os.path
from collections.abc import Iterator, Sequence
from pathlib import Path

from gradcam_lab.data.box_conventions import to_voc
from gradcam_lab.data.box_files import yolo
from gradcam_lab.data.convert.image_boxes import BoxFiles, ImageBoxes, ImageFolders, Source, Split, inside
from gradcam_lab.data.image_files import is_image
from gradcam_lab.data.layouts.yolo_text import NONE, Labels, read_data_yaml, read_names
from gradcam_lab.data.photo_paths import natural
from gradcam_lab.errors import LabError
from gradcam_lab.files import read_text

SPLITS = ("train", "val", "valid", "test")
"""The folders in a folder of labels that are splits and no part of the images' names."""


def open_yolo(source: Source) -> BoxFiles:
    """Open labels, of which the first box says whether they are annotations or detections.

    Raises:
        LabError: there are none, or nothing names their classes.
    """
    if not source.path.exists():
        raise LabError(f"There is no file or folder '{source.path}': check the name.")
    table = source.path if source.path.is_file() else _table_in(source.path)
    if table and source.path == table and table.suffix not in (".yaml", ".yml"):
        raise LabError(f"'{table}' is no data.yaml: give one, or the folder of the labels.")
    places = _of_table(table) if table and _names_splits(table) else _of_folder(table.parent if table else source.path)
    if source.split and source.split in places:
        places = {source.split: places[source.split]}
    elif source.split:
        if len(places) > 1:
            raise LabError(f"'{source.path}' has no split '{source.split}': it has {', '.join(places)}.")
        places = {source.split: next(iter(places.values()))}
    names = source.names or read_names(_names_file(source, table))
    files = {split: [file for place in several for file in _listed(place)] for split, several in places.items()}
    labels = [path for pairs in files.values() for _, path in pairs]
    if not any(path.is_file() for path in labels):
        raise LabError(f"'{source.path}' holds no file of labels (.txt): check the name.")
    first = next((one for path in labels if path.is_file() and len((one := read(path, names, source)).classes)), None)
    scored = first is not None and first.scores is not None
    splits = {}
    for split, pairs in files.items():
        images = ImageFolders.of(source, split, map(_image_folder, places[split]))
        splits[split] = _split(source, pairs, names, images, scored)
    return BoxFiles(source.path, names, splits, scored)


def read(path: Path, names: Sequence[str], source: Source) -> Labels:
    """Read a file of labels as the user says that it is stated."""
    return yolo.read_labels(path, names=names, convention=source.boxes or "relative")


Place = tuple[Path, Path | None]
"""A folder of labels and that of their images, or a list of images (`.txt`) and None."""


def _table_in(folder: Path) -> Path | None:
    return next((path for name in ("data.yaml", "data.yml") if (path := folder / name).is_file()), None)


def _names_splits(table: Path) -> bool:
    """Say whether a data.yaml names splits: some programs only write the names of the classes there."""
    return bool({"train", "val", "validation", "test"} & set(read_data_yaml(table)))


def _of_table(table: Path) -> dict[str, list[Place]]:
    return {
        split: [(place, None) if place.suffix == ".txt" else (yolo.labels_of(place), place) for place in places]
        for split, places in yolo.split_places(table).items()
    }


def _of_folder(folder: Path) -> dict[str, list[Place]]:
    labels = folder / "labels" if (folder / "labels").is_dir() else folder
    splits = [name for name in SPLITS if (labels / name).is_dir()]
    if splits:
        return {name: [(labels / name, yolo.images_of(labels / name))] for name in splits}
    return {"train": [(labels, yolo.images_of(labels))]}


def _image_folder(place: Place) -> Path:
    path, images = place
    return images or path.parent


def _names_file(source: Source, table: Path | None) -> Path:
    found = table or yolo.find_names(source.path)
    if not found:
        raise LabError(f"Nothing names the classes of '{source.path}': give a data.yaml or a list as --classes.")
    return found


def _listed(place: Place) -> list[tuple[str, Path]]:
    """Return the images of a place, each with its file of labels: a path without ending where only labels are there."""
    path, images = place
    if images is None:
        return _in_list(path)
    if not path.is_dir():
        raise LabError(f"There is no folder of labels '{path}': it should lie beside that of the images, '{images}'.")
    labels = {file.relative_to(path).with_suffix("").as_posix(): file for file in yolo.label_files(path)}
    pictures = [] if not images.is_dir() else [file for file in images.rglob("*") if is_image(file)]
    without = {file.relative_to(images).with_suffix("").as_posix(): path for file in pictures}
    missing = {name: path / f"{name}.txt" for name in without if name not in labels}
    if images == path:  # beside each other, as labelImg keeps them: an image without a file has not been looked at
        missing = {}
    return sorted({**labels, **missing}.items(), key=lambda item: natural(item[0]))


def _in_list(path: Path) -> list[tuple[str, Path]]:
    """Return the images of a list, a line each, relative to it."""
    found = []
    for line in read_text(path, "a text file of images").splitlines():
        if name := line.strip().removeprefix("./"):
            image = Path(inside(name, path))
            found.append((image.with_suffix("").as_posix(), path.parent / yolo.labels_of(image).with_suffix(".txt")))
    return found


def _split(
    source: Source, pairs: Sequence[tuple[str, Path]], names: Sequence[str], images: ImageFolders, scored: bool
) -> Split:
    files = [_file(name, images, source) for name, _ in pairs]

    def read_all() -> Iterator[ImageBoxes]:
        for file, (_, path) in zip(files, pairs, strict=True):
            yield _read_image(source, file, path, names, images, scored)

    return Split(files, read_all, images)


def _file(name: str, images: ImageFolders, source: Source) -> str:
    """Return the name of an image with its ending: the ground truth's, else that of the file."""
    if source.reference and (known := source.reference.file_of(name)):
        return known
    return images.named(name)


def _read_image(
    source: Source, file: str, path: Path, names: Sequence[str], images: ImageFolders, scored: bool
) -> ImageBoxes:
    stated = source.reference.sizes.get(file) if source.reference else None
    relative = source.boxes in (None, "relative")
    size = (images.needed_size if relative else images.size_of)(file, stated, path)
    labels = read(path, names, source) if os.path.lexists(path) else NONE
    if len(labels.classes) and scored != (labels.scores is not None):
        which = "has a confidence behind each box, but" if labels.scores is not None else "has no confidences, but"
        raise LabError(f"'{path}' {which} other files of '{source.path}' {'have' if scored else 'have not'}: give one.")
    scores = labels.scores if labels.scores is not None or not scored else labels.boxes[:, 0]
    boxes = to_voc(labels.boxes, source.boxes or "relative", size)
    return ImageBoxes(file, size, labels.classes, boxes, scores, source=path)
