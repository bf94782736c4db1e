"""Write COCO: `annotations/instances_SPLIT.json`; detections in `results.json`, with `images.json` to number them."""

import json
from collections.abc import Sequence
from pathlib import Path

from gradcam_lab.data.box_files.coco_json import annotation_texts, category_entries, image_entry, result_texts
from gradcam_lab.data.box_files.ground_truth import numbered
from gradcam_lab.data.box_files.json_lists import JsonLists
from gradcam_lab.data.convert.fit import Losses, cut
from gradcam_lab.data.convert.image_boxes import BoxFiles, Number, Reference, Split, stem
from gradcam_lab.errors import LabError

INFO = {"description": "gradcam-lab convert"}


def write_coco(folder: Path, files: BoxFiles, losses: Losses, reference: Reference | None = None) -> dict[str, Path]:
    """Write a file of ground truth a split, or one of results.

    The arguments and the value are those of `write_yolo`; `reference` numbers images and classes. A size is written
    where it is known.

    Raises:
        LabError: the reference lacks an image or a class.
    """
    categories = _categories(files, reference)
    if files.scored:
        (split,) = files.splits.values()
        _write_results(folder, files, split, categories, reference)
        return {}
    (folder / "annotations").mkdir()
    for name, split in files.splits.items():
        _write_truth(folder / "annotations" / f"instances_{name}.json", files, split, categories, losses)
    return {name: Path("images", name) for name in files.splits}


def _categories(files: BoxFiles, reference: Reference | None) -> list[Number]:
    """Return the number of each class."""
    if reference is None:
        return list(files.numbers or range(1, len(files.names) + 1))
    numbers = {name: number for number, name in reference.names.items()}
    if stranger := next((name for name in files.names if name not in numbers), None):
        raise LabError(f"'{reference.path}' has no category '{stranger}', which the boxes have: add it there.")
    return [numbers[name] for name in files.names]


def _numbers(split: Split, reference: Reference | None) -> Sequence[Number]:
    """Return the number of each image: the reference's, the source's, that in all names, or the place."""
    if reference is not None:
        known = {file: number for number, file in reference.files.items()}
        if stranger := next((file for file in split.files if file not in known), None):
            raise LabError(
                f"'{reference.path}' has no image '{stranger}', which has boxes: give the file that has all."
            )
        return [known[file] for file in split.files]
    if split.numbers:
        return split.numbers
    numbers = [number for number in numbered(map(stem, split.files)) if isinstance(number, int)]
    return numbers if len(numbers) == len(split.files) else range(1, len(split.files) + 1)


def _write_truth(path: Path, files: BoxFiles, split: Split, categories: Sequence[Number], losses: Losses) -> None:
    table = JsonLists(path, _facts(files, categories), "images", "annotations")
    first, texts = 1, [json.dumps(number) for number in categories]
    for number, image in zip(_numbers(split, None), split.read(), strict=True):
        fitting = cut(image, losses)
        table.add("images", image_entry(number, image.file, image.size))
        chosen = [texts[index] for index in image.classes.tolist()]
        table.add_texts("annotations", annotation_texts(first, json.dumps(number), chosen, fitting.boxes, image.flags))
        first += len(chosen)
    table.close()


def _write_results(
    folder: Path, files: BoxFiles, split: Split, categories: Sequence[Number], reference: Reference | None
) -> None:
    texts = [json.dumps(number) for number in categories]
    results = JsonLists(folder / "results.json", {}, "")
    images = JsonLists(folder / "images.json", {**_facts(files, categories), "annotations": []}, "images")
    for number, image in zip(_numbers(split, reference), split.read(), strict=True):
        assert image.scores is not None
        images.add("images", image_entry(number, image.file, image.size))
        chosen = [texts[index] for index in image.classes.tolist()]
        results.add_texts("", result_texts(json.dumps(number), chosen, image.boxes, image.scores))
    results.close()
    images.close()
    if reference is not None:
        (folder / "images.json").unlink()  # the user has a better one


def _facts(files: BoxFiles, categories: Sequence[Number]) -> dict[str, object]:
    return {"info": INFO, "categories": category_entries(dict(zip(categories, files.names, strict=True)))}
