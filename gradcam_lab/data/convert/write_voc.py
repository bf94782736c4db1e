"""Write VOC: `Annotations/NAME.xml` and `ImageSets/Main/SPLIT.txt`; detections in `comp4_det_SPLIT_CLASS.txt`."""

from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path, PurePosixPath
from typing import TextIO

from gradcam_lab.data.box_files.comp4 import line_of
from gradcam_lab.data.box_files.voc_xml import annotation_text
from gradcam_lab.data.convert.fit import Losses, crowds_are_difficult, cut, whole_pixels
from gradcam_lab.data.convert.image_boxes import BoxFiles, ImageBoxes, Split, inside, plain_names, stem
from gradcam_lab.errors import LabError
from gradcam_lab.files import write_text


def write_voc(folder: Path, files: BoxFiles, losses: Losses) -> dict[str, Path]:
    """Write an annotation an image, or a file of detections a class.

    The arguments and the value are those of `write_yolo`, and so are the errors, but that a size is not needed for
    detections.
    """
    if files.scored:
        _write_detections(folder, files, losses)
        return {}
    annotations, lists = folder / "Annotations", folder / "ImageSets" / "Main"
    annotations.mkdir()
    names = _names(files, losses)
    for name, split in files.splits.items():
        for image in split.read():
            fitting = whole_pixels(cut(crowds_are_difficult(image, losses), losses), losses)
            text = _annotation(names[image.file], files.names, split, fitting)
            _write(annotations / f"{names[image.file]}.xml", text, image)
        write_text(lists / f"{name}.txt", "".join(f"{names[file]}\n" for file in split.files))
    return dict.fromkeys(files.splits, Path("JPEGImages"))


def _annotation(name: str, classes: Sequence[str], split: Split, image: ImageBoxes) -> str:
    size = split.images.needed_size(image.file, image.size, image.source)
    objects = [classes[index] for index in image.classes.tolist()]
    file = f"{name}{PurePosixPath(image.file).suffix}"
    return annotation_text("JPEGImages", file, size, objects, image.boxes, flags=image.flags)


def _write(path: Path, text: str, image: ImageBoxes) -> None:
    if path.exists() and path.read_text(encoding="utf-8") != text:  # the same image may be in two splits
        raise LabError(
            f"'{image.source}' has the image '{image.file}', and another split has one of this name, but VOC keeps all "
            "in one folder: rename one, or convert them one by one with --split."
        )
    path.write_text(text, encoding="utf-8", newline="\n")


def _write_detections(folder: Path, files: BoxFiles, losses: Losses) -> None:
    ((split, images),) = files.splits.items()
    paths = [folder / inside(f"comp4_det_{split}_{name}.txt".replace(" ", "_"), files.path) for name in files.names]
    if len({path.name.casefold() for path in paths}) < len(paths):
        raise LabError(f"Two classes of '{files.path}' would have one file comp4_det_{split}_CLASS.txt: rename one.")
    names = _names(files, losses)
    with ExitStack() as stack:
        tables: list[TextIO] = [stack.enter_context(path.open("w", encoding="utf-8", newline="\n")) for path in paths]
        for image in images.read():
            losses.not_kept["images without boxes"] += not len(image.boxes)
            fitting = whole_pixels(image, losses)
            assert fitting.scores is not None
            rows = zip(image.classes.tolist(), fitting.boxes.tolist(), fitting.scores.tolist(), strict=True)
            for index, box, score in rows:
                tables[index].write(line_of(names[image.file], box, score))


def _names(files: BoxFiles, losses: Losses) -> dict[str, str]:
    """Return the name of each image, and count those that are not just called as their files."""
    names = plain_names([file for split in files.splits.values() for file in split.files], files.path)
    losses.changed["images renamed"] += sum(name != stem(file) for file, name in names.items())
    return names
