"""A run whose report has something to move: invented maps of the small ToyVOC, and what the script needs of them."""

import shutil
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any, cast

import numpy as np

from gradcam_lab.data.layouts.voc import read_split
from gradcam_lab.data.sample import Sample
from gradcam_lab.evaluate.error_types import Failure
from gradcam_lab.files import write_json
from gradcam_lab.lesson_modules import Lessons
from gradcam_lab.localise.detector import Detections, Detector
from gradcam_lab.localise.experiment import Ap, Experiment
from gradcam_lab.localise.maps import Maps
from gradcam_lab.localise.methods import METHODS
from gradcam_lab.models.classifier import Classifier
from gradcam_lab.report.figures.interactive import write_interactive
from gradcam_lab.report.figures.pictures import Pictures
from gradcam_lab.report.render import write_html
from gradcam_lab.report.text.wording import FAILURES
from tests.report.sheets import bumps
from tests.synthetic_run import results


@dataclass(frozen=True)
class InteractiveRun:
    """A run's folder, what its data were made of, and the report."""

    folder: Path
    pictures: Pictures
    detector: Detector
    content: dict[str, Any]

    @cached_property
    def page(self) -> Path:
        """The report."""
        path = self.folder / "report.html"
        write_html(path)
        return path

    def found(self, thresholds: Sequence[float]) -> list[Detections]:
        """The program's own boxes."""
        return self.detector.at(self.pictures.maps, thresholds, self.pictures.samples)


def write_run(
    folder: Path, original: Path, toy: Path, lessons: Lessons, method: str = "watershed", ap: Ap = "area"
) -> InteractiveRun:
    """Write a run whose maps have several bumps; some boxes have equal scores, some objects are difficult.

    Args:
        folder: where to.
        original: a run with figures, which is copied.
        toy: a ToyVOC of 24 images of test, all of which are shown.
        lessons: the lessons.
        method: that finds the boxes.
        ap: how average precision is taken.
    """
    shutil.copytree(original, folder)
    experiment = Experiment(cast(Classifier, None), lessons, "dog", ap=ap)
    samples = [made_difficult(sample) if i % 3 else sample for i, sample in enumerate(read_split(toy, "test").samples)]
    maps = invented_maps(samples)
    content: Any = results()
    content["run"]["parameters"]["ap"] = ap
    detector = Detector.of(experiment, METHODS[method])
    chosen = content["threshold"]["chosen"]
    found = detector(maps, chosen, samples)
    pictures = Pictures(experiment, samples, maps, maps, found, [], chosen)
    drawn = {sample.id for sample in pictures.selection.random(experiment.seed)}
    others = sorted((sample.id for sample in samples), key=lambda name: name in drawn)
    kinds = list(FAILURES)
    pictures = replace(pictures, failures=[Failure(name, 0, kinds[i % 4], 0.0) for i, name in enumerate(others)])
    write_json(folder / "results.json", content)
    write_interactive(folder / "figures", pictures, METHODS[method], content)
    return InteractiveRun(folder, pictures, detector, content)


def made_difficult(sample: Sample) -> Sample:
    """The same image, but the first of its objects is difficult."""
    return replace(sample, objects=tuple(replace(one, difficult=not i) for i, one in enumerate(sample.objects)))


def invented_maps(samples: Sequence[Sample]) -> Maps:
    """Maps with three bumps and one on each dog, but for the first, which is cold; few probabilities, so scores tie."""
    random = np.random.default_rng(5)
    cams = np.stack([bumps((7, 7), random.uniform((0, 0, 0.4, 0.6), (7, 7, 1, 1.6), (3, 4)).tolist()) for _ in samples])
    for cam, sample in zip(cams, samples, strict=True):
        width, height = sample.size
        for x0, y0, x1, y1 in sample.boxes("dog"):
            place = ((y0 + y1) / 2 / height * 7 - 0.5, (x0 + x1) / 2 / width * 7 - 0.5)
            cam += bumps((7, 7), [(*place, 2, (x1 - x0) / width * 2)])
    cams[0] = 0
    probabilities = random.choice([0.9, 0.5, 0.2, 0.01], len(samples)).astype(np.float32)
    return Maps(
        ids=np.array([sample.id for sample in samples]),
        splits=np.array(["test"] * len(samples)),
        maps=cams,
        probabilities=probabilities,
        class_probabilities=probabilities[:, None],
        classes=np.array(["dog"]),
        sizes=np.array([sample.size for sample in samples]),
    )
