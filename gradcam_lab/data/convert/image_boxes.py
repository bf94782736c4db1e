"""What lies between the readers and the writers: the boxes of one image after another, whatever file they come from."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path, PurePosixPath, PureWindowsPath

import numpy as np

from gradcam_lab.data.box_conventions import Convention
from gradcam_lab.data.image_files import LONGEST_SIDE, ProblemError, find_image, image_size, is_image
from gradcam_lab.data.layouts.repair import Repairs
from gradcam_lab.errors import LabError

Size = tuple[int, int]
"""(width, height) in pixels."""


Number = int | str
"""The `id` of an image or a class in COCO's files."""


@dataclass(frozen=True)
class ImageBoxes:
    """One image and its boxes.

    Attributes:
        file: the image's name with its ending, a relative path with slashes.
        size: (width, height) in pixels; None where it is not known.
        classes: index of each box's class, int, shape (n,).
        boxes: in VOC's pixels, shape (n, 4).
        scores: shape (n,); None for annotations.
        flags: `difficult`, `truncated` and `crowd`, bool, shape (n,); one that is missing is set for none.
        source: the file that states them, for messages.
    """

    file: str
    size: Size | None
    classes: np.ndarray
    boxes: np.ndarray
    scores: np.ndarray | None = None
    flags: Mapping[str, np.ndarray] = field(default_factory=dict)
    source: Path = Path()


@dataclass(frozen=True)
class Split:
    """The images of one split.

    Attributes:
        files: the name of every image, in their order.
        read: reads them, one by one; it can be called again.
        images: finds the image files.
        numbers: of the images, where the source numbers them as COCO does.
        stated: whether the sizes are what the files say, and not read from the images.
    """

    files: Sequence[str]
    read: Callable[[], Iterator[ImageBoxes]]
    images: "ImageFolders"
    numbers: Sequence[Number] | None = None
    stated: bool = False


@dataclass(frozen=True)
class BoxFiles:
    """Annotations or detections, opened: what is large in them is read when it is asked for.

    Attributes:
        path: what the user named.
        names: of the classes, in the order of their indices.
        splits: by name; detections have one.
        scored: whether these are detections.
        left_out: what the source holds and boxes are not, such as outlines, and how often.
        numbers: of the classes, where the source numbers them as COCO does.
        repairs: counts what is mended while the boxes are read, see `layouts.repair`.
    """

    path: Path
    names: tuple[str, ...]
    splits: Mapping[str, Split]
    scored: bool
    left_out: Counter[str] = field(default_factory=Counter)
    numbers: Sequence[Number] | None = None
    repairs: Repairs = field(default_factory=Repairs)


@dataclass(frozen=True)
class Reference:
    """COCO ground truth that detections belong to.

    Attributes:
        path: the file.
        names: of the classes by their numbers.
        files: of the images by their numbers.
        sizes: of the images by their files; nothing where the file says none.
    """

    path: Path
    names: Mapping[Number, str]
    files: Mapping[Number, str]
    sizes: Mapping[str, Size]

    def file_of(self, name: str) -> str | None:
        """Return the file of an image that is called by its path without ending, or by its bare name; None for none."""
        return self._by_path.get(name) or self._by_stem.get(PurePosixPath(name).name)

    @cached_property
    def _by_path(self) -> dict[str, str]:
        return {without_ending(file): file for file in self.files.values()}

    @cached_property
    def _by_stem(self) -> dict[str, str]:
        counts = Counter(map(stem, self.files.values()))
        return {stem(file): file for file in self.files.values() if counts[stem(file)] == 1}


@dataclass(frozen=True)
class Source:
    """What the user says of the files that are converted.

    Attributes:
        path: the file or folder.
        boxes: how they are stated; None for the format's own way.
        names: of the classes, in the order of their numbers; None for those that the files say.
        images: folder of the images; None for the usual place.
        split: the only one to take, or the name of the one that there is; None for all, or for the usual name.
        reference: what detections belong to; None for none.
    """

    path: Path
    boxes: Convention | None = None
    names: tuple[str, ...] | None = None
    images: Path | None = None
    split: str | None = None
    reference: Reference | None = None


@dataclass(frozen=True)
class ImageFolders:
    """The folders in which the images of a split lie, the first that holds an image counts."""

    folders: tuple[Path, ...]

    @classmethod
    def of(cls, source: Source, split: str, usual: Iterable[Path]) -> "ImageFolders":
        """Return the folders that the user names, else those of the usual ones that are there.

        Raises:
            LabError: the user's is not there.
        """
        if source.images and not source.images.is_dir():
            raise LabError(f"There is no folder of images '{source.images}': check the name given to --images.")
        folders = [source.images / split, source.images] if source.images else usual
        return cls(tuple(dict.fromkeys(folder for folder in folders if folder.is_dir())))

    def find(self, file: str) -> Path | None:
        """Return the image of this name, with its ending or without; None where there is none.

        Raises:
            LabError: there are several.
        """
        for folder in self.folders:
            path = folder / file
            if is_image(path) and path.is_file():
                return path
            try:
                found = find_image(folder, without_ending(file) if is_image(path) else file)
            except ProblemError as problem:
                raise LabError(f"{problem}: remove one.") from problem
            if found.is_file():
                return found
        return None

    def named(self, file: str, ending: str = ".jpg") -> str:
        """Return the name of an image of which only the path without ending is known, with its ending."""
        found = self.find(file)
        return file + (found.suffix if found else ending)

    def size_of(self, file: str, stated: Size | None, source: Path) -> Size | None:
        """Return the size that is stated, else that of the image; None where there is no image.

        Raises:
            LabError: it is no size that an image can have, or the image cannot be read.
        """
        if stated is None:
            path = self.find(file)
            try:
                return image_size(path) if path else None
            except ProblemError as problem:
                raise LabError(f"{problem}: replace it.") from problem
        if not all(1 <= side <= LONGEST_SIDE for side in stated):
            raise LabError(
                f"'{source}' says that the image '{file}' is {stated[0]} x {stated[1]} pixels, which none is: mend it."
            )
        return stated

    def needed_size(self, file: str, stated: Size | None, source: Path) -> Size:
        """Return the size; see `size_of`.

        Raises:
            LabError: nothing says it.
        """
        size = self.size_of(file, stated, source)
        if size is None:
            raise LabError(
                f"The size of the image '{file}' of '{source}' is needed, and {self._searched()}: give the folder of "
                "the images as --images."
            )
        return size

    def _searched(self) -> str:
        folders = " or ".join(f"'{folder}'" for folder in self.folders)
        return f"there is no such image in {folders}" if folders else "it is not known where the image lies"


LONGEST_NAME = 255
"""Letters of the name of an image at most; the usual systems have no longer name of a file."""


def inside(file: str, source: Path) -> str:
    """Return the name of an image, which must be a path inside of the folder of the images.

    Raises:
        LabError: it is empty, absolute, or leaves the folder.
    """
    windows = PureWindowsPath(file)
    if (
        not PurePosixPath(file).name
        or windows.anchor
        or ".." in windows.parts
        or "\0" in file
        or len(file) > LONGEST_NAME
    ):
        raise LabError(
            f"'{source}' names the image '{file[:LONGEST_NAME]}', which is no file inside of a folder of images: name "
            "its place below that folder."
        )
    return file


def without_ending(file: str) -> str:
    """Return the path of an image without its ending."""
    return str(PurePosixPath(file).with_suffix(""))


def stem(file: str) -> str:
    """Return the name of an image without folder and ending.

    Examples:
        >>> stem("val/000001.jpg")
        '000001'
    """
    return PurePosixPath(file).stem


def plain_names(files: Sequence[str], source: Path) -> dict[str, str]:
    """Return a name for each image, one word without folders, as VOC needs it.

    Args:
        files: the images.
        source: which names them, for messages.

    Returns:
        By image: its file without folder and ending, or its whole path, where two files are called alike.

    Raises:
        LabError: two images have one name nevertheless.

    Examples:
        >>> plain_names(["val/a.jpg", "val/b 2.jpg"], Path("x.json"))
        {'val/a.jpg': 'a', 'val/b 2.jpg': 'b_2'}
        >>> plain_names(["val/a.jpg", "test/a.jpg"], Path("x.json"))
        {'val/a.jpg': 'val_a', 'test/a.jpg': 'test_a'}
    """
    distinct = dict.fromkeys(files)
    names = {file: _word(stem(file)) for file in distinct}
    if len(set(names.values())) < len(names):
        names = {file: _word(without_ending(file).replace("/", "_")) for file in distinct}
    if len(set(names.values())) < len(names):
        twice = next(name for name, count in Counter(names.values()).items() if count > 1)
        both = [file for file, name in names.items() if name == twice]
        raise LabError(f"'{source}' has two images of one name, '{both[0]}' and '{both[1]}': rename one.")
    return names


def _word(name: str) -> str:
    return "_".join(name.split())
