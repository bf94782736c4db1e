"""Reading the Oxford-IIIT Pet data set: `images`, and in `annotations` the lists and the `trimaps`.

Every photo becomes a sample with one object, `cat` or `dog`. Its box is drawn around the trimap's values 1 (animal) and
3 (border): the border band lies on the outline, and ears, tails, whiskers and collars are often nothing but border,
so a box around value 1 alone would cut them off; this one may be too large by the half of the band, a few pixels.

The data set has the lists `trainval` and `test`. `val` is a fifth of each breed of `trainval`, chosen with the seed 0,
and `train` the rest.
"""

from collections.abc import Collection
from pathlib import Path
from typing import NamedTuple

import numpy as np

from gradcam_lab import files
from gradcam_lab.data.image_files import ProblemError, check_image, find_image, opened, why_turned
from gradcam_lab.data.layouts.holdout import train_or_val
from gradcam_lab.data.layouts.split import ListedImage, OtherLayoutError, Split, only_root, read_images, samples_hash
from gradcam_lab.data.sample import Box, Object, Sample
from gradcam_lab.errors import LabError

SPECIES = {"1": "cat", "2": "dog"}
ANIMAL, BACKGROUND, BORDER = 1, 2, 3
SPLITS = ("train", "val", "trainval", "test")
VAL_SIZE = 0.2
SEED = 0
NEEDED = ("images", "annotations/trimaps", "annotations/trainval.txt", "annotations/test.txt")


class _Line(NamedTuple):
    """A line of a list, such as `Abyssinian_100 1 1 1`."""

    id: str
    breed: str
    species: str


def find_root(folder: Path) -> Path:
    """Return the folder that holds `images` and `annotations`: `folder`, or `oxford-iiit-pet` in it.

    Raises:
        OtherLayoutError: there is none.
        LabError: there is no such folder.
    """
    root = only_root(folder, [folder / "oxford-iiit-pet"], lambda path: not _missing(path))
    if not root:
        inside = folder / "oxford-iiit-pet"
        nearest = inside if inside.is_dir() else folder
        missing = _missing(nearest)
        raise OtherLayoutError(
            f"'{nearest}' is not in the layout of Oxford-IIIT Pet, it lacks {', '.join(missing)}: add what is missing.",
            1 - len(missing) / len(NEEDED),
        )
    return root


def _missing(root: Path) -> list[str]:
    return [name for name in NEEDED if not (root / name).exists()]


def read_split(
    folder: Path,
    split: str,
    *,
    known: Collection[str] | None = None,
    limit: int | None = None,
    skip_bad: bool | None = False,
) -> Split:
    """Read one split and check every image and trimap in it.

    Args:
        folder: the data set, as `find_root` takes it.
        split: `train`, `val`, `trainval` or `test`.
        known: the names of the classifier's classes; None accepts both.
        limit: read only the first so many lines; the official lists are ordered by breed, so these may be all cats.
        skip_bad: leave out what is bad instead of raising an error; None where the command has no such option.

    Raises:
        LabError: the folder is not in this layout, something in it is bad and `skip_bad` is not set, or nothing is
            left.
    """
    root = find_root(folder)
    lines = _lines_of(root, split)[:limit]
    images = [_listed(root, line, f"'{root / 'annotations'}' lists '{line.id}' twice in {split}") for line in lines]
    return read_images(split, root, images, known=known, skip_bad=skip_bad)


def pets_hash(split: Split) -> str:
    """Return one SHA-256 over the samples' ids, species, trimaps and images: which data a result was computed from.

    Raises:
        LabError: a file has vanished since the split was read.
    """

    def annotation(sample: Sample) -> str:
        names = " ".join(o.name for o in sample.objects)
        return f"{names} {files.sha256(_trimap_path(split.root, sample.id))}"

    return samples_hash(split.samples, annotation)


def _lines_of(root: Path, split: str) -> list[_Line]:
    """The lines of a split; `train` and `val` share those of `trainval`."""
    if split not in SPLITS:
        raise LabError(f"Oxford-IIIT Pet has no split '{split}': it has {', '.join(SPLITS)}.")
    if split in ("trainval", "test"):
        return _read_list(root, split)
    return train_or_val(split, _read_list(root, "trainval"), lambda line: line.breed, VAL_SIZE, SEED)


def _read_list(root: Path, name: str) -> list[_Line]:
    path = root / "annotations" / f"{name}.txt"
    text = files.read_text(path, "a text file of image names")
    numbered = [(number, line) for number, line in enumerate(text.splitlines(), 1) if line.strip()]
    lines = [_parse(line, f"'{path}', line {number}") for number, line in numbered if not line.startswith("#")]
    if not lines:
        raise LabError(f"The list '{path}' is empty: it should name one image a line.")
    return lines


def _parse(line: str, where: str) -> _Line:
    words = line.split()
    if len(words) != 4 or words[2] not in SPECIES or Path(words[0]).name != words[0]:
        raise LabError(f"{where}: '{line[:60]}' should be like 'Abyssinian_100 1 1 1' (image, class, species, breed).")
    return _Line(words[0], words[0].rpartition("_")[0], SPECIES[words[2]])


def _trimap_path(root: Path, name: str) -> Path:
    return root / "annotations" / "trimaps" / f"{name}.png"


def _listed(root: Path, line: _Line, twice: str) -> ListedImage:
    return ListedImage(line.id, lambda _: _read_sample(root, line), twice)


def _read_sample(root: Path, line: _Line) -> Sample:
    path = find_image(root / "images", line.id)
    image = check_image(path)
    box = _read_box(_trimap_path(root, line.id), path, image.size, line.species)
    return Sample(line.id, path, image.size, (Object(line.species, box),), image.bits)


def _read_box(path: Path, image: Path, size: tuple[int, int], species: str) -> Box:
    """Draw the box around what is not background, in VOC's pixels."""
    trimap = _read_trimap(path)
    if trimap.shape != (size[1], size[0]):
        height, width = trimap.shape
        raise ProblemError(
            f"The trimap '{path}' has {width} x {height} pixels, but its image has {size[0]} x {size[1]}"
            f"{why_turned(image, (width, height), size)}"
        )
    rows, columns = np.nonzero((trimap == ANIMAL) | (trimap == BORDER))
    if not rows.size:
        raise ProblemError(
            f"The trimap '{path}' has no animal in it, but the list says that its image shows a {species}"
        )
    return float(columns.min() + 1), float(rows.min() + 1), float(columns.max() + 1), float(rows.max() + 1)


def _read_trimap(path: Path) -> np.ndarray:
    if not path.is_file():
        raise ProblemError(f"The trimap '{path}' is missing")
    with opened(path, f"The trimap '{path}' is broken, truncated or no PNG", ("PNG",)) as image:
        trimap = np.array(image)
    if trimap.ndim != 2 or not np.isin(trimap, (ANIMAL, BACKGROUND, BORDER)).all():
        raise ProblemError(f"The trimap '{path}' has other values than {ANIMAL}, {BACKGROUND} and {BORDER}")
    return trimap
