"""VOC: `voc/Annotations/NAME.xml`, in VOC's pixels, which count from 1; each object has its `score` beside its box."""

from pathlib import Path
from xml.sax.saxutils import escape

from gradcam_lab.errors import one_line
from gradcam_lab.explain.locate.outputs.output import About, Numbered, file_text
from gradcam_lab.explain.locate.read_ahead import BadPhoto


class Voc:
    """Writes an annotation a photo."""

    def __init__(self, folder: Path, mark: str, about: About) -> None:
        self._folder = folder / "voc" / "Annotations"
        self._folder.mkdir(parents=True)

    def add(self, photo: Numbered) -> None:
        """Write a photo's annotation."""
        found, (width, height) = photo.found, photo.found.size
        objects = [
            f"\t<object>\n\t\t<name>{_text(one.name)}</name>\n\t\t<pose>Unspecified</pose>\n\t\t<truncated>0</truncated>\n"
            f"\t\t<difficult>0</difficult>\n\t\t<score>{score:.6f}</score>\n\t\t<bndbox>\n"
            + "".join(
                f"\t\t\t<{name}>{_number(value)}</{name}>\n"
                for name, value in zip(("xmin", "ymin", "xmax", "ymax"), box, strict=True)
            )
            + "\t\t</bndbox>\n\t</object>\n"
            for one in found.classes
            for *box, score in one.boxes.tolist()
        ]
        text = (
            f"<annotation>\n\t<folder>{_text(file_text(found.path.parent))}</folder>\n"
            f"\t<filename>{_text(file_text(Path(found.path.name)))}</filename>\n"
            f"\t<size>\n\t\t<width>{width}</width>\n\t\t<height>{height}</height>\n\t\t<depth>3</depth>\n\t</size>\n"
            f"\t<segmented>0</segmented>\n{''.join(objects)}</annotation>\n"
        )
        path = self._folder / f"{photo.name}.xml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8", newline="\n")

    def skip(self, photo: BadPhoto) -> None:
        """Leave it out."""

    def close(self) -> None:
        """Every file is ended."""


def _text(text: str) -> str:
    return escape(one_line(text))  # XML has no control characters, not even escaped


def _number(value: float) -> str:
    """A coordinate: whole where it is, else with two digits."""
    return f"{value:.0f}" if value.is_integer() else f"{value:.2f}"
