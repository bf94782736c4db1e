"""COCO: `coco-images.json` holds the images and the categories, `coco-results.json` the boxes.

pycocotools reads the two by `COCO("coco-images.json").loadRes("coco-results.json")`. A box is `[x, y, width, height]`,
counted from 0.
"""

from pathlib import Path

from gradcam_lab.explain.locate.outputs.json_lists import JsonLists
from gradcam_lab.explain.locate.outputs.output import About, Numbered, file_text
from gradcam_lab.explain.locate.read_ahead import BadPhoto


class Coco:
    """Writes an image a photo, and a result a box."""

    def __init__(self, folder: Path, mark: str, about: About) -> None:
        self._about = about
        categories = [{"id": number, "name": name} for number, name in enumerate(about.names, 1)]
        facts = {"info": {"description": "gradcam-lab locate"}, "categories": categories, "annotations": []}
        self._images = JsonLists(folder / f"coco-images{mark}.json", facts, "images")
        self._results = JsonLists(folder / f"coco-results{mark}.json", {}, "")

    def add(self, photo: Numbered) -> None:
        """Write a photo and its boxes."""
        number, (width, height) = photo.number + 1, photo.found.size
        self._images.add(
            "images", {"id": number, "file_name": file_text(photo.found.path), "width": width, "height": height}
        )
        for one in photo.found.classes:
            category = self._about.number_of(one.outputs) + 1
            for xmin, ymin, xmax, ymax, score in one.boxes.tolist():
                box = [xmin - 1, ymin - 1, xmax - xmin + 1, ymax - ymin + 1]
                self._results.add("", {"image_id": number, "category_id": category, "bbox": box, "score": score})

    def skip(self, photo: BadPhoto) -> None:
        """Leave it out."""

    def close(self) -> None:
        """End both files."""
        self._images.close()
        self._results.close()
