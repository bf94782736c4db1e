"""Masks from heatmaps, measured on true masks: the thresholded map, the refined mask, and a box in the centre.

A mask is empty where the classifier says that the class is not there (a probability below 0.5), whatever the method. So
an image that neither holds the class nor is said to hold it can change nothing but the background's share, and is left
out: scored are the images that hold the class, or are predicted to, and have a true mask.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from PIL import Image

from gradcam_lab.console import tracked
from gradcam_lab.data.sample import Sample
from gradcam_lab.data.toyvoc.write import VOC_CLASSES, VOID
from gradcam_lab.errors import LabError
from gradcam_lab.pipeline.baselines import FRACTIONS, centre_box
from gradcam_lab.pipeline.heatmaps import Heatmaps
from gradcam_lab.pipeline.scoring import image_draws, interval
from gradcam_lab.pipeline.steps import Steps
from gradcam_lab.pipeline.sweep import GRID, choose

PRESENT = 0.5
"""The probability from which on the classifier says that the class is there."""

SURE_FOREGROUND = (0.5, 0.7, 0.9)
SURE_BACKGROUND = (0.01, 0.02, 0.05)
"""The fractions of the map's maximum that are tried on val."""

SMALL = 128
"""The longer side of the images on which the seeds are chosen: GrabCut's time grows with the pixels."""

ITERATIONS = 1

Mask = Callable[["Item"], np.ndarray]


@dataclass(frozen=True)
class Choices:
    """What was chosen on val: the threshold of the map, and the two fractions of the seeds."""

    threshold: float
    sure_foreground: float
    sure_background: float


@dataclass(frozen=True)
class Item:
    """One image that is scored: its map at the image's size, and whether the classifier sees the class in it."""

    sample: Sample
    heatmap: np.ndarray
    present: bool
    truth: np.ndarray

    @cached_property
    def image(self) -> np.ndarray:
        """The pixels, RGB."""
        return self.sample.image


def segment_data(steps: Steps, heatmaps: Heatmaps, val: Sequence[Sample], test: Sequence[Sample], target: str,
                 seed: int) -> dict[str, Any] | None:  # fmt: skip
    """Choose on val, and score on test.

    Args:
        steps: whose steps 3 and 5 do it.
        heatmaps: the raw maps of the target, of both splits.
        val: its samples.
        test: its samples.
        target: the class.
        seed: of the bootstrap.

    Returns:
        JSON-able: `choices`, `grid` (the seeds tried on val), and what `segment_split` returns; None where the data
        have no masks of this class.

    Raises:
        LabError: a mask cannot be read.
    """
    items = items_of(steps, heatmaps.of("val"), val, target)
    tested = items_of(steps, heatmaps.of("test"), test, target)
    if not items or not tested:
        return None
    choices, grid = choose_seeds(steps, items)
    return {"choices": asdict(choices), "grid": grid, **segment_split(steps, tested, choices, seed)}


def mask_path(sample: Sample) -> Path:
    """Where a folder in VOC layout keeps the true mask of an image."""
    return sample.path.parent.parent / "SegmentationClass" / f"{sample.id}.png"


def read_mask(sample: Sample, target: str) -> np.ndarray:
    """Read a true mask: 1 where the target is, 255 where nobody can tell, else 0; uint8, shape (height, width).

    Raises:
        LabError: the file is no mask of indices, or not of the image's size.
    """
    path = mask_path(sample)
    try:
        with Image.open(path) as picture:
            mode, classes = picture.mode, np.array(picture)
    except (OSError, SyntaxError, ValueError) as error:
        raise LabError(f"Cannot read the mask '{path}': replace it, or remove it to go on without it.") from error
    if mode not in ("P", "L") or classes.shape[::-1] != sample.size:
        raise LabError(
            f"The mask '{path}' is not one of class indices at its image's size: replace it, or remove it to go on."
        )
    return np.where(classes == VOID, VOID, classes == VOC_CLASSES.index(target) + 1).astype(np.uint8)


def items_of(steps: Steps, heatmaps: Heatmaps, samples: Sequence[Sample], target: str) -> list[Item]:
    """The images of one split that are scored; none where the target is no class of VOC, or there are no masks."""
    if target not in VOC_CLASSES:
        return []
    places = {id: place for place, id in enumerate(heatmaps.ids.tolist())}
    items = []
    for sample in samples:
        place = places[sample.id]
        present = bool(heatmaps.probabilities[place] >= PRESENT)
        if mask_path(sample).is_file() and (present or sample.boxes(target)):
            full = steps.boxes.upsample(heatmaps.maps[place], sample.size[::-1])
            items.append(Item(sample, full, present, read_mask(sample, target)))
    return items


def choose_seeds(steps: Steps, items: Sequence[Item]) -> tuple[Choices, list[dict[str, float]]]:
    """Choose the threshold and the seeds by the mean IoU on val; those of the seeds on small images."""
    curve = [_mean(steps, tables(steps, items, thresholded(steps, fraction))) for fraction in GRID]
    small = [_shrunk(item) for item in items]
    pairs = [(upper, lower) for upper in SURE_FOREGROUND for lower in SURE_BACKGROUND]
    grid = [
        {
            "sure_foreground": upper,
            "sure_background": lower,
            "mean_iou": _mean(steps, tables(steps, small, refined(steps, Choices(0, upper, lower)))),
        }
        for upper, lower in tracked(pairs, "seeds", len(pairs))
    ]
    upper, lower = pairs[int(np.nanargmax([row["mean_iou"] for row in grid]))]
    return Choices(GRID[choose(curve)], upper, lower), grid


def segment_split(steps: Steps, items: Sequence[Item], choices: Choices, seed: int) -> dict[str, Any]:
    """Score every method on the same images.

    Returns:
        `images`; `rows`, each with `method`, `iou` of the class and `mean_iou` with `_low` and `_high`, and `seconds`
        an image; `curve`: along `fractions` the `iou` and `mean_iou` of the thresholded map.
    """
    counts = image_draws(len(items), seed)
    methods: list[tuple[str, Mask]] = [
        *((f"centre box, s = {fraction}", centred(fraction)) for fraction in FRACTIONS),
        ("thresholded map", thresholded(steps, choices.threshold)),
        ("refined mask", refined(steps, choices)),
    ]
    rows = []
    for name, mask in methods:
        start = time.perf_counter()
        counted = tables(steps, items, mask)
        rows.append({"method": name, **_scored(steps, counted, counts)})
        rows[-1]["seconds"] = (time.perf_counter() - start) / len(items)
    swept = [tables(steps, items, thresholded(steps, fraction)).sum(axis=0) for fraction in GRID]
    curve = {
        "fractions": list(GRID),
        "iou": [float(steps.segmentation.class_iou(table)[1]) for table in swept],
        "mean_iou": [float(steps.segmentation.mean_iou(table)) for table in swept],
    }
    return {"images": len(items), "rows": rows, "curve": curve}


def pictures(steps: Steps, items: Sequence[Item], choices: Choices, count: int) -> list[dict[str, Any]]:
    """What the report draws, for the first images that hold the class and are seen to.

    Returns:
        For each `id`, `image` (H, W, 3), `heatmap` (H, W), `seeds` (0, 1, 255), `thresholded`, `mask` (bool), `truth`
        (0, 1, 255), and `boxes` of the mask (n, 4).
    """
    shown = [item for item in items if item.present and (item.truth == 1).any()][:count]
    upper, lower = choices.sure_foreground, choices.sure_background
    drawn = []
    for item in shown:
        mask = refined(steps, choices)(item)
        drawn.append(
            {
                "id": item.sample.id,
                "image": item.image,
                "heatmap": item.heatmap,
                "seeds": steps.segmentation.seeds(item.heatmap, upper, lower),
                "thresholded": steps.boxes.threshold_mask(item.heatmap, choices.threshold),
                "mask": mask,
                "truth": item.truth,
                "boxes": steps.segmentation.mask_box(mask),
            }
        )
    return drawn


# --- the methods ---


def thresholded(steps: Steps, fraction: float) -> Mask:
    """The map, cut at a fraction of its maximum."""
    return lambda item: steps.boxes.threshold_mask(item.heatmap, fraction)


def refined(steps: Steps, choices: Choices) -> Mask:
    """The mask of step 5."""
    fractions = {"sure_foreground": choices.sure_foreground, "sure_background": choices.sure_background}
    return lambda item: steps.segmentation.segment(item.heatmap, item.image, iterations=ITERATIONS, **fractions)


def centred(fraction: float) -> Mask:
    """The baseline: a box in the centre."""

    def mask(item: Item) -> np.ndarray:
        x0, y0, x1, y1 = centre_box(item.truth.shape[::-1], fraction).round().astype(int)
        result = np.zeros(item.truth.shape, dtype=bool)
        result[y0:y1, x0:x1] = True
        return result

    return mask


# --- counting ---


def tables(steps: Steps, items: Sequence[Item], mask: Mask) -> np.ndarray:
    """The confusion matrix of each image, shape (n, 2, 2); a mask of a smaller size is stretched to the truth's."""
    found = []
    for item in items:
        height, width = item.truth.shape
        said = mask(item).astype(np.uint8) if item.present else np.zeros((height, width), np.uint8)
        if said.shape != (height, width):
            said = cv2.resize(said, (width, height), interpolation=cv2.INTER_NEAREST).astype(np.uint8)
        found.append(steps.segmentation.confusion(said, item.truth, 2))
    return np.array(found)


def _shrunk(item: Item) -> Item:
    height, width = item.heatmap.shape
    scale = min(1.0, SMALL / max(height, width))
    size = max(1, round(width * scale)), max(1, round(height * scale))
    small = Item(item.sample, cv2.resize(item.heatmap, size), item.present, item.truth)
    small.__dict__["image"] = cv2.resize(item.image, size, interpolation=cv2.INTER_AREA)
    return small


def _mean(steps: Steps, counted: np.ndarray) -> float:
    return float(steps.segmentation.mean_iou(counted.sum(axis=0)))


def _scored(steps: Steps, counted: np.ndarray, counts: np.ndarray) -> dict[str, Any]:
    """IoU and mean IoU with 95% intervals, by drawing images with replacement."""
    both = [
        (steps.segmentation.class_iou(table)[1], steps.segmentation.mean_iou(table))
        for table in (counted.sum(axis=0), *np.einsum("di,ijk->djk", counts, counted))
    ]
    row: dict[str, Any] = {}
    for name, values in zip(("iou", "mean_iou"), np.array(both).T, strict=True):
        low, high = interval(values[1:])
        row |= {name: None if np.isnan(values[0]) else float(values[0]), f"{name}_low": low, f"{name}_high": high}
    return row
