"""Step 6: the map of a network whose weights are made random, from the last layer down."""

from pathlib import Path

from gradcam_lab.report.figures.lessons.example import DOG_AND_BOAT, WIDTH, cells, classifier, example, lessons, signed
from gradcam_lab.report.figures.style import svg_figure

SEED = 0


def draw(path: Path) -> None:
    """Draw the real map and, for each layer, the map after it and all layers behind it were made random."""
    shown, step, network = example(DOG_AND_BOAT), lessons().faithfulness, classifier().network
    names = [name for name, child in network.named_children() if any(True for _ in child.parameters())][::-1]
    ends = [count for count, name in enumerate(names, start=1) if not name.startswith("bn")]
    real = shown.gradcam("dog")
    with svg_figure(path, WIDTH, 1.55) as figure:
        plots = figure.subplots(1, len(ends) + 1)
        cells(plots[0], real, "as trained:\n+1")
        for count, axes in zip(ends, plots[1:], strict=True):
            grid = shown.gradcam("dog", step.reinitialised(network, names[:count], SEED))
            title = f"{'and ' if count > 1 else ''}{names[count - 1]}:\n{step.rank_correlation(real, grid):+.2f}"
            cells(axes, grid, signed(title))
        figure.subplots_adjust(left=0.01, right=0.99, top=0.78, bottom=0.03, wspace=0.12)
