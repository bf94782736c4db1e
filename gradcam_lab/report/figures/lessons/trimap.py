"""Step 5: what the heatmap is sure of, what GrabCut makes of it, and the truth."""

from pathlib import Path

from gradcam_lab.report.figures.lessons.example import DOG_AND_CAT, WIDTH, example, lessons, picture
from gradcam_lab.report.figures.rgb import dimmed, painted_seeds
from gradcam_lab.report.figures.style import svg_figure

SURE_FOREGROUND, SURE_BACKGROUND = 0.6, 0.03


def draw(path: Path) -> None:
    """Draw picture, map, seeds, mask, and the annotated mask of a dog."""
    shown, step = example(DOG_AND_CAT), lessons().segmentation
    seeds = step.seeds(shown.heatmap("dog"), SURE_FOREGROUND, SURE_BACKGROUND)
    mask = step.refine(shown.image, seeds, 1)
    dogs = [place + 1 for place, one in enumerate(shown.scene.objects) if one.name == "dog"]
    truth = (shown.scene.instances[..., None] == dogs).any(axis=2)
    pictures = (
        (shown.overlaid(shown.gradcam("dog")), "the map of dog"),
        (painted_seeds(shown.image, seeds), "seeds: dog, not dog"),
        (dimmed(shown.image, mask), "GrabCut's mask"),
        (dimmed(shown.image, truth), "the truth"),
    )
    with svg_figure(path, WIDTH, 1.45) as figure:
        for axes, (image, title) in zip(figure.subplots(1, len(pictures)), pictures, strict=True):
            picture(axes, image, title)
        figure.subplots_adjust(left=0.01, right=0.99, top=0.87, bottom=0.01, wspace=0.05)
