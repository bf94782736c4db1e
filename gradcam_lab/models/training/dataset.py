"""The images of a data set with the labels that a classifier learns from, whatever kind of data set it is."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch
from torch import Tensor

from gradcam_lab.console import warn
from gradcam_lab.data.layouts.imagenette import LabelledSplit
from gradcam_lab.data.layouts.split import Split
from gradcam_lab.data.registry import NAMES, TOYVOC, BoxData, LabelData, open_data
from gradcam_lab.data.sample import Sample, labels
from gradcam_lab.data.toyvoc import CLASSES
from gradcam_lab.errors import LabError
from gradcam_lab.models import distributed
from gradcam_lab.models.training.settings import Settings


@dataclass(frozen=True)
class Labelled:
    """Images with their labels.

    Attributes:
        samples: n images.
        labels: of boxes, whether each class is there: 1, 0, or NaN where it should not count, shape (n, C); of labelled
            folders, the number of the one class, shape (n,).
    """

    samples: tuple[Sample, ...]
    labels: Tensor


@dataclass(frozen=True)
class Data:
    """All that a training needs to know of a data set.

    Attributes:
        name: what to call it.
        classes: the names that the labels stand for.
        kind: `boxes`, where classes may occur together, or `labels`, where each image has one.
        splits: `train`, `val`, and of boxes also `test`.
        sha256: of the images and labels of `train`.
    """

    name: str
    classes: tuple[str, ...]
    kind: Literal["boxes", "labels"]
    splits: dict[str, Labelled]
    sha256: str


def read_data(settings: Settings) -> Data:
    """Read the data of a training.

    Raises:
        LabError: it cannot be had, or something in it is bad.
    """
    with distributed.leader_first():  # who draws it or downloads it
        data = open_data(settings.data, settings.data_root)
    read = _of_boxes(data, settings) if isinstance(data, BoxData) else _of_labels(data, settings)
    if settings.num_classes not in (None, len(read.classes)):
        raise LabError(
            f"'{read.name}' has {len(read.classes)} classes ({', '.join(read.classes)}) and not "
            f"{settings.num_classes}: mend num_classes or leave it out."
        )
    return read


def _of_boxes(data: BoxData, settings: Settings) -> Data:
    splits = [data.read(name, limit=settings.limit, skip_bad=settings.skip_bad) for name in ("train", "val", "test")]
    warn_of(skipped for split in splits for skipped in split.skipped)
    classes = CLASSES if data.name == TOYVOC else classes_of(splits[0])
    labelled = {split.name: Labelled(split.samples, box_labels(split.samples, classes)) for split in splits}
    return Data(_name(data), classes, "boxes", labelled, data.sha256(splits[0]))


def _of_labels(data: LabelData, settings: Settings) -> Data:
    train, val = (read_labels(data, name, settings) for name in ("train", "val"))
    warn_of((*train.skipped, *val.skipped))
    labelled = {split.name: Labelled(split.samples, torch.tensor(split.labels)) for split in (train, val)}
    return Data(_name(data), train.classes, "labels", labelled, data.sha256(train))


def read_labels(data: LabelData, split: Literal["train", "val"], settings: Settings) -> LabelledSplit:
    """Read one split of labelled folders, or a part of it that is spread over all classes."""
    read = data.read(split, val_size=settings.val_size, seed=settings.seed, skip_bad=settings.skip_bad)
    chosen = spread(len(read.samples), settings.limit)
    return LabelledSplit(
        read.name,
        read.root,
        tuple(read.samples[i] for i in chosen),
        tuple(read.labels[i] for i in chosen),
        read.classes,
        read.skipped,
    )


def spread(count: int, limit: int | None) -> list[int]:
    """Choose at most `limit` of `count` numbers, evenly: the images lie class by class."""
    if limit is None or limit >= count:
        return list(range(count))
    return [i * count // limit for i in range(limit)]


def warn_of(skipped: Iterable[str]) -> None:
    """Say what was left out."""
    for sentence in skipped:
        if distributed.leads():
            warn(f"  skipped: {sentence}")


def _name(data: BoxData | LabelData) -> str:
    return data.name if data.name in NAMES else data.root.name


def classes_of(split: Split) -> tuple[str, ...]:
    """Name the classes that a split holds, in alphabetical order."""
    return tuple(sorted({o.name for sample in split.samples for o in sample.objects}))


def box_labels(samples: Sequence[Sample], classes: Sequence[str]) -> Tensor:
    """Say which of the classes are in which image, shape (n, C)."""
    return torch.tensor(np.stack([labels(samples, name) for name in classes], axis=1), dtype=torch.float32)
