"""Step 2: which part of a network autograd records, and where the gradient is asked for."""

from pathlib import Path
from typing import TYPE_CHECKING

from gradcam_lab.report.figures.lessons.example import WIDTH, arrow
from gradcam_lab.report.figures.style import BLUE, INK, MUTED, OURS, RULE, svg_figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes

HEIGHT = 2.15
FORWARD, BACK = 1.3, 0.55
"""Heights of the two ways."""


def draw(path: Path) -> None:
    """Draw the layers in a row, the cut behind the one that is explained, and the way back."""
    with svg_figure(path, WIDTH, HEIGHT) as figure:
        axes = figure.add_axes((0, 0, 1, 1))
        axes.set(xlim=(0, WIDTH), ylim=(0, HEIGHT))
        axes.set_axis_off()
        axes.axvspan(0.08, 2.98, color=RULE, alpha=0.35, linewidth=0)
        axes.axvspan(2.98, WIDTH - 0.08, color=OURS, alpha=0.09, linewidth=0)
        axes.axvline(2.98, color=INK, linewidth=1.2, linestyle=(0, (4, 2)))
        axes.text(0.18, HEIGHT - 0.2, "no_grad: nothing is recorded", color=MUTED, weight="bold", va="center")
        axes.text(3.08, HEIGHT - 0.2, "set_grad_enabled(True): recorded", color=OURS, weight="bold", va="center")
        axes.text(2.9, 0.25, "detach(): the cut", color=INK, ha="right", va="center", size=7.5)
        boxes = (
            (0.65, "images", "", MUTED),
            (1.62, "layers before", "frozen or not", MUTED),
            (2.5, "layer", "its output", INK),
            (3.62, "A, the leaf", "requires_grad", OURS),
            (4.6, "A.clone()", "may be overwritten", INK),
            (5.42, "head", "", INK),
            (6.2, "y, a score", "a logit", BLUE),
        )
        for x, title, detail, colour in boxes:
            axes.text(x, FORWARD + 0.08, title, color=colour, weight="bold", ha="center", va="center", size=7.6)
            axes.text(x, FORWARD - 0.12, detail, color=colour, ha="center", va="center", size=6.4)
        for start, end in ((0.92, 1.15), (2.08, 2.25), (2.75, 3.18), (4.02, 4.22), (5.02, 5.2), (5.62, 5.84)):
            arrow(axes, (start, FORWARD + 0.08), (end, FORWARD + 0.08))
        _way_back(axes)


def _way_back(axes: "Axes") -> None:
    axes.plot([6.2, 6.2], [FORWARD - 0.25, BACK], color=OURS, linewidth=1.4)
    axes.plot([6.2, 3.62], [BACK, BACK], color=OURS, linewidth=1.4)
    arrow(axes, (3.62, BACK), (3.62, FORWARD - 0.2), OURS, linewidth=1.4)
    words = "autograd.grad(y, A): back through the head alone"
    axes.text(4.9, BACK - 0.15, words, color=OURS, ha="center", va="center", size=7.5)
