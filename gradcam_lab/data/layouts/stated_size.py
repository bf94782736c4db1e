"""The size that an annotation states for its image: read from the image where it is missing or wrong."""

import math
from pathlib import Path

import numpy as np

from gradcam_lab.data.image_files import ProblemError, why_turned
from gradcam_lab.data.layouts.repair import SIZE_MISSING, SIZE_WRONG, Repairs

Size = tuple[int, int]

ABOUT = 2
"""Pixels by which sizes may differ without one image being the other one resized."""


def check_size(
    stated: tuple[float, float] | None, size: Size, boxes: np.ndarray, path: Path, image: Path, repairs: Repairs
) -> None:
    """Count a size that is missing or wrong.

    Args:
        stated: (width, height) by the annotation; None, or 0 as some programs write, where it states none.
        size: of the image in pixels, as it is displayed.
        boxes: in VOC's pixels, as they are stated, shape (n, 4).
        path: the annotation, for messages.
        image: its image.
        repairs: counts what is mended.

    Raises:
        ProblemError: the image may have been turned or resized since, and its boxes be those of before.
    """
    if stated is None or not (min(stated) > 0 and math.isfinite(max(stated))):
        repairs[SIZE_MISSING] += 1
    elif stated != size:
        turned = why_turned(image, stated, size)
        if (turned or _resized(stated, size)) and len(boxes) and not _beyond(stated, boxes):
            wrong = f"says that its image is {stated[0]:g} x {stated[1]:g} pixels, but it is {size[0]} x {size[1]}"
            raise ProblemError(f"'{path}' {wrong}{turned or ' (was it resized after its boxes were drawn?)'}")
        repairs[SIZE_WRONG] += 1


def _resized(stated: tuple[float, float], size: Size) -> bool:
    """Say whether an image of one size may have become one of the other: it keeps its shape."""
    if max(abs(after - before) for before, after in zip(stated, size, strict=True)) <= ABOUT:
        return False
    return math.isclose(*(after / before for before, after in zip(stated, size, strict=True)), rel_tol=0.01)


def _beyond(stated: tuple[float, float], boxes: np.ndarray) -> bool:
    """Say whether a box reaches beyond an image of the stated size, so that it is certainly not of one."""
    return bool((boxes.reshape(-1, 2) > np.array(stated) + ABOUT).any())
