"""Step 6: the pictures of a deletion, the hottest pixels first, and the probability of the class in each."""

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from gradcam_lab.report.figures.lessons.example import TWO_DOGS, WIDTH, classifier, example, lessons, picture
from gradcam_lab.report.figures.style import GREYS, INK, OURS, svg_figure

if TYPE_CHECKING:
    from torch import Tensor

STEPS, SHOWN = 20, (0, 1, 2, 4, 8)


def draw(path: Path) -> None:
    """Draw five pictures of the walk, and its curve beside that of a random map."""
    import torch

    shown, step, preprocessing = example(TWO_DOGS), lessons().faithfulness, classifier().preprocessing
    heat = lessons().boxes.upsample(shown.gradcam("dog"), shown.inputs.shape[2:])
    seen: list[Tensor] = []

    def probability(images: "Tensor") -> "Tensor":
        seen.append(images)
        with torch.no_grad():
            return classifier().probability(classifier().network(images), "dog")

    image = shown.inputs[0]
    curves = {
        "Grad-CAM": torch.from_numpy(heat),
        "a random map": torch.from_numpy(step.random_map(heat.shape, (14, 14), seed=0)),
    }
    found = {
        name: step.replacement_curve(probability, image, torch.zeros_like(image), values, STEPS)
        for name, values in curves.items()
    }
    colours = np.array(preprocessing.mean), np.array(preprocessing.std)
    with svg_figure(path, WIDTH, 2.9) as figure:
        grid = figure.add_gridspec(2, len(SHOWN), height_ratios=[1, 1.15])
        for place, number in enumerate(SHOWN):
            pixels = seen[0][number].permute(1, 2, 0).numpy() * colours[1] + colours[0]
            title = f"{100 * number // STEPS}%: p = {found['Grad-CAM'][number]:.2f}"
            picture(figure.add_subplot(grid[0, place]), (255 * pixels).clip(0, 255).astype(np.uint8), title)
        axes = figure.add_subplot(grid[1, :])
        shares = np.linspace(0, 100, STEPS + 1)
        for (name, values), colour in zip(found.items(), (OURS, GREYS[0]), strict=True):
            axes.plot(shares, values, color=colour, label=f"{name}: area {step.area_under(values):.2f}")
        axes.plot(shares[list(SHOWN)], found["Grad-CAM"][list(SHOWN)], "o", color=INK, markersize=3.5)
        axes.set(xlim=(0, 100), ylim=(0, 1.03), xlabel="pixels deleted (%)", ylabel="probability of dog")
        axes.legend(loc="center")
        figure.subplots_adjust(left=0.09, right=0.975, top=0.94, bottom=0.14, wspace=0.06, hspace=0.16)
