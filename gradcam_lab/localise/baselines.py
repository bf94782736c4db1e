"""Baselines that never look at a heatmap: a box in the centre of every image.

Photographers put their subject in the middle, so a centre box is right surprisingly often. A method that cannot beat
it has learned nothing about *where*.
"""

from collections.abc import Mapping, Sequence
from typing import Literal

import numpy as np

from gradcam_lab.data.sample import Sample

RowKind = Literal["ours", "plain", "baseline", "cheating"]
"""The kinds of rows of the main table."""

FRACTIONS = (0.3, 0.5)
"""The areas of the centre boxes, as a share of the image's."""


def centre_box(size: tuple[int, int], fraction: float) -> np.ndarray:
    r"""Return the centre box of an area fraction $s$: corners $(1 \mp \sqrt{s}) / 2 \cdot (W, H)$, not rounded.

    Args:
        size: `(width, height)` of the image.
        fraction: $s$, from 0 to 1.

    Returns:
        `xmin, ymin, xmax, ymax`, shape (4,).

    Examples:
        >>> centre_box((200, 100), 0.25).tolist()
        [50.0, 25.0, 150.0, 75.0]
    """
    low, high = (1 - fraction**0.5) / 2, (1 + fraction**0.5) / 2
    width, height = size
    return np.array([low * width, low * height, high * width, high * height])


def baselines(
    samples: Sequence[Sample], target: str, probabilities: Mapping[str, float]
) -> list[tuple[str, RowKind, dict[str, np.ndarray]]]:
    """Detections of each baseline, as `(name, kind, {image: (n, 5)})`; the kind "cheating" has seen the labels.

    A: the centre box on every image, score 1. B: the same, but only on images that do hold the class (cheating).
    C: the centre box on every image, scored by the classifier's probability: the one to beat.
    """
    rows: list[tuple[str, RowKind, dict[str, np.ndarray]]] = []
    for fraction in FRACTIONS:
        boxes = {sample.id: centre_box(sample.size, fraction) for sample in samples}
        a = {image: np.append(box, 1.0)[None] for image, box in boxes.items()}
        b = {sample.id: a[sample.id] for sample in samples if sample.boxes(target)}
        c = {image: np.append(box, probabilities[image])[None] for image, box in boxes.items()}
        rows += [
            (f"A: centre box, s = {fraction}", "baseline", a),
            (f"B: centre box where there is a {target}, s = {fraction}", "cheating", b),
            (f"C: centre box scored by the classifier, s = {fraction}", "baseline", c),
        ]
    return rows
