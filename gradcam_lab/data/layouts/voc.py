"""Reading a folder in the layout of the PASCAL VOC devkit: `JPEGImages`, `Annotations`, `ImageSets/Main`.

ToyVOC is written in the same layout, so the reader that runs on it is the reader that runs on real photos.
"""

from collections.abc import Collection
from pathlib import Path

from gradcam_lab import files
from gradcam_lab.data.box_conventions import Convention
from gradcam_lab.data.image_files import ProblemError, check_image, find_image
from gradcam_lab.data.layouts.repair import Repairs
from gradcam_lab.data.layouts.split import ListedImage, OtherLayoutError, Split, only_root, read_images, samples_hash
from gradcam_lab.data.layouts.voc_xml import read_objects, require_corners
from gradcam_lab.data.sample import Sample
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
    boxes: Convention = "voc",
) -> Split:
    """Read one split of a folder in VOC layout and check every image and annotation in it.

    Args:
        folder: the data set, as `find_root` takes it.
        split: the name of a list, without `.txt`.
        known: the names of the classifier's classes, whose objects alone are kept; None keeps all.
        limit: read only the first so many lines of the list.
        skip_bad: leave out the images that are bad; None where the command has no such option.
        lists: the folder of the list in `ImageSets`: `Main`, or `Segmentation` for the images that have masks.
        boxes: how they are stated: `voc`, or `zero-based` where another program wrote them so.

    Raises:
        LabError: the folder or the list is missing or empty, something in it is bad and `skip_bad` is not set, or
            nothing is left.
    """
    root, boxes = find_root(folder), require_corners(boxes)
    names = _read_names(root, lists, split)[:limit]
    images = [_listed(root, name, f"'{_list_path(root, lists, split)}' names '{name}' twice", boxes) for name in names]
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
    lines = files.read_text(path, "a text file of image names", latin=True).splitlines()
    names = [line.split()[0] for line in lines if line.strip()]
    if not names:
        raise LabError(f"The split '{path}' is empty: it should name one image a line.")
    return names


def _listed(root: Path, name: str, twice: str, boxes: Convention) -> ListedImage:
    return ListedImage(name, lambda repairs: _read_sample(root, name, repairs, boxes), twice)


def _read_sample(root: Path, name: str, repairs: Repairs, boxes: Convention) -> Sample:
    if Path(name).name != name:  # nothing is read from, or later written to, a place outside its folder
        raise ProblemError(f"'{name}' in a split of '{root}' is not the plain name of an image")
    path = find_image(root / "JPEGImages", name)
    image = check_image(path)
    objects = read_objects(_annotation_path(root, name), path, image.size, repairs, boxes)
    mask = root / "SegmentationClass" / f"{name}.png"
    return Sample(name, path, image.size, objects, image.bits, mask if mask.is_file() else None)
