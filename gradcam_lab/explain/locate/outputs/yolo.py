"""YOLO: `yolo/labels/NAME.txt`, a line `class cx cy width height confidence` a box, and `yolo/classes.txt`.

The centre and the sides are shares of the photo's width and height. A photo without boxes has an empty file.
"""

from pathlib import Path

import numpy as np

from gradcam_lab.data.box_files.yolo import labels_text
from gradcam_lab.explain.locate.outputs.output import About, Numbered
from gradcam_lab.explain.locate.read_ahead import BadPhoto


class Yolo:
    """Writes a file of labels a photo."""

    def __init__(self, folder: Path, mark: str, about: About) -> None:
        self._about, self._folder = about, folder / "yolo" / "labels"
        self._folder.mkdir(parents=True)
        _write(folder / "yolo" / "classes.txt", "".join(f"{name}\n" for name in about.names))

    def add(self, photo: Numbered) -> None:
        """Write a photo's labels."""
        found = photo.found
        rows = np.concatenate([np.zeros((0, 5)), *(one.boxes for one in found.classes)])
        numbers = [self._about.number_of(one.outputs) for one in found.classes for _ in one.boxes]
        path = self._folder / f"{photo.name}.txt"
        path.parent.mkdir(parents=True, exist_ok=True)
        _write(path, labels_text(numbers, rows[:, :4], found.size, rows[:, 4]))

    def skip(self, photo: BadPhoto) -> None:
        """Leave it out."""

    def close(self) -> None:
        """Every file is ended."""


def _write(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8", newline="\n")
