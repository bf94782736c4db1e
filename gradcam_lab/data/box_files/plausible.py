"""Doubts about saved boxes that are well formed, but can hardly be what they claim; each is said, and none refuses."""

from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np

from gradcam_lab.data.box_files.ground_truth import ClassGroundTruth

CHANCE = 1e-6
"""How improbable it must be that boxes are placed like the objects before it is said that they seem not to be."""

FULL = 0.7
"""The share of the objects' reach that boxes of the same images surely have."""


def doubts(found: Mapping[str, np.ndarray], truth: ClassGroundTruth, paths: tuple[Path, Path]) -> Iterator[str]:
    """Yield a sentence for each doubt about detections beside a ground truth.

    Args:
        found: the detections, (n, 5) arrays by image.
        truth: the ground truth.
        paths: the files of both, for messages.
    """
    boxes = np.concatenate([np.zeros((0, 5)), *found.values()])[:, :4]
    objects = np.concatenate([np.zeros((0, 4)), *(rows for rows, _ in truth.objects.values())])
    if not len(boxes):
        yield f"'{paths[0]}' holds no box: nothing is found."
        return
    if truth.sizes and (count := _outside({name: rows for name, (rows, _) in truth.objects.items()}, truth.sizes)):
        yield f"{count} of the {len(objects)} objects of '{paths[1]}' have their centre outside of their own image."
    if truth.sizes and (count := _outside(found, truth.sizes)) > len(boxes) / 2:
        yield (
            f"{count} of the {len(boxes)} boxes of '{paths[0]}' have their centre outside of their image: "
            "were the images of another size?"
        )
    elif reach := _reach(boxes, objects, sum(len(part) > 0 for part in found.values())):
        yield (
            f"No box of '{paths[0]}' reaches beyond {reach:g} pixels to the right or down, but many objects do: "
            "were the images of another size?"
        )
    for path, ours, others in ((paths[0], boxes, objects), (paths[1], objects, boxes)):
        if len(ours) > 1 and _thin(ours) and not _thin(others):
            yield f"The boxes of '{path}' are all one pixel wide or high: are they [xmin, ymin, xmax, ymax] in pixels?"


def _outside(found: Mapping[str, np.ndarray], sizes: Mapping[str, tuple[float, float]]) -> int:
    """Count the boxes whose centre lies outside of their image."""
    boxes = np.concatenate([np.zeros((0, 4)), *(part[:, :4] for part in found.values())])
    sides = np.array([sizes[image] for image in found]).reshape(-1, 2)
    sides = np.repeat(sides, [len(part) for part in found.values()], axis=0)
    centres = boxes[:, :2] / 2 + boxes[:, 2:4] / 2
    return int(((centres < 0.5) | (centres > sides + 0.5)).any(axis=1).sum())


def _reach(boxes: np.ndarray, objects: np.ndarray, images: int) -> float | None:
    """Return how far the boxes reach, where they begin at the corner and end long before too many of the objects.

    A detector that was given smaller images finds nothing beyond their size. If it were not so, each image would be as
    likely to have a box beyond as the objects are; the boxes of one image may all be of one object. A box in the centre
    of every image, the usual baseline, keeps as far from the corner as from the other end.

    Args:
        boxes: shape (n, 4).
        objects: shape (m, 4).
        images: how many images have boxes.
    """
    reach, ends = float(boxes.max()), objects.max(axis=1, initial=0)
    if reach >= FULL * ends.max(initial=0) or (boxes[:, :2].min(axis=0) > 0.05 * reach).any():
        return None
    return reach if np.mean(ends <= reach) ** images < CHANCE else None


def _thin(boxes: np.ndarray) -> bool:
    return bool((boxes[:, 2:] < boxes[:, :2] + 1).all(axis=0).any())
