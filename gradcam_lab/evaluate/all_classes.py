"""`--target all`: boxes and AP of every class, and their mean, at one threshold chosen on val for all of them.

One threshold rather than one a class: VOC's rarest classes have a handful of objects on val, too few to choose by.
"""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from gradcam_lab.console import progress
from gradcam_lab.data.sample import Sample
from gradcam_lab.evaluate import scores as scoring
from gradcam_lab.lesson_modules import Lessons
from gradcam_lab.localise import baselines
from gradcam_lab.localise import threshold as sweep
from gradcam_lab.localise.maps import Heatmaps

GRID = sweep.GRID[1::2]
"""The thresholds that are tried: 0.1, 0.2, ... 0.9."""

ROWS = {"Grad-CAM": "ours", "C: centre box scored by the classifier, s = 0.5": "baseline"}


class Rates(NamedTuple):
    """AP of one class at one IoU: the score's row, and AP on every bootstrap sample, shape (draws,)."""

    row: dict[str, float | None]
    draws: np.ndarray


def classes_with_objects(*splits: Sequence[Sample]) -> list[str]:
    """The classes that have an object to find (not a difficult one) in each of the splits, in alphabetical order."""
    held = [{o.name for sample in split for o in sample.objects if not o.difficult} for split in splits]
    return sorted(set.intersection(*held))


def score_all(
    lessons: Lessons,
    maps: Heatmaps,
    val: Sequence[Sample],
    test: Sequence[Sample],
    ious: Sequence[float],
    min_area: int,
    seed: int,
) -> dict[str, Any]:
    """Choose the threshold on val and score every class on test.

    Args:
        lessons: whose steps 3 and 4 do it.
        maps: those of every class, on both splits.
        val: chooses the threshold.
        test: is measured once.
        ious: the IoU thresholds.
        min_area: of an island, in pixels.
        seed: of the bootstrap.

    Returns:
        `threshold`, `curve` (val's mean AP along `grid`), `rows` (for Grad-CAM and the centre box: by class and by IoU,
        as `scoring.score_detections` gives them) and `map` (for both, by IoU: `ap`, `ap_low`, `ap_high`).
    """
    names = classes_with_objects(val, test)
    counts = scoring.image_draws(len(test), seed)
    with progress("all classes", len(GRID) * len(names) + len(names)) as advance:
        curve = threshold_curve(lessons, maps.of("val"), val, names, ious, min_area, advance)
        threshold = GRID[sweep.choose(curve)]
        rows: dict[str, dict[str, dict[str, Rates]]] = {row: {} for row in ROWS}
        for name in names:
            mine = maps.of("test").of_class(name)
            truth = sweep.ground_truth(lessons, test, name)
            probabilities = dict(zip(mine.ids.tolist(), mine.probabilities.tolist(), strict=True))
            centre = {row: boxes for row, _, boxes in baselines.baselines(test, name, probabilities) if row in ROWS}
            boxes = {"Grad-CAM": sweep.detect_all(lessons, mine, threshold, min_area), **centre}
            for row in ROWS:
                rows[row][name] = rates(lessons, boxes[row], truth, ious, counts)
            advance()
    return {
        "grid": GRID,
        "curve": curve,
        "threshold": threshold,
        "objects": {name: sum(not o.difficult for s in test for o in s.objects if o.name == name) for name in names},
        "rows": [
            {
                "name": row,
                "kind": kind,
                "classes": {name: {iou: rate.row for iou, rate in found.items()} for name, found in rows[row].items()},
                "map": {f"{iou:g}": mean_ap([found[f"{iou:g}"] for found in rows[row].values()]) for iou in ious},
            }
            for row, kind in ROWS.items()
        ],
    }


def threshold_curve(
    lessons: Lessons,
    maps: Heatmaps,
    samples: Sequence[Sample],
    names: Sequence[str],
    ious: Sequence[float],
    min_area: int,
    advance: Callable[[], None] = lambda: None,
) -> list[float]:
    """The mean AP over classes and IoUs of each threshold of `GRID`."""
    total = np.zeros(len(GRID))
    for name in names:
        truth, mine = sweep.ground_truth(lessons, samples, name), maps.of_class(name)
        for place, fraction in enumerate(GRID):
            scores = lessons.metrics.evaluate(sweep.detect_all(lessons, mine, fraction, min_area), truth, ious)
            total[place] += np.mean([score.ap for score in scores.values()])
            advance()
    return (total / len(names)).tolist()


def rates(
    lessons: Lessons, boxes: dict[str, np.ndarray], truth: dict[str, Any], ious: Sequence[float], counts: np.ndarray
) -> dict[str, Rates]:
    """Score one class's boxes at each IoU, keeping the bootstrap samples: their mean over classes is mAP's."""
    found = {}
    for iou in ious:
        matches = lessons.metrics.match_all(boxes, truth, iou)
        correct = lessons.metrics.correct_localisation(boxes, truth, iou)
        hits = np.array([correct.get(image, np.nan) for image in truth], dtype=float)
        draws = scoring.resample_images(lessons.metrics, matches, hits, counts=counts, ties="group", method="area")
        row = scoring.score_matches(lessons.metrics, matches, hits, lambda *_, kept=draws: kept, "group", "area")
        found[f"{iou:g}"] = Rates(row, draws.ap)
    return found


def mean_ap(found: Sequence[Rates]) -> dict[str, float | None]:
    """MAP with its interval: the classes are averaged within each bootstrap sample of images."""
    means = np.nanmean([rate.draws for rate in found], axis=0)
    low, high = scoring.interval(means)
    return {"ap": float(np.mean([rate.row["ap"] for rate in found])), "ap_low": low, "ap_high": high}
