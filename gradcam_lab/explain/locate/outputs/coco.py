"""COCO: `coco-images.json` holds the images and the categories, `coco-results.json` the boxes.

pycocotools reads the two by `COCO("coco-images.json").loadRes("coco-results.json")`. A box is `[x, y, width, height]`,
counted from 0.
"""

from pathlib import Path

from gradcam_lab.data.box_files.coco_json import category_entries, image_entry, result_texts
from gradcam_lab.data.box_files.json_lists import JsonLists
from gradcam_lab.explain.locate.outputs.output import About, Numbered, file_text
from gradcam_lab.explain.locate.read_ahead import BadPhoto


class Coco:
    """Writes an image a photo, and a result a box."""

    def __init__(self, folder: Path, mark: str, about: About) -> None:
        self._about = about
        categories = category_entries(dict(enumerate(about.names, 1)))
        facts = {"info": {"description": "gradcam-lab locate"}, "categories": categories, "annotations": []}
        self._images = JsonLists(folder / f"coco-images{mark}.json", facts, "images")
        self._results = JsonLists(folder / f"coco-results{mark}.json", {}, "")

    def add(self, photo: Numbered) -> None:
        """Write a photo and its boxes."""
        number, found = photo.number + 1, photo.found
        self._images.add("images", image_entry(number, file_text(found.path), found.size))
        for one in found.classes:
            categories = [str(self._about.number_of(one.outputs) + 1)] * len(one.boxes)
            self._results.add_texts("", result_texts(str(number), categories, one.boxes[:, :4], one.boxes[:, 4]))

    def skip(self, photo: BadPhoto) -> None:
        """Leave it out."""

    def close(self) -> None:
        """End both files."""
        self._images.close()
        self._results.close()
