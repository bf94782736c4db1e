"""Writers of annotated images, in the layouts that other programs leave: the inverse of the readers."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

import numpy as np

from gradcam_lab.data.box_conventions import Convention, from_voc
from gradcam_lab.data.layouts.reading import Reading
from gradcam_lab.data.registry import BoxData, open_data
from gradcam_lab.data.sample import Object
from tests import folders

Annotated = Mapping[str, Sequence[Object]]
"""The objects of each image of 30 x 20 pixels, by its name."""

DOG, CAT = Object("dog", (2, 3, 20, 15)), Object("cat", (1, 1, 5, 5), difficult=True)


def opened(place: Path, reading: Reading | None = None) -> BoxData:
    """Open a data set with boxes."""
    data = open_data(str(place), reading=reading)
    assert isinstance(data, BoxData)
    return data


def stated(found: Object, convention: Convention) -> list[float]:
    """The four numbers of a box."""
    numbers: list[float] = from_voc(np.array([found.box]), convention, folders.SIZE)[0].tolist()
    return numbers


def xml(objects: Sequence[Object], size: tuple[int, int] | None = folders.SIZE, boxes: Convention = "voc") -> str:
    """VOC's XML, as labelImg writes it."""
    parts = ["<annotation>"]
    if size:
        parts.append(f"<size><width>{size[0]}</width><height>{size[1]}</height><depth>3</depth></size>")
    for one in objects:
        tags = zip(("xmin", "ymin", "xmax", "ymax"), stated(one, boxes), strict=True)
        corners = "".join(f"<{tag}>{value!r}</{tag}>" for tag, value in tags)
        flags = f"<truncated>{int(one.truncated)}</truncated><difficult>{int(one.difficult)}</difficult>"
        parts.append(f"<object><name>{escape(one.name)}</name>{flags}<bndbox>{corners}</bndbox></object>")
    return "".join([*parts, "</annotation>"])


def write_xml(images: Path, annotations: Path, found: Annotated, boxes: Convention = "voc") -> None:
    """Images in one folder, their XML in another, or in the same."""
    for number, (name, objects) in enumerate(found.items()):
        if not (images / f"{name}.jpg").exists():
            folders.draw(images / f"{name}.jpg", number)
        folders.write(annotations / f"{name}.xml", xml(objects, boxes=boxes))


def coco(found: Annotated, boxes: Convention = "coco") -> dict[str, Any]:
    """The tables of COCO's format."""
    names = sorted({one.name for objects in found.values() for one in objects}) or ["dog"]
    images = [
        {"id": 10 + number, "file_name": f"{name}.jpg", "width": folders.SIZE[0], "height": folders.SIZE[1]}
        for number, name in enumerate(found)
    ]
    every = [(10 + number, one) for number, objects in enumerate(found.values()) for one in objects]
    annotations = [
        {
            **{"id": place, "image_id": image, "category_id": 3 * names.index(one.name) + 1},
            **{"bbox": stated(one, boxes), "area": 1.0, "iscrowd": int(one.difficult)},
        }
        for place, (image, one) in enumerate(every, 1)
    ]
    categories = [{"id": 3 * number + 1, "name": name} for number, name in enumerate(names)]
    return {"info": {}, "images": images, "annotations": annotations, "categories": categories}


def write_coco(path: Path, images: Path, found: Annotated, boxes: Convention = "coco") -> None:
    """A JSON, and the images of it."""
    for number, name in enumerate(found):
        if not (images / f"{name}.jpg").exists():
            folders.draw(images / f"{name}.jpg", number)
    folders.write(path, json.dumps(coco(found, boxes)))


def write_yolo(
    root: Path, splits: Mapping[str, Annotated], names: Sequence[str], boxes: Convention = "relative"
) -> None:
    """A `data.yaml`, `images` and `labels`, as ultralytics has them."""
    lines = ["path: .", *(f"{split}: images/{split}" for split in splits), "names:"]
    folders.write(root / "data.yaml", "\n".join([*lines, *(f"  {i}: {name}" for i, name in enumerate(names))]) + "\n")
    for split, found in splits.items():
        for number, (name, objects) in enumerate(found.items()):
            if not (root / "images" / split / f"{name}.jpg").exists():
                folders.draw(root / "images" / split / f"{name}.jpg", number)
            rows = [" ".join(map(repr, [names.index(one.name), *stated(one, boxes)])) for one in objects]
            folders.write(root / "labels" / split / f"{name}.txt", "".join(f"{row}\n" for row in rows))
