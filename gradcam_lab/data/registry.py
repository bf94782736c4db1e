"""A data set by the name that the user gives it."""

from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Literal, Protocol

from gradcam_lab.console import progress
from gradcam_lab.data.download import official
from gradcam_lab.data.layouts import imagenette, pets, voc
from gradcam_lab.data.layouts.imagenette import LabelledSplit
from gradcam_lab.data.layouts.reading import Split
from gradcam_lab.data.toyvoc import COUNTS, toyvoc
from gradcam_lab.errors import LabError

TOYVOC = "toyvoc"
NAMES = (TOYVOC, *official.NAMES)


class BoxReader(Protocol):
    """Read one split of a data set whose objects have boxes, such as `voc.read_split`."""

    def __call__(
        self,
        folder: Path,
        split: str,
        *,
        known: Collection[str] | None = None,
        limit: int | None = None,
        skip_bad: bool = False,
    ) -> Split:
        """Read and check it."""


@dataclass(frozen=True)
class BoxData:
    """A data set that says where its objects are: what the detection pipeline runs on.

    Attributes:
        name: as the user gave it.
        root: its folder.
        kind: "boxes".
    """

    name: str
    root: Path
    reader: BoxReader = field(default=voc.read_split, repr=False)
    hasher: Callable[[Split], str] = field(default=voc.voc_hash, repr=False)
    kind: Literal["boxes"] = "boxes"

    def read(
        self, split: str, *, known: Collection[str] | None = None, limit: int | None = None, skip_bad: bool = False
    ) -> Split:
        """Read one split; the arguments and errors are those of `voc.read_split`."""
        return self.reader(self.root, split, known=known, limit=limit, skip_bad=skip_bad)

    def sha256(self, split: Split) -> str:
        """Say which data a result was computed from."""
        return self.hasher(split)


@dataclass(frozen=True)
class LabelData:
    """A data set that says of each image what it shows, and not where: what a classifier is trained on.

    Attributes:
        name: as the user gave it.
        root: its folder, the one that holds `train`.
        kind: "labels".
    """

    name: str
    root: Path
    kind: Literal["labels"] = "labels"

    def read(
        self,
        split: Literal["train", "val"],
        *,
        val_size: float | None = None,
        seed: int = 0,
        skip_bad: bool = False,
    ) -> LabelledSplit:
        """Read one split; the arguments and errors are those of `imagenette.read_folder`."""
        return imagenette.read_folder(self.root, split, val_size=val_size, seed=seed, skip_bad=skip_bad)

    def sha256(self, split: LabelledSplit) -> str:
        """Say which data a result was computed from."""
        return imagenette.labels_hash(split)


def data_root(name: str, root: Path | None = None) -> Path:
    """Return a data set's folder: ToyVOC's, drawn on first use, an official one's, downloaded, or the user's own.

    A folder of the user's that is called like a data set is given with its path, such as `./pets`.

    Args:
        name: one of `NAMES`, or a folder in the layout of VOC, Imagenette or Oxford-IIIT Pet.
        root: with a name, the folder where the user has this data set already.

    Raises:
        LabError: there is no such folder, it is in none of the layouts, or the data set cannot be had.
    """
    return open_data(name, root).root


def open_data(name: str, root: Path | None = None) -> BoxData | LabelData:
    """Find a data set and say what it can be asked; the arguments and errors are those of `data_root`."""
    if name == TOYVOC:
        return BoxData(name, voc.find_root(root) if root else _drawn())
    if name in official.NAMES:
        return _official(name, official.fetch(name, root))
    if root is not None:
        raise LabError(
            f"'{name}' is a folder, or no data set that is known by name: --data-root goes with a name only."
        )
    return _folder(name, Path(name))


def _official(name: str, folder: Path) -> BoxData | LabelData:
    if name in official.SIZES:
        return LabelData(name, folder)
    if name == "pets":
        return BoxData(name, folder, pets.read_split, pets.pets_hash)
    if name == "voc2007-segmentation":
        return BoxData(name, folder, partial(voc.read_split, lists="Segmentation"))
    return BoxData(name, folder)


def _folder(name: str, folder: Path) -> BoxData | LabelData:
    """Tell the layout of a folder; where it has none of them, VOC's error is what most users need to read."""
    if not _fits(voc.find_root, folder):
        if _fits(imagenette.find_root, folder):
            return LabelData(name, imagenette.find_root(folder))
        if _fits(pets.find_root, folder):
            return BoxData(name, pets.find_root(folder), pets.read_split, pets.pets_hash)
    return BoxData(name, voc.find_root(folder))


def _fits(find_root: Callable[[Path], Path], folder: Path) -> bool:
    try:
        find_root(folder)
    except LabError:
        return False
    return True


def _drawn() -> Path:
    """Draw ToyVOC where it is not there yet."""
    drawn = 0
    with progress("drawing ToyVOC", sum(COUNTS.values())) as advance:

        def on_progress(done: int, total: int) -> None:
            nonlocal drawn
            advance(done - drawn)
            drawn = done

        return toyvoc(progress=on_progress)
