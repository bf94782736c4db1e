"""The boxes of plain Grad-CAM on test, at the threshold that val chooses for it."""

from collections.abc import Sequence

from gradcam_lab.data.sample import Sample
from gradcam_lab.localise.detector import Detections, Detector
from gradcam_lab.localise.experiment import Experiment
from gradcam_lab.localise.maps import Maps
from gradcam_lab.localise.methods import GRID
from gradcam_lab.localise.threshold import choose, sweep


def plain_boxes(
    experiment: Experiment, maps: Maps, val: Sequence[Sample], threshold: float | None = None
) -> Detections:
    """Find the boxes of plain Grad-CAM on test.

    Args:
        experiment: whose steps 3 and 4 find and score them; the threshold that it names wins.
        maps: of plain Grad-CAM, on both splits.
        val: the samples of val.
        threshold: what val has chosen already; None lets it choose here.
    """
    detector, chosen = Detector.of(experiment), experiment.threshold
    if chosen is None:
        chosen = threshold
    if chosen is None:
        truth, title = experiment.ground_truth(val), "thresholds on val"
        curves = sweep(detector, maps.of("val"), truth, GRID, experiment.ious, title=title, ap=experiment.ap)
        chosen = GRID[choose(curves.mean_ap)]
    return detector(maps.of("test"), chosen)
