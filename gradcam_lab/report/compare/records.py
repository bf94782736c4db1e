"""Finished runs side by side, as they stand in JSON. Scores are fractions."""

from typing import TypedDict

from gradcam_lab.evaluate.paired.differences import Measure
from gradcam_lab.evaluate.paired.images import Kind
from gradcam_lab.evaluate.records import MeanWithInterval, ScoreRow


class ComparedRun(TypedDict):
    """One run.

    Attributes:
        letter: what it is called.
        folder: where it lies.
        title: its network and method.
        boxes: number of boxes in the compared images.
        scores: those of the boxes on these images, by IoU threshold (as text).
        classifier_ap: AP of the classifier for the target, on all images of the run.
        classifier_map: its mean over the classes.
    """

    letter: str
    folder: str
    title: str
    boxes: int
    scores: dict[str, ScoreRow]
    classifier_ap: float | None
    classifier_map: MeanWithInterval


class Setting(TypedDict):
    """One setting, and its value in each run."""

    name: str
    values: list[str]


class RunDifference(TypedDict):
    """The scores of one run less those of the first, by IoU threshold (as text) and measure."""

    run: str
    less: str
    scores: dict[str, dict[Measure, MeanWithInterval]]


class ComparedImage(TypedDict):
    """An image on which the runs differ: what `ImageDifference` says, and the picture's file, or None without one."""

    image: str
    kind: Kind
    values: list[float]
    file: str | None


class Comparison(TypedDict):
    """Two or more runs.

    Attributes:
        target: the class.
        split: that of the images.
        ap: how average precision is taken, "area" or "11point".
        images: number of compared images, those that every run has.
        left_out: images that only some of the runs have.
        objects: number of objects to be found in them; difficult ones are not.
        runs: in the order of the command.
        differing: the settings in which the runs differ.
        common: the others.
        differences: each run but the first.
        pictures: the images on which they differ most.
        no_pictures: why none could be drawn, or "".
    """

    target: str
    split: str
    ap: str
    images: int
    left_out: int
    objects: int
    runs: list[ComparedRun]
    differing: list[Setting]
    common: list[Setting]
    differences: list[RunDifference]
    pictures: list[ComparedImage]
    no_pictures: str
