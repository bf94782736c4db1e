"""Opening a data set: ToyVOC, an official one by its name, or a folder in one of the known layouts."""

from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import NamedTuple

from gradcam_lab.data.box_conventions import Convention
from gradcam_lab.data.download import official
from gradcam_lab.data.layouts import coco, imagenette, pets, voc, voc_files, yolo
from gradcam_lab.data.layouts.imagenette import LabelledSplit
from gradcam_lab.data.layouts.listed import Lists, read_listed
from gradcam_lab.data.layouts.reading import Reading
from gradcam_lab.data.layouts.split import OtherLayoutError, Split, objects_hash
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
        root: its folder, or its one file.
        reader: reads one of its splits, such as `voc.read_split`.
        sha256: returns one SHA-256 of a split's images and annotations: which data a result was computed from.
        boxes: how its files state boxes.
    """

    name: str
    root: Path
    reader: Callable[..., Split] = field(repr=False)
    sha256: Callable[[Split], str] = field(repr=False)
    boxes: Convention = "voc"

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
        root: its folder, the one that holds `train`, or a folder for each class.
        reading: how much of train is val, and the seed of that choice, where `read` is not told.
    """

    name: str
    root: Path
    reading: Reading = Reading()  # noqa: RUF009  # it is frozen

    def read(
        self,
        split: str,
        *,
        val_size: float | None = None,
        seed: int | None = None,
        skip_bad: bool | None = False,
    ) -> LabelledSplit:
        """Read one split; the arguments and errors are those of `imagenette.read_folder`."""
        val_size = self.reading.val_size if val_size is None else val_size
        seed = self.reading.seed if seed is None else seed
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
        data: makes the data set of its name, its root, and how it is read.
    """

    find_root: Callable[[Path], Path]
    data: Callable[[str, Path, Reading], BoxData | LabelData]


def _voc(name: str, root: Path, reading: Reading, lists: str = "Main") -> BoxData:
    boxes = reading.boxes or "voc"
    return BoxData(name, root, partial(voc.read_split, lists=lists, boxes=boxes), voc.voc_hash, boxes)


def _pets(name: str, root: Path, reading: Reading) -> BoxData:
    _refuse_boxes(reading, root, "its boxes are drawn around its trimaps")
    return BoxData(name, root, pets.read_split, pets.pets_hash)


def _labelled(name: str, root: Path, reading: Reading) -> LabelData:
    _refuse_boxes(reading, root, "it has a folder for each class, and no boxes")
    return LabelData(name, root, reading)


def _refuse_boxes(reading: Reading, root: Path, why: str) -> None:
    if reading.boxes:
        raise LabError(f"--boxes {reading.boxes} says nothing of '{root}', because {why}: leave it out.")


def _listed(
    lists_of: Callable[[Path, Reading], Lists], boxes: Convention
) -> Callable[[str, Path, Reading], BoxData | LabelData]:
    """Return what opens data sets that list their images; their boxes are stated as usual, or as the user says."""

    def data(name: str, root: Path, reading: Reading) -> BoxData:
        reader = partial(read_listed, lists_of=lists_of, reading=reading)
        return BoxData(name, root, reader, objects_hash, reading.boxes or boxes)

    return data


LAYOUTS = {
    "voc": Layout(voc.find_root, _voc),
    "pets": Layout(pets.find_root, _pets),
    "coco": Layout(coco.find_root, _listed(coco.lists_of, "coco")),
    "yolo": Layout(yolo.find_root, _listed(yolo.lists_of, "relative")),
    "voc-files": Layout(voc_files.find_root, _listed(voc_files.lists_of, "voc")),
    "imagenette": Layout(imagenette.find_root, _labelled),
    "voc-segmentation": Layout(voc.find_root, partial(_voc, lists="Segmentation")),
}
"""The layouts by name; a user's folder is in the first that fits. A new layout is one module and one line here."""

FILES = {".json": "coco", ".yaml": "yolo", ".yml": "yolo"}
"""The layout of a data set that is given by one file, by its ending."""


def open_data(
    name: str, root: Path | None = None, *, into: Path | None = None, reading: Reading | None = None
) -> BoxData | LabelData:
    """Return a data set: ToyVOC, drawn on first use, an official one, downloaded, or a folder of the user's.

    A folder of the user's that is called like a data set is given with its path, such as `./pets`.

    Args:
        name: one of `DATA_SET_NAMES`; or a folder in one of `LAYOUTS`, a JSON in COCO's format, or a `data.yaml`.
        root: with a name, the folder where the user has this data set already.
        into: with a name and without `root`, the folder where the data set is, or else is downloaded into.
        reading: how it is read, where its folder does not say so; None for what is usual.

    Raises:
        LabError: there is no such folder, it is in none of the layouts, or the data set cannot be had.
    """
    reading = reading or Reading()
    if reading.annotations:
        return _open_pair(name, Path(name), reading.annotations, reading)
    if name == TOYVOC:
        return LAYOUTS["voc"].data(name, voc.find_root(root) if root else toyvoc(into), reading)
    if name in official.DATA_SETS:
        found = official.fetch_into(name, into) if into and not root else official.fetch(name, root)
        return LAYOUTS[official.describe(name).layout].data(name, found, reading)
    if root is not None or into is not None:
        key = "data_dir" if root is None else "--data-root"
        raise LabError(f"'{name}' is a folder, or no data set that is known by name: {key} goes with a name only.")
    if Path(name).suffix.lower() in FILES and Path(name).is_file():
        return LAYOUTS[FILES[Path(name).suffix.lower()]].data(name, Path(name), reading)
    return _open_folder(name, reading)


def _open_pair(name: str, images: Path, annotations: Path, reading: Reading) -> BoxData | LabelData:
    """Open a folder of images and its annotations, a folder of XML or a JSON."""
    for path in (images, annotations):
        if not path.exists():
            raise LabError(f"There is no '{path}': check the names given to --images and --annotations.")
    if not images.is_dir():
        raise LabError(f"'{images}' is no folder: give --images the folder of the images.")
    return LAYOUTS["voc-files" if annotations.is_dir() else "coco"].data(name, images, reading)


def _open_folder(name: str, reading: Reading) -> BoxData | LabelData:
    """Open a folder in the first layout that fits; where none does, the error is that of the nearest one."""
    errors = []
    for layout in LAYOUTS.values():
        try:
            root = layout.find_root(Path(name))
        except OtherLayoutError as error:
            errors.append(error)
        else:
            return layout.data(name, root, reading)
    nearest = max(errors, key=lambda error: error.likeness)
    if nearest.likeness:
        raise nearest
    raise LabError(
        f"'{name}' is in no layout that is known: give a folder with {', '.join(voc.SUBFOLDERS)} (VOC), images and "
        "VOC's XML, a JSON in COCO's format, YOLO's data.yaml, a folder of images for each class, or images and "
        "annotations (Oxford-IIIT Pet)."
    )
