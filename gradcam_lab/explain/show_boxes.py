"""`show`: random images, with the annotated and the detected boxes."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TypeVar

import numpy as np

from gradcam_lab.data.box_files.comp4 import class_of
from gradcam_lab.data.box_files.formats import read_both
from gradcam_lab.data.box_files.ground_truth import objects_of
from gradcam_lab.data.box_files.json_boxes import read_detections
from gradcam_lab.data.image_files import ENDINGS, ProblemError, find_image, read_image
from gradcam_lab.errors import LabError
from gradcam_lab.explain.draw_boxes import draw, file_name
from gradcam_lab.files import digest

T = TypeVar("T")

SEED = 1
"""Of the choice of images, where the user gives none."""


def show_run(
    run: Path,
    *,
    random: int = 10,
    seed: int = SEED,
    out: Path | None = None,
    split: str = "test",
    threshold: float | None = None,
    heatmap: bool = False,
) -> list[Path]:
    """Draw random images of a finished run: ground truth and detections.

    Args:
        run: its folder; the data folder must be where it was.
        random: number of images.
        seed: of the choice of images.
        out: where the pictures go; None for `shown` in the run's folder, with the split, the threshold, the heatmap
            and the seed in its name where they are not the default.
        split: of the images; the boxes of another than test are cut from the saved heatmaps, like those of
        threshold: another threshold than the run's.
        heatmap: whether the heatmap lies under the boxes.

    Returns:
        One JPEG an image, and the contact sheet, last.

    Raises:
        LabError: the run or its data cannot be used.
    """
    from gradcam_lab.lesson_modules import load_lessons  # it takes a second to import torch
    from gradcam_lab.pipeline.finished_run import FinishedRun
    from gradcam_lab.pipeline.train_maps import maps_of

    finished, lessons = FinishedRun(run), load_lessons()
    if threshold is not None:
        finished.require_cut()
    maps = maps_of(finished, split, lessons)
    samples = {sample.id: sample for sample in finished.samples(maps)}
    chosen = random_choice(list(samples), random, seed)
    cut, folder = "", ["shown"]
    if threshold is None and split == "test":
        found = read_detections(finished.file("detections.json"))
        if strangers := sorted(set(found) - set(samples)):
            raise LabError(
                f"'{run / 'detections.json'}' has the image '{strangers[0]}', heatmaps.npz has not: run again."
            )
    else:
        at = finished.value("threshold", "chosen") if threshold is None else threshold
        found = finished.detector(lessons)(maps.named(chosen), at, [samples[image] for image in chosen])
        cut, folder = f"at threshold {at:g}", ["shown", split, f"{at:g}"]
    target = finished.value("run", "target")
    truth = objects_of(samples.values(), target)
    shown = {image: partial(read_image, samples[image].path, samples[image].bits) for image in chosen}
    raw = dict(zip(maps.ids.tolist(), maps.maps, strict=True))

    def under(image: str, pixels: np.ndarray) -> np.ndarray:
        upsampled = lessons.boxes.upsample(raw[image], pixels.shape[:2])
        return lessons.cam.overlay(pixels, lessons.cam.normalize_map(upsampled))

    folder += ["heatmap"] * heatmap + [f"seed{seed}"] * (seed != SEED)
    pictures, under_boxes = out or run / "_".join(folder), under if heatmap else None
    return draw(pictures, shown, truth, found, name=target, cut=cut, under=under_boxes)


def show_saved(
    detections: Path,
    ground_truth: Path,
    images: Path,
    *,
    random: int = 10,
    seed: int = SEED,
    out: Path | None = None,
    target: str | None = None,
    split: str = "test",
) -> list[Path]:
    """Draw random images of any saved detections; see `formats.read_both` for the files.

    Args:
        detections: in one of the three formats.
        ground_truth: in one of the two formats, or a folder in VOC layout.
        images: the folder of the photos.
        random: number of images.
        seed: of the choice of images.
        out: where the pictures go; None for a folder in `shown` that is named after the detections.
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
    chosen = random_choice(list(truth), random, seed)
    shown = {image: partial(read_image, find_photo(images, image)) for image in chosen}
    wanted = digest(*(str(path.resolve()) for path in (detections, ground_truth, images)), target, split, seed, random)
    folder = out or Path("shown") / f"{file_name(detections.stem)}-{wanted[:6]}"
    return draw(folder, shown, truth, found, name=class_of(detections, target, []) or "")


def random_choice(items: Sequence[T], count: int, seed: int) -> list[T]:
    """Choose items at random, each at most once: the same for the same seed."""
    places = np.random.default_rng(seed).choice(len(items), min(count, len(items)), replace=False)
    return [items[place] for place in places]


def find_photo(folder: Path, name: str) -> Path:
    """Find the photo of a name, with or without its ending, and never outside of the folder.

    Raises:
        LabError: it is not there, or there are several.
    """
    try:
        path = find_image(folder, name)
    except ProblemError as problem:
        raise LabError(f"{problem}: move the other one.") from problem
    if not path.is_file() or not path.resolve().is_relative_to(folder.resolve()):
        raise LabError(
            f"There is no image '{name}' ({', '.join(ENDINGS)}) in '{folder}': check the name given to --images."
        )
    return path
