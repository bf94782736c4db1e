"""Step 1: the same logit by two orders of summation, on two channels of 2 x 2 cells."""

from pathlib import Path

import numpy as np

from gradcam_lab.report.figures.lessons.example import WIDTH, arrow, cells, signed
from gradcam_lab.report.figures.style import BLUE, INK, OURS, svg_figure

FEATURES = np.array([[[1.0, 0.0], [0.0, 0.0]], [[0.0, 0.0], [0.0, 2.0]]])
WEIGHTS = (2.0, -1.0)
HEIGHT = 2.6


def draw(path: Path) -> None:
    """Draw the example of the lesson: average first, or weigh first."""
    averages = FEATURES.mean(axis=(1, 2))
    cam = np.tensordot(WEIGHTS, FEATURES, axes=1)
    with svg_figure(path, WIDTH, HEIGHT) as figure:
        page = figure.add_axes((0, 0, 1, 1))
        page.set(xlim=(0, WIDTH), ylim=(0, HEIGHT))
        page.set_axis_off()
        side = 0.82 / WIDTH, 0.82 / HEIGHT
        for values, place, title in (
            (FEATURES[0], (0.15, 1.42), "A¹"),
            (FEATURES[1], (0.15, 0.16), "A²"),
            (cam, (3.62, 0.16), "M = 2 A¹ − 1 A²"),
        ):
            axes = figure.add_axes((place[0] / WIDTH, place[1] / HEIGHT, *side))
            cells(axes, values, title, limit=2, digits=0)
        for y, channel in ((1.95, 0), (1.65, 1)):
            words = f"average of A{'¹²'[channel]}: {averages[channel]:g},  times {WEIGHTS[channel]:g}"
            page.text(1.75, y, signed(words), color=BLUE, va="center")
        total = averages @ np.array(WEIGHTS)
        page.text(1.75, 2.3, "average first, then weigh: the network's order", weight="bold", color=BLUE, va="center")
        page.text(1.75, 1.0, "weigh first, then average", weight="bold", color=OURS, va="center")
        page.text(1.75, 0.7, "each cell of M: the channels,", color=OURS, va="center")
        page.text(1.75, 0.5, "times 2 and −1, added up", color=OURS, va="center")
        arrow(page, (4.05, 1.66), (5.35, 1.45), BLUE)
        arrow(page, (4.5, 0.57), (5.35, 1.05), OURS)
        page.text(4.75, 0.45, "average: (2 + 0 + 0 − 2) / 4", color=OURS, va="center")
        page.text(5.45, 1.25, f"z = {total:g}", size=13, weight="bold", color=INK, va="center")
        assert total == cam.mean()  # what the figure says
