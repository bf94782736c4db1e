"""Ground truth from the annotations of a folder in VOC layout."""

from collections.abc import Iterable
from pathlib import Path

import numpy as np

from gradcam_lab.data.box_files.ground_truth import ObjectArrays
from gradcam_lab.data.layouts.voc import read_split
from gradcam_lab.data.sample import Sample
from gradcam_lab.errors import LabError


def read_folder_truth(path: Path, target: str | None, split: str) -> dict[str, ObjectArrays]:
    """Read the objects of one class in a split.

    Raises:
        LabError: no class is given, it is in no image, or the folder cannot be read.
    """
    if target is None:
        raise LabError(f"'{path}' holds objects of many classes: choose one with --target.")
    samples = read_split(path, split).samples
    known = sorted({o.name for sample in samples for o in sample.objects})
    if target not in known:
        raise LabError(f"No image of the split '{split}' of '{path}' holds a '{target}': it has {', '.join(known)}.")
    return objects_of(samples, target)


def objects_of(samples: Iterable[Sample], target: str) -> dict[str, ObjectArrays]:
    """Return the objects of one class in each sample."""
    found = {sample.id: [o for o in sample.objects if o.name == target] for sample in samples}
    return {
        image: (
            np.array([o.box for o in objects], dtype=float).reshape(-1, 4),
            np.array([o.difficult for o in objects], dtype=bool),
        )
        for image, objects in found.items()
    }
