"""Step 1: a picture, the channels that count most for one class, and the map that is their weighted sum."""

from pathlib import Path

import numpy as np

from gradcam_lab.report.figures.lessons.example import (
    DOG_AND_BOAT,
    WIDTH,
    cells,
    classifier,
    example,
    lessons,
    picture,
    signed,
)
from gradcam_lab.report.figures.style import svg_figure

SHOWN = 3
"""Channels."""


def draw(path: Path) -> None:
    """Draw the picture, three channels with their weights, and the map of the dog."""
    shown, network = example(DOG_AND_BOAT), classifier().network
    features = lessons().cam.get_features(network, shown.inputs)[0].detach().numpy()
    weights = lessons().cam.linear_layer(network).weight[classifier().class_names.index("dog")].detach().numpy()
    shares = weights * features.mean(axis=(1, 2))
    chosen = [*np.argsort(-shares)[: SHOWN - 1], int(np.argmin(shares))]
    with svg_figure(path, WIDTH, 1.6) as figure:
        plots = figure.subplots(1, SHOWN + 3, width_ratios=[1.35, *[1] * (SHOWN + 1), 1.35])
        picture(plots[0], shown.image, "picture")
        for axes, channel in zip(plots[1:], chosen, strict=False):
            cells(axes, features[channel], signed(f"A, channel {channel}\ntimes {weights[channel]:+.2f}"))
        cam = shown.cam("dog")
        cells(plots[-2], cam, f"M of dog, of all\n{len(features)} channels")
        picture(plots[-1], shown.overlaid(cam), "M over the picture")
        figure.subplots_adjust(left=0.01, right=0.995, top=0.8, bottom=0.03, wspace=0.12)
