"""A whole run: the methods compared, steps 5 and 6, and how `--method` and `--quick` leave things out."""

import json
import shutil
from pathlib import Path

import jsonschema
import numpy as np
import pytest

from gradcam_lab.course.authoring.manifest import all_steps
from gradcam_lab.course.workspace.whose_code import students_work
from gradcam_lab.course.workspace.workspace import Workspace
from gradcam_lab.data.box_files.json_boxes import read_detections
from gradcam_lab.data.layouts.voc import read_split
from gradcam_lab.errors import LabError
from gradcam_lab.files import read_json, sha256, write_json
from gradcam_lab.lesson_modules import NAMES
from gradcam_lab.localise.detector import Detector
from gradcam_lab.localise.experiment import Experiment
from gradcam_lab.localise.make_maps import make_maps
from gradcam_lab.localise.maps import read_maps
from gradcam_lab.localise.methods import GRID, METHODS
from gradcam_lab.localise.threshold import choose as choose_threshold
from gradcam_lab.models import zoo
from gradcam_lab.pipeline.run import Run
from gradcam_lab.pipeline.stages import faithfulness, figures, maps, masks, scores, threshold
from gradcam_lab.report.results import schema
from tests.commands import lab
from tests.pipeline.conftest import LIMIT
from tests.students import solved, step_of

FURTHER = ("methods", "segmentation", "truth")
SECTIONS = {"methods": 'id="methods"', "segmentation": 'id="segmentation"', "truth": 'id="faithfulness"'}


@pytest.fixture(scope="module")
def results(whole):
    return read_json(whole / "results.json")


def test_everything_is_in_the_results_and_the_report(whole, results):
    jsonschema.validate(results, schema())
    page = (whole / "report.html").read_text(encoding="utf-8")
    for part, section in SECTIONS.items():
        assert results[part]
        assert section in page
    records = {Path(record["file"]).stem: record["caption"] for record in read_json(whole / "figures" / "figures.json")}
    assert {"segmentation", "segmentation_curve", "replacement", "randomisation", "two_class_test"} <= set(records)
    cut = METHODS[results["run"]["method"]["name"]].cut
    assert ("above the threshold" in records["method"]) is cut
    assert "--quick" not in results["provenance"]["command"]


def test_the_default_is_the_best_by_val_of_the_affordable_and_its_boxes_are_the_runs(results):
    compared = results["methods"]
    affordable = [row for row in compared["rows"] if row["cost"] < compared["limit"]]
    best = max(affordable, key=lambda row: row["val_mean_ap"])
    assert {"cam", "gradcam", "gradcam++", "layercam", "hirescam", "scales", "watershed", "otsu", "refined"} <= {
        row["name"] for row in compared["rows"]
    }
    assert next(row["cost"] for row in compared["rows"] if row["name"] == "gradcam") == 1
    described = METHODS[best["name"]].described
    assert results["run"]["method"] == {"name": best["name"], "asked": None, **described}
    assert described["title"] == best["title"]
    assert compared["default"] == best["name"]
    ours = results["table"][0]
    assert (ours["name"], ours["kind"]) == (best["title"], "ours")
    assert ours["scores"] == best["scores"]
    assert results["threshold"]["chosen"] == best["threshold"]


def test_plain_grad_cam_stands_beside_it_with_the_same_numbers_in_both_tables(results):
    plain = [row for row in results["table"] if row["kind"] == "plain"]
    compared = next(row for row in results["methods"]["rows"] if row["name"] == "gradcam")
    if results["run"]["method"]["name"] == "gradcam":
        assert plain == []
    else:
        assert [row["name"] for row in plain] == ["Grad-CAM"]
        assert plain[0]["scores"] == compared["scores"]


def said(out):
    """What a run said of each stage: unchanged, or its time."""
    lines = [line.split("  ") for line in out.splitlines() if line.startswith("  ")]
    return {line[1]: "unchanged" if "unchanged" in "".join(line) else "ran" for line in lines}


def test_a_second_run_computes_nothing(whole, run_all):
    stages = said(run_all(whole).out)
    assert {"methods", "masks", "faithfulness"} <= set(stages)
    assert set(stages.values()) == {"unchanged"}


def test_a_method_that_is_asked_for_uses_all_that_was_done_before_it(flip, whole):
    before = read_json(whole / "results.json")["run"]["method"]["name"]
    kept = {"data", "heatmaps", "classifier", "cam", "methods", "masks", "faithfulness"}
    kept |= set(said(flip[1])) if before == "flip" else set()
    ran = {stage for stage, word in said(flip[1]).items() if word == "ran"}
    assert not ran & kept
    assert {"results", "report"} <= ran  # they say that it was asked for


def test_a_method_that_is_asked_for_finds_the_boxes(flip, toy, weights, lessons):
    folder, _ = flip
    found = read_json(folder / "results.json")
    described = {"title": "Grad-CAM, flip", "find": "islands", "views": 2, "shared": False}
    assert found["run"]["method"] == {"name": "flip", "asked": "flip", **described}
    assert "--method flip" in found["provenance"]["command"]
    classifier = zoo.load("embedded", str(weights))
    experiment = Experiment(classifier, lessons, "dog")
    splits = {split: read_split(toy, split).samples[:LIMIT] for split in ("val", "test")}
    expected = make_maps(experiment, splits, {"flip": METHODS["flip"].recipe})["flip"]
    maps = read_maps(folder / "maps.npz")
    assert maps.ids.tolist() == expected.ids.tolist()
    np.testing.assert_allclose(maps.maps, expected.maps, rtol=1e-4, atol=1e-7)
    np.testing.assert_allclose(maps.probabilities, expected.probabilities, rtol=1e-4)
    boxes = Detector(lessons, METHODS["flip"])(maps.of("test"), found["threshold"]["chosen"])
    saved = read_detections(folder / "detections.json")
    assert sum(map(len, saved.values())) > 0
    for image, rows in boxes.items():
        np.testing.assert_allclose(saved[image], rows)


def test_plain_grad_cam_is_the_second_row_of_any_other_method(flip):
    found = read_json(flip[0] / "results.json")
    ours, plain = found["table"][:2]
    compared = {row["name"]: row for row in found["methods"]["rows"]}
    assert [(row["name"], row["kind"]) for row in (ours, plain)] == [("Grad-CAM, flip", "ours"), ("Grad-CAM", "plain")]
    assert ours["scores"] == compared["flip"]["scores"]
    assert plain["scores"] == compared["gradcam"]["scores"]
    assert found["threshold"]["chosen"] == compared["flip"]["threshold"]
    assert sum(row["kind"] == "plain" for row in found["table"]) == 1
    rivals = {row["name"]: row["scores"] for row in found["table"] if row["name"][0] in "GC" and row["kind"] != "ours"}
    assert {name: lead["0.3"]["ap"] for name, lead in found["leads"].items()} == {
        name: pytest.approx(ours["scores"]["0.3"]["ap"] - scores["0.3"]["ap"]) for name, scores in rivals.items()
    }
    assert len(rivals) == 3


@pytest.mark.parametrize(
    ("changed", "figures_of_it"),
    [("heatmaps", {"input_gradient.jpg"}), ("maps", {"hero.jpg", "method.jpg"})],
)
def test_the_figures_of_plain_grad_cam_stay_plain(flip, settings, tmp_path, changed, figures_of_it):
    run = Run(settings(flip[0], method="flip"))
    maps = getattr(run, changed)
    setattr(run, changed, maps._replace(maps=maps.maps[:, ::-1].copy()))  # upside down
    drawn = figures.make(run, tmp_path / "figures.json")
    others = {path.name for path in drawn if sha256(path) != sha256(flip[0] / "figures" / path.name)}
    assert others == figures_of_it


def test_sweep_uses_the_method_of_the_run(flip, tmp_path):
    folder, _ = flip
    done = lab("sweep", "--run", folder, "--json", "--split", "test", "--out", tmp_path)
    assert (done.code, done.err) == (0, "")
    found = read_json(folder / "results.json")["threshold"]
    swept = json.loads(done.out)
    assert swept["grid"] == found["grid"]
    assert swept["mean_ap"] == pytest.approx(found["test"]["mean_ap"])


def test_a_run_of_an_older_version_is_one_of_plain_grad_cam(flip, tmp_path):
    old, other = (shutil.copytree(flip[0], tmp_path / name) for name in ("old", "other"))
    content = read_json(old / "results.json")
    content["run"]["method"]["name"] = "gradcam"
    write_json(other / "results.json", content)
    del content["run"]["method"]
    write_json(old / "results.json", content)
    words = [("sweep", "--run", folder, "--json", "--split", "test", "--step", 0.3) for folder in (old, other)]
    assert lab(*words[0]).out == lab(*words[1]).out != lab("sweep", "--run", flip[0], *words[0][3:]).out


def test_a_run_of_a_newer_version_is_refused_with_one_sentence(flip, tmp_path):
    content = read_json(flip[0] / "results.json")
    content["run"]["method"]["name"] = "newcam"
    write_json(tmp_path / "results.json", content)
    done = lab("sweep", "--run", tmp_path)
    assert done.code == 2
    assert done.err.endswith(f"in '{tmp_path}' used the method 'newcam', which this lab lacks: run it again.\n")
    assert done.err.count("\n") == 1


@pytest.mark.parametrize("method", ["otsu", "refined"])
def test_a_quick_run_after_a_whole_one_leaves_the_rest_out(whole, run_all, tmp_path, method):
    """By methods with a grid of their own, of one threshold and of a few."""
    out = shutil.copytree(whole, tmp_path / "out")
    run_all(out, "--quick", "--method", method)
    found = read_json(out / "results.json")
    assert [found[part] for part in FURTHER] == [None] * 3
    assert (found["run"]["quick"], found["run"]["method"]["asked"]) == (True, method)
    assert found["provenance"]["command"].endswith(f"--limit {LIMIT} --method {method} --quick")
    assert found["table"][0]["boxes"] > 0
    caption = next(r["caption"] for r in read_json(out / "figures" / "figures.json") if r["file"] == "method.jpg")
    assert "above the threshold" not in caption  # neither of them cuts its maps there
    grid = [1.0] if method == "otsu" else list(METHODS[method].grid)
    assert found["threshold"]["grid"] == grid
    assert found["threshold"]["chosen"] == grid[choose_threshold(found["threshold"]["val"]["mean_ap"])]
    page = (out / "report.html").read_text(encoding="utf-8")
    assert not any(section in page for section in SECTIONS.values())
    assert "--quick" in page
    done = lab("sweep", "--run", out)
    assert (done.code, done.err.count("\n")) == (2, 1)
    assert f"used the method '{METHODS[method].title}', which cuts no map at a threshold of yours" in done.err


def test_a_run_that_was_interrupted_in_the_folder_of_another_is_not_mixed_with_it(flip, tmp_path):
    copy = shutil.copytree(flip[0], tmp_path / "copy")
    told = read_json(copy / "results.json")["artifacts"]
    assert set(told) == {"ground_truth.json", "heatmaps.npz", "maps.npz", "detections.json"}
    shutil.copy(copy / "heatmaps.npz", copy / "maps.npz")  # as of plain Grad-CAM, whose run did not get further
    done = lab("sweep", "--run", copy)
    assert (done.code, done.err.count("\n")) == (2, 1)
    assert "maps.npz' is not of the run that 'results.json' beside it tells of: start run-all again." in done.err


def test_a_bad_mask_is_found_before_the_work_that_it_would_spoil(toy, weights, tmp_path):
    data, out = shutil.copytree(toy, tmp_path / "data"), tmp_path / "out"
    ids = (data / "ImageSets" / "Main" / "test.txt").read_text(encoding="utf-8").split()
    (data / "SegmentationClass" / f"{ids[2]}.png").write_bytes(b"no picture")
    words = ("run-all", "--data", data, "--weights", weights, "--limit", 5, "--no-pdf", "--out", out)
    done = lab(*words)
    assert (done.code, done.err.count("\n")) == (2, 1)
    assert f"Cannot read the mask '{data / 'SegmentationClass' / ids[2]}.png'" in done.err
    assert not out.exists()


def test_a_method_without_a_name_does_not_exist(settings, tmp_path):
    with pytest.raises(LabError, match=r"The method '' does not exist: choose --method from cam, gradcam, "):
        Run(settings(tmp_path, method=""))


def test_a_quick_run_does_not_look_at_what_val_liked(whole, settings, tmp_path):
    out = shutil.copytree(whole, tmp_path / "out")
    write_json(out / "methods.json", {**read_json(out / "methods.json"), "default": "flip"})
    liked, quick = Run(settings(out)), Run(settings(out, quick=True))
    assert (liked.method, quick.method) == ("flip", "gradcam")
    assert (liked.compared_threshold("flip") is None, quick.compared_threshold("flip")) == (False, None)
    assert Run(settings(out, quick=True, method="otsu")).method == Run(settings(out, method="otsu")).method == "otsu"


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


def test_over_all_classes_plain_grad_cam_runs_alone(flip, settings):
    for asked in (None, "gradcam"):
        run = Run(settings(flip[0], target="all", method=asked))
        assert (run.compares, run.method) == (False, "gradcam")


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
    for step in all_steps():
        workspace.check(step, judge)
    run = Run(settings(whole, course=students_work("auto")))
    assert [name for name, who in run.lessons.implementation.items() if who == "mine"] == [*NAMES[4:]]
    masks.make(run, tmp_path / "segmentation.json")
    assert set(vars(run.lessons.segmentation)["CALLS"]) == {"seeds", "refine", "mean_iou"}
    faithfulness.make(run, tmp_path / "truth.json")
    assert set(vars(run.lessons.faithfulness)["CALLS"]) == {"area_under", "heat_on_other"}
    assert read_json(tmp_path / "truth.json") == read_json(whole / "truth.json")


@pytest.mark.parametrize(
    ("words", "parts"),
    [
        (("--method", "guessing"), ("'guessing' does not exist", "choose --method from", "gradcam++")),
        (("--method", "flip", "--target", "all"), ("--target all", "leave out --method flip")),
    ],
)
def test_a_wish_that_cannot_be_met_is_one_sentence(toy, weights, tmp_path, words, parts):
    done = lab("run-all", "--data", toy, "--weights", weights, "--out", tmp_path / "out", *words)
    assert done.code == 2
    assert done.err.count("\n") == 1
    assert all(part in done.err for part in parts)
    assert not (tmp_path / "out").exists()
