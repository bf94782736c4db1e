"""The shift of a network's maps, measured with mirrors by step 6, and taken out of them.

No label is needed: the map of the mirrored image, mirrored back, must lie on the map of the image.
"""

from collections.abc import Sequence
from typing import NamedTuple, Protocol

import numpy as np
import torch

from gradcam_lab.evaluate.alignment.records import Alignment, MeasuredShift, ShiftAlong
from gradcam_lab.evaluate.bootstrap import FEWEST, mean_of
from gradcam_lab.evaluate.records import MeanWithInterval
from gradcam_lab.lesson_protocols import FaithfulnessLesson
from gradcam_lab.localise.experiment import Experiment
from gradcam_lab.localise.explainer import Explainer
from gradcam_lab.localise.make_maps import BATCH
from gradcam_lab.localise.map_recipe import PLAIN_RECIPE, MapRecipe
from gradcam_lab.localise.maps import Maps
from gradcam_lab.models.memory import in_parts

LARGE = 0.25
"""A shift is large where its whole interval lies beyond so much of a cell, over at least `FEWEST` images."""

ACROSS, BELOW = -1, -2
"""The axes that mirrors swap: left and right, and top and bottom."""


class HasImage(Protocol):
    """Whatever holds an image: RGB, uint8, shape (height, width, 3)."""

    @property
    def image(self) -> np.ndarray:
        """The pixels."""


class Shift(NamedTuple):
    """How far maps lie too far right and too far down, as shares of their width and height."""

    right: float = 0.0
    down: float = 0.0


NO_SHIFT = Shift()


def measure(
    experiment: Experiment,
    pictures: Sequence[HasImage],
    recipe: MapRecipe = PLAIN_RECIPE,
    axes: Sequence[int] = (ACROSS, BELOW),
) -> MeasuredShift:
    """Measure the shift of the maps of one recipe.

    Args:
        experiment: whose target is explained; its step 6 measures, its seed is that of the intervals.
        pictures: the images, each of which should hold the target.
        recipe: of the maps.
        axes: along which mirrors are held; what is not measured is unknown.
    """
    size, (rows, columns) = experiment.classifier.preprocessing.size, experiment.classifier.grid
    shifts = shares(experiment, pictures, recipe, axes)

    def along(axis: int, cells: int) -> ShiftAlong:
        values, cell = size * shifts.get(axis, np.zeros(0)), size / cells
        mean = mean_of(values, experiment.seed)
        large = np.isfinite(values).sum() >= FEWEST and _beyond(mean, LARGE * cell)
        return {**mean, "cells": None if mean["value"] is None else mean["value"] / cell, "large": bool(large)}

    return {"images": len(pictures), "right": along(ACROSS, columns), "down": along(BELOW, rows)}


def _beyond(mean: MeanWithInterval, least: float) -> bool:
    """Say whether the whole interval lies above `least`, or below its negative."""
    low, high = mean["low"], mean["high"]
    return low is not None and high is not None and (low > least or high < -least)


def within(along: ShiftAlong, cell: float) -> bool:
    """Say whether the whole interval lies within a quarter of a cell of so many pixels, so that there is no shift."""
    low, high = along["low"], along["high"]
    return low is not None and high is not None and -LARGE * cell < low <= high < LARGE * cell


def shares(
    experiment: Experiment, pictures: Sequence[HasImage], recipe: MapRecipe, axes: Sequence[int]
) -> dict[int, np.ndarray]:
    """Return the shift of each image along each axis, as a share of the map's width or height, shape (n,)."""
    explainer, lesson = Explainer(experiment, [recipe]), experiment.lessons.faithfulness
    found: dict[int, list[float]] = {axis: [] for axis in axes}

    def look(some: Sequence[HasImage]) -> None:
        preprocessing = explainer.classifier.preprocessing
        inputs = torch.stack([preprocessing(one.image) for one in some]).to(explainer.device)
        upright = maps_of(inputs)
        for axis in axes:
            for own, mirrored in zip(upright, maps_of(inputs.flip(axis)), strict=True):
                pair = (own, mirrored) if axis == ACROSS else (own.T, mirrored.T)
                found[axis].append(lesson.mirror_shift(*pair) / pair[0].shape[1])

    def maps_of(inputs: torch.Tensor) -> np.ndarray:
        return explainer(inputs.contiguous(memory_format=torch.channels_last))[recipe].maps

    for start in range(0, len(pictures), BATCH):
        in_parts(look, pictures[start : start + BATCH])
    return {axis: np.array(values) for axis, values in found.items()}


def believed(measured: MeasuredShift) -> tuple[bool, bool]:
    """Say whether the shift to the right is taken for one, and that downwards.

    A network pads its rows as it pads its columns. An image upside down is a strange one, in which it may look at other
    things: of it a shift is believed only where there is one to the right, and the two intervals overlap.
    """
    right, down = measured["right"], measured["down"]
    overlap = (right["low"] or 0) <= (down["high"] or 0) and (down["low"] or 0) <= (right["high"] or 0)
    return right["large"], right["large"] and down["large"] and overlap


def shift_of(measured: MeasuredShift | None, size: int) -> Shift:
    """Return what is to be taken out of maps: a shift along each side on which it is `believed`, and else none.

    Args:
        measured: of these maps; None where it was not measured.
        size: of the network's input, in pixels.
    """
    if measured is None:
        return NO_SHIFT
    sides = zip((measured["right"], measured["down"]), believed(measured), strict=True)
    return Shift(*((along["value"] or 0.0) / size if is_one else 0.0 for along, is_one in sides))


def shift_of_run(alignment: Alignment | None, *, method: bool = False) -> Shift:
    """Return what a run takes out of its maps.

    Args:
        alignment: of the run; None where it was not measured.
        method: of the maps of the run's method, where that is not plain Grad-CAM, and not of plain Grad-CAM's.
    """
    if alignment is None or alignment["mode"] == "off":
        return NO_SHIFT
    return shift_of(alignment["method" if method else "gradcam"], alignment["input_size"])


def aligned(lesson: FaithfulnessLesson, cam: np.ndarray, shift: Shift) -> np.ndarray:
    """Take a shift out of a map (h, w), by step 6; without one it is returned as it is."""
    if shift == NO_SHIFT:
        return cam
    rows, columns = cam.shape
    return lesson.moved(cam, -shift.right * columns, -shift.down * rows)


def aligned_maps(lesson: FaithfulnessLesson, maps: Maps, shift: Shift) -> Maps:
    """Take a shift out of all maps; without one they are returned as they are."""
    if shift == NO_SHIFT:
        return maps
    return maps._replace(maps=np.stack([aligned(lesson, cam, shift) for cam in maps.maps]))
