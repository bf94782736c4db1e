"""Small drawn folders in the layouts of the public data sets."""

from collections.abc import Mapping
from pathlib import Path

import cv2
import numpy as np
from PIL import Image

from gradcam_lab.data.voc_classes import voc_palette

SIZE = (30, 20)
XML = (
    "<annotation><size><width>30</width><height>20</height></size><object><name>dog</name><bndbox><xmin>2</xmin>"
    "<ymin>3</ymin><xmax>20</xmax><ymax>15</ymax></bndbox></object></annotation>"
)
NEGATIVE = XML[: XML.index("<object>")] + "</annotation>"
LISTS = {"train": ("000001",), "val": ("000002",), "test": ("000003", "000004")}
TRIMAP = np.full((20, 30), 2, np.uint8)
TRIMAP[5:12, 8:20] = 3
TRIMAP[6:11, 9:19] = 1


def draw(path: Path, seed: int = 0) -> None:
    """Write a JPEG of 30 x 20 pixels."""
    path.parent.mkdir(parents=True, exist_ok=True)
    pixels = np.random.default_rng(seed).integers(0, 255, (SIZE[1], SIZE[0], 3), np.uint8)
    path.write_bytes(cv2.imencode(".jpg", pixels)[1].tobytes())


def write(path: Path, text: str) -> None:
    """Write a text file into a folder that need not exist."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def voc(root: Path, splits: tuple[str, ...]) -> None:
    """VOC's folder with the images, annotations and masks of some splits."""
    for split in splits:
        for lists in ("Main", "Segmentation"):
            write(root / "ImageSets" / lists / f"{split}.txt", "".join(f"{name}\n" for name in LISTS[split]))
        for name in LISTS[split]:
            draw(root / "JPEGImages" / f"{name}.jpg", int(name))
            write(root / "Annotations" / f"{name}.xml", XML)
            png(root / "SegmentationClass" / f"{name}.png", np.zeros((20, 30), np.uint8))


def add_negative(root: Path, split: str, name: str) -> None:
    """Add an image without objects to a split in VOC's layout."""
    draw(root / "JPEGImages" / f"{name}.jpg", int(name))
    write(root / "Annotations" / f"{name}.xml", NEGATIVE)
    lists = root / "ImageSets" / "Main" / f"{split}.txt"
    write(lists, lists.read_text(encoding="utf-8") + f"{name}\n")


def png(path: Path, pixels: np.ndarray) -> None:
    """Write a PNG."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(cv2.imencode(".png", pixels)[1].tobytes())


def mask(path: Path, indices: np.ndarray) -> None:
    """Write a mask as VOC does: a PNG with VOC's palette."""
    picture = Image.fromarray(indices.astype(np.uint8))
    picture.putpalette(voc_palette().tobytes())
    picture.save(path)


def imagenette(root: Path, counts: Mapping[str, Mapping[str, int]]) -> None:
    """Imagenette's layout: so many images for each class of each split."""
    for split, classes in counts.items():
        for name, count in classes.items():
            for number in range(count):
                draw(root / split / name / f"{name}_{number}.JPEG", number)


def pets(root: Path, *, count: int = 5) -> None:
    """The layout of Oxford-IIIT Pet: two breeds, with so many images each in `trainval`, and one in `test`."""
    lines: dict[str, list[str]] = {"trainval": [], "test": []}
    for label, (breed, species) in enumerate([("Abyssinian", 1), ("english_setter", 2)], 1):
        for number in range(count + 1):
            name = f"{breed}_{number}"
            lines["trainval" if number else "test"].append(f"{name} {label} {species} 1\n")
            draw(root / "images" / f"{name}.jpg", number)
            png(root / "annotations" / "trimaps" / f"{name}.png", TRIMAP)
    for name, its in lines.items():
        write(root / "annotations" / f"{name}.txt", "".join(its))
