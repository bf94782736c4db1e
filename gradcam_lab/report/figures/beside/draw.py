"""The picture of two results: what they are made of, yours, the reference's and the difference, in one row."""

from collections.abc import Sequence
from pathlib import Path
from textwrap import wrap
from typing import TYPE_CHECKING

from gradcam_lab.files import moved_into_place
from gradcam_lab.report.figures.beside import plots, tables
from gradcam_lab.report.figures.beside.drawings import Bars, Boxes, Curves, Drawing, Grid, Picture
from gradcam_lab.report.figures.style import INK, MUTED, style

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

PANEL, HEIGHT = 3.3, 3.6  # inches
DPI = 120
LETTERS = 42
"""Of a line of a title: as many as fit over a panel."""


def draw_beside(
    path: Path, mine: Drawing, reference: Drawing, *, title: str, given: Drawing | None = None, named: str = ""
) -> None:
    """Draw your result beside the reference's, and the difference; write a PNG.

    Args:
        path: the PNG to write.
        mine: your result.
        reference: the reference's, of the same kind; of a grid and a picture also of the same shape.
        title: stands above all.
        given: what the function was given, drawn first; None for nothing.
        named: what that is.

    Raises:
        LabError: the file cannot be written.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    count = 3 + (given is not None)
    with style():
        figure = Figure(figsize=(PANEL * count, HEIGHT), dpi=DPI, layout="constrained")
        FigureCanvasAgg(figure)
        figure.suptitle(title, x=0.01, ha="left", size=9.5, weight="bold", color=INK)
        axes = list(figure.subplots(1, count))
        if given is not None:
            _draw(figure, axes[:1], [given])
            axes[0].set_title(named, loc="left", weight="normal", color=MUTED)
        yours, theirs, both = axes[-3:]
        _draw(figure, [yours, theirs], [mine, reference])
        yours.set_title("yours", loc="left")
        theirs.set_title("the reference's", loc="left")
        _draw_difference(figure, both, mine, reference)
        unlike = mine.unlike(reference)  # type: ignore[arg-type]
        both.set_title("\n".join(wrap(f"the difference: {unlike or 'none'}", LETTERS)), loc="left")
        with moved_into_place(path) as temporary:
            figure.savefig(temporary, format="png")


def _draw(figure: "Figure", axes: Sequence["Axes"], drawings: Sequence[Drawing]) -> None:
    """Draw results of one kind, on one scale."""
    first = drawings[0]
    if isinstance(first, Grid):
        tables.draw_grids(figure, axes, [one for one in drawings if isinstance(one, Grid)])
        return
    limits = plots.limits([one for one in drawings if isinstance(one, Bars)])
    for one, axis in zip(drawings, axes, strict=True):
        if isinstance(one, Picture):
            tables.draw_picture(axis, one.image)
        elif isinstance(one, Boxes):
            tables.draw_boxes(axis, one)
        elif isinstance(one, Bars):
            plots.draw_bars(axis, one, limits)
        elif isinstance(one, Curves):
            plots.draw_curves(axis, one)


def _draw_difference(figure: "Figure", axis: "Axes", mine: Drawing, reference: Drawing) -> None:
    if isinstance(mine, Grid) and isinstance(reference, Grid):
        tables.draw_grid_difference(figure, axis, mine, reference)
    elif isinstance(mine, Picture) and isinstance(reference, Picture):
        tables.draw_picture_difference(axis, mine, reference)
    elif isinstance(mine, Boxes) and isinstance(reference, Boxes):
        tables.draw_both_boxes(axis, mine, reference)
    elif isinstance(mine, Bars) and isinstance(reference, Bars):
        plots.draw_bar_difference(axis, mine, reference)
    elif isinstance(mine, Curves) and isinstance(reference, Curves):
        plots.draw_both_curves(axis, mine, reference)
