"""Stages one by one, on the artifacts of a whole run."""

import shutil
from operator import attrgetter

import numpy as np
import pytest

from gradcam_lab.course.workspace.whose_code import students_work
from gradcam_lab.course.workspace.workspace import Workspace
from gradcam_lab.files import read_json, sha256, write_json
from gradcam_lab.lesson_modules import STEP_NAMES
from gradcam_lab.localise.detector import Detector
from gradcam_lab.localise.methods import GRID
from gradcam_lab.localise.threshold import choose as choose_threshold
from gradcam_lab.pipeline.run import Run
from gradcam_lab.pipeline.stages import faithfulness, figures, maps, masks, scores, threshold
from tests.students import solved, step_of


def test_a_method_has_one_threshold_in_a_report(whole, settings, tmp_path):
    """That of the comparison, which tries fewer, also where the run's own sweep would choose another."""
    out = shutil.copytree(whole, tmp_path / "out")
    compared = read_json(out / "methods.json")
    chosen = {"flip": 0.15, "gradcam": 0.75}
    rows = [{**row, "threshold": chosen.get(row["name"], row["threshold"])} for row in compared["rows"]]
    write_json(out / "methods.json", {**compared, "rows": rows, "default": "flip"})
    run = Run(settings(out))
    maps.make(run, out / "maps.npz")
    threshold.make(run, tmp_path / "threshold.json")
    found = read_json(tmp_path / "threshold.json")
    assert found["chosen"] == 0.15 != GRID[choose_threshold(found["val"]["mean_ap"])]
    plain = scores.plain_detections(run)
    for image, boxes in Detector(run.lessons)(run.heatmaps.of("test"), 0.75).items():
        assert np.array_equal(plain[image], boxes)


@pytest.mark.parametrize(
    ("changed", "figures_of_it"),
    [("heatmaps", {"input_gradient.jpg"}), ("maps", {"hero.jpg", "interactive.json", "method.jpg"})],
)
def test_the_figures_of_plain_grad_cam_stay_plain(flip, settings, tmp_path, changed, figures_of_it):
    run = Run(settings(flip[0], method="flip"))
    maps = getattr(run, changed)
    setattr(run, changed, maps._replace(maps=maps.maps[:, ::-1].copy()))  # upside down
    drawn = figures.make(run, tmp_path / "figures.json")
    others = {path.name for path in drawn if sha256(path) != sha256(flip[0] / "figures" / path.name)}
    assert others == figures_of_it


NOTED = """

CALLS = []


def noting(function):
    def noted(*given, **named):
        CALLS.append(function.__name__)
        return function(*given, **named)

    return noted


"""


def noting(number, *names):
    """A right file of a step, in which some functions note that they were called."""
    return solved(number, "all") + NOTED + "".join(f"{name} = noting({name})\n" for name in names)


def test_a_students_steps_5_and_6_run_once_they_have_passed(root, judge, whole, settings, tmp_path):
    files = {5: noting(5, "seeds", "refine", "mean_iou"), 6: noting(6, "area_under", "heat_on_other")}
    for number, text in files.items():
        (root / step_of(str(number)).file).write_text(text, encoding="utf-8")
    workspace = Workspace.require()
    for number in files:
        workspace.check(step_of(str(number)), judge)
    run = Run(settings(whole, course=students_work("auto")))
    assert [name for name, who in run.lessons.implementation.items() if who == "mine"] == [*STEP_NAMES[4:]]
    masks.make(run, tmp_path / "segmentation.json")
    assert set(attrgetter("CALLS")(run.lessons.segmentation)) == {"seeds", "refine", "mean_iou"}
    faithfulness.make(run, tmp_path / "truth.json")
    assert set(attrgetter("CALLS")(run.lessons.faithfulness)) == {"area_under", "heat_on_other"}
    assert read_json(tmp_path / "truth.json") == read_json(whole / "truth.json")
