"""The picture of a failure: the student's array or boxes, the expected ones, and the difference."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from gradcam_lab.files import moved_into_place

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

NUMBERS = 100
"""Maps of so many cells, or fewer, have their values written in them."""

YOURS = "#d55e00"
EXPECTED = "#0072b2"  # from Okabe and Ito's palette, which stays apart for every kind of colour vision


def draw(picture: list[Any], path: Path) -> None:
    """Draw two maps, or two lists of boxes, and write the PNG.

    Args:
        picture: `[yours, expected]`, both nested lists of numbers: maps (H, W), or boxes (n, 4 or 5).
        path: where to.

    Raises:
        LabError: it cannot be written.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    yours, expected = (np.array(values, dtype=float) for values in picture)
    figure = Figure(figsize=(12, 4.4), dpi=100, layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.subplots(1, 3)
    if are_boxes(expected):
        _draw_boxes(axes, yours, expected)
    else:
        _draw_maps(figure, axes, yours, expected)
    with moved_into_place(path) as temporary:
        figure.savefig(temporary, format="png")


def are_boxes(values: np.ndarray) -> bool:
    """Whether these are boxes in VOC's pixels, which begin at 1 and end where they began or later; else it is a map."""
    if values.size == 0:
        return True
    if values.ndim != 2 or values.shape[1] not in (4, 5):
        return False
    return bool((values[:, :4] >= 1).all() and (values[:, 2:4] >= values[:, :2]).all())


# --- maps ---


def _draw_maps(figure: "Figure", axes: Any, yours: np.ndarray, expected: np.ndarray) -> None:
    """Yours and the expected on one scale; the difference with white where there is none."""
    low = min(yours.min(), expected.min())
    high = max(yours.max(), expected.max())
    difference = yours - expected
    most = float(np.abs(difference).max()) or 1.0
    values = _draw_map(axes[0], yours, "yours", "viridis", low, high)
    _draw_map(axes[1], expected, "expected", "viridis", low, high)
    differences = _draw_map(axes[2], difference, "yours - expected", "RdBu_r", -most, most)
    figure.colorbar(values, ax=axes[:2], shrink=0.8)
    figure.colorbar(differences, ax=axes[2], shrink=0.8)


def _draw_map(axis: "Axes", values: np.ndarray, title: str, colours: str, low: float, high: float) -> Any:
    image = axis.imshow(values, cmap=colours, vmin=low, vmax=high, interpolation="nearest")
    axis.set(title=f"{title}, {values.shape[0]} x {values.shape[1]}", xlabel="column", ylabel="row")
    axis.locator_params(integer=True)
    if values.size <= NUMBERS:
        for (row, column), value in np.ndenumerate(values):
            axis.text(column, row, f"{value:.2g}", ha="center", va="center", size=6, color=_ink(image, value))
    return image


def _ink(image: Any, value: float) -> str:
    """Black on a bright cell, white on a dark one."""
    red, green, blue, _ = image.cmap(image.norm(value))
    return "black" if 0.299 * red + 0.587 * green + 0.114 * blue > 0.5 else "white"


# --- boxes ---


def _draw_boxes(axes: Any, yours: np.ndarray, expected: np.ndarray) -> None:
    """Boxes on an empty canvas, y downwards; the third canvas has both."""
    corners = np.concatenate([values[:, :4] for values in (yours, expected) if values.size] or [np.ones((1, 4))])
    for axis, title in zip(axes, (f"yours, {len(yours)}", f"expected, {len(expected)}", "both"), strict=True):
        _empty_canvas(axis, corners, title)
    for axis in (axes[1], axes[2]):
        _outline(axis, expected, EXPECTED, "solid", 3)
    for axis in (axes[0], axes[2]):
        _outline(axis, yours, YOURS, "dashed", 1.5)
    _number(axes[0], yours, YOURS)
    _number(axes[1], expected, EXPECTED)


def _empty_canvas(axis: "Axes", corners: np.ndarray, title: str) -> None:
    left, top = corners[:, :2].min(axis=0).clip(max=1) - 1
    right, bottom = corners.max(axis=0)[2:] + 1
    axis.set_xlim(left - 0.5, max(right, corners[:, 0].max()) + 0.5)
    axis.set_ylim(max(bottom, corners[:, 1].max()) + 0.5, top - 0.5)
    axis.set(aspect="equal", title=title, xlabel="x", ylabel="y")


def _outline(axis: "Axes", boxes: np.ndarray, colour: str, line: str, width: float) -> None:
    """Draw boxes of which both ends are inside: a box from 3 to 3 is one pixel wide."""
    from matplotlib.patches import Rectangle

    for x0, y0, x1, y1, *_ in boxes if boxes.size else []:
        corner, size = (x0 - 0.5, y0 - 0.5), (x1 - x0 + 1, y1 - y0 + 1)
        axis.add_patch(Rectangle(corner, *size, fill=False, edgecolor=colour, linestyle=line, linewidth=width))


def _number(axis: "Axes", boxes: np.ndarray, colour: str) -> None:
    """Write beside each box its place in the list, and its score if it has one."""
    for number, (x0, y0, _, _, *score) in enumerate(boxes if boxes.size else []):
        name = f"{number}: {score[0]:.2g}" if score else f"{number}"
        axis.text(x0, y0, name, color=colour, va="top", size=8)
