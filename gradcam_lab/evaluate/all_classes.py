"""`--target all`: boxes and AP of every class, and their mean, at one threshold chosen on val for all of them.

One threshold rather than one a class: VOC's rarest classes have a handful of objects on val, too few to choose by.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Literal

import numpy as np

from gradcam_lab.console import tracked
from gradcam_lab.data.sample import Sample
from gradcam_lab.evaluate.bootstrap import image_draws
from gradcam_lab.evaluate.records import AllClasses
from gradcam_lab.evaluate.scores import Scored, mean_ap, rows_of, score_detections
from gradcam_lab.localise import methods
from gradcam_lab.localise.baselines import baselines
from gradcam_lab.localise.detector import Detector
from gradcam_lab.localise.experiment import Experiment
from gradcam_lab.localise.maps import Maps
from gradcam_lab.localise.threshold import choose, sweep

COARSE_GRID = methods.GRID[1::2]
"""The thresholds that are tried: 0.1, 0.2, ... 0.9."""

ROWS: dict[str, Literal["ours", "baseline"]] = {
    "Grad-CAM": "ours",
    "C: centre box scored by the classifier, s = 0.5": "baseline",
}


def classes_with_objects(*splits: Sequence[Sample]) -> list[str]:
    """The classes that have an object to find (not a difficult one) in each of the splits, in alphabetical order."""
    held = [{item.name for sample in split for item in sample.objects if not item.difficult} for split in splits]
    return sorted(set.intersection(*held))


def score_all(experiment: Experiment, maps: Maps, val: Sequence[Sample], test: Sequence[Sample]) -> AllClasses:
    """Choose the threshold on val, unless it is given, and score every class on test.

    Args:
        experiment: whose steps 3 and 4 do it; its target does not matter.
        maps: those of every class, on both splits.
        val: chooses the threshold.
        test: is measured once.
    """
    classes = {name: replace(experiment, target=name) for name in classes_with_objects(val, test)}
    counts = image_draws(len(test), experiment.seed)
    found: dict[str, dict[str, dict[str, Scored]]] = {row: {} for row in ROWS}
    curve = threshold_curve(list(classes.values()), maps.of("val"), val)
    given = experiment.threshold
    threshold = COARSE_GRID[choose(curve)] if given is None else given
    on_test = maps.of("test")
    for name, of_class in tracked(classes.items(), "all classes on test", len(classes)):
        mine, truth = on_test.of_class(name), of_class.ground_truth(test)
        boxes = {row: boxes for row, _, boxes in baselines(test, name, mine.by_image())}
        boxes["Grad-CAM"] = Detector.of(of_class)(mine, threshold)
        for row in ROWS:
            found[row][name] = score_detections(of_class, boxes[row], truth, counts)
    return {
        "grid": list(COARSE_GRID),
        "curve": curve,
        "threshold": threshold,
        "given": given is not None,
        "objects": {
            name: sum(not item.difficult for sample in test for item in sample.objects if item.name == name)
            for name in classes
        },
        "rows": [
            {
                "name": row,
                "kind": kind,
                "classes": {name: rows_of(scored) for name, scored in found[row].items()},
                "map": {
                    f"{iou:g}": mean_ap([scored[f"{iou:g}"] for scored in found[row].values()])
                    for iou in experiment.ious
                },
            }
            for row, kind in ROWS.items()
        ],
    }


def threshold_curve(classes: Sequence[Experiment], maps: Maps, samples: Sequence[Sample]) -> list[float]:
    """The mean AP over classes and IoUs of each threshold of `COARSE_GRID`, on one split.

    Args:
        classes: an experiment a class.
        maps: those of every class.
        samples: the images.
    """
    total = np.zeros(len(COARSE_GRID))
    for of_class in tracked(classes, "all classes on val", len(classes)):
        mine, truth = maps.of_class(of_class.target), of_class.ground_truth(samples)
        total += sweep(Detector.of(of_class), mine, truth, COARSE_GRID, of_class.ious, ap=of_class.ap).mean_ap
    return (total / len(classes)).tolist()
