"""Photos with boxes and their names, in rows that fill the width of the page; nothing is distorted."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from gradcam_lab.data.sample import Box
from gradcam_lab.report.figures.labels import LABEL_SIZE, Label, names_of, place
from gradcam_lab.report.figures.style import INK, MUTED, OURS, TRUTH, aspect, save_jpeg, show_image, style

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# All lengths are in inches on a canvas of 8 inches; 1600 pixels in all.
WIDTH = 8.0
DPI = 200
GAP = 0.08
TITLE = 0.19
HEADING = 0.30
TITLE_SIZE = 7.5  # points
SHOWN_SCORE = 0.05  # boxes that the network hardly believes in would only cover the picture
CHARACTER = 0.56 * TITLE_SIZE / 72  # the mean width of a character of DejaVu Sans


@dataclass(frozen=True)
class Panel:
    """One picture of a figure.

    Attributes:
        image: RGB, uint8, shape (H, W, 3).
        title: a few words above it.
        truth: annotated boxes, each with VOC's flag `difficult`.
        detections: detected boxes, each with its score; those below `SHOWN_SCORE` are not drawn.
        outlines: detected boxes that have no score.
        name: what the boxes show, such as "dog": they are called `GT_dog`, `dog_1` and so on, where there is room.
    """

    image: np.ndarray
    title: str = ""
    truth: Sequence[tuple[Box, bool]] = ()
    detections: Sequence[tuple[Box, float]] = ()
    outlines: Sequence[Box] = ()
    name: str = ""


@dataclass(frozen=True)
class Row:
    """Panels that stand side by side at one height, under an optional heading."""

    panels: Sequence[Panel]
    heading: str = ""

    def height(self, tallest: float) -> float:
        """The height of the pictures, in inches, so that the row is as wide as the page, but at most `tallest`."""
        free = WIDTH - GAP * (len(self.panels) - 1)
        return min(free / sum(aspect(panel.image) for panel in self.panels), tallest)


def panel_of(
    title: str, pixels: np.ndarray, objects: tuple[np.ndarray, np.ndarray], rows: np.ndarray, name: str = ""
) -> Panel:
    """Put an image and its boxes together; the title says how many boxes are too faint to be drawn.

    Args:
        title: of the panel.
        pixels: RGB, uint8, shape (H, W, 3).
        objects: boxes (m, 4) and difficult (m,).
        rows: detections, shape (n, 5).
        name: what the boxes show.
    """
    faint = int((rows[:, 4] < SHOWN_SCORE).sum())
    boxes, difficult = objects
    return Panel(
        pixels,
        f"{title}, {faint} left out" if faint else title,
        list(zip(map(tuple, boxes.tolist()), difficult.tolist(), strict=True)),
        [((xmin, ymin, xmax, ymax), score) for xmin, ymin, xmax, ymax, score in rows.tolist()],
        name=name,
    )


def in_rows(panels: Sequence[Panel], columns: int, heading: str = "") -> list[Row]:
    """Share panels out over as few rows as possible, as evenly as possible: ten in rows of at most four are 4, 3, 3.

    Args:
        panels: in reading order.
        columns: the greatest length of a row.
        heading: stands above the first row.
    """
    parts = np.array_split(np.arange(len(panels)), -(-len(panels) // columns)) if panels else []
    return [Row([panels[i] for i in part], "" if place else heading) for place, part in enumerate(parts)]


def draw_rows(path: Path, rows: Sequence[Row], *, tallest: float = 3.0) -> None:
    """Write rows of photos as one JPEG, 1600 pixels wide.

    Args:
        path: the JPEG to write.
        rows: at least one row of at least one panel.
        tallest: the greatest height of a picture, in inches on a page of 8; a row that would be higher stays narrower.

    Raises:
        ValueError: there is nothing to draw.
        LabError: the file cannot be written.
    """
    if not rows or not all(row.panels for row in rows):
        raise ValueError("a figure of photos needs at least one row of at least one panel")
    from matplotlib.figure import Figure

    height = sum(_row_height(row, tallest) for row in rows) + GAP * (len(rows) - 1)
    with style():
        figure = Figure(figsize=(WIDTH, height), dpi=DPI)
        top = height
        for row in rows:
            _draw_row(figure, row, top, tallest)
            top -= _row_height(row, tallest) + GAP
        save_jpeg(figure, path)


def _titled(row: Row) -> bool:
    return any(panel.title for panel in row.panels)


def _row_height(row: Row, tallest: float) -> float:
    return row.height(tallest) + TITLE * _titled(row) + HEADING * bool(row.heading)


def _draw_row(figure: "Figure", row: Row, top: float, tallest: float) -> None:
    page = figure.get_figheight()
    height = row.height(tallest)
    if row.heading:
        figure.text(0, (top - 0.21) / page, row.heading, size=9, weight="bold", color=INK)
        top -= HEADING
    top -= TITLE * _titled(row)
    left = 0.0
    for panel in row.panels:
        width = height * aspect(panel.image)
        if panel.title:
            title = shorten(panel.title, int(width / CHARACTER))
            figure.text(left / WIDTH, (top + 0.055) / page, title, size=TITLE_SIZE, color=MUTED)
        axes = figure.add_axes((left / WIDTH, (top - height) / page, width / WIDTH, height / page))
        _draw_panel(axes, panel, width)
        left += width + GAP


def shorten(text: str, length: int) -> str:
    """Cut a text to `length` characters, with an ellipsis where something is missing."""
    return text if len(text) <= length else text[: max(length - 1, 0)].rstrip() + "…"


def _draw_panel(axes: "Axes", panel: Panel, width: float) -> None:
    """Draw a panel that is so many inches wide."""
    show_image(axes, panel.image)
    draw_boxes(axes, panel, width)


def draw_boxes(axes: "Axes", panel: Panel, width: float, least: float = SHOWN_SCORE) -> None:
    """Draw the boxes of a panel that is so many inches wide, and over all of them their labels.

    Args:
        axes: with the panel's image, see `style.show_image`.
        panel: whose boxes are drawn.
        width: in inches.
        least: the score below which a detected box is left out.
    """
    shown = [(box, score) for box, score in panel.detections if score >= least]
    for box, difficult in panel.truth:
        _draw_box(axes, box, TRUTH, 1.5, "--" if difficult else "-")
    for box in [*(box for box, _ in shown), *panel.outlines]:
        _draw_box(axes, box, OURS, 1.8, "-")
    names = names_of(panel.name, [box for box, _ in panel.truth], shown)
    height, across = panel.image.shape[:2]
    for label in place(names, (across, height), width / across):
        draw_label(axes, label)


def _draw_box(axes: "Axes", box: Box, colour: str, width: float, line: str) -> None:
    """Outline the pixels of an inclusive 1-based box: pixel 1 begins at coordinate 0, pixel `xmax` ends at `xmax`."""
    from matplotlib.patches import Rectangle

    xmin, ymin, xmax, ymax = box
    corner, size = (xmin - 1, ymin - 1), (xmax - xmin + 1, ymax - ymin + 1)
    # A dark rim keeps a green box visible on grass.
    for edge, thickness, dashes in (("#000000a0", width + 1.2, "-"), (colour, width, line)):
        outline = Rectangle(
            corner, *size, fill=False, edgecolor=edge, linewidth=thickness, linestyle=dashes, joinstyle="miter"
        )
        axes.add_patch(outline)
        outline.set_clip_on(False)  # a box along the border keeps its full line


def draw_label(axes: "Axes", label: Label) -> None:
    """Write a label on a ground of its box's colour."""
    from matplotlib.patches import Rectangle

    left, top, right, bottom = label.place
    ground = Rectangle((left, top), right - left, bottom - top, facecolor=label.colour, edgecolor="none", zorder=3)
    axes.add_patch(ground)
    ground.set_clip_on(False)
    middle = ((left + right) / 2, (top + bottom) / 2)
    axes.text(
        *middle, label.text, size=LABEL_SIZE, weight="bold", color="white", ha="center", va="center_baseline", zorder=4
    )
