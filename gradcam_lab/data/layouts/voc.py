"""Reading a folder in the layout of the PASCAL VOC devkit: `JPEGImages`, `Annotations`, `ImageSets/Main`.

ToyVOC is written in the same layout, so the reader that runs on it is the reader that runs on real photos.
"""

import math
from collections.abc import Collection
from pathlib import Path
from xml.etree.ElementTree import Element

from gradcam_lab import files
from gradcam_lab.data.image_files import ProblemError, check_image, find_image, why_turned
from gradcam_lab.data.layouts.split import ListedImage, OtherLayoutError, Split, only_root, read_images, samples_hash
from gradcam_lab.data.layouts.xml_file import read_xml
from gradcam_lab.data.sample import Box, Object, Sample
from gradcam_lab.errors import LabError

SUBFOLDERS = ("JPEGImages", "Annotations", "ImageSets/Main")


def find_root(folder: Path) -> Path:
    """Return the folder that holds `JPEGImages`: `folder`, or the one `VOC20xx` in it or in its `VOCdevkit`.

    Raises:
        OtherLayoutError: it is not in the VOC layout.
        LabError: there is no such folder, or it holds several years.
    """
    inside = [
        path for pattern in ("VOC20[0-9][0-9]", "VOCdevkit/VOC20[0-9][0-9]") for path in sorted(folder.glob(pattern))
    ]
    root = only_root(folder, inside, lambda path: not _missing_subfolders(path))
    if not root:
        nearest = inside[0] if len(inside) == 1 else folder
        missing = _missing_subfolders(nearest)
        raise OtherLayoutError(
            f"'{nearest}' is not in the VOC layout, it lacks {', '.join(missing)}: give the folder that holds "
            "JPEGImages.",
            1 - len(missing) / len(SUBFOLDERS),
        )
    return root


def _missing_subfolders(root: Path) -> list[str]:
    return [name for name in SUBFOLDERS if not (root / name).is_dir()]


def read_split(
    folder: Path,
    split: str,
    *,
    known: Collection[str] | None = None,
    limit: int | None = None,
    skip_bad: bool | None = False,
    lists: str = "Main",
) -> Split:
    """Read one split of a folder in VOC layout and check every image and annotation in it.

    Args:
        folder: the data set, as `find_root` takes it.
        split: the name of a list, without `.txt`.
        known: the names of the classifier's classes; None accepts every name.
        limit: read only the first so many lines of the list.
        skip_bad: leave out what is bad; None where the command has no such option. Of an object of an unknown class
            only the object is left out and its image stays; anything else leaves the image out.
        lists: the folder of the list in `ImageSets`: `Main`, or `Segmentation` for the images that have masks.

    Raises:
        LabError: the folder or the list is missing or empty, something in it is bad and `skip_bad` is not set, or
            nothing is left.
    """
    root = find_root(folder)
    names = _read_names(root, lists, split)[:limit]
    images = [_listed(root, name, f"'{_list_path(root, lists, split)}' names '{name}' twice") for name in names]
    return read_images(split, root, images, known=known, skip_bad=skip_bad)


def voc_hash(split: Split) -> str:
    """Return one SHA-256 over the samples' ids, annotations and images: which data a result was computed from.

    Raises:
        LabError: a file has vanished since the split was read.
    """
    return samples_hash(split.samples, lambda sample: files.sha256(_annotation_path(split.root, sample.id)))


def _list_path(root: Path, lists: str, split: str) -> Path:
    return root / "ImageSets" / lists / f"{split}.txt"


def _annotation_path(root: Path, name: str) -> Path:
    return root / "Annotations" / f"{name}.xml"


def _read_names(root: Path, lists: str, split: str) -> list[str]:
    """Read the first word of each line; the second column of a per-class list (`000001  1`) is not needed."""
    path = _list_path(root, lists, split)
    if not path.exists():
        there = ", ".join(sorted(p.stem for p in path.parent.glob("*.txt"))) or "none at all"
        raise LabError(f"There is no split '{split}' in '{path.parent}': it has {there}.")
    lines = files.read_text(path, "a text file of image names").splitlines()
    names = [line.split()[0] for line in lines if line.strip()]
    if not names:
        raise LabError(f"The split '{path}' is empty: it should name one image a line.")
    return names


def _listed(root: Path, name: str, twice: str) -> ListedImage:
    return ListedImage(name, lambda: _read_sample(root, name), _annotation_path(root, name), twice)


def _read_sample(root: Path, name: str) -> Sample:
    if Path(name).name != name:  # nothing is read from, or later written to, a place outside its folder
        raise ProblemError(f"'{name}' in a split of '{root}' is not the plain name of an image")
    path = find_image(root / "JPEGImages", name)
    image = check_image(path)
    objects = _read_annotation(_annotation_path(root, name), path, image.size)
    mask = root / "SegmentationClass" / f"{name}.png"
    return Sample(name, path, image.size, objects, image.bits, mask if mask.is_file() else None)


def _read_annotation(path: Path, image: Path, size: tuple[int, int]) -> tuple[Object, ...]:
    """Read the objects of an image; a negative image has none."""
    annotation = read_xml(path)
    stated = tuple(_number(annotation, f"size/{tag}", path) for tag in ("width", "height"))
    if stated != size:
        raise ProblemError(
            f"'{path}' says that its image is {stated[0]:g} x {stated[1]:g} pixels, but it is {size[0]} x {size[1]}"
            f"{why_turned(image, stated, size)}"
        )
    return tuple(_read_object(element, size, path) for element in annotation.findall("object"))


def _read_object(element: Element, size: tuple[int, int], path: Path) -> Object:
    name = element.findtext("name", "").strip()
    if not name:
        raise ProblemError(f"'{path}' has an object without a name")
    xmin, ymin, xmax, ymax = (_number(element, f"bndbox/{tag}", path) for tag in ("xmin", "ymin", "xmax", "ymax"))
    box: Box = (xmin, ymin, xmax, ymax)
    stated = ", ".join(f"{value:g}" for value in box)
    if xmin > xmax or ymin > ymax:
        raise ProblemError(f"'{path}' has a '{name}' whose box ({stated}) ends before it begins")
    if xmin < 1 or ymin < 1 or xmax > size[0] or ymax > size[1]:
        raise ProblemError(
            f"'{path}' has a '{name}' whose box ({stated}) leaves its image of {size[0]} x {size[1]} pixels, "
            "which VOC counts from 1"
        )
    return Object(name, box, difficult=_flag(element, "difficult"), truncated=_flag(element, "truncated"))


def _number(element: Element, tag: str, path: Path) -> float:
    """Read a finite number; some of VOC's own boxes are fractions (`45.70`)."""
    text = element.findtext(tag)
    if text is None:
        raise ProblemError(f"'{path}' has an <{element.tag}> without <{tag}>")
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise ProblemError(f"'{path}' has '{text.strip()}' for <{tag}>, which is not a finite number")
    return value


def _flag(element: Element, tag: str) -> bool:
    """A flag is set by 1; older annotations leave it out, some say `Unspecified`."""
    return element.findtext(tag, "0").strip() == "1"
