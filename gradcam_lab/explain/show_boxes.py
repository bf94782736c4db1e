"""`show`: images drawn by lot, with the annotated and the detected boxes."""

import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np

from gradcam_lab.console import tracked
from gradcam_lab.data.box_files.formats import read_both
from gradcam_lab.data.box_files.ground_truth import ObjectArrays, objects_of
from gradcam_lab.data.box_files.json_boxes import read_detections
from gradcam_lab.data.sample import read_image
from gradcam_lab.errors import LabError
from gradcam_lab.report.figures.photos import SHOWN_SCORE, Panel, Row, draw_rows, in_rows

ENDINGS = ("", ".jpg", ".jpeg", ".png", ".JPG", ".JPEG", ".PNG")
COLUMNS = 4
LEGEND = f"Green: annotated (dashed: difficult). Orange: detected, with its score (below {SHOWN_SCORE:g} left out)."

Pixels = Callable[[str], np.ndarray]
"""From an image's name to its pixels, RGB."""


def show_run(run: Path, *, random: int = 10, seed: int = 1, out: Path | None = None) -> list[Path]:
    """Draw random test images of a finished run: ground truth and detections.

    Args:
        run: its folder; the data folder must be where it was.
        random: how many images.
        seed: decides which.
        out: where the pictures go; None for `shown` in the run's folder.

    Returns:
        One JPEG an image, and the contact sheet, last.

    Raises:
        LabError: the run or its data cannot be used.
    """
    from gradcam_lab.pipeline.finished_run import FinishedRun  # it takes a second to import torch

    finished = FinishedRun(run)
    found = read_detections(finished.file("detections.json"))
    samples = {sample.id: sample for sample in finished.samples(finished.maps("test"))}
    if strangers := sorted(set(found) - set(samples)):
        raise LabError(f"'{run / 'detections.json'}' has the image '{strangers[0]}', heatmaps.npz has not: run again.")
    truth = objects_of(samples.values(), finished.value("run", "target"))
    return draw(out or run / "shown", lot(list(samples), random, seed), truth, found, lambda name: samples[name].image)


def show_saved(
    detections: Path,
    ground_truth: Path,
    images: Path,
    *,
    random: int = 10,
    seed: int = 1,
    out: Path | None = None,
    target: str | None = None,
    split: str = "test",
) -> list[Path]:
    """Draw random images of any saved detections; see `formats.read_both` for the files.

    Args:
        detections: in one of the three formats.
        ground_truth: in one of the two formats, or a folder in VOC layout.
        images: the folder of the photos.
        random: how many images.
        seed: decides which.
        out: where the pictures go; None for `shown` beside the detections.
        target: the class, where the files do not say it.
        split: the split of a folder in VOC layout.

    Returns:
        One JPEG an image, and the contact sheet, last.

    Raises:
        LabError: a file cannot be used, or an image is missing.
    """
    if not images.is_dir():
        raise LabError(f"There is no folder of images '{images}': check the name given to --images.")
    found, truth = read_both(detections, ground_truth, target=target, split=split)
    chosen = lot(list(truth), random, seed)
    paths = {image: find_image(images, image) for image in chosen}
    return draw(out or detections.parent / "shown", chosen, truth, found, lambda image: read_image(paths[image]))


def lot(images: Sequence[str], count: int, seed: int) -> list[str]:
    """Draw images by lot: the same for the same seed, each at most once."""
    places = np.random.default_rng(seed).choice(len(images), min(count, len(images)), replace=False)
    return [images[place] for place in places]


def find_image(folder: Path, name: str) -> Path:
    """Find the photo of a name, with or without its ending, and never outside of the folder.

    Raises:
        LabError: it is not there.
    """
    for ending in ENDINGS:
        path = folder / f"{name}{ending}"
        if path.is_file() and path.resolve().is_relative_to(folder.resolve()):
            return path
    raise LabError(f"There is no image '{name}' (.jpg, .jpeg or .png) in '{folder}': check the name given to --images.")


def draw(
    folder: Path,
    images: Sequence[str],
    truth: Mapping[str, ObjectArrays],
    found: Mapping[str, np.ndarray],
    pixels: Pixels,
) -> list[Path]:
    """Draw each image by itself, and all of them on `contact-sheet.jpg`; return the files."""
    if not images:
        raise LabError("There is nothing to show: draw at least one image.")
    panels, files = [], []
    for number, image in enumerate(tracked(images, "drawing", len(images)), 1):
        panels.append(panel(image, pixels(image), truth[image], found.get(image, np.zeros((0, 5)))))
        files.append(folder / f"{number:02}-{file_name(image)}.jpg")
        draw_rows(files[-1], [Row(panels[-1:], LEGEND)], tallest=6.0)
    rows = [Row(part, "" if place else LEGEND) for place, part in enumerate(in_rows(panels, COLUMNS))]
    draw_rows(folder / "contact-sheet.jpg", rows)
    return [*files, folder / "contact-sheet.jpg"]


def panel(image: str, pixels: np.ndarray, objects: ObjectArrays, rows: np.ndarray) -> Panel:
    """Put an image and its boxes together; the title says how many boxes are too faint to be drawn."""
    faint = int((rows[:, 4] < SHOWN_SCORE).sum())
    title = f"{image}, {faint} left out" if faint else image
    boxes, difficult = objects
    return Panel(
        pixels,
        title,
        [(_box(box), flag) for box, flag in zip(boxes.tolist(), difficult.tolist(), strict=True)],
        [(_box(row), row[4]) for row in rows.tolist()],
    )


def _box(values: Sequence[float]) -> tuple[float, float, float, float]:
    xmin, ymin, xmax, ymax = values[:4]
    return xmin, ymin, xmax, ymax


def file_name(image: str) -> str:
    """Make a harmless name for a file out of a stranger's name for an image."""
    return re.sub(r"[^\w.-]+", "_", Path(image).name)[:80] or "image"
