"""Reading data sets in COCO's format: `annotations/instances_val2017.json` with `val2017`, or a JSON beside its images.

Each JSON is a split, called as its file or its folder says (`train2017`, `valid/_annotations.coco.json`); one alone is
split by a seed, see `shares`. An image without annotations is a negative one. What COCO marks `iscrowd` is difficult:
it counts neither for nor against a detection.
"""

import re
from collections.abc import Iterator
from itertools import chain
from pathlib import Path, PurePosixPath

import numpy as np

from gradcam_lab.data.box_conventions import Convention, to_voc
from gradcam_lab.data.image_files import ProblemError, check_image
from gradcam_lab.data.layouts.coco_tables import Annotation, CocoImage, read_tables
from gradcam_lab.data.layouts.listed import Lists, names_of
from gradcam_lab.data.layouts.places import inside, subfolders
from gradcam_lab.data.layouts.reading import Reading
from gradcam_lab.data.layouts.repair import Repairs, read_box
from gradcam_lab.data.layouts.shares import split_called
from gradcam_lab.data.layouts.split import ListedImage, OtherLayoutError, require_folder
from gradcam_lab.data.layouts.stated_size import check_size
from gradcam_lab.data.sample import Object, Sample
from gradcam_lab.errors import LabError
from gradcam_lab.files import names_a_file

ROBOFLOW = "_annotations.coco.json"
BEGINNING = 1 << 16
"""Bytes of a JSON in which it shows whether it is in COCO's format."""

KEYS = re.compile(rb'^\s*\{.*?"(info|licenses|images|annotations|categories)"\s*:\s*[\[{]', re.DOTALL)


def find_root(folder: Path) -> Path:
    """Return the folder itself, where a JSON in COCO's format lies in it or in a folder inside; or such a JSON.

    Raises:
        OtherLayoutError: there is none.
        LabError: there is no such folder.
    """
    require_folder(folder, or_file=True)
    if folder.is_dir() and not _files(folder):
        raise OtherLayoutError(f"'{folder}' holds no JSON in COCO's format, in its own folder or in one inside.", 0)
    return folder


def lists_of(root: Path, reading: Reading) -> Lists:
    """List the images of each JSON.

    Raises:
        LabError: a JSON is bad, several are of one split, or their images are nowhere.
    """
    paths = [reading.annotations] if reading.annotations else [root] if root.is_file() else _files(root)
    by_split: dict[str, Path] = {}
    for path in paths:
        split = _split_of(path, root) if len(paths) > 1 else ""
        if split in by_split:
            which = f"the split {split}" if split else "no split by their names"
            raise LabError(
                f"'{by_split[split]}' and '{path}' are both of {which}: give one of them as --data, or call them "
                "instances_train.json, instances_val.json and instances_test.json."
            )
        by_split[split] = path
    return Lists({split: _listed(path, root, reading) for split, path in by_split.items()})


def _split_of(path: Path, root: Path) -> str:
    """Return the split that the name of a JSON tells of, or that of its folder in the data set; "" for none."""
    return split_called(path.stem) or (split_called(path.parent.name) if path.parent != root else "")


def _files(folder: Path) -> list[Path]:
    """Find the JSONs of boxes: those of COCO's or Roboflow's name, else all that begin like one."""
    paths = sorted(chain.from_iterable(place.glob("*.json") for place in [folder, *subfolders(folder)]))
    named = [path for path in paths if path.name.startswith("instances") or path.name == ROBOFLOW]
    return named or [path for path in paths if _begins_like_one(path)]


def _begins_like_one(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            return bool(KEYS.search(file.read(BEGINNING)))
    except OSError:
        return False


def _listed(path: Path, root: Path, reading: Reading) -> list[ListedImage]:
    images = read_tables(path)
    if not images:
        raise LabError(f"'{path}' lists no image: add some.")
    folder = _folder_of(path, images, root, bool(reading.annotations))
    names = names_of([PurePosixPath(image.file) for image in images])
    boxes = reading.boxes or "coco"
    return [_one(path, folder, image, name, boxes) for image, name in zip(images, names, strict=True)]


def _one(path: Path, folder: Path, image: CocoImage, name: str, boxes: Convention) -> ListedImage:
    twice = f"'{path}' has two images '{image.file}'"
    return ListedImage(name, lambda repairs: _read_sample(path, folder, image, name, repairs, boxes), twice)


def _folder_of(path: Path, images: tuple[CocoImage, ...], root: Path, given: bool) -> Path:
    """Find the folder in which the images of a JSON lie: that of the first one that is there."""
    places = [root] if given else list(dict.fromkeys(_places(path, root)))
    for image in images[:20]:
        for place in places:
            if (found := inside(place, image.file)) and names_a_file(found):
                return place
    if given or (found := inside(places[0], images[0].file)) is None:  # the image itself is said to be missing, or odd
        return places[0]
    raise LabError(
        f"'{path}' lists '{images[0].file}' and others, but they are not in '{path.parent}' and not in the folders "
        "beside it: give --images FOLDER and --annotations FILE.json."
    )


def _places(path: Path, root: Path) -> Iterator[Path]:
    """The folders in which COCO's, Roboflow's and other programs' images lie."""
    own = path.stem.removeprefix("instances_")
    bases = [path.parent, path.parent.parent] if root.is_file() else [path.parent, root]
    for base in bases:
        yield from (base, base / "images", base / own, base / "images" / own)
        yield from chain.from_iterable((place, place / "images") for place in subfolders(base))


def _read_sample(path: Path, folder: Path, listed: CocoImage, name: str, repairs: Repairs, boxes: Convention) -> Sample:
    file = inside(folder, listed.file)
    if file is None:
        raise ProblemError(f"'{path}' names the image '{listed.file}', which is outside of its folder '{folder}'")
    image = check_image(file)
    stated = [_bbox(annotation, path) for annotation in listed.annotations]
    if boxes != "relative":
        check_size(listed.size, image.size, to_voc(np.array(stated).reshape(-1, 4), boxes), path, file, repairs)
    objects = []
    for annotation, numbers in zip(listed.annotations, stated, strict=True):
        called = _name(annotation, path)
        if box := read_box(numbers, boxes, image.size, repairs, f"'{path}' has in '{listed.file}' a '{called}'"):
            objects.append(Object(called, box, difficult=annotation.crowd))
    return Sample(name, file, image.size, tuple(objects), image.bits)


def _bbox(annotation: Annotation, path: Path) -> list[float]:
    whose = f"'{path}' has an annotation {annotation.id!r}"
    numbers = annotation.bbox
    if numbers is None and annotation.polygon:
        raise ProblemError(f"{whose} with a polygon (segmentation) and no bbox (add the box around it)")
    known = isinstance(numbers, list) and len(numbers) == 4 and all(type(value) in (int, float) for value in numbers)
    if not known or not np.isfinite(numbers).all():
        raise ProblemError(f"{whose} whose bbox is {str(numbers)[:60]} and not four finite numbers")
    return [float(value) for value in numbers]


def _name(annotation: Annotation, path: Path) -> str:
    if annotation.name is None:
        told = f"whose category_id is {annotation.category!r}, which none of its categories has"
        raise ProblemError(f"'{path}' has an annotation {annotation.id!r} {told}")
    return annotation.name
