"""Deletion and insertion: the probability of the target while pixels are exchanged, the hottest first."""

from collections.abc import Sequence
from functools import partial

import numpy as np
import torch
from torch import Tensor

from gradcam_lab.console import tracked
from gradcam_lab.evaluate.faithfulness.comparison import ExaminedMaps, compare
from gradcam_lab.evaluate.faithfulness.records import MAPS, Replacement, ReplacementTest
from gradcam_lab.localise.experiment import Experiment
from gradcam_lab.localise.explainer import inputs_of
from gradcam_lab.models.memory import in_parts

REPLACEMENT_STEPS = 10
"""Number of steps in which the pixels are replaced."""

ReplacementCurves = dict[str, list[np.ndarray]]
"""By map, the curve of each image, shape (REPLACEMENT_STEPS + 1,)."""


def deletion_and_insertion(examined: ExaminedMaps, few: Sequence[int]) -> Replacement:
    """Measure the curves of deletion and insertion, and the areas under them.

    Args:
        examined: the maps.
        few: the indices of the images: the network runs many times for each.
    """
    lesson = examined.experiment.lessons.faithfulness
    deletion: ReplacementCurves = {name: [] for name in MAPS}
    insertion: ReplacementCurves = {name: [] for name in MAPS}
    probability = partial(target_probability, examined.experiment)

    for index in tracked(few, "deletion and insertion", len(few)):
        image = inputs_of(examined.experiment.classifier, [examined.samples[index]])[0]
        blank, blurred = torch.zeros_like(image), lesson.blurred(image)
        for name, heatmap in examined.heatmaps(index, (image.shape[1], image.shape[2])).items():
            heat = torch.from_numpy(heatmap).to(image.device)
            for curves, start, end in ((deletion, image, blank), (insertion, blurred, image)):
                curves[name].append(
                    lesson.replacement_curve(probability, start, end, heat, REPLACEMENT_STEPS).cpu().numpy()
                )
    deleted, images = compare_areas(examined, deletion, higher=False)
    inserted, _ = compare_areas(examined, insertion, higher=True)
    return {"steps": REPLACEMENT_STEPS, "images": images, "deletion": deleted, "insertion": inserted}


def target_probability(experiment: Experiment, images: Tensor) -> Tensor:
    """Return the probability of the target for preprocessed images (N, 3, H, W): shape (N,)."""
    images = images.contiguous(memory_format=torch.channels_last)
    with torch.inference_mode():
        logits = torch.cat(in_parts(experiment.classifier.folded.network, images)).float()
        return experiment.classifier.probability(logits, experiment.target)


def compare_areas(examined: ExaminedMaps, curves: ReplacementCurves, *, higher: bool) -> tuple[ReplacementTest, int]:
    """Compare the areas under the curves; see `compare`."""
    area = examined.experiment.lessons.faithfulness.area_under
    areas = {name: [area(torch.from_numpy(curve)) for curve in of_map] for name, of_map in curves.items()}
    test, images = compare(areas, examined.experiment.seed, higher=higher)
    means = {name: np.mean(of_map, axis=0).tolist() if of_map else [] for name, of_map in curves.items()}
    return {**test, "curves": means}, images
