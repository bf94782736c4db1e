"""Pictures in columns of one width under titles that wrap: the page of one explained image.

`photos` fills a report's page and shortens its titles to one line; here nothing is left out, because a class of
ImageNet may need two lines and the page is as long as it needs to be.
"""

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import numpy as np

from gradcam_lab.data.sample import Box
from gradcam_lab.report.figures.photos import Panel, draw_boxes
from gradcam_lab.report.figures.style import INK, MUTED, aspect, save_jpeg, show_image, style, text_width

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# Lengths are in inches.
COLUMN = 2.8
TALLEST = 3.2
SMALLEST = 0.02  # a photo of 5000 x 10 pixels is still drawn
GAP = 0.12
MARGIN = 0.08
BAR, BAR_GAP, BAR_ROOM = 0.1, 0.06, 0.32  # a colour bar, the space over it, and both with the labels
DPI = 200
TITLE, HEADING = 7.5, 9.0  # points
LEADING = 1.35

SHOWN = (400, 1000)
"""The least and the greatest longer side of a drawn image: on a tiny one no line could be seen."""


@dataclass(frozen=True)
class ColourBar:
    """What the colours of a picture mean: a bar under it.

    Attributes:
        colours: from the least value to the greatest, RGB, uint8, shape (n, 3).
        labels: as many as shall stand under the bar, evenly spread from its left end to its right one.
    """

    colours: np.ndarray
    labels: tuple[str, ...]


@dataclass(frozen=True)
class Tile:
    """One picture.

    Attributes:
        image: RGB, uint8, shape (H, W, 3).
        title: stands above it, on as many lines as it needs.
        heat: a normalised map of the image's height and width; the line around what reaches half of the maximum is
            drawn, which a reader finds without telling red from green.
        mark: where a small cross is drawn, as fractions (x, y) of width and height.
        bar: the meaning of the colours.
        boxes: detected boxes in pixels of the image, each with its score; all are drawn.
        name: what the boxes show.
    """

    image: np.ndarray
    title: str = ""
    heat: np.ndarray | None = None
    mark: tuple[float, float] | None = None
    bar: ColourBar | None = None
    boxes: Sequence[tuple[Box, float]] = ()
    name: str = ""

    @property
    def height(self) -> float:
        """In inches, so that the picture fits into its column and is not distorted."""
        return min(COLUMN / aspect(self.image), TALLEST)

    @property
    def width(self) -> float:
        """In inches."""
        return max(self.height * aspect(self.image), SMALLEST)


@dataclass(frozen=True)
class Strip:
    """Tiles side by side, under an optional heading that is as wide as the page."""

    tiles: Sequence[Tile]
    heading: str = ""


@dataclass
class _Page:
    """What has been placed so far, from the top down; a page grows, so its height is known last."""

    width: float
    texts: list[tuple[float, float, str, float]] = field(default_factory=list)
    tiles: list[tuple[float, float, Tile]] = field(default_factory=list)
    bottom: float = MARGIN

    def add_heading(self, text: str) -> None:
        self.bottom += self._write(MARGIN, text, self.width - 2 * MARGIN, HEADING) if text else 0

    def add_tiles(self, tiles: Sequence[Tile]) -> None:
        lefts = [MARGIN + i * (COLUMN + GAP) for i in range(len(tiles))]
        self.bottom += max(
            self._write(left, tile.title, COLUMN, TITLE) for left, tile in zip(lefts, tiles, strict=True)
        )
        self.tiles += [(left, self.bottom, tile) for left, tile in zip(lefts, tiles, strict=True)]
        self.bottom += max(tile.height + (BAR_ROOM if tile.bar else 0) for tile in tiles) + GAP

    def _write(self, left: float, text: str, width: float, size: float) -> float:
        """Place wrapped text at the current height and return the height that it needs."""
        lines = wrap(text, width, size)
        line = size * LEADING / 72
        self.texts += [(left, self.bottom + i * line, words, size) for i, words in enumerate(lines)]
        return len(lines) * line + 0.04


def draw_sheet(path: Path, strips: Sequence[Strip], columns: int = 3) -> None:
    """Write strips of tiles as one JPEG, as wide as its widest row.

    Args:
        path: the JPEG to write.
        strips: at least one strip of at least one tile.
        columns: so many tiles stand side by side at most.

    Raises:
        ValueError: there is nothing to draw.
        LabError: the file cannot be written.
    """
    if not strips or not all(strip.tiles for strip in strips):
        raise ValueError("a sheet needs at least one strip of at least one tile")
    widest = min(columns, max(len(strip.tiles) for strip in strips))
    with style():
        page = _Page(2 * MARGIN + widest * COLUMN + (widest - 1) * GAP)
        for strip in strips:
            page.add_heading(strip.heading)
            for start in range(0, len(strip.tiles), columns):
                page.add_tiles(strip.tiles[start : start + columns])
        save_jpeg(_drawn(page), path)


def wrap(text: str, width: float, size: float) -> list[str]:
    """Break text into lines of at most `width` inches at `size` points; a word that is longer is broken too."""
    if (total := text_width(text, size, _weight(size))) <= width:
        return textwrap.wrap(text, len(text) + 1)
    characters = int(1.25 * len(text) * width / total)  # lines that are a little too long, to begin with
    while characters > 1:
        lines = textwrap.wrap(text, characters)
        if all(text_width(line, size, _weight(size)) <= width for line in lines):
            return lines
        characters -= 1
    return list(text)


def _weight(size: float) -> str:
    return "bold" if size == HEADING else "normal"


def _drawn(page: _Page) -> "Figure":
    from matplotlib.figure import Figure

    figure = Figure(figsize=(page.width, page.bottom), dpi=DPI)
    for left, top, text, size in page.texts:
        place, colour = (left / page.width, 1 - top / page.bottom), INK if size == HEADING else MUTED
        figure.text(*place, text, size=size, va="top", color=colour, weight=_weight(size))
    for left, top, tile in page.tiles:
        corner = (left / page.width, 1 - (top + tile.height) / page.bottom)
        axes = figure.add_axes((*corner, tile.width / page.width, tile.height / page.bottom))
        _draw_tile(axes, tile)
        if tile.bar:
            # As wide as the column, because on a narrow photo the labels would overlap.
            corner = (left / page.width, 1 - (top + tile.height + BAR_GAP + BAR) / page.bottom)
            _draw_bar(figure.add_axes((*corner, COLUMN / page.width, BAR / page.bottom)), tile.bar)
    return figure


def _draw_bar(axes: "Axes", bar: ColourBar) -> None:
    axes.imshow(bar.colours[None], aspect="auto", extent=(0, 1, 0, 1), interpolation="nearest")
    axes.set_axis_off()
    for x, label in zip(np.linspace(0, 1, len(bar.labels)), bar.labels, strict=True):
        side = "left" if x == 0 else "right" if x == 1 else "center"
        axes.text(x, -0.25, label, size=TITLE, color=MUTED, ha=side, va="top", transform=axes.transAxes)


def _draw_tile(axes: "Axes", tile: Tile) -> None:
    height, width = tile.image.shape[:2]
    show_image(axes, tile.image)
    if tile.heat is not None and min(tile.heat.shape) > 1 and tile.heat.min() < 0.5 < tile.heat.max():
        centres = np.arange(width) + 0.5, np.arange(height) + 0.5
        for colour, thickness in (("black", 2.2), ("white", 1.0)):  # a dark rim keeps the line visible on snow
            axes.contour(*centres, tile.heat, levels=[0.5], colors=colour, linewidths=thickness)
    if tile.mark:
        x, y = tile.mark
        for colour, thickness in (("black", 2.6), ("white", 1.2)):
            axes.plot(x * width, y * height, "+", color=colour, markersize=7, markeredgewidth=thickness)
    draw_boxes(axes, Panel(tile.image, detections=tile.boxes, name=tile.name), tile.width, least=0)
    axes.set(xlim=(0, width), ylim=(height, 0))  # lines and marks do not move the picture


def for_display(image: np.ndarray) -> np.ndarray:
    """Scale an image so that its longer side is within `SHOWN`."""
    height, width = image.shape[:2]
    longer = max(height, width)
    scale = min(max(longer, SHOWN[0]), SHOWN[1]) / longer
    size = (max(round(width * scale), 1), max(round(height * scale), 1))
    return cv2.resize(image, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR)
