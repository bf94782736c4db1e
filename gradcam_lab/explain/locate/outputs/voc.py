"""VOC: `voc/Annotations/NAME.xml`, in VOC's pixels, which count from 1; each object has its `score` beside its box."""

from pathlib import Path

import numpy as np

from gradcam_lab.data.box_files.voc_xml import annotation_text
from gradcam_lab.explain.locate.outputs.output import About, Numbered, file_text
from gradcam_lab.explain.locate.read_ahead import BadPhoto


class Voc:
    """Writes an annotation a photo."""

    def __init__(self, folder: Path, mark: str, about: About) -> None:
        self._folder = folder / "voc" / "Annotations"
        self._folder.mkdir(parents=True)

    def add(self, photo: Numbered) -> None:
        """Write a photo's annotation."""
        found = photo.found
        rows = np.concatenate([np.zeros((0, 5)), *(one.boxes for one in found.classes)])
        text = annotation_text(
            file_text(found.path.parent),
            file_text(Path(found.path.name)),
            found.size,
            [one.name for one in found.classes for _ in one.boxes],
            rows[:, :4],
            scores=rows[:, 4],
        )
        path = self._folder / f"{photo.name}.xml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8", newline="\n")

    def skip(self, photo: BadPhoto) -> None:
        """Leave it out."""

    def close(self) -> None:
        """Every file is ended."""
