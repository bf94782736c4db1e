"""Reading a folder in Imagenette's layout: `train/<class>/*.JPEG` and `val/<class>/*.JPEG`, a folder for each class."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from gradcam_lab.data.layouts.holdout import some_of, train_or_val
from gradcam_lab.data.layouts.split import ListedImage, only_root, read_images, read_size, samples_hash
from gradcam_lab.data.sample import Sample
from gradcam_lab.errors import LabError
from gradcam_lab.vision import torchvision

SUFFIXES = (".jpeg", ".jpg", ".png")
WORDNET_ID = re.compile(r"n\d{8}")


@dataclass(frozen=True)
class LabelledSplit:
    """The samples of one split, each with the one class that its folder gives it.

    Attributes:
        name: `train` or `val`.
        root: the folder that holds `train`.
        samples: what was read, class by class, without objects.
        labels: the place in `classes` of each sample's class.
        classes: the names of the classes, in the order of their folders.
        skipped: one sentence for every image that was left out.
    """

    name: str
    root: Path
    samples: tuple[Sample, ...]
    labels: tuple[int, ...]
    classes: tuple[str, ...]
    skipped: tuple[str, ...] = ()


def find_root(folder: Path) -> Path:
    """Return the folder that holds `train`: `folder`, or the one `imagenette2...` in it.

    Raises:
        LabError: there is none, or there are several.
    """
    root = only_root(folder, sorted(folder.glob("imagenette2*")), lambda path: (path / "train").is_dir())
    if not root:
        raise LabError(
            f"'{folder}' is not in Imagenette's layout: it should hold 'train', with a folder for each class."
        )
    return root


def read_folder(
    folder: Path,
    split: Literal["train", "val"],
    *,
    val_size: float | None = None,
    seed: int = 0,
    skip_bad: bool | None = False,
) -> LabelledSplit:
    """Read one split of a folder in Imagenette's layout and check every image in it.

    Args:
        folder: the data set, as `find_root` takes it.
        split: `train` or `val`.
        val_size: from 1 on the number of val's images: of the folder `val`, or else of `train`, from which they are
            kept. Below 1 the share of each class of `train` that is kept for val where there is no folder `val`.
        seed: of that choice.
        skip_bad: leave out what is bad instead of raising an error; None where the command has no such option.

    Raises:
        LabError: the folder is not in this layout, something in it is bad and `skip_bad` is not set, or nothing is
            left.
    """
    root = find_root(folder)
    names = _class_folders(root / "train")
    images = [_listed(path) for path in _paths_of(root, names, split, val_size, seed)]
    read = read_images(split, root, images, skip_bad=skip_bad)
    labels = tuple(names.index(sample.path.parent.name) for sample in read.samples)
    return LabelledSplit(split, root, read.samples, labels, class_names(names), read.skipped)


def _listed(path: Path) -> ListedImage:
    name = f"{path.parent.name}/{path.stem}"
    twice = f"'{path}' has the same name as another image of its class"
    return ListedImage(name, lambda: Sample(name, path, read_size(path)), path.parent, twice)


def labels_hash(split: LabelledSplit) -> str:
    """Return one SHA-256 over the samples' ids, classes and images: which data a result was computed from.

    Raises:
        LabError: a file has vanished since the split was read.
    """
    names = {sample.id: split.classes[label] for sample, label in zip(split.samples, split.labels, strict=True)}
    return samples_hash(split.samples, lambda sample: names[sample.id])


def class_names(folders: Sequence[str]) -> tuple[str, ...]:
    """Name the classes of folders: Imagenette's WordNet numbers get their English names, all others stay as they are.

    Examples:
        >>> class_names(["n01440764", "n02102040", "my own"])
        ('tench', 'English springer', 'my own')
    """
    if not any(WORDNET_ID.fullmatch(name) for name in folders):
        return tuple(folders)
    english = torchvision().datasets.Imagenette._WNID_TO_CLASS
    return tuple(english[name][0] if name in english else name for name in folders)


def classes_of(root: Path) -> tuple[str, ...]:
    """Return the classes of a data set, in the order of their folders.

    Raises:
        LabError: it has no folders.
    """
    return class_names(_class_folders(root / "train"))


def imagenette_classes() -> tuple[str, ...]:
    """Return Imagenette's ten classes in their official order, that of their WordNet numbers."""
    return class_names(sorted(torchvision().datasets.Imagenette._WNID_TO_CLASS))


def _class_folders(folder: Path) -> list[str]:
    names = sorted(path.name for path in folder.iterdir() if path.is_dir() and not path.name.startswith("."))
    if not names:
        raise LabError(f"'{folder}' has no folders: it should have one for each class, with its images.")
    return names


def _paths_of(root: Path, names: Sequence[str], split: str, val_size: float | None, seed: int) -> list[Path]:
    """The images of a split: those in its folder, or its share of `train`."""
    if (root / "val").is_dir():
        _require_known(root / "val", names)
        paths = list(_paths_in(root / split, names))
        if split == "train" or val_size is None or val_size < 1:
            return paths
        kept = some_of([path.parent.name for path in paths], int(val_size), seed)
        return [path for path, is_kept in zip(paths, kept, strict=True) if is_kept]
    if val_size is None:
        if split == "train":
            return list(_paths_in(root / "train", names))
        raise LabError(f"'{root}' has no folder 'val': say with val_size how much of 'train' is kept for it.")
    return train_or_val(split, list(_paths_in(root / "train", names)), lambda path: path.parent.name, val_size, seed)


def _require_known(val: Path, names: Sequence[str]) -> None:
    unknown = [name for name in _class_folders(val) if name not in names]
    if unknown:
        raise LabError(f"'{val / unknown[0]}' is a class that 'train' does not have: move it, or add it there.")


def _paths_in(folder: Path, names: Sequence[str]) -> Iterator[Path]:
    """The images of each class, in the order of their names; every class must have some."""
    for name in names:
        paths = [path for path in sorted((folder / name).glob("*")) if _is_image(path)]
        if not paths and folder.name == "train":
            raise LabError(f"'{folder / name}' has no images: a class needs some, as .jpg, .jpeg or .png.")
        yield from paths


def _is_image(path: Path) -> bool:
    return path.suffix.lower() in SUFFIXES and not path.name.startswith(".")
