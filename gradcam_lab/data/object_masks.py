"""Masks of the objects of one class: those of VOC's folder, or anyone's, an image a photo."""

from collections.abc import Iterable
from pathlib import Path

import numpy as np

from gradcam_lab.data.layouts.voc import find_root
from gradcam_lab.data.masks import open_mask
from gradcam_lab.data.voc_classes import LABELS, VOID
from gradcam_lab.errors import LabError


def find_object_masks(folder: Path | None, ground_truth: Path, images: Iterable[str]) -> dict[str, Path]:
    """Find the masks of images.

    Args:
        folder: holds `id.png`; None for the `SegmentationClass` of a ground truth in VOC layout.
        ground_truth: the file or folder of the boxes.
        images: the names of the images.

    Returns:
        The file by image; those without one are left out.

    Raises:
        LabError: the folder that was given has no mask of these images.
    """
    place = folder or (_segmentation_of(ground_truth) if ground_truth.is_dir() else None)
    found = {image: place / f"{image}.png" for image in images} if place else {}
    found = {image: path for image, path in found.items() if path.is_file()}
    if folder and not found:
        raise LabError(f"The folder '{folder}' has no mask of these images: save them in it as 'id.png'.")
    return found


def _segmentation_of(ground_truth: Path) -> Path | None:
    try:
        return find_root(ground_truth) / "SegmentationClass"
    except LabError:  # another layout, which has no masks
        return None


def read_object_mask(path: Path, target: str | None) -> np.ndarray:
    """Read which pixels are of objects.

    A palette image holds VOC's class indices, and 255 for what does not count. Of any other image all that is not black
    is an object; then `id_ignore.png` beside it says which of the other pixels do not count.

    Args:
        path: the file.
        target: the class, of a palette image.

    Returns:
        uint8, shape (height, width): 1 for an object, 0 for none, 255 for what does not count.

    Raises:
        LabError: it cannot be read, or the class is none of VOC's.
    """
    image = open_mask(path)
    if image.mode == "P":
        if target not in LABELS[1:]:
            raise LabError(f"The mask '{path}' holds VOC's classes: choose one of them with --target.")
        indices = np.array(image)
        return np.where(indices == VOID, VOID, indices == LABELS.index(target)).astype(np.uint8)
    mask = (np.array(image.convert("L")) > 0).astype(np.uint8)
    ignored = path.with_name(f"{path.stem}_ignore.png")
    if ignored.is_file():
        other = np.array(open_mask(ignored).convert("L")) > 0
        if other.shape != mask.shape:
            raise LabError(f"'{ignored}' is not of the size of '{path}': save both alike.")
        mask[other & (mask == 0)] = VOID
    return mask
