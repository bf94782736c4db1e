"""`boxes.csv`: a line a box, in VOC's pixels, which count from 1; both ends are inside."""

import csv
from pathlib import Path

from gradcam_lab.explain.locate.outputs.output import About, Numbered, file_text
from gradcam_lab.explain.locate.read_ahead import BadPhoto

COLUMNS = ("file", "width", "height", "class", "probability", "xmin", "ymin", "xmax", "ymax", "score")


class BoxesCsv:
    """Writes a line a box."""

    def __init__(self, folder: Path, mark: str, about: About) -> None:
        self._file = (folder / "boxes.csv").open("w", encoding="utf-8", newline="")
        self._table = csv.writer(self._file, lineterminator="\n")
        self._table.writerow(COLUMNS)

    def add(self, photo: Numbered) -> None:
        """Write a photo's boxes."""
        found = photo.found
        for one in found.classes:
            for box in one.boxes.tolist():
                self._table.writerow([file_text(found.path), *found.size, one.name, one.probability, *box])

    def skip(self, photo: BadPhoto) -> None:
        """Leave it out."""

    def close(self) -> None:
        """End the file."""
        self._file.close()
