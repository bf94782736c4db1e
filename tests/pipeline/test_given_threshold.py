"""`run-all --threshold` and `--max-detections`: what the user has decided in val's place, and that it is said."""

import json
import shutil

import jsonschema
import pytest

from gradcam_lab.data.box_files.json_boxes import read_detections
from gradcam_lab.files import read_json
from gradcam_lab.localise.detector import Detector
from gradcam_lab.localise.maps import read_maps
from gradcam_lab.localise.methods import GRID, METHODS
from gradcam_lab.localise.threshold import choose
from gradcam_lab.pipeline.sweep_run import sweep_run
from gradcam_lab.report.results import schema
from tests.commands import lab, refused
from tests.report.page_text import words_of

GIVEN = 0.42
"""Not on the grid of thresholds."""


@pytest.fixture(scope="module")
def given(run_all, tmp_path_factory):
    """A quick run with both, and what it said."""
    out = tmp_path_factory.mktemp("given") / "run"
    return out, run_all(out, "--quick", "--threshold", GIVEN, "--max-detections", 1).out


@pytest.fixture(scope="module")
def compared(whole, run_all, tmp_path_factory):
    """A whole run with a given threshold."""
    out = shutil.copytree(whole, tmp_path_factory.mktemp("given") / "compared")
    run_all(out, "--threshold", GIVEN, "--max-detections", 1)
    return out


def test_the_boxes_are_cut_there_and_the_surest_of_each_image_is_kept(given, lessons):
    maps = read_maps(given[0] / "heatmaps.npz").of("test")
    every = Detector(lessons)(maps, GIVEN)
    found = read_detections(given[0] / "detections.json")
    assert max(map(len, every.values())) > 1
    assert list(found) == list(every)
    for name, boxes in every.items():
        assert found[name] == pytest.approx(boxes[:1], abs=1e-8)


def test_the_stage_keeps_what_val_would_have_chosen(given):
    content = read_json(given[0] / "threshold.json")
    assert (content["chosen"], content["given"]) == (GIVEN, True)
    assert content["grid"] == sorted([*GRID, GIVEN])
    curve = dict(zip(content["grid"], content["val"]["mean_ap"], strict=True))
    assert content["choice_of_val"] == GRID[choose([curve[threshold] for threshold in GRID])]


def test_the_results_say_it(given):
    results = read_json(given[0] / "results.json")
    jsonschema.validate(results, schema())
    assert results["run"]["threshold"] == GIVEN
    assert results["run"]["parameters"]["max_detections"] == 1
    assert f"--threshold {GIVEN} --max-detections 1" in results["provenance"]["command"]
    assert "cut at the given threshold 0.42, at most 1 box an image" in given[1]


def test_every_sentence_about_the_threshold_says_who_chose_it(given, compared):
    for out in (given[0], compared):
        text = words_of((out / "report.html").read_text(encoding="utf-8"))
        for sentence in (
            "at the given threshold 0.42, at most 1 an image",
            "The threshold of the map, 0.42, was given and not chosen on val. Of each image only the surest box counts",
            "Val makes the choices but for that of the threshold, which was given",
            "The threshold of this run, 0.42, was given",
            "threshold of 0.42 that was given, and not chosen on val",
            "for this run it was given, 0.42",
            "given by the user (0.42) and not chosen on val",
            "the surest one after suppression",
        ):
            assert sentence in " ".join(text.split()), sentence
        for untrue in ("learned on val", "chosen on val, applied once", "val chose it", "0.42 that val chose"):
            assert untrue not in text, untrue


def test_the_comparison_cuts_every_map_there_and_says_so(compared):
    results = read_json(compared / "results.json")
    jsonschema.validate(results, schema())
    methods = results["methods"]
    assert methods["given"] is True
    assert {row["threshold"] for row in methods["rows"]} == {GIVEN}
    assert {row["name"] for row in methods["rows"]}.isdisjoint({"otsu", "refined"})
    assert {row["name"] for row in methods["rows"]} >= {"gradcam", "watershed", "flip"}
    plain = next(row for row in results["table"] if row["kind"] == "plain" or row["name"] == "Grad-CAM")
    row = next(row for row in methods["rows"] if row["name"] == "gradcam")
    assert plain["scores"] == row["scores"]  # one box an image in both
    text = words_of((compared / "report.html").read_text(encoding="utf-8"))
    assert "The threshold was given, and not chosen on val; the mean AP is of val." in text
    assert "All of them cut their maps at the given threshold, 0.42" in text
    assert "Otsu" not in text.split("honestly compared")[-1].split("What came of it")[0]


def test_of_all_classes_too(run_all, tmp_path):
    run_all(tmp_path / "out", "--quick", "--target", "all", "--threshold", GIVEN)
    classes = read_json(tmp_path / "out" / "results.json")["all_classes"]
    assert (classes["threshold"], classes["given"]) == (GIVEN, True)
    text = words_of((tmp_path / "out" / "report.html").read_text(encoding="utf-8"))
    assert "serves all classes: it was given, and not chosen on val." in text


def test_a_sweep_of_it_keeps_the_surest_box_and_does_not_say_chosen(given, tmp_path):
    options = {"split": "test", "start": 0.32, "stop": 0.52, "step": 0.1, "out": tmp_path}
    swept = json.loads(sweep_run(given[0], json=True, **options))
    assert swept["given"] is True
    boxes = read_detections(given[0] / "detections.json")
    assert swept["boxes"][1] == sum(map(len, boxes.values()))
    text = sweep_run(given[0], **options)
    assert "given: the run's threshold, 0.42, given by --threshold, not chosen on val." in text
    assert "chosen:" not in text


def test_it_is_not_kept_in_the_networks_file(given, weights, tmp_path):
    file = shutil.copy(weights, tmp_path / "mine.safetensors")
    refused(lab("sweep", "--run", given[0], "--keep-in", file), "was given, not chosen on val: run without --threshold")


def test_the_plan_shows_both(toy, weights, tmp_path):
    words = ("run-all", "--data", toy, "--weights", weights, "--quick", "--out", tmp_path / "out", "--plan")
    with_both = lab(*words, "--threshold", 0.5, "--max-detections", 2).out
    row = next(line for line in with_both.splitlines() if line.startswith("threshold "))
    assert "max_detections=2, given_threshold=0.5" in row
    row = next(line for line in lab(*words).out.splitlines() if line.startswith("threshold "))
    assert "max_detections, given_threshold, " in row


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("--threshold", "1.5"), "give a number above 0 and up to 1"),
        (("--threshold", "0.5", "--method", "otsu"), "'otsu' cuts no map at a --threshold of yours: choose --method"),
        (("--threshold", "0.5", "--method", "refined"), "'refined' cuts no map at a --threshold of yours"),
    ],
)
def test_a_wish_that_cannot_be_met_is_one_sentence(toy, weights, tmp_path, words, says):
    done = lab("run-all", "--data", toy, "--weights", weights, "--out", tmp_path / "out", *words)
    assert (done.code, done.err.count("\n")) == (2, 1)
    assert says in done.err
    assert not (tmp_path / "out").exists()


def test_the_methods_that_are_not_cut_are_those_left_out():
    assert {name for name, method in METHODS.items() if not method.cut} == {"otsu", "refined"}
