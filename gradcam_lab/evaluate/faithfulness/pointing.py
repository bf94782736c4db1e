"""The pointing game: does the hottest pixel lie on the target?"""

import numpy as np

from gradcam_lab.evaluate.faithfulness.comparison import ExaminedMaps, compare
from gradcam_lab.evaluate.faithfulness.records import MAPS, PointingGame

TOLERANCE = 15
"""Pixels around an object that still count as on it."""


def pointing_game(examined: ExaminedMaps) -> PointingGame:
    """The share of the images with the target whose hottest pixel lies on it."""
    lesson = examined.experiment.lessons.faithfulness
    hits: dict[str, list[float]] = {name: [] for name in MAPS}
    for index in examined.holding:
        objects = examined.truth[index]
        for name, heatmap in examined.heatmaps(index).items():
            outcome = lesson.pointing_game(heatmap, objects.boxes, objects.difficult, TOLERANCE)
            hits[name].append(np.nan if outcome == lesson.NOT_ASKED else float(outcome == lesson.HIT))
    test, images = compare(hits, examined.experiment.seed, higher=True)
    return {"images": images, "tolerance": TOLERANCE, **test}
