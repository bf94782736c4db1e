"""Convert annotations or detections from one format to another, whole or not at all."""

import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from gradcam_lab.console import tracked
from gradcam_lab.data.box_files.formats import garbage_collection_off
from gradcam_lab.data.convert.fit import Losses
from gradcam_lab.data.convert.image_boxes import BoxFiles, ImageBoxes, Source, Split, plain_names
from gradcam_lab.data.convert.read_coco import open_coco
from gradcam_lab.data.convert.read_voc import open_voc
from gradcam_lab.data.convert.read_yolo import open_yolo
from gradcam_lab.data.convert.write_coco import write_coco
from gradcam_lab.data.convert.write_voc import write_voc
from gradcam_lab.data.convert.write_yolo import write_yolo
from gradcam_lab.data.image_files import ProblemError, image_size
from gradcam_lab.data.layouts.repair import Repairs, repair_line
from gradcam_lab.data.layouts.stated_size import check_size
from gradcam_lab.errors import LabError
from gradcam_lab.files import folder_moved_into_place

Format = Literal["voc", "coco", "yolo"]
"""A format that is read and written."""

READERS = {"voc": open_voc, "coco": open_coco, "yolo": open_yolo}
NAMES = {"voc": "VOC", "coco": "COCO", "yolo": "YOLO"}


@dataclass
class Converted:
    """What was converted.

    Attributes:
        scored: whether these were detections.
        images: number of images.
        boxes: number of boxes.
        classes: number of classes that there are.
        splits: their names.
        losses: one line of what is not kept or changed; nothing where all is kept.
        repairs: one line of what was mended; nothing where all is well.
        places: where the images of each split belong, unless they were copied there; none for detections.
    """

    scored: bool
    images: int
    boxes: int
    classes: int
    splits: tuple[str, ...]
    losses: str
    repairs: str
    places: tuple[Path, ...]


def convert(source: Source, start: Format, end: Format, out: Path, *, copy_images: bool = False) -> Converted:
    """Convert files; nothing is left where something is wrong.

    Args:
        source: the files.
        start: their format.
        end: the format to write.
        out: the folder to write, new or empty.
        copy_images: put the images of annotations where the format has them.

    Raises:
        LabError: something cannot be read, converted or written.
    """
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise LabError(f"'{out}' is there already and holds something: give a new folder by --out.")
    with garbage_collection_off():
        files = READERS[start](source)
        counts = {"images": 0, "boxes": 0}
        losses = Losses()
        losses.not_kept.update(files.left_out)
        splits = {name: _counted(_measured(one, files), name, counts) for name, one in files.splits.items()}
        counted = replace(files, splits=splits)
        try:
            with folder_moved_into_place(out, replace=out.exists()) as folder:
                if end == "coco":
                    places = write_coco(folder, counted, losses, source.reference)
                else:
                    places = (write_yolo if end == "yolo" else write_voc)(folder, counted, losses)
                if copy_images and not files.scored:
                    _copy(folder, files, places, end)
        except UnicodeEncodeError as error:
            raise LabError(
                f"'{source.path}' has the name '{error.object[:60]}', half a letter of which is missing: mend it."
            ) from error
        except OSError as error:
            raise LabError(f"Cannot write in '{out}' ({error.strerror}): choose another --out.") from error
    left = () if copy_images else tuple(dict.fromkeys(out / place for place in places.values()))
    return Converted(
        files.scored,
        **counts,
        classes=len(files.names),
        splits=tuple(files.splits),
        losses=losses.sentence(NAMES[end]),
        repairs=repair_line([files.repairs]),
        places=left,
    )


def _measured(split: Split, files: BoxFiles) -> Split:
    """Take the sizes of annotated images from the images, where they are there: files often state those of others."""
    if files.scored or not split.stated:
        return split

    def read() -> Iterator[ImageBoxes]:
        for image in split.read():
            path = split.images.find(image.file)
            yield image if path is None else _with_size_of(path, image, files.repairs)

    return replace(split, read=read)


def _with_size_of(path: Path, image: ImageBoxes, repairs: Repairs) -> ImageBoxes:
    try:
        size = image_size(path)
        check_size(image.size, size, image.boxes, image.source, path, repairs)
    except ProblemError as problem:
        raise LabError(f"{problem}: mend it.") from problem
    return replace(image, size=size)


def _counted(split: Split, name: str, counts: dict[str, int]) -> Split:
    """Count what is read, and show how far it is."""

    def read() -> Iterator[ImageBoxes]:
        for image in tracked(split.read(), f"converting {name}", len(split.files)):
            counts["images"] += 1
            counts["boxes"] += len(image.boxes)
            yield image

    return replace(split, read=read)


def _copy(folder: Path, files: BoxFiles, places: Mapping[str, Path], end: Format) -> None:
    """Copy every image to its place; in VOC's layout it is called like its annotation."""
    names = plain_names([file for split in files.splits.values() for file in split.files], files.path)
    for split, place in places.items():
        of_split = files.splits[split]
        for file in tracked(of_split.files, f"copying {split}", len(of_split.files)):
            found = of_split.images.find(file)
            if found is None:
                raise LabError(
                    f"There is no image '{file}' of '{files.path}' to copy: give the folder of the images as --images."
                )
            target = folder / place / (f"{names[file]}{found.suffix}" if end == "voc" else file)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(found, target)
