"""Reading a folder for each class: in Imagenette's layout, `train/<class>/*.JPEG` and `val/<class>/*.JPEG`, or plainly.

Where there is no `val` (or `valid`, `validation`), and where the folders of the classes stand beside each other without
`train`, val is a part of the images that a seed chooses.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from gradcam_lab.data.image_files import ENDINGS, check_image, is_image, left_out
from gradcam_lab.data.layouts.holdout import some_of, train_or_val
from gradcam_lab.data.layouts.places import subfolders
from gradcam_lab.data.layouts.split import ListedImage, OtherLayoutError, only_root, read_images, samples_hash
from gradcam_lab.data.sample import Sample
from gradcam_lab.errors import LabError
from gradcam_lab.vision import torchvision

VAL_FOLDERS = ("val", "valid", "validation")

NO_CLASSES = ("jpegimages", "images", "annotations", "annots", "labels", "segmentationclass", "oxford-iiit-pet")
"""What folders of images are called in other layouts, in small letters."""

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
        notes: one sentence for whatever else should be known.
    """

    name: str
    root: Path
    samples: tuple[Sample, ...]
    labels: tuple[int, ...]
    classes: tuple[str, ...]
    skipped: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def find_root(folder: Path) -> Path:
    """Return the folder that holds `train`: `folder`, or the one `imagenette2...` in it; else that of the classes.

    Raises:
        OtherLayoutError: there are no folders of images, or they are called as those of another layout.
        LabError: there is no such folder, or there are several.
    """
    root = only_root(folder, sorted(folder.glob("imagenette2*")), lambda path: (path / "train").is_dir())
    if root:
        return root
    if (folder / "val").is_dir():
        raise OtherLayoutError(
            f"'{folder}' is not in Imagenette's layout: it should hold 'train', with a folder for each class.", 0.5
        )
    classes = [path for path in subfolders(folder) if any(map(is_image, path.iterdir()))]
    if not classes or any(path.name.lower() in NO_CLASSES for path in classes):
        raise OtherLayoutError(f"'{folder}' holds no folder of images for each class.", 0)
    return folder


def read_folder(
    folder: Path,
    split: str,
    *,
    val_size: float | None = None,
    seed: int = 0,
    skip_bad: bool | None = False,
) -> LabelledSplit:
    """Read one split of a folder with a folder for each class and check every image in it.

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
    names = _class_folders(train_folder(root))
    images = [_listed(path) for path in _paths_of(root, names, split, val_size, seed)]
    read = read_images(split, root, images, skip_bad=skip_bad)
    labels = tuple(names.index(sample.path.parent.name) for sample in read.samples)
    val = _val_folder(root)
    folder = val if val and split == "val" else train_folder(root)
    notes = (*read.notes, *_left_out(folder, names))
    return LabelledSplit(split, root, read.samples, labels, class_names(names), read.skipped, notes)


def _left_out(folder: Path, names: Sequence[str]) -> tuple[str, ...]:
    inside = [path for name in names if (folder / name).is_dir() for path in (folder / name).iterdir()]
    found = left_out(inside)
    return (f"Not read in the class folders of '{folder}', as no images: {found}.",) if found else ()


def _listed(path: Path) -> ListedImage:
    name = f"{path.parent.name}/{path.stem}"
    twice = f"'{path}' has the same name as another image of its class"
    return ListedImage(name, lambda _: _read_sample(name, path), twice)


def _read_sample(name: str, path: Path) -> Sample:
    image = check_image(path)
    return Sample(name, path, image.size, bits=image.bits)


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


def train_folder(root: Path) -> Path:
    """Return the folder that holds a folder for each class: `train`, or the data set itself."""
    return root / "train" if (root / "train").is_dir() else root


def _val_folder(root: Path) -> Path | None:
    """Return the folder of val; None where val is a part of the images of train."""
    return next((root / name for name in VAL_FOLDERS if train_folder(root) != root and (root / name).is_dir()), None)


def classes_of(root: Path) -> tuple[str, ...]:
    """Return the classes of a data set, in the order of their folders.

    Raises:
        LabError: it has no folders.
    """
    return class_names(_class_folders(train_folder(root)))


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
    train, val = train_folder(root), _val_folder(root)
    if val:
        _require_known(val, names)
        paths = list(_paths_in(train if split == "train" else val, names, every=split == "train"))
        if split == "train" or val_size is None or val_size < 1:
            return paths
        kept = some_of([path.parent.name for path in paths], int(val_size), seed)
        return [path for path, is_kept in zip(paths, kept, strict=True) if is_kept]
    paths = list(_paths_in(train, names, every=True))
    if val_size is None:
        if split == "train":
            return paths
        raise LabError(f"'{root}' has no folder 'val': say with --val-size how much of '{train}' is kept for it.")
    return train_or_val(split, paths, lambda path: path.parent.name, val_size, seed)


def _require_known(val: Path, names: Sequence[str]) -> None:
    unknown = [name for name in _class_folders(val) if name not in names]
    if unknown:
        raise LabError(f"'{val / unknown[0]}' is a class that 'train' does not have: move it, or add it there.")


def _paths_in(folder: Path, names: Sequence[str], *, every: bool) -> Iterator[Path]:
    """The images of each class, in the order of their names; with `every`, each class must have some."""
    for name in names:
        paths = [path for path in sorted((folder / name).glob("*")) if is_image(path)]
        if not paths and every:
            raise LabError(f"'{folder / name}' has no images: a class needs some, as {', '.join(ENDINGS)}.")
        yield from paths
