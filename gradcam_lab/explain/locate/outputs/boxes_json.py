"""`boxes.json`: the whole of what was found, but for the maps."""

from pathlib import Path
from typing import Any

from gradcam_lab.data.box_files.json_lists import JsonLists
from gradcam_lab.explain.locate.found import FoundClass
from gradcam_lab.explain.locate.outputs.output import About, Numbered, file_text
from gradcam_lab.explain.locate.read_ahead import BadPhoto


class BoxesJson:
    """Writes the facts, then a line a photo, then a line for each photo that cannot be used."""

    def __init__(self, folder: Path, mark: str, about: About) -> None:
        self._file = JsonLists(folder / f"boxes{mark}.json", about.facts, "photos", "skipped")

    def add(self, photo: Numbered) -> None:
        """Write what was found in a photo."""
        found = photo.found
        classes = [_class(one) for one in found.classes]
        self._file.add("photos", {"file": file_text(found.path), "size": list(found.size), "classes": classes})

    def skip(self, photo: BadPhoto) -> None:
        """Write why a photo cannot be used."""
        self._file.add("skipped", {"file": file_text(photo.path), "problem": photo.problem})

    def close(self) -> None:
        """End the file."""
        self._file.close()


def _class(one: FoundClass) -> dict[str, Any]:
    return {
        "name": one.name,
        "outputs": list(one.outputs),
        "probability": one.probability,
        "boxes": one.boxes.tolist(),
    }
