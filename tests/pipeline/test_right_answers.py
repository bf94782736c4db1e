"""What the checks accept must run: the gallery's other right answers, one of each body at a time, in all stages."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gradcam_lab.course.authoring import cut
from gradcam_lab.course.authoring.manifest import RightAnswer, Step, all_steps
from gradcam_lab.data.box_files.json_boxes import read_detections
from gradcam_lab.files import read_json
from gradcam_lab.localise.maps import read_maps
from gradcam_lab.pipeline.run_all import compute
from gradcam_lab.pipeline.students_work import StepCode, StudentsWork

TIMES = {"milliseconds", "cost"}
"""What is another each time."""


def rounds() -> list[list[RightAnswer]]:
    """All right answers: in the first round the first of each body, in the second the second."""
    every = [right for step in all_steps() for right in step.right_answers]
    marks = [right.mark for right in every]
    places = [marks[:i].count(mark) for i, mark in enumerate(marks)]
    return [[right for right, p in zip(every, places, strict=True) if p == i] for i in range(max(places) + 1)]


def written(step: Step, answers: list[RightAnswer]) -> StepCode:
    """A step file with these answers; the rest of it is the reference's."""
    bodies = {right.mark: right.body for right in answers if right.mark.startswith(f"{step.number}.")}
    source = cut.graft(step.source, bodies)
    return StepCode(step.name, source, Path(step.file), step.points, step.points, (), None)


def assert_close(found: Any, expected: Any, path: str = "") -> None:
    """Compare two contents of JSON files, numbers to five places."""
    assert type(found) is type(expected), path
    if isinstance(expected, dict):
        assert found.keys() == expected.keys(), path
        for key, value in expected.items():
            if key not in TIMES:
                assert_close(found[key], value, f"{path}.{key}")
    elif isinstance(expected, list):
        assert len(found) == len(expected), path
        for i, value in enumerate(expected):
            assert_close(found[i], value, f"{path}[{i}]")
    elif isinstance(expected, float):
        assert found == pytest.approx(expected, abs=1e-5, nan_ok=True), path
    else:
        assert found == expected, path


@pytest.mark.parametrize("number", range(len(rounds())))
def test_a_run_with_other_right_answers_finds_what_the_reference_finds(number, settings, whole, tmp_path):
    answers = rounds()[number]
    out = tmp_path / "out"
    quick = not any(right.mark[0] in "56" for right in answers)  # these steps have no part in a quick run
    course = StudentsWork({step.name: written(step, answers) for step in all_steps()})
    compute(settings(out, quick=quick, course=course))

    maps, references = (read_maps(folder / "heatmaps.npz").maps for folder in (out, whole))
    np.testing.assert_allclose(maps, references, atol=1e-5)
    names = ["comparison"]
    if not quick:  # which finds its boxes another way
        names += ["methods", "scores", "segmentation", "truth"]
        found, expected = (read_detections(folder / "detections.json") for folder in (out, whole))
        assert found.keys() == expected.keys()
        for image, boxes in expected.items():
            np.testing.assert_allclose(found[image], boxes, atol=1e-4)
    for name in names:
        assert_close(read_json(out / f"{name}.json"), read_json(whole / f"{name}.json"), name)
    assert set(read_json(out / "results.json")["implementation"].values()) == {"mine"}
