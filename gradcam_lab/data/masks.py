"""Ground-truth masks: the palette images that a folder in VOC layout keeps in `SegmentationClass`."""

from collections.abc import Iterable
from pathlib import Path

import numpy as np
from PIL import Image

from gradcam_lab import files
from gradcam_lab.data.image_files import ProblemError, opened, why_turned
from gradcam_lab.data.sample import Sample
from gradcam_lab.data.voc_classes import LABELS, VOID
from gradcam_lab.errors import LabError


def with_masks(samples: Iterable[Sample]) -> list[Sample]:
    """Keep the images that have a true mask."""
    return [sample for sample in samples if sample.mask]


def read_mask(sample: Sample) -> np.ndarray:
    """Read a true mask: indices of `LABELS`, or `VOID` for no certain class; uint8, shape (height, width).

    Raises:
        LabError: the file is no image, not of class indices, or not of its image's size.
    """
    path = _mask_of(sample)
    image = open_mask(path)
    mode, mask = image.mode, np.array(image)
    if mode not in ("P", "L"):
        raise LabError(
            f"The mask '{path}' is a picture of mode {mode} and not one of class indices (P or L): save it so, or "
            "remove it to go on without it."
        )
    if mask.shape[::-1] != sample.size:
        sizes = f"{mask.shape[1]} x {mask.shape[0]} pixels and its image {sample.size[0]} x {sample.size[1]}"
        turned = why_turned(sample.path, mask.shape[::-1], sample.size)
        raise LabError(f"The mask '{path}' has {sizes}{turned}: replace it, or remove it to go on without it.")
    unknown = mask[(mask >= len(LABELS)) & (mask != VOID)]
    if len(unknown):
        raise LabError(
            f"The mask '{path}' has a pixel of {unknown[0]}, which is no class of VOC (0 to 20, or 255): replace it, "
            "or remove it to go on."
        )
    return mask.astype(np.uint8)


def open_mask(path: Path) -> Image.Image:
    """Read the image of a mask, whatever its mode.

    Raises:
        LabError: the file is no image.
    """
    try:
        with opened(path, f"Cannot read the mask '{path}'") as image:
            return image.copy()
    except ProblemError as problem:
        raise LabError(f"{problem}: replace it, or remove it to go on without it.") from problem


def _mask_of(sample: Sample) -> Path:
    if sample.mask is None:
        raise LabError(f"The image '{sample.id}' has no true mask: score masks of those that have one.")
    return sample.mask


def check_masks(samples: Iterable[Sample]) -> None:
    """Read every true mask once, so that no later stage meets a bad one.

    Raises:
        LabError: see `read_mask`.
    """
    for sample in with_masks(samples):
        read_mask(sample)


def masks_hash(samples: Iterable[Sample]) -> str:
    """Return one SHA-256 over the names and contents of the true masks: which of them a result was computed from.

    Raises:
        LabError: a mask cannot be read.
    """
    paths = [_mask_of(sample) for sample in with_masks(samples)]
    try:
        return files.digest([(path.stem, files.sha256(path)) for path in paths])
    except OSError as error:
        raise LabError(f"Cannot read the mask '{error.filename}' ({error.strerror}): start again.") from error
