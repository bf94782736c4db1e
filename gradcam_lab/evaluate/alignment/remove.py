"""What comes of taking a measured shift out of the maps: pointing on test, and whether val likes the boxes better."""

from collections.abc import Sequence

import numpy as np

from gradcam_lab.data.sample import Sample
from gradcam_lab.evaluate.alignment.mirror import NO_SHIFT, Shift, aligned, aligned_maps
from gradcam_lab.evaluate.alignment.records import BoxChoice, PointingPair
from gradcam_lab.evaluate.bootstrap import mean_of
from gradcam_lab.evaluate.method_comparison import AS_GOOD, choose_threshold
from gradcam_lab.localise.experiment import Experiment
from gradcam_lab.localise.maps import Maps
from gradcam_lab.localise.methods import Method


def pointing_pair(
    experiment: Experiment, title: str, maps: Maps, samples: Sequence[Sample], shift: Shift
) -> PointingPair:
    """Play step 6's pointing game without tolerance, before and after a shift is taken out.

    Args:
        experiment: whose steps 3 and 6 play.
        title: of the maps.
        maps: of the split.
        samples: its images, in the order of the maps.
        shift: of the maps.
    """
    before = _inside(experiment, maps.maps, samples)
    after = before
    if shift != NO_SHIFT:
        lesson = experiment.lessons.faithfulness
        after = _inside(experiment, [aligned(lesson, cam, shift) for cam in maps.maps], samples)
    count = int(np.isfinite(before).sum())
    seed = experiment.seed
    return {"map": title, "images": count, "before": mean_of(before, seed), "after": mean_of(after, seed)}


def _inside(experiment: Experiment, cams: Sequence[np.ndarray] | np.ndarray, samples: Sequence[Sample]) -> np.ndarray:
    """Say of each image whether the hottest pixel lies on the target: 1, 0, or NaN where nothing is asked."""
    lessons, truth = experiment.lessons, experiment.ground_truth(samples)
    lesson, outcomes = lessons.faithfulness, []
    for cam, sample in zip(cams, samples, strict=True):
        objects = truth[sample.id]
        if objects.difficult.all():  # also where there is none
            outcomes.append(np.nan)
            continue
        heatmap = lessons.boxes.upsample(cam, sample.size[::-1])
        outcome = lesson.pointing_game(heatmap, objects.boxes, objects.difficult, 0)
        outcomes.append(np.nan if outcome == lesson.NOT_ASKED else float(outcome == lesson.HIT))
    return np.array(outcomes)


def choose_boxes(
    experiment: Experiment, method: Method, maps: Maps, samples: Sequence[Sample], shift: Shift
) -> BoxChoice | None:
    """Let val decide whether boxes are found in the moved maps; None where there is no shift.

    Args:
        experiment: whose target it is, and whose steps 3, 4 and 6 are used.
        method: finds the boxes.
        maps: of val.
        samples: the images of val.
        shift: of the maps.
    """
    if shift == NO_SHIFT:
        return None
    moved = aligned_maps(experiment.lessons.faithfulness, maps, shift)
    _, before = choose_threshold(experiment, method, maps, samples)
    threshold, after = choose_threshold(experiment, method, moved, samples)
    return {"before": before, "after": after, "threshold": threshold, "moved": after - before >= AS_GOOD}
