"""Maps as pictures: over the photo, cell by cell, and the gradient at the pixels."""

import cv2
import numpy as np

from gradcam_lab.explain.photo import Photo
from gradcam_lab.report.figures.rgb import gradient_picture
from gradcam_lab.report.figures.tiles import Tile, for_display


def plain(photo: Photo, title: str) -> Tile:
    """The photo itself."""
    return Tile(for_display(photo.image), title)


def overlaid(photo: Photo, heatmap: np.ndarray, title: str) -> Tile:
    """The photo under its map, shape (h, w), upsampled, with a line at half of the maximum."""
    image = for_display(photo.image)
    heat = photo.lessons.cam.normalize_map(photo.lessons.boxes.upsample(heatmap, image.shape[:2]))
    return Tile(photo.lessons.cam.overlay(image, heat), title, heat)


def cells(photo: Photo, heatmap: np.ndarray, title: str = "") -> Tile:
    """The raw map, one rectangle a cell, from its least value (dark blue) to its greatest (yellow); a cross on that.

    The colours are Cividis (Nunez et al. 2018), which run from dark to bright for every kind of colour vision.
    """
    height, width = for_display(photo.image).shape[:2]
    low, high = heatmap.min(), heatmap.max()
    scaled = (heatmap - low) / (high - low) if high > low else np.zeros_like(heatmap)
    levels = cv2.resize(np.rint(255 * scaled).astype(np.uint8), (width, height), interpolation=cv2.INTER_NEAREST)
    colours = cv2.cvtColor(cv2.applyColorMap(levels, cv2.COLORMAP_CIVIDIS), cv2.COLOR_BGR2RGB)
    values = f"{heatmap.shape[0]} x {heatmap.shape[1]} cells, dark {low:.3g} to bright {high:.3g}"
    return Tile(colours, f"{title} {values}".strip(), mark=hottest(heatmap) if high > 0 else None)


def gradient(photo: Photo, values: np.ndarray, title: str) -> Tile:
    """The strength of a gradient at the pixels, shape (3, H, W): black is none, white is much."""
    height, width = for_display(photo.image).shape[:2]
    return Tile(gradient_picture(values, (width, height)), title)


def hottest(heatmap: np.ndarray) -> tuple[float, float]:
    """The centre of the cell of the greatest value, as fractions (x, y) of the map's width and height."""
    row, column = hottest_cell(heatmap)
    return (column + 0.5) / heatmap.shape[1], (row + 0.5) / heatmap.shape[0]


def hottest_cell(heatmap: np.ndarray) -> tuple[int, int]:
    """`(row, column)` of the greatest value, counted from 0; the first where several are equal."""
    row, column = np.unravel_index(heatmap.argmax(), heatmap.shape)
    return int(row), int(column)
