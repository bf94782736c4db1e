"""Step 4: four claims about two dogs, from the surest on: which is true, and which is false and why."""

from pathlib import Path

import numpy as np

from gradcam_lab.report.figures.lessons.example import TWO_DOGS, WIDTH, example, lessons, picture
from gradcam_lab.report.figures.style import BLUE, OURS, TRUTH, svg_figure

SCORES = np.array([0.9, 0.7, 0.6, 0.4])
SHIFTS = np.array([[6, 4, -4, 5], [-8, 6, 4, 3], [-46, 18, -30, 24], [4, -2, 3, -3]])
"""By how many pixels each claim's sides lie beside those of a dog: of the first, the first, none, the second."""

ABOUT = (0, 0, 0, 1)
IOU = 0.5


def draw(path: Path) -> None:
    """Draw each claim on a picture of its own."""
    shown, metrics = example(TWO_DOGS), lessons().metrics
    truth = shown.boxes("dog")
    claims = truth[list(ABOUT)] + SHIFTS
    found = metrics.GroundTruth(truth, np.zeros(len(truth), dtype=bool))
    outcomes = metrics.match_detections(claims, SCORES, found, IOU)
    overlaps = metrics.box_iou(claims, truth).max(axis=1)
    with svg_figure(path, WIDTH, 1.45) as figure:
        for number, axes in enumerate(figure.subplots(1, len(claims))):
            true = outcomes[number] == 1
            word = "true" if true else "false: found already" if overlaps[number] > IOU else "false: too far off"
            picture(axes, shown.image, f"{SCORES[number]:.1f}   IoU {overlaps[number]:.2f}\n{word}")
            for box, colour in (*((box, TRUTH) for box in truth), (claims[number], BLUE if true else OURS)):
                left, top, right, bottom = box - [1, 1, 0, 0]
                sides = [left, right, right, left, left], [top, top, bottom, bottom, top]
                axes.plot(*sides, color="white", linewidth=2.6)
                axes.plot(*sides, color=colour, linewidth=1.4)
            height, width = shown.size
            axes.set(xlim=(0, width), ylim=(height, 0))
        figure.subplots_adjust(left=0.01, right=0.99, top=0.78, bottom=0.01, wspace=0.05)
