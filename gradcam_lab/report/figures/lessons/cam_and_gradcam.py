"""Step 2: in a network that ends in an average, Grad-CAM is the positive part of CAM, over the number of cells."""

from pathlib import Path

import numpy as np

from gradcam_lab.report.figures.lessons.example import DOG_AND_BOAT, WIDTH, cells, example, picture, signed
from gradcam_lab.report.figures.style import svg_figure


def draw(path: Path) -> None:
    """Draw a picture, CAM and Grad-CAM of its dog on the grid, and Grad-CAM of its boat."""
    shown = example(DOG_AND_BOAT)
    cam, gradcam, boat = shown.cam("dog"), shown.gradcam("dog"), shown.gradcam("boat")
    np.testing.assert_allclose(gradcam, cam.clip(min=0) / cam.size, atol=1e-5)  # what the figure says
    with svg_figure(path, WIDTH, 1.62) as figure:
        plots = figure.subplots(1, 4, width_ratios=[1.3, 1, 1, 1])
        picture(plots[0], shown.image, "picture")
        cells(plots[1], cam, signed(f"CAM M of dog:\n{cam.min():.0f} to {cam.max():.0f}"))
        cells(plots[2], gradcam, f"Grad-CAM, ReLU(M) / {cam.size}:\n0 to {gradcam.max():.2f}")
        cells(plots[3], boat, f"Grad-CAM of boat:\n0 to {boat.max():.2f}")
        figure.subplots_adjust(left=0.01, right=0.995, top=0.8, bottom=0.03, wspace=0.1)
