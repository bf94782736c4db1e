"""Step 3: where the middle of a cell comes to lie on the image, by the two conventions of bilinear interpolation."""

from pathlib import Path

import numpy as np

from gradcam_lab.report.figures.lessons.example import WIDTH, lessons
from gradcam_lab.report.figures.style import GREYS, INK, OURS, svg_figure

CELLS, PIXELS, HOT = 7, 224, 1


def draw(path: Path) -> None:
    """Draw one row of seven cells, the second of them hot, and the curve that each convention makes of it."""
    import torch

    row = np.zeros((1, CELLS), np.float32)
    row[0, HOT] = 1
    right = lessons().boxes.upsample(row, (1, PIXELS))[0]
    stretched = torch.nn.functional.interpolate(
        torch.from_numpy(row)[None], size=PIXELS, mode="linear", align_corners=True
    )[0, 0].numpy()
    with svg_figure(path, WIDTH, 2.0) as figure:
        axes = figure.subplots()
        side = PIXELS // CELLS
        for cell in range(CELLS):
            colour = OURS if cell == HOT else GREYS[2]
            axes.axvspan(cell * side, (cell + 1) * side, color=colour, alpha=0.18 + 0.06 * (cell % 2), linewidth=0)
            axes.text((cell + 0.5) * side, 1.13, f"cell {cell}", ha="center", va="center", size=7)
        places = np.arange(PIXELS)
        for values, colour, name, y in (
            (right, OURS, "cell centres (align_corners=False): ", 0.72),
            (stretched, INK, "align_corners=True: ", 0.45),
        ):
            peak = values.argsort()[-2:].mean() if colour == OURS else float(values.argmax())
            axes.plot(places, values, color=colour)
            axes.text(104, y, f"{name}peak at {peak:g}", color=colour, weight="bold", va="center")
        axes.set(xlim=(0, PIXELS), ylim=(0, 1.22), xlabel="pixel of the image", xticks=range(0, PIXELS + 1, side))
        axes.set(yticks=[0, 1])
        figure.subplots_adjust(left=0.04, right=0.985, top=0.97, bottom=0.22)
