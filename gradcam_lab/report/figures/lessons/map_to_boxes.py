"""Step 3: from the map of the grid to boxes: stretched, cut, counted as islands, boxed."""

from pathlib import Path

import cv2
import numpy as np

from gradcam_lab.report.figures.lessons.example import TWO_DOGS, WIDTH, cells, example, lessons, picture
from gradcam_lab.report.figures.rgb import dimmed
from gradcam_lab.report.figures.style import INK, OURS, TRUTH, svg_figure

FRACTION = 0.3
PAPER = {"facecolor": "white", "edgecolor": "none", "alpha": 0.75, "pad": 0.8}


def draw(path: Path) -> None:
    """Draw the five stations of two dogs."""
    shown, steps = example(TWO_DOGS), lessons()
    grid, heatmap = shown.gradcam("dog"), shown.heatmap("dog")
    mask = steps.boxes.threshold_mask(heatmap, FRACTION)
    found = steps.boxes.detect(
        grid, shown.size, shown.probability("dog"), threshold=FRACTION, iou=steps.metrics.box_iou
    )
    with svg_figure(path, WIDTH, 2.35) as figure:
        plots = figure.subplots(2, 3).ravel()
        picture(plots[0], shown.image, "two dogs")
        cells(plots[1], grid, "the map, 14 x 14 cells")
        picture(plots[2], shown.overlaid(grid), "3.1  stretched to the image")
        picture(plots[3], dimmed(shown.image, mask), f"3.2  at least {FRACTION:g} of the maximum")
        picture(plots[4], _islands(shown.image, mask), "3.3  islands")
        picture(plots[5], shown.image, "3.3 to 3.5  boxes and scores")
        for box, colour, words in [
            *((box, TRUTH, "") for box in shown.boxes("dog")),
            *((row[:4], OURS, f"{row[4]:.2f}") for row in found),
        ]:
            left, top, right, bottom = box - [1, 1, 0, 0]
            plots[5].plot(
                [left, right, right, left, left], [top, top, bottom, bottom, top], color=colour, linewidth=1.4
            )
            plots[5].text(
                left + 3, bottom - 4, words, size=6.5, weight="bold", color=INK, bbox=PAPER if words else None
            )
        figure.subplots_adjust(left=0.01, right=0.99, top=0.92, bottom=0.01, wspace=0.03, hspace=0.2)


def _islands(image: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """Each connected component in a colour of its own, on the faded image."""
    count, labels = cv2.connectedComponents(mask.astype(np.uint8), connectivity=8)
    painted = dimmed(image, np.zeros_like(mask))
    colours = np.array([[213, 94, 0], [0, 114, 178], [0, 158, 115], [204, 121, 167]], np.uint8)
    for label in range(1, count):
        painted[labels == label] = colours[(label - 1) % len(colours)]
    return painted
