"""The data of a training: the images of a data set of any kind, with the labels that a classifier learns."""

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch
from torch import Tensor

from gradcam_lab.console import warn
from gradcam_lab.data.layouts.imagenette import LabelledSplit
from gradcam_lab.data.layouts.reading import Reading
from gradcam_lab.data.layouts.split import Split, nameless_line, notes_of
from gradcam_lab.data.registry import DATA_SET_NAMES, TOYVOC, BoxData, LabelData, open_data
from gradcam_lab.data.sample import Sample, labels
from gradcam_lab.data.spread import spread
from gradcam_lab.data.toyvoc import CLASSES
from gradcam_lab.errors import LabError
from gradcam_lab.models import distributed
from gradcam_lab.models.classifier import Classifier
from gradcam_lab.models.sources.network_file import Labels
from gradcam_lab.models.training.settings import TrainingSettings


@dataclass(frozen=True)
class LabelledSamples:
    """Images with their labels.

    Attributes:
        samples: n images.
        labels: of boxes, whether each class is there: 1, 0, or NaN where it does not count, shape (n, C); of labelled
            folders, the index of the one class, shape (n,).
    """

    samples: tuple[Sample, ...]
    labels: Tensor


@dataclass(frozen=True)
class TrainingData:
    """A data set for training.

    Attributes:
        name: of the data set, or of its folder.
        classes: the names of the classes, in the order of the labels.
        kind: `boxes`, where classes may occur together, or `labels`, where each image has one.
        splits: `train`, `val`, and of boxes also `test`.
        sha256: of the images and labels of `train`.
    """

    name: str
    classes: tuple[str, ...]
    kind: Literal["boxes", "labels"]
    splits: dict[str, LabelledSamples]
    sha256: str


def read_training_data(settings: TrainingSettings) -> TrainingData:
    """Read the data of a training.

    Raises:
        LabError: the data cannot be had, something in it is bad, or it has another number of classes than it should.
    """
    with distributed.leader_first():  # it draws or downloads the data
        data = open_data(settings.data, settings.data_root, into=settings.data_dir, reading=settings.reading)
    read = _read_boxes(data, settings) if isinstance(data, BoxData) else _read_folders(data, settings)
    if settings.num_classes not in (None, len(read.classes)):
        raise LabError(
            f"'{read.name}' has {len(read.classes)} classes ({', '.join(read.classes)}) and not "
            f"{settings.num_classes}: mend num_classes (of model) or leave it out."
        )
    return read


def data_of(
    classifier: Classifier, data: str | None, data_root: Path | None, reading: Reading | None = None
) -> BoxData | LabelData:
    """Open the data set that the user names, or else the one that a classifier was trained on.

    Args:
        classifier: its file may say on which data it was trained.
        data: a name or a folder; None takes the training's, from the folder where it was, if it is still there.
        data_root: where the user has a data set that is given by its name.
        reading: how it is read; what it leaves open is taken from the training, so that its splits are the same.

    Raises:
        LabError: neither the user nor the file names one, or it cannot be had.
    """
    recipe = classifier.metadata.get("recipe", {})
    name, folder = data or recipe.get("data"), recipe.get("data_folder")
    reading = _as_trained(reading or Reading(), recipe, ("val_size", "split_seed") if data else READING)
    if not data and name and folder and not data_root and Path(folder).exists():
        with suppress(LabError):
            named = name in DATA_SET_NAMES
            return open_data(name, Path(folder), reading=reading) if named else open_data(folder, reading=reading)
    if not name:
        raise LabError(
            f"The file of '{classifier.name}' does not say on which data it was trained: name them by --data."
        )
    return open_data(str(name), data_root, reading=reading)


READING = tuple(field.name for field in fields(Reading))


def _as_trained(reading: Reading, recipe: Mapping[str, Any], names: Iterable[str]) -> Reading:
    """Fill in what the recipe of a training says of how its data were read."""
    told = {name: recipe[name] for name in names if recipe.get(name) is not None and getattr(reading, name) is None}
    if "annotations" in told:
        told["annotations"] = Path(told["annotations"])
    return replace(reading, **told)


def labels_of(data: BoxData | LabelData) -> Labels:
    """Return the name and the classes of a data set, in the order in which a training numbers them.

    Raises:
        LabError: something in its `train` is bad.
    """
    if isinstance(data, LabelData):
        return data.name, data.classes, "softmax"
    return data.name, _box_classes(data, data.read("train", skip_bad=True).samples), "sigmoid"


def _box_classes(data: BoxData, train: Iterable[Sample]) -> tuple[str, ...]:
    shown = {o.name for sample in train for o in sample.objects}
    return CLASSES if data.name == TOYVOC else tuple(sorted(shown))


def _read_boxes(data: BoxData, settings: TrainingSettings) -> TrainingData:
    splits = [data.read(name, limit=settings.limit, skip_bad=settings.skip_bad) for name in ("train", "val", "test")]
    warn_of(*splits)
    classes = _box_classes(data, splits[0].samples)
    labelled = {split.name: LabelledSamples(split.samples, box_labels(split.samples, classes)) for split in splits}
    _require_contrast(data, classes, labelled)
    return TrainingData(_name(data), classes, "boxes", labelled, data.sha256(splits[0]))


def _read_folders(data: LabelData, settings: TrainingSettings) -> TrainingData:
    train, val = (read_labels(data, name, settings) for name in ("train", "val"))
    warn_of(train, val)
    labelled = {split.name: LabelledSamples(split.samples, torch.tensor(split.labels)) for split in (train, val)}
    _require_contrast(data, train.classes, labelled)
    return TrainingData(_name(data), train.classes, "labels", labelled, data.sha256(train))


def _require_contrast(data: BoxData | LabelData, classes: Sequence[str], splits: Mapping[str, LabelledSamples]) -> None:
    """Require splits that a network can be trained and chosen by; a test split is only scored."""
    for name, split in splits.items():
        images = f"the split '{name}' of '{data.root}'"
        if name != "test":
            require_contrast(split.labels, classes, images)
        doubts = unlearnable if name == "train" else unscorable
        warn_once(f"  note: {doubt}" for doubt in doubts(split.labels, classes, images))


def read_labels(data: LabelData, split: str, settings: TrainingSettings) -> LabelledSplit:
    """Read one split of labelled folders, or with a limit a part of it that is spread over all classes."""
    seed = settings.seed if settings.split_seed is None else settings.split_seed
    read = data.read(split, val_size=settings.val_size, seed=seed, skip_bad=settings.skip_bad)
    count = len(read.samples)
    chosen = spread(range(count), settings.limit or count)  # the images are sorted by class
    return replace(read, samples=tuple(read.samples[i] for i in chosen), labels=tuple(read.labels[i] for i in chosen))


def warn_of(*splits: Split | LabelledSplit) -> None:
    """Print what should be known of splits, and each image that was left out."""
    boxes = [split for split in splits if isinstance(split, Split)]
    warn_once(filter(None, [nameless_line(*boxes)]))
    labelled = (note for split in splits if isinstance(split, LabelledSplit) for note in split.notes)
    warn_once(f"  note: {note}" for note in dict.fromkeys([*notes_of(*boxes), *labelled]))
    warn_once(f"  skipped: {skipped}" for split in splits for skipped in split.skipped)


def warn_once(lines: Iterable[str]) -> None:
    """Print lines on stderr, in the process of rank 0 only."""
    for line in lines:
        if distributed.leads():
            warn(line)


def _name(data: BoxData | LabelData) -> str:
    return data.name if data.name in DATA_SET_NAMES else data.root.name


def box_labels(samples: Sequence[Sample], classes: Sequence[str]) -> Tensor:
    """Return which of the classes are in which image, shape (n, C): see `LabelledSamples`."""
    columns = [labels(samples, name) for name in classes]
    return torch.tensor(np.array(columns).reshape(len(classes), len(samples)).T, dtype=torch.float32)


# ------------------------------------------------------------------------------ labels that tell nothing apart


def require_contrast(labels: Tensor, classes: Sequence[str], images: str) -> None:
    """Require that some images show a class and some do not.

    Args:
        labels: of n images, as in `losses`: shape (n, C), or (n,) where each image has one class.
        classes: C names.
        images: whose labels they are, for messages, such as "the split 'train' of 'pets'".

    Raises:
        LabError: there is no such class.
    """
    if not classes:
        raise LabError(f"No image of {images} shows an object: there is no class to learn, annotate some.")
    if len(classes) == 1 and not labels.is_floating_point():
        raise LabError(
            f"There is one class alone in {images}, '{classes[0]}', and a network of one class learns nothing: add "
            "a folder of other images beside it."
        )
    always, never = constant_classes(labels, classes)
    if len(always) + len(never) == len(classes):
        seen = f"shows the same ({', '.join(always)})" if always else "shows none of the classes"
        remedy = (
            "of other classes" if not labels.is_floating_point() else "without it, whose annotations have no object"
        )
        raise LabError(
            f"Every image of {images} {seen}, so that nothing can be learned or chosen by them: add images "
            f"{remedy if always else 'that do'}."
        )


def unlearnable(labels: Tensor, classes: Sequence[str], images: str) -> list[str]:
    """Say which classes cannot be learned from images, for every image shows them, or none; see `require_contrast`."""
    always, never = constant_classes(labels, classes)
    pairs = (("Every", always), ("No", never))
    return [
        f"{word} image of {images} shows {', '.join(names)}: that cannot be learned." for word, names in pairs if names
    ]


def unscorable(labels: Tensor, classes: Sequence[str], images: str) -> list[str]:
    """Say which classes cannot be scored on images, because every image shows them; see `require_contrast`."""
    always, _ = constant_classes(labels, classes)
    names = ", ".join(always)
    return [f"Every image of {images} shows {names}: the AP is 100 there whatever a network says."] if always else []


def constant_classes(labels: Tensor, classes: Sequence[str]) -> tuple[list[str], list[str]]:
    """Return the classes that every image shows, and those that none shows; where a label does not count, both may be.

    Examples:
        >>> import torch
        >>> constant_classes(torch.tensor([0, 0, 1]), ("cat", "dog", "fish"))
        ([], ['fish'])
    """
    answers = labels.numpy()
    shown = answers if labels.is_floating_point() else (answers[:, None] == np.arange(len(classes))).astype(float)
    some, others = (shown == 1).any(axis=0), (shown == 0).any(axis=0)
    always = [name for name, here, there in zip(classes, some, others, strict=True) if here and not there]
    return always, [name for name, here in zip(classes, some, strict=True) if not here]
