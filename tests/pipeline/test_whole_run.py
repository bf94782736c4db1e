"""A whole run: the methods compared, steps 5 and 6, and how `--method` and `--quick` leave things out."""

import json
import shutil
from pathlib import Path
from unittest import mock

import jsonschema
import numpy as np
import pytest

from gradcam_lab.data.box_files.json_boxes import read_detections
from gradcam_lab.data.layouts.voc import read_split
from gradcam_lab.evaluate.throughput import COMPARED
from gradcam_lab.files import read_json
from gradcam_lab.localise.detector import Detector
from gradcam_lab.localise.experiment import Experiment
from gradcam_lab.localise.make_maps import make_maps
from gradcam_lab.localise.maps import read_maps
from gradcam_lab.localise.methods import METHODS
from gradcam_lab.localise.threshold import choose as choose_threshold
from gradcam_lab.models import zoo
from gradcam_lab.pipeline.provenance import shown_method
from gradcam_lab.pipeline.run import Run
from gradcam_lab.pipeline.stages import throughput
from gradcam_lab.report.results import schema
from tests.commands import lab
from tests.pipeline.conftest import LIMIT

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
    drawn = {"segmentation", "segmentation_curve", "replacement", "randomisation", "two_class_test", "pipeline"}
    assert drawn <= set(records)
    cut = METHODS[results["run"]["method"]["name"]].cut
    assert ("above the threshold" in records["method"]) is cut
    assert "--quick" not in results["provenance"]["command"]


def test_the_default_is_the_best_by_val_of_the_affordable_and_its_boxes_are_the_runs(results):
    compared = results["methods"]
    affordable = [row for row in compared["rows"] if row["cost"] < compared["limit"]]
    best = max(affordable, key=lambda row: row["val_mean_ap"])
    assert {"cam", "gradcam", "gradcam++", "layercam", "hirescam", "pair", "watershed", "otsu", "refined"} <= {
        row["name"] for row in compared["rows"]
    }
    assert next(row["cost"] for row in compared["rows"] if row["name"] == "gradcam") == 1
    assert results["run"]["method"] == shown_method(best["name"], None)
    assert METHODS[best["name"]].title == best["title"]
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


def test_the_ways_to_compute_the_maps_are_compared_at_the_threshold_of_plain_grad_cam(whole, results, settings):
    found = results["throughput"]
    assert [row["way"] for row in found["rows"]][:3] == ["batch", "one by one", "bf16"]
    assert found["images"] == min(results["data"]["splits"]["test"]["images_with_target"], COMPARED)
    plain = next(row["threshold"] for row in results["methods"]["rows"] if row["name"] == "gradcam")
    over_all = results["threshold"]["chosen"]  # a run over all classes compares no methods
    for wish, threshold in (({}, plain), ({"target": "all"}, over_all)):
        with mock.patch("gradcam_lab.evaluate.throughput.measure", return_value={}) as measure:
            throughput.make(Run(settings(whole, **wish)), whole.parent / "throughput.json")
        assert measure.call_args.args[-1] == threshold
    assert "What a map costs" in (whole / "report.html").read_text(encoding="utf-8")


def said(out):
    """What a run said of each stage: unchanged, or its time."""
    lines = [line.split("  ") for line in out.splitlines() if line.startswith("  ")]
    return {line[1]: "unchanged" if "unchanged" in "".join(line) else "ran" for line in lines}


def test_a_second_run_computes_nothing(whole, run_all):
    stages = said(run_all(whole).out)
    assert {"methods", "masks", "faithfulness", "throughput"} <= set(stages)
    assert set(stages.values()) == {"unchanged"}


def test_a_method_that_is_asked_for_uses_all_that_was_done_before_it(flip, whole):
    before = read_json(whole / "results.json")["run"]["method"]["name"]
    kept = {"data", "heatmaps", "classifier", "cam", "methods", "masks", "throughput"}  # the tests move the maps
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


def test_sweep_uses_the_method_of_the_run(flip, tmp_path):
    folder, _ = flip
    done = lab("sweep", "--run", folder, "--json", "--split", "test", "--out", tmp_path)
    assert (done.code, done.err) == (0, "")
    found = read_json(folder / "results.json")["threshold"]
    swept = json.loads(done.out)
    assert swept["grid"] == found["grid"]
    assert swept["mean_ap"] == pytest.approx(found["test"]["mean_ap"])


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
