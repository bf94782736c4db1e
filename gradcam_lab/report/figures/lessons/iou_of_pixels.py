"""Step 5: intersection over union in pixels, of the refined mask and of the map cut at one threshold."""

from pathlib import Path

import numpy as np

from gradcam_lab.report.figures.lessons.example import DOG_AND_CAT, WIDTH, example, lessons, picture
from gradcam_lab.report.figures.lessons.trimap import SURE_BACKGROUND, SURE_FOREGROUND
from gradcam_lab.report.figures.style import BLUE, MUTED, OURS, TRUTH, svg_figure

FRACTION = 0.3


def draw(path: Path) -> None:
    """Draw the pixels that both call dog, those that only the truth does, and those that only the mask does."""
    shown, steps = example(DOG_AND_CAT), lessons()
    heatmap = shown.heatmap("dog")
    dogs = [place + 1 for place, one in enumerate(shown.scene.objects) if one.name == "dog"]
    truth = (shown.scene.instances[..., None] == dogs).any(axis=2)
    seeds = steps.segmentation.seeds(heatmap, SURE_FOREGROUND, SURE_BACKGROUND)
    masks = {
        f"the map, cut at {FRACTION:g}": steps.boxes.threshold_mask(heatmap, FRACTION),
        "the refined mask": steps.segmentation.refine(shown.image, seeds, 1),
    }
    with svg_figure(path, WIDTH, 2.0) as figure:
        plots = figure.subplots(1, len(masks) + 1, width_ratios=[1, 1, 0.8])
        for axes, (name, mask) in zip(plots, masks.items(), strict=False):
            counts = steps.segmentation.confusion(mask.astype(np.uint8), truth.astype(np.uint8), 2)
            iou = steps.segmentation.class_iou(counts)[1]
            both, missed, wrong = counts[1, 1], counts[1, 0], counts[0, 1]
            picture(axes, _painted(shown.image, mask, truth), f"{name}: {both} / {both + missed + wrong} = {iou:.2f}")
        plots[-1].set_axis_off()
        words = (("both: intersection", TRUTH), ("only the truth", BLUE), ("only the mask", OURS))
        for y, (text, colour) in zip((0.75, 0.58, 0.41), words, strict=True):
            plots[-1].plot([0.02], [y], "s", color=colour, markersize=7)
            plots[-1].text(0.1, y, text, va="center")
        plots[-1].text(0.0, 0.2, "union: all three", va="center", color=MUTED)
        plots[-1].set(xlim=(0, 1), ylim=(0, 1))
        figure.subplots_adjust(left=0.01, right=0.99, top=0.9, bottom=0.01, wspace=0.05)


def _painted(image: np.ndarray, mask: np.ndarray, truth: np.ndarray) -> np.ndarray:
    grey = np.repeat(image.mean(axis=2, keepdims=True) * 0.4 + 140, 3, axis=2)
    for where, colour in ((mask & truth, TRUTH), (~mask & truth, BLUE), (mask & ~truth, OURS)):
        tint = [int(colour[place : place + 2], 16) for place in (1, 3, 5)]
        grey[where] = 0.45 * grey[where] + 0.55 * np.array(tint)
    return np.rint(grey).astype(np.uint8)
