"""Images of four sizes, and boxes in them, in memory."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from gradcam_lab.data.convert.image_boxes import BoxFiles, ImageBoxes, ImageFolders, Number, Reference, Split

SIZES = {"a.png": (40, 30), "000012.png": (30, 700), "c.x.png": (641, 20), "below/größer.png": (33, 33)}
NAMES = ("cat", "traffic light", "<dog & Hündchen>")


@pytest.fixture(scope="session")
def images(tmp_path_factory) -> Path:
    """A folder with an image of each size; to be read and not to be changed."""
    folder = tmp_path_factory.mktemp("images")
    for file, size in SIZES.items():
        (folder / file).parent.mkdir(exist_ok=True)
        Image.new("L", size).save(folder / file)
        Image.new("L", size).save(folder / Path(file).name)  # where VOC, which has no folders, finds it
    return folder


def image_boxes(file, rows=(), scores=None, **flags) -> ImageBoxes:
    """An image with boxes; a row is a class and the four numbers in VOC's pixels."""
    table = np.array(rows, float).reshape(-1, 5)
    marks = {flag: np.array(values, bool) for flag, values in flags.items()}
    scored = None if scores is None else np.array(scores, float)
    return ImageBoxes(file, SIZES[file], table[:, 0].astype(int), table[:, 1:], scored, marks, Path("memory"))


def box_files(images: Path, found, *, scored=False, split="train") -> BoxFiles:
    """Annotations or detections of one split."""
    folders = ImageFolders((images,))
    one = Split([image.file for image in found], lambda: iter(found), folders)
    return BoxFiles(Path("memory"), NAMES, {split: one}, scored)


def reference() -> Reference:
    """Ground truth that knows all images, with numbers that no rule gives."""
    files: dict[Number, str] = {7 * place + 3: file for place, file in enumerate(SIZES)}
    return Reference(Path("truth.json"), {5: NAMES[0], 2: NAMES[1], 90: NAMES[2]}, files, SIZES)
