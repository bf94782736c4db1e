"""Write YOLO: `labels/SPLIT/NAME.txt`, `images/SPLIT` beside it, and `data.yaml`; detections in `labels/NAME.txt`."""

from collections.abc import Mapping
from pathlib import Path

from gradcam_lab.data.box_files.yolo import data_yaml_text, labels_text
from gradcam_lab.data.convert.fit import Losses, cut, drop_flags
from gradcam_lab.data.convert.image_boxes import BoxFiles, ImageBoxes, Split, without_ending
from gradcam_lab.data.layouts.shares import split_called
from gradcam_lab.errors import LabError
from gradcam_lab.files import write_text


def write_yolo(folder: Path, files: BoxFiles, losses: Losses) -> dict[str, Path]:
    """Write a file of labels an image.

    Args:
        folder: empty.
        files: what is written.
        losses: are added to.

    Returns:
        The folder of each split's images.

    Raises:
        LabError: two images would have one file, the size of an image is not known, or a name has a line break.
    """
    _require_lines(files.names)
    places = {split: Path("images", split) for split in files.splits}
    for name, split in files.splits.items():
        labels = folder / "labels" if files.scored else folder / "labels" / name
        labels.mkdir(parents=True)
        for image in split.read():
            _write(labels, split, drop_flags(cut(image, losses), losses))
    if files.scored:
        write_text(folder / "classes.txt", "".join(f"{name}\n" for name in files.names))
        return {}
    write_text(folder / "data.yaml", data_yaml_text(files.names, _called(places)))
    return places


def _write(folder: Path, split: Split, image: ImageBoxes) -> None:
    size = split.images.needed_size(image.file, image.size, image.source)
    path = folder / f"{without_ending(image.file)}.txt"
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        with path.open("x", encoding="utf-8", newline="\n") as file:
            file.write(labels_text(image.classes.tolist(), image.boxes, size, image.scores))
    except FileExistsError as error:
        raise LabError(
            f"'{image.source}' has two images that YOLO calls '{without_ending(image.file)}', one is '{image.file}': "
            "rename one."
        ) from error


def _called(places: Mapping[str, Path]) -> dict[str, str]:
    """Return the place of each split as YOLO's programs look for it: `train2017` is `train` for them."""
    names = [split_called(split) or split for split in places]
    called = names if len(set(names)) == len(names) else list(places)
    return {name: place.as_posix() for name, place in zip(called, places.values(), strict=True)}


def _require_lines(names: tuple[str, ...]) -> None:
    if broken := next((name for name in names if len(name.splitlines()) != 1), None):
        raise LabError(
            f"The class '{broken}' has a line break in its name, which a list of names cannot have: mend it."
        )
