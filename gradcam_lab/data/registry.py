"""Opening a data set: ToyVOC, an official one by its name, or a folder in one of the known layouts."""

from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import NamedTuple

from gradcam_lab.data.download import official
from gradcam_lab.data.layouts import imagenette, pets, voc
from gradcam_lab.data.layouts.imagenette import LabelledSplit
from gradcam_lab.data.layouts.split import OtherLayoutError, Split
from gradcam_lab.data.toyvoc import toyvoc
from gradcam_lab.errors import LabError

TOYVOC = "toyvoc"
DATA_SET_NAMES = (TOYVOC, *official.DATA_SETS)
"""The data sets that are known by name."""


@dataclass(frozen=True)
class BoxData:
    """A data set whose images have annotated boxes, which the detection pipeline runs on.

    Attributes:
        name: as the user gave it.
        root: its folder.
        reader: reads one of its splits, such as `voc.read_split`.
        sha256: returns one SHA-256 of a split's images and annotations: which data a result was computed from.
    """

    name: str
    root: Path
    reader: Callable[..., Split] = field(repr=False)
    sha256: Callable[[Split], str] = field(repr=False)

    def read(
        self,
        split: str,
        *,
        known: Collection[str] | None = None,
        limit: int | None = None,
        skip_bad: bool | None = False,
    ) -> Split:
        """Read one split; the arguments and errors are those of `voc.read_split`."""
        return self.reader(self.root, split, known=known, limit=limit, skip_bad=skip_bad)


@dataclass(frozen=True)
class LabelData:
    """A data set whose images have a class and no boxes, which a classifier is trained on.

    Attributes:
        name: as the user gave it.
        root: its folder, the one that holds `train`.
    """

    name: str
    root: Path

    def read(
        self,
        split: str,
        *,
        val_size: float | None = None,
        seed: int = 0,
        skip_bad: bool | None = False,
    ) -> LabelledSplit:
        """Read one split; the arguments and errors are those of `imagenette.read_folder`."""
        if split not in ("train", "val"):
            raise LabError(f"'{self.root}' has labelled folders and no split '{split}': choose train or val.")
        return imagenette.read_folder(self.root, split, val_size=val_size, seed=seed, skip_bad=skip_bad)

    @property
    def classes(self) -> tuple[str, ...]:
        """The names of the classes, in the order of their folders."""
        return imagenette.classes_of(self.root)

    def sha256(self, split: LabelledSplit) -> str:
        """Return one SHA-256 of a split's images and annotations: which data a result was computed from."""
        return imagenette.labels_hash(split)


class Layout(NamedTuple):
    """How data sets in a layout are found and opened.

    Attributes:
        find_root: returns the data set in a folder; raises an OtherLayoutError where it is not in this layout.
        data: makes the data set of its name and its root.
    """

    find_root: Callable[[Path], Path]
    data: Callable[[str, Path], BoxData | LabelData]


read_segmentation = partial(voc.read_split, lists="Segmentation")

LAYOUTS = {
    "voc": Layout(voc.find_root, partial(BoxData, reader=voc.read_split, sha256=voc.voc_hash)),
    "imagenette": Layout(imagenette.find_root, LabelData),
    "pets": Layout(pets.find_root, partial(BoxData, reader=pets.read_split, sha256=pets.pets_hash)),
    "voc-segmentation": Layout(voc.find_root, partial(BoxData, reader=read_segmentation, sha256=voc.voc_hash)),
}
"""The layouts by name; a user's folder is in the first that fits. A new layout is one module and one line here."""


def open_data(name: str, root: Path | None = None, *, into: Path | None = None) -> BoxData | LabelData:
    """Return a data set: ToyVOC, drawn on first use, an official one, downloaded, or a folder of the user's.

    A folder of the user's that is called like a data set is given with its path, such as `./pets`.

    Args:
        name: one of `DATA_SET_NAMES`, or a folder in the layout of VOC, Imagenette or Oxford-IIIT Pet.
        root: with a name, the folder where the user has this data set already.
        into: with a name and without `root`, the folder where the data set is, or else is downloaded into.

    Raises:
        LabError: there is no such folder, it is in none of the layouts, or the data set cannot be had.
    """
    if name == TOYVOC:
        return LAYOUTS["voc"].data(name, voc.find_root(root) if root else toyvoc(into))
    if name in official.DATA_SETS:
        found = official.fetch_into(name, into) if into and not root else official.fetch(name, root)
        return LAYOUTS[official.describe(name).layout].data(name, found)
    if root is not None or into is not None:
        key = "data_dir" if root is None else "--data-root"
        raise LabError(f"'{name}' is a folder, or no data set that is known by name: {key} goes with a name only.")
    return _open_folder(name)


def _open_folder(name: str) -> BoxData | LabelData:
    """Open a folder in the first layout that fits; where none does, the error is that of the nearest one."""
    errors = []
    for layout in LAYOUTS.values():
        try:
            return layout.data(name, layout.find_root(Path(name)))
        except OtherLayoutError as error:
            errors.append(error)
    nearest = max(errors, key=lambda error: error.likeness)
    if nearest.likeness:
        raise nearest
    raise LabError(
        f"'{name}' is in no layout that is known: give a folder with {', '.join(voc.SUBFOLDERS)} (VOC), one with train "
        "and in it a folder of images for each class (Imagenette), or one with images and annotations (Oxford-IIIT "
        "Pet)."
    )
