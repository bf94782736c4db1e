"""YOLO: `yolo/labels/NAME.txt`, a line `class cx cy width height confidence` a box, and `yolo/classes.txt`.

The centre and the sides are shares of the photo's width and height. A photo without boxes has an empty file.
"""

from pathlib import Path

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
        width, height = photo.found.size
        lines = []
        for one in photo.found.classes:
            number = self._about.number_of(one.outputs)
            for xmin, ymin, xmax, ymax, score in one.boxes.tolist():
                across, down = (xmin - 1 + xmax) / 2 / width, (ymin - 1 + ymax) / 2 / height
                sides = (xmax - xmin + 1) / width, (ymax - ymin + 1) / height
                lines.append(f"{number} {across:.6f} {down:.6f} {sides[0]:.6f} {sides[1]:.6f} {score:.6f}\n")
        path = self._folder / f"{photo.name}.txt"
        path.parent.mkdir(parents=True, exist_ok=True)
        _write(path, "".join(lines))

    def skip(self, photo: BadPhoto) -> None:
        """Leave it out."""

    def close(self) -> None:
        """Every file is ended."""


def _write(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8", newline="\n")
