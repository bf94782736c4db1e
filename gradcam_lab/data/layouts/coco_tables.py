"""The tables of a JSON in COCO's format: what an image is called, and what is annotated in it."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

from gradcam_lab.errors import LabError
from gradcam_lab.files import read_json, sha256

Key = int | str


class Annotation(NamedTuple):
    """One annotation, of which only what a box needs is kept.

    Attributes:
        id: its number in the file, or its place from 1; for messages.
        name: of its category; None where the file has no such category.
        category: its `category_id`.
        bbox: as the file has it; None where there is none.
        polygon: whether it has a `segmentation` instead.
        crowd: whether it is marked as a crowd, or to be ignored.
    """

    id: Any
    name: str | None
    category: Any
    bbox: Any
    polygon: bool
    crowd: bool


@dataclass(frozen=True)
class CocoImage:
    """One image of the table.

    Attributes:
        file: its `file_name`, with `/` between folders.
        size: (width, height) as the file says; None where it does not.
        annotations: in the file's order.
    """

    file: str
    size: tuple[float, float] | None
    annotations: list[Annotation] = field(default_factory=list)


def read_tables(path: Path) -> tuple[CocoImage, ...]:
    """Read the images of a JSON, in its order; a file that has not changed is read only once.

    Raises:
        LabError: the file cannot be read or is not in COCO's format, an id stands for two things or for none.
    """
    try:
        content = sha256(path)
    except OSError as error:
        raise LabError(f"Cannot read '{path}' ({error.strerror}): check the name given to --data.") from error
    return _read_tables(path, content)


@lru_cache(maxsize=4)
def _read_tables(path: Path, _sha256: str) -> tuple[CocoImage, ...]:
    content = read_json(path)
    images, annotations, categories = (_rows(content, name, path) for name in ("images", "annotations", "categories"))
    names = {_key(row, "id", path, "category"): str(row.get("name", row["id"])) for row in categories}
    found = {_key(row, "id", path, "image"): _image(row, path) for row in images}
    for rows, ids, what in ((categories, names, "categories"), (images, found, "images")):
        if len(ids) < len(rows):
            _refuse_twice((row["id"] for row in rows), path, what)
    numbers = [row["id"] for row in annotations if row.get("id") is not None]
    if len(set(map(str, numbers))) < len(numbers):
        _refuse_twice(numbers, path, "annotations")
    for place, row in enumerate(annotations, 1):
        number = _key(row, "image_id", path, "annotation")
        if number not in found:
            raise LabError(f"'{path}' has an annotation of the image {number!r}, but no image of this id: mend it.")
        found[number].annotations.append(_annotation(row, place, names))
    return tuple(found.values())


def _rows(content: Any, name: str, path: Path) -> list[dict[str, Any]]:
    rows = content.get(name) if isinstance(content, dict) else None
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise LabError(
            f"'{path}' has no list '{name}' of objects: a JSON in COCO's format has images, annotations and categories."
        )
    return rows


def _key(row: dict[str, Any], key: str, path: Path, what: str) -> Key:
    """Return an id: a number in quotes is a number, and so is 2.0."""
    value = row.get(key)
    if isinstance(value, str) and value.isascii() and value.isdecimal() and len(value) < 19:
        return int(value)
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, bool) or not isinstance(value, int | str):
        told = f"an {what}" if what[0] in "ai" else f"a {what}"
        raise LabError(f"'{path}' has {told} whose '{key}' is {str(value)[:60]!r}, which should be a whole number.")
    return value


def _refuse_twice(ids: Iterable[Any], path: Path, what: str) -> None:
    twice = next(value for value, count in Counter(map(str, ids)).items() if count > 1)
    raise LabError(f"'{path}' has two {what} with the id {twice}: give each its own.")


def _image(row: dict[str, Any], path: Path) -> CocoImage:
    name = row.get("file_name")
    if not isinstance(name, str) or not name:
        raise LabError(f"'{path}' has an image {row['id']!r} without a 'file_name': add it.")
    try:
        size = (float(row["width"]), float(row["height"]))
    except (KeyError, TypeError, ValueError):
        size = None
    return CocoImage(name.replace("\\", "/"), size)


def _annotation(row: dict[str, Any], place: int, names: dict[Key, str]) -> Annotation:
    category = row.get("category_id")
    key = int(category) if isinstance(category, str) and category.isdecimal() else category
    name = names.get(int(key) if isinstance(key, float) else key) if isinstance(key, int | str | float) else None
    crowd = any(row.get(flag) in (1, "1", True) for flag in ("iscrowd", "ignore", "difficult"))
    return Annotation(
        row.get("id", place), name, category, row.get("bbox") or None, bool(row.get("segmentation")), crowd
    )
