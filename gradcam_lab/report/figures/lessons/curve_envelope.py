"""Step 4: the curve of five claims about four objects, its envelope, and the area below it."""

from pathlib import Path

import numpy as np

from gradcam_lab.report.figures.lessons.example import WIDTH, lessons
from gradcam_lab.report.figures.style import INK, OURS, svg_figure

OUTCOMES = np.array([1, 0, 1, 0, 1])
OBJECTS = 4


def draw(path: Path) -> None:
    """Draw the example of the lesson."""
    metrics = lessons().metrics
    curve = metrics.precision_recall(np.arange(len(OUTCOMES), 0, -1.0), OUTCOMES, OBJECTS)
    envelope = np.maximum.accumulate(curve.precision[::-1])[::-1]
    with svg_figure(path, WIDTH, 2.4) as figure:
        axes = figure.subplots()
        edges = np.r_[0, curve.recall]
        axes.fill_between(edges, np.r_[envelope[0], envelope], step="pre", color=OURS, alpha=0.14, linewidth=0)
        axes.step(edges, np.r_[envelope[0], envelope], where="pre", color=OURS, label="envelope")
        axes.plot(curve.recall, curve.precision, "o-", color=INK, markersize=4, linewidth=1, label="curve")
        for number, (recall, precision) in enumerate(zip(curve.recall, curve.precision, strict=True), start=1):
            true = OUTCOMES[number - 1] == 1
            words = f"claim {number}, {'true' if true else 'false'}: {precision:.2f}"
            offset = (7, 5) if true else (7, -9)
            axes.annotate(words, (recall, precision), xytext=offset, textcoords="offset points", size=7)
        area = metrics.average_precision(curve.precision, curve.recall)
        axes.text(0.36, 0.25, f"area = AP = {area:.3f}", color=OURS, weight="bold", ha="center")
        axes.set(xlim=(0, 1), ylim=(0, 1.1), xlabel="recall", ylabel="precision")
        axes.set(xticks=np.linspace(0, 1, 5), yticks=np.linspace(0, 1, 5))
        axes.legend(loc="upper right", ncols=2)
        figure.subplots_adjust(left=0.085, right=0.975, top=0.98, bottom=0.18)
