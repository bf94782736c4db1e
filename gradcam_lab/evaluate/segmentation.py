"""Masks from heatmaps, measured class by class on true masks, beside a box in the centre.

Each image gets one label map: 0 for the background, or one of VOC's twenty classes. The classes that the classifier
says are there (a probability of at least 0.5) are drawn, each by its own mask; a pixel that several masks claim goes to
the class whose map is highest there, as a share of the map's own maximum. All images with a true mask count, also those
in which nothing is predicted: what is missed there lowers the IoU of the classes that they hold.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import TypedDict

import numpy as np

from gradcam_lab.data.masks import read_mask, with_masks
from gradcam_lab.data.sample import Sample
from gradcam_lab.data.spread import spread
from gradcam_lab.data.voc_classes import LABELS, VOID
from gradcam_lab.evaluate.bootstrap import image_draws, or_none
from gradcam_lab.evaluate.mask_methods import ITERATIONS, Item, centred, refined, thresholded
from gradcam_lab.evaluate.mask_scores import curve_of, mean_iou, occurring_in, row_of, tables
from gradcam_lab.evaluate.records import MaskChoices, SeedTrial, Segmentation
from gradcam_lab.lesson_modules import Lessons
from gradcam_lab.localise.baselines import FRACTIONS
from gradcam_lab.localise.experiment import ALL, Experiment
from gradcam_lab.localise.explainer import Explainer
from gradcam_lab.localise.make_maps import make_maps
from gradcam_lab.localise.map_recipe import GRADCAM, PLAIN_RECIPE
from gradcam_lab.localise.maps import Maps
from gradcam_lab.localise.methods import GRID
from gradcam_lab.localise.threshold import choose

PRESENT = 0.5
"""The probability from which on the classifier says that the class is there."""

FOREGROUND_FRACTIONS = (0.5, 0.7, 0.9)
BACKGROUND_FRACTIONS = (0.01, 0.05)
"""The seeds that are tried on val: the fractions of the map's maximum that surely are the object, and surely not."""

CHOOSING = 80
"""Images of val on which the threshold and the seeds are chosen, at equal distances in its list."""

SMALL = 128
"""The longer side of the images on which the seeds are chosen: GrabCut's time grows with the pixels."""


def score_masks(experiment: Experiment, val: Sequence[Sample], test: Sequence[Sample]) -> Segmentation | None:
    """Choose on val, and score on test every image that has a true mask, also those in which nothing is predicted.

    Args:
        experiment: whose maps of every class become masks, where the class is one of VOC's, by its steps 2, 3 and 5;
            the IoU of its target is shown along the threshold.
        val: chooses the threshold and the seeds, on at most `CHOOSING` of its images.
        test: is measured once.

    Returns:
        The scores of each method, val's choices, and the curves of both splits. None where a split has no masks, or
        none with a pixel that is not void.

    Raises:
        LabError: a mask cannot be read.
    """
    lessons = experiment.lessons
    masked = {"val": spread(with_masks(val), CHOOSING), "test": with_masks(test)}
    truths = {split: [read_mask(sample) for sample in samples] for split, samples in masked.items()}
    if not all(any((mask != VOID).any() for mask in masks) for masks in truths.values()):
        return None
    every = replace(experiment, target=ALL)
    items = {
        split: items_of(samples, truths[split], make_maps(every, {split: samples})[GRADCAM])
        for split, samples in masked.items()
    }
    cuts = {f"cut at {fraction:g}": thresholded(lessons, fraction) for fraction in GRID}
    tried = tables(lessons, items["val"], cuts, "threshold on val")
    grid = try_seeds(lessons, items["val"])
    choices = chosen([mean_iou(lessons, table) for table in tried.values()], grid)
    methods = {
        **{f"centre box, s = {fraction}": centred(fraction) for fraction in FRACTIONS},
        "thresholded map": thresholded(lessons, choices["threshold"]),
        "refined mask": refined(lessons, choices["sure_foreground"], choices["sure_background"]),
    }
    tested = tables(lessons, items["test"], methods | cuts, "masks on test")
    occurring = occurring_in(list(tested.values()))
    counts = image_draws(len(items["test"]), experiment.seed)
    return {
        "images": {split: len(found) for split, found in items.items()},
        "classes": [LABELS[index] for index in occurring],
        "choices": choices,
        "grid": grid,
        "rows": [row_of(lessons, name, tested[name], counts, occurring) for name in methods],
        "curve": {
            "fractions": list(GRID),
            "val": curve_of(lessons, [tried[name] for name in cuts], experiment.target),
            "test": curve_of(lessons, [tested[name] for name in cuts], experiment.target),
        },
    }


def items_of(samples: Sequence[Sample], truths: Sequence[np.ndarray], maps: Maps) -> list[Item]:
    """Keep of the maps of every class those that VOC has and that the classifier says are there.

    Args:
        samples: the images, in the order of the maps.
        truths: their true masks.
        maps: those of every class, shape (n, C, h, w).
    """
    index = np.array([LABELS.index(name) if name in LABELS else -1 for name in maps.classes])
    items = []
    for sample, truth, cams, p in zip(samples, truths, maps.maps, maps.class_probabilities, strict=True):
        present = (p >= PRESENT) & (index > 0)
        items.append(Item(sample, truth, index[present], p[present], cams[present]))
    return items


def try_seeds(lessons: Lessons, items: Sequence[Item]) -> list[SeedTrial]:
    """Score every pair of seeds by its mean IoU on small images."""
    pairs = [(upper, lower) for upper in FOREGROUND_FRACTIONS for lower in BACKGROUND_FRACTIONS]
    methods = {f"{pair}": refined(lessons, *pair) for pair in pairs}
    found = tables(lessons, items, methods, "seeds on val", SMALL)
    return [
        {"sure_foreground": upper, "sure_background": lower, "mean_iou": or_none(mean_iou(lessons, table))}
        for (upper, lower), table in zip(pairs, found.values(), strict=True)
    ]


def chosen(curve: Sequence[float], grid: Sequence[SeedTrial]) -> MaskChoices:
    """Take the best threshold of val's curve, and the best pair of seeds."""
    best = max(grid, key=lambda row: row["mean_iou"] or 0.0)
    return {
        "threshold": GRID[choose(curve)],
        "sure_foreground": best["sure_foreground"],
        "sure_background": best["sure_background"],
    }


class ExampleMask(TypedDict):
    """What the report draws of one image.

    `image` is of shape (H, W, 3), `heatmap` (H, W), `seeds` and `truth` (H, W) of 0, 1 and 255 (unknown),
    `thresholded` and `mask` bool (H, W), and `boxes` of the mask (n, 4).
    """

    id: str
    image: np.ndarray
    heatmap: np.ndarray
    seeds: np.ndarray
    thresholded: np.ndarray
    mask: np.ndarray
    truth: np.ndarray
    boxes: np.ndarray


def example_masks(
    experiment: Experiment, samples: Sequence[Sample], choices: MaskChoices, count: int
) -> list[ExampleMask]:
    """Draw the target in the first images that hold it, are predicted to hold it and have a true mask.

    Args:
        experiment: whose steps 2, 3 and 5 do it; `count` images are explained at a time, until there are enough.
        samples: the images.
        choices: of val.
        count: how many at most.

    Raises:
        LabError: a mask cannot be read.
    """
    target = experiment.target
    holding = with_masks(sample for sample in samples if target in LABELS and sample.boxes(target))
    explainer = Explainer(experiment)
    found: list[ExampleMask] = []
    while holding and len(found) < count:
        part, holding = holding[:count], holding[count:]
        explained = explainer(explainer.inputs(part))[PLAIN_RECIPE]
        for sample, cam, p in zip(part, explained.maps, explained.probabilities, strict=True):
            truth = truth_of(sample, target)
            if p >= PRESENT and (truth == 1).any():
                found.append(example_mask(experiment.lessons, sample, cam, truth, choices))
    return found[:count]


def truth_of(sample: Sample, target: str) -> np.ndarray:
    """The true mask of one class: 1 where it is, 255 where it is unknown, else 0."""
    mask = read_mask(sample)
    return np.where(mask == VOID, VOID, mask == LABELS.index(target)).astype(np.uint8)


def example_mask(
    lessons: Lessons, sample: Sample, cam: np.ndarray, truth: np.ndarray, choices: MaskChoices
) -> ExampleMask:
    """One of `example_masks`, from the target's raw map (h, w)."""
    image, heatmap = sample.image, lessons.boxes.upsample(cam, truth.shape)
    seeds = lessons.segmentation.seeds(heatmap, choices["sure_foreground"], choices["sure_background"])
    mask = lessons.segmentation.refine(image, seeds, ITERATIONS)
    return {
        "id": sample.id,
        "image": image,
        "heatmap": heatmap,
        "seeds": seeds,
        "thresholded": lessons.boxes.threshold_mask(heatmap, choices["threshold"]),
        "mask": mask,
        "truth": truth,
        "boxes": lessons.segmentation.mask_box(mask),
    }
