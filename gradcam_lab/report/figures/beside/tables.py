"""Grids, pictures and boxes in axes, alone and as a difference."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from gradcam_lab.report.figures.beside.drawings import Boxes, Grid, Picture
from gradcam_lab.report.figures.labels import Name, place
from gradcam_lab.report.figures.photos import draw_label
from gradcam_lab.report.figures.rgb import dimmed
from gradcam_lab.report.figures.style import GREYS, INK, MUTED, OURS, RULE, TRUTH

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

ACROSS = 3.0
"""Inches that a photo is wide, roughly: how much room its labels have."""

NUMBERS = 100
"""A table of so many cells, or fewer, has its numbers written in it."""


def draw_grids(figure: "Figure", axes: Sequence["Axes"], grids: Sequence[Grid]) -> None:
    """Draw grids on one scale, with one bar of colours."""
    known = np.concatenate([grid.values[np.isfinite(grid.values)] for grid in grids])
    low, high = (float(known.min()), float(known.max())) if known.size else (0.0, 1.0)
    for axis, grid in zip(axes, grids, strict=True):
        image = _draw_grid(axis, grid, grid.values, "viridis", low, high)
    if not grids[0].words:
        figure.colorbar(image, ax=list(axes), shrink=0.75, aspect=24, pad=0.02)


def draw_grid_difference(figure: "Figure", axis: "Axes", mine: Grid, reference: Grid) -> None:
    """Draw yours less the reference's: white where there is no difference, red where yours is greater."""
    with np.errstate(invalid="ignore"):
        difference = mine.values - reference.values
    known = np.abs(difference[np.isfinite(difference)])
    most = float(known.max(initial=0)) or 1.0
    plain = Grid(difference, mine.rows, mine.columns, titles=mine.titles, gaps=mine.gaps)
    image = _draw_grid(axis, plain, difference, "RdBu_r", -most, most)
    if known.any() and not mine.words:
        figure.colorbar(image, ax=axis, shrink=0.75, aspect=24, pad=0.02)


def _draw_grid(axis: "Axes", grid: Grid, values: np.ndarray, colours: str, low: float, high: float) -> Any:
    from matplotlib import colormaps

    shades = colormaps[colours].with_extremes(bad="white" if grid.gaps else GREYS[1])
    image = axis.imshow(np.ma.masked_invalid(values), cmap=shades, vmin=low, vmax=high, interpolation="nearest")
    axis.grid(visible=False)
    if grid.rows or grid.columns:
        axis.set_xticks(range(len(grid.columns)), grid.columns)
        axis.set_yticks(range(len(grid.rows)), grid.rows)
    else:
        axis.set_axis_off()
    for x, y, text in grid.titles:
        axis.text(x, y, text, size=6, color=MUTED, va="bottom")
    if (grid.rows or grid.columns) and values.size <= NUMBERS:
        for (row, column), value in np.ndenumerate(values):
            axis.text(
                column, row, _written(value, grid.words), ha="center", va="center", size=7.5, color=_ink(image, value)
            )
    return image


def _written(value: float, words: Mapping[int, str]) -> str:
    if not np.isfinite(value):
        return str(value)
    return words.get(int(value)) or (f"{value:,.0f}" if value == int(value) else f"{value:.3g}")


def _ink(image: Any, value: float) -> str:
    """Black on a bright cell, white on a dark one."""
    red, green, blue, _ = image.cmap(image.norm(value)) if np.isfinite(value) else (1, 1, 1, 1)
    return "black" if 0.299 * red + 0.587 * green + 0.114 * blue > 0.5 else "white"


def draw_picture(axis: "Axes", image: np.ndarray) -> None:
    """Draw a photo; pixel (i, j) covers [j, j + 1] x [i, i + 1]."""
    height, width = image.shape[:2]
    axis.imshow(image, extent=(0, width, height, 0), interpolation="antialiased")
    axis.set_axis_off()


def draw_picture_difference(axis: "Axes", mine: Picture, reference: Picture) -> None:
    """Fade the reference's picture, and paint the pixels that differ."""
    differing = mine.differing(reference)
    faded = dimmed(reference.image, np.zeros(differing.shape, dtype=bool))
    faded[differing] = [int(OURS[place : place + 2], 16) for place in (1, 3, 5)]
    draw_picture(axis, faded)


def draw_boxes(axis: "Axes", drawing: Boxes) -> None:
    """Draw the objects' boxes green, and the others orange with their labels."""
    draw_picture(axis, drawing.image)
    for box in drawing.truth:
        _outline(axis, box, TRUTH, "solid", 1.6)
    for box in drawing.boxes:
        _outline(axis, box, OURS, "solid", 1.6)
    _draw_labels(axis, drawing, drawing.labels)
    for x, y, word in drawing.marks:
        for colour, thickness in (("black", 3.0), ("white", 1.4)):
            axis.plot(x + 0.5, y + 0.5, "+", color=colour, markersize=9, markeredgewidth=thickness)
        axis.text(x + 6, y, word, size=6.5, color="white", bbox={"facecolor": INK, "edgecolor": "none", "pad": 1})
    _keep_limits(axis, drawing.image)


def draw_both_boxes(axis: "Axes", mine: Boxes, reference: Boxes) -> None:
    """Draw the reference's boxes in broad grey, and yours in thin orange over them: what fits lies on it."""
    draw_picture(axis, dimmed(reference.image, np.zeros(reference.image.shape[:2], dtype=bool)))
    for box in reference.boxes:
        _outline(axis, box, INK, "solid", 4.0, alpha=0.45)
    for box in mine.boxes:
        _outline(axis, box, OURS, (0, (3, 1.5)), 1.6)
    if len(mine.labels) == len(reference.labels):
        pairs = zip(mine.labels, reference.labels, strict=True)
        _draw_labels(axis, mine, [f"{word}, not {theirs}" if word != theirs else "" for word, theirs in pairs])
    _keep_limits(axis, reference.image)


def _outline(axis: "Axes", box: np.ndarray, colour: str, line: Any, width: float, alpha: float = 1.0) -> None:
    """Outline the pixels of a box: pixel 1 begins at coordinate 0, pixel `xmax` ends at `xmax`."""
    from matplotlib.patches import Rectangle

    xmin, ymin, xmax, ymax = (float(value) for value in box[:4])
    corner, size = (xmin - 1, ymin - 1), (xmax - xmin + 1, ymax - ymin + 1)
    axis.add_patch(Rectangle(corner, *size, fill=False, edgecolor=colour, linewidth=width, linestyle=line, alpha=alpha))


def _draw_labels(axis: "Axes", drawing: Boxes, words: Sequence[str]) -> None:
    """Write a word at each box that has one, where there is room for it."""
    height, width = drawing.image.shape[:2]
    names = [
        Name((float(box[0]), float(box[1]), float(box[2]), float(box[3])), (word,), OURS, True)
        for box, word in zip(drawing.boxes, words, strict=False)
        if word and np.isfinite(box).all()
    ]
    for label in place(names, (width, height), ACROSS / width):
        draw_label(axis, label)


def _keep_limits(axis: "Axes", image: np.ndarray) -> None:
    """What lies outside must not move the picture; a margin shows a box that runs out of it."""
    height, width = image.shape[:2]
    margin = 0.04 * max(height, width)
    axis.set(xlim=(-margin, width + margin), ylim=(height + margin, -margin))
    axis.set_facecolor(RULE)
