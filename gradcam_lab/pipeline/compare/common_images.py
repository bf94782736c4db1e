"""The images that several runs have in common, their objects and each run's boxes; other data is refused."""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from gradcam_lab.data.box_files.ground_truth import ObjectArrays
from gradcam_lab.data.box_files.json_boxes import read_detections, read_ground_truth
from gradcam_lab.errors import LabError
from gradcam_lab.pipeline.finished_run import FinishedRun

Truth = dict[str, ObjectArrays]


class Common(NamedTuple):
    """What the runs have in common.

    Attributes:
        truth: the objects of the common images, in the order of the first run.
        detections: of each run, (n, 5) arrays of the common images.
        left_out: number of images that only some of the runs have.
    """

    truth: Truth
    detections: list[dict[str, np.ndarray]]
    left_out: int


def read_runs(folders: Sequence[Path]) -> list[FinishedRun]:
    """Open finished runs.

    Raises:
        LabError: there are fewer than two, one is named twice, or they are of other data or another target.
    """
    if len(folders) < 2:
        raise LabError("compare takes two runs or more: name the folder of another one.")
    if len({folder.resolve() for folder in folders}) < len(folders):
        raise LabError("compare was given the same folder twice: name each run once.")
    runs = [FinishedRun(folder) for folder in folders]
    first = runs[0]
    for run in runs[1:]:
        for word, key in (("data", "data"), ("the target", "target")):
            ours, theirs = (each.value("run", key) for each in (first, run))
            if ours != theirs:
                raise LabError(
                    f"'{first.folder}' is a run of {word} '{ours}' and '{run.folder}' of '{theirs}': compare runs of "
                    "the same data and target."
                )
    return runs


def read_common(runs: Sequence[FinishedRun]) -> Common:
    """Read the objects and the boxes of the images of test that every run has.

    Runs of another --limit share the images of the shorter one, and are compared on these.

    Raises:
        LabError: there is no such image, its objects are not the same in all runs, none is to be found, or a file
            cannot be used.
    """
    truths = [read_ground_truth(run.file("ground_truth.json")) for run in runs]
    found = [read_detections(run.file("detections.json")) for run in runs]
    shared = [image for image in truths[0] if all(image in truth for truth in truths)]
    if not shared:
        raise LabError(f"'{runs[0].folder}' and '{runs[-1].folder}' have no image of test in common: compare others.")
    for run, truth in zip(runs, truths, strict=True):
        if strange := [image for image in shared if not _same(truth[image], truths[0][image])]:
            raise LabError(
                f"The objects of the image '{strange[0]}' are not the same in '{runs[0].folder}' and in "
                f"'{run.folder}': the data has changed in between, make one of the runs again."
            )
    objects = {image: truths[0][image] for image in shared}
    if not any((~difficult).any() for _, difficult in objects.values()):
        target = runs[0].value("run", "target")
        raise LabError(
            f"The {len(shared)} image(s) that the runs have in common hold no {target}: compare larger runs."
        )
    images = set().union(*truths)
    boxes = [{image: each[image] for image in shared if image in each} for each in found]
    return Common(objects, boxes, len(images) - len(shared))


def _same(ours: ObjectArrays, theirs: ObjectArrays) -> bool:
    return all(np.array_equal(a, b) for a, b in zip(ours, theirs, strict=True))
