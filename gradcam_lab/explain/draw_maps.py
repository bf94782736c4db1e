"""Maps as pictures: over the photo, cell by cell, and the gradient at the pixels; and the pages made of them."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np

from gradcam_lab.explain import describe
from gradcam_lab.explain.explanation import AT_THE_PIXELS, TITLES, Explanation
from gradcam_lab.explain.photo import Photo
from gradcam_lab.explain.targets import Target
from gradcam_lab.report.figures.rgb import gradient_picture
from gradcam_lab.report.figures.tiles import ColourBar, Strip, Tile, draw_sheet, for_display

READING = "red and yellow: most important, blue: least"
"""How step 1's colours are read."""

SHARES = ("0: least", "0.5", "1: most important")
"""What stands under a colour bar."""

RAMP = np.linspace(0, 1, 256, dtype=np.float32)[None]
"""All values of a normalised map, shape (1, 256)."""


def draw_class(path: Path, one: Explanation) -> None:
    """Draw one class: the image, its maps, and the raw cells of the last map that has any."""
    tiles = [image_tile(one.photo, one.photo.path.name), *map_tiles(one)]
    if one.grid:
        tiles.append(cells(one.photo, one.maps[one.grid], f"raw {TITLES[one.grid]},"))
    draw_sheet(path, [Strip(tiles, describe.headline(one))])


def draw_classes(path: Path, explanations: Sequence[Explanation]) -> None:
    """Draw all classes: side by side where each has one map, one below the other where it has several."""
    first = explanations[0]
    image = image_tile(first.photo, first.photo.path.name)
    if len(first.maps) > 1:
        strips = [Strip([image, *map_tiles(one)], describe.headline(one)) for one in explanations]
        draw_sheet(path, strips, columns=1 + len(first.maps))
        return
    (kind,) = first.maps
    line = "" if kind in AT_THE_PIXELS else "; each map has its own colours, and a line at half of its own maximum"
    if first.boxes is not None:
        line += f"; boxes{describe.at_threshold(first.request)}"
    tiles = [replace(tile, title=describe.headline(one)) for one in explanations for tile in map_tiles(one)]
    draw_sheet(path, [Strip([image, *tiles], TITLES[kind] + line)])


def draw_panels(path: Path, photo: Photo, title: str, target: Target, heading: str) -> None:
    """Draw the image under `title`, its CAM or else Grad-CAM in colours, the same cell by cell and over the image."""
    name, heatmap = ("Grad-CAM", photo.gradcam(target.score)) if photo.why_no_cam else ("CAM", photo.cam(target))
    tiles = [
        image_tile(photo, title),
        coloured(photo, heatmap, f"{name} of {target.title}, p {describe.probability(photo, target)}"),
        cells(photo, heatmap, "the raw map,"),
        overlaid(photo, heatmap, f"{name} over the image"),
    ]
    draw_sheet(path, [Strip(tiles, heading)], columns=len(tiles))


def image_tile(photo: Photo, title: str) -> Tile:
    """The photo itself."""
    return Tile(for_display(photo.image), title)


def map_tiles(one: Explanation) -> list[Tile]:
    """Each map of a class, without the image itself."""
    titles = TITLES | {"smoothgrad": f"{TITLES['smoothgrad']}, {one.request.smooth} noisy copies"}
    tiles = {
        kind: gradient(one.photo, values, titles[kind])
        if kind in AT_THE_PIXELS
        else overlaid(one.photo, one.aligned(values), titles[kind])
        for kind, values in one.maps.items()
    }
    if one.boxes is not None:
        tiles[one.request.measured] = boxed(tiles[one.request.measured], one, one.boxes)
    return list(tiles.values())


def boxed(tile: Tile, one: Explanation, boxes: np.ndarray) -> Tile:
    """The same picture under the boxes that were found in its map."""
    shown = np.array([tile.image.shape[1], tile.image.shape[0]] * 2) / np.array([*one.photo.size] * 2)
    edges = (boxes[:, :4] - [1, 1, 0, 0]) * shown + [1, 1, 0, 0]  # only edges can be scaled, and no pixels
    found = list(zip(map(tuple, edges.tolist()), boxes[:, 4].tolist(), strict=True))
    title = f"{tile.title}; {describe.boxes(one)}"
    return replace(tile, title=title, boxes=found, name=one.target.name)


def overlaid(photo: Photo, heatmap: np.ndarray, title: str) -> Tile:
    """The photo under its map, shape (h, w), upsampled, with a line at half of the maximum."""
    image = for_display(photo.image)
    heat = photo.lessons.cam.normalize_map(photo.lessons.boxes.upsample(heatmap, image.shape[:2]))
    evidence = f"; {READING}; the line is half of the maximum" if heatmap.max() > 0 else ": no evidence"
    return Tile(photo.lessons.cam.overlay(image, heat), title + evidence, heat)


def coloured(photo: Photo, heatmap: np.ndarray, title: str) -> Tile:
    """The map alone, shape (h, w), upsampled to the image, in the colours of `overlaid`, with their meaning."""
    image = for_display(photo.image)
    heat = photo.lessons.cam.normalize_map(photo.lessons.boxes.upsample(heatmap, image.shape[:2]))
    meaning = READING if heatmap.max() > 0 else "no evidence"
    return Tile(_colours(photo, heat), f"{title}; {meaning}", bar=ColourBar(_colours(photo, RAMP)[0], SHARES))


def _colours(photo: Photo, heat: np.ndarray) -> np.ndarray:
    """The colours of a normalised map, shape (H, W), as step 1 mixes them into an image: RGB, uint8."""
    return photo.lessons.cam.overlay(np.zeros((*heat.shape, 3), np.uint8), heat, alpha=1)


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
