"""Reading data sets that list their images and may lack `train`, `val` or `test`."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePath

from gradcam_lab.data.layouts.reading import Reading
from gradcam_lab.data.layouts.shares import arranged
from gradcam_lab.data.layouts.split import ListedImage, Split, read_images


@dataclass(frozen=True)
class Lists:
    """The images that a data set lists.

    Attributes:
        splits: by the name of the split; one list alone may have any name, or "".
        notes: one sentence for whatever else should be known.
    """

    splits: Mapping[str, Sequence[ListedImage]]
    notes: tuple[str, ...] = ()


def names_of(files: Sequence[PurePath]) -> list[str]:
    """Call images as their files without folder and ending, or with their folders where two would be called the same.

    Examples:
        >>> names_of([PurePath("cam1/a.jpg"), PurePath("cam1/b.jpg")])
        ['a', 'b']
        >>> names_of([PurePath("cam1/a.jpg"), PurePath("cam2/a.jpg")])
        ['cam1/a', 'cam2/a']
    """
    stems = [file.stem for file in files]
    return stems if len(set(stems)) == len(stems) else [file.with_suffix("").as_posix() for file in files]


def read_listed(
    root: Path,
    split: str,
    *,
    lists_of: Callable[[Path, Reading], Lists],
    reading: Reading,
    known: Collection[str] | None = None,
    limit: int | None = None,
    skip_bad: bool | None = False,
) -> Split:
    """Read one split of a data set and check every image and annotation in it.

    Args:
        root: the data set.
        split: `train`, `val` or `test`; what it lacks of them is taken from what it has, see `shares`.
        lists_of: lists its images, as `coco.lists_of` does.
        reading: how it is read.
        known: the names of the classifier's classes, whose objects alone are kept; None keeps all.
        limit: read only the first so many images of the split.
        skip_bad: leave out the images that are bad; None where the command has no such option.

    Raises:
        LabError: there is no such split, something in it is bad and `skip_bad` is not set, or nothing is left.
    """
    lists = lists_of(root, reading)
    images, how = arranged(lists.splits, split, root, reading)
    read = read_images(split, root, images[:limit], known=known, skip_bad=skip_bad)
    return replace(read, notes=(*filter(None, [how]), *lists.notes, *read.notes))
