"""COCO: ground truth of one or of several splits, or results."""

from collections import Counter
from collections.abc import Hashable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from gradcam_lab.data.box_conventions import to_voc
from gradcam_lab.data.box_files.arrays import finite_rows
from gradcam_lab.data.box_files.coco import is_coco_truth, is_results
from gradcam_lab.data.box_files.coco_json import FLAGS
from gradcam_lab.data.box_files.coco_rows import TINY, Rows, rows_of
from gradcam_lab.data.convert.image_boxes import (
    BoxFiles,
    ImageBoxes,
    ImageFolders,
    Number,
    Reference,
    Size,
    Source,
    Split,
    inside,
)
from gradcam_lab.errors import LabError
from gradcam_lab.files import read_json

PATTERNS = ("annotations/instances_*.json", "instances_*.json", "*/_annotations.coco.json", "*.json")
"""The files of ground truth in a folder: the first of these patterns that matches any."""


def open_coco(source: Source) -> BoxFiles:
    """Open a file of ground truth, a folder with one for each split, or a file of results.

    Raises:
        LabError: there is no such file, or it is none of COCO's; or results come without their ground truth.
    """
    contents = {path: read_json(path) for path in _files(source)}
    path, content = next(iter(contents.items()))
    if is_results(content) and not is_coco_truth(content):
        return _open_results(source, path, content)
    return _open_truth(source, contents)


def read_reference(path: Path) -> Reference:
    """Read COCO ground truth that detections belong to: the numbers of its images and classes.

    Raises:
        LabError: it cannot be read, or is no such file.
    """
    content = read_json(path)
    _require_truth(path, content)
    table = _Images(path, content)
    return Reference(path, _categories(path, content), table.files, table.sizes)


def _files(source: Source) -> list[Path]:
    if not source.path.is_dir():
        return [source.path]
    found = next((paths for pattern in PATTERNS if (paths := sorted(source.path.glob(pattern)))), [])
    if source.split:
        found = [path for path in found if _split_of(path) == source.split]
    if not found:
        which = f" of the split '{source.split}'" if source.split else ""
        raise LabError(f"'{source.path}' has no file of COCO annotations{which}: give the file itself.")
    return found


def _split_of(path: Path) -> str:
    return path.parent.name if path.stem == "_annotations.coco" else path.stem.removeprefix("instances_")


def _require_truth(path: Path, content: Any) -> None:
    if not is_coco_truth(content):
        raise LabError(f"'{path}' is no COCO ground truth, which has images, annotations and categories: give such.")


def _categories(path: Path, content: dict[str, Any]) -> dict[Number, str]:
    table = rows_of(content, "categories", path, "category")
    numbers, names = table.keys("id"), [name.strip() for name in table.called("name")]
    for values in (numbers, names):
        if twice := [value for value, count in Counter(values).items() if count > 1]:
            raise LabError(f"'{path}' has two categories {twice[0]!r}: give each its own id and name.")
    return dict(zip(numbers, names, strict=True))  # type: ignore[arg-type]


class _Images:
    """The images of a file of ground truth."""

    def __init__(self, path: Path, content: dict[str, Any]) -> None:
        self.path, rows = path, rows_of(content, "images", path, "image")
        numbers, files = rows.keys("id"), [inside(file, path) for file in rows.called("file_name")]
        for values in (numbers, files):
            if twice := [value for value, count in Counter(values).items() if count > 1]:
                raise LabError(f"'{path}' has two images {twice[0]!r}: give each its own id and file_name.")
        self.files: dict[Number, str] = dict(zip(numbers, files, strict=True))  # type: ignore[arg-type]
        stated = [(row.get("width"), row.get("height")) for row in rows.rows]
        self.sizes = {
            file: _size(rows, place, *size)
            for place, (file, size) in enumerate(zip(files, stated, strict=True))
            if any(size)
        }


def _size(rows: Rows, place: int, width: Any, height: Any) -> Size:
    sides = [side for side in (width, height) if isinstance(side, int | float) and side >= 1 and side % 1 == 0]
    if len(sides) < 2:
        raise rows.bad(place, f"{width} x {height} pixels is no size of an image")
    return int(sides[0]), int(sides[1])


# -------------------------------------------------------------------------------------------- ground truth


def _open_truth(source: Source, contents: Mapping[Path, Any]) -> BoxFiles:
    categories: dict[Number, str] = {}
    for path, content in contents.items():
        _require_truth(path, content)
        for number, name in _categories(path, content).items():
            if categories.setdefault(number, name) != name:
                raise LabError(f"'{path}' calls category {number} '{name}', and another file '{categories[number]}'.")
    names = source.names or tuple(categories.values())
    left_out: Counter[str] = Counter()
    splits = {}
    for path, content in contents.items():
        name = source.split or ("train" if len(contents) == 1 and not _tells_split(path) else _split_of(path))
        images = ImageFolders.of(source, name, _usual_folders(path, name))
        splits[name] = _split(source, path, content, _indices(path, categories, names), images, left_out)
    return BoxFiles(source.path, names, splits, False, left_out, None if source.names else tuple(categories))


def _usual_folders(path: Path, split: str) -> list[Path]:
    root = path.parent.parent if path.parent.name == "annotations" else path.parent
    return [root / "images" / split, root / split, root / "images", root]


def _tells_split(path: Path) -> bool:
    return path.stem == "_annotations.coco" or path.stem.startswith("instances_")


def _indices(path: Path, categories: Mapping[Number, str], names: Sequence[str]) -> dict[Hashable, int]:
    """Return the index of each category's name; those that boxes have and --classes does not are found later."""
    place = {name: index for index, name in enumerate(names)}
    return {number: place.get(name, -1) for number, name in categories.items()}


def _split(
    source: Source,
    path: Path,
    content: dict[str, Any],
    indices: Mapping[Hashable, int],
    images: ImageFolders,
    left_out: Counter[str],
) -> Split:
    table = _Images(path, content)
    rows = rows_of(content, "annotations", path, "annotation")
    _require_boxes(rows)
    left_out["outlines"] += sum(1 for row in rows.rows if row.get("segmentation"))
    flags = {flag: rows.flags(key) for flag, key in FLAGS.items()}
    flags["difficult"] |= rows.flags("difficult")
    return _by_image(source, table.files, table.sizes, images, rows, indices, flags)


def _require_boxes(rows: Rows) -> None:
    for place, row in enumerate(rows.rows):
        if not isinstance(row, dict):
            raise rows.bad(place, "it is no table of keys and values")
        if "bbox" not in row and row.get("segmentation"):
            raise rows.bad(place, "it is a polygon ('segmentation') without a 'bbox', where a box is meant")


# ------------------------------------------------------------------------------------------------- results


def _open_results(source: Source, path: Path, content: list[Any]) -> BoxFiles:
    if not source.reference:
        raise LabError(
            f"'{path}' has results, which name neither images nor classes: give their COCO ground truth as "
            "--ground-truth."
        )
    known = source.reference
    names = source.names or tuple(known.names.values())
    images = ImageFolders.of(source, "", ())
    rows = Rows(path, "entry", content, range(1, len(content) + 1))
    indices = _indices(path, known.names, names)
    split = _by_image(source, known.files, known.sizes, images, rows, indices, {}, rows.numbers("score"))
    numbers = None if source.names else tuple(known.names)
    return BoxFiles(source.path, names, {source.split or "test": split}, True, numbers=numbers)


# --------------------------------------------------------------------------------------------------- boxes


def _by_image(
    source: Source,
    files: Mapping[Number, str],
    sizes: Mapping[str, Size],
    images: ImageFolders,
    rows: Rows,
    indices: Mapping[Hashable, int],
    flags: Mapping[str, np.ndarray],
    scores: np.ndarray | None = None,
) -> Split:
    """Sort the boxes of a table by their images."""
    codes: dict[Hashable, int] = {number: code for code, number in enumerate(files)}
    owner = _looked_up(rows, "image_id", codes, "no image has the id {}")
    classes = _looked_up(rows, "category_id", indices, "no category has the id {}")
    if (classes < 0).any():
        raise rows.bad(int((classes < 0).argmax()), "its category is none of --classes")
    sides = _sides(rows.path, files, sizes, images)[owner] if source.boxes == "relative" else None
    boxes = to_voc(_stated(rows, source, scored=scores is not None), source.boxes or "coco", sides)
    order = np.argsort(owner, kind="stable")
    ends = np.bincount(owner, minlength=len(codes)).cumsum().tolist()
    columns = {"classes": classes[order], "boxes": boxes[order], "scores": None if scores is None else scores[order]}
    marks = {flag: values[order] for flag, values in flags.items() if values.any()}

    def read() -> Iterator[ImageBoxes]:
        for file, begin, end in zip(files.values(), [0, *ends], ends, strict=False):
            part = {name: None if column is None else column[begin:end] for name, column in columns.items()}
            set_here = {flag: values[begin:end] for flag, values in marks.items()}
            yield ImageBoxes(file, sizes.get(file), **part, flags=set_here, source=rows.path)  # type: ignore[arg-type]

    return Split(tuple(files.values()), read, images, tuple(files), stated=True)


def _looked_up(rows: Rows, key: str, places: Mapping[Hashable, int], otherwise: str) -> np.ndarray:
    """Return the place of each row's number in a table."""
    numbers = rows.keys(key)
    try:
        return np.fromiter((places[number] for number in numbers), int, len(numbers))
    except KeyError as error:
        raise rows.bad(numbers.index(error.args[0]), otherwise.format(repr(error.args[0]))) from error


def _stated(rows: Rows, source: Source, *, scored: bool) -> np.ndarray:
    """Read the boxes as they are stated, shape (n, 4)."""
    if source.boxes is None:
        return rows.boxes(smallest=0.0 if scored else TINY)
    boxes = rows.checked("bbox", partial(finite_rows, count=4), "four finite numbers")
    first, last = np.hsplit(boxes, 2)
    bad = (first > last if source.boxes in ("voc", "zero-based") else last < (0 if scored else TINY)).any(axis=1)
    if bad.any():
        raise rows.bad(
            int(bad.argmax()),
            f"its 'bbox' is empty or ends before it begins, if it is stated as --boxes {source.boxes}",
        )
    return boxes


def _sides(path: Path, files: Mapping[Any, str], sizes: Mapping[str, Size], images: ImageFolders) -> np.ndarray:
    stated = {file: None if images.find(file) else sizes.get(file) for file in files.values()}  # the image knows better
    return np.array([images.needed_size(file, size, path) for file, size in stated.items()], float).reshape(-1, 2)
