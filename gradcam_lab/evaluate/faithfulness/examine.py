"""All tests of the maps of one split."""

from collections.abc import Sequence

import numpy as np

from gradcam_lab.console import tracked
from gradcam_lab.data.sample import Sample
from gradcam_lab.data.spread import spread
from gradcam_lab.evaluate.alignment.mirror import NO_SHIFT, Shift
from gradcam_lab.evaluate.faithfulness.comparison import ExaminedMaps
from gradcam_lab.evaluate.faithfulness.pointing import pointing_game
from gradcam_lab.evaluate.faithfulness.randomisation import randomised_weights
from gradcam_lab.evaluate.faithfulness.records import MAPS, Faithfulness
from gradcam_lab.evaluate.faithfulness.replacement import deletion_and_insertion
from gradcam_lab.evaluate.faithfulness.two_classes import two_class_test
from gradcam_lab.evaluate.max_box_acc import best_overlap, score_overlaps
from gradcam_lab.evaluate.records import MaxBoxAcc
from gradcam_lab.localise.experiment import Experiment
from gradcam_lab.localise.maps import Maps
from gradcam_lab.localise.methods import GRID

EXAMINED_IMAGES = 30
"""Images of the tests that run the network many times."""


def examine(
    experiment: Experiment,
    samples: Sequence[Sample],
    maps: Maps,
    images: int = EXAMINED_IMAGES,
    shift: Shift = NO_SHIFT,
) -> Faithfulness:
    """Run step 6 on the maps of one split.

    Args:
        experiment: whose maps these are.
        samples: the images of the split, in the order of the maps.
        maps: the target's, of the split.
        images: how many images the tests use at most that run the network many times; the two-class test takes twice
            as many.
        shift: of the maps, which is taken out wherever they are laid over an image.
    """
    examined = ExaminedMaps(experiment, samples, maps.maps, shift)
    few = spread(examined.holding, images)
    return {
        "target": experiment.target,
        "pointing": pointing_game(examined),
        "replacement": deletion_and_insertion(examined, few),
        "randomisation": randomised_weights(examined, few),
        "two_classes": two_class_test(examined, 2 * images),
        "max_box_acc": max_box_acc(examined),
    }


def max_box_acc(examined: ExaminedMaps) -> dict[str, MaxBoxAcc]:
    """MaxBoxAccV2 by map: it chooses the threshold on the very images, so nothing is passed here."""
    overlaps: dict[str, list[np.ndarray]] = {name: [] for name in MAPS}
    for index in tracked(examined.holding, "MaxBoxAccV2", len(examined.holding)):
        objects = examined.truth[index].boxes[~examined.truth[index].difficult]
        for name, heatmap in examined.heatmaps(index).items():
            overlaps[name].append(best_overlap(examined.experiment.lessons, heatmap, objects, GRID))
    return {name: score_overlaps(np.array(table), examined.experiment.seed) for name, table in overlaps.items()}
