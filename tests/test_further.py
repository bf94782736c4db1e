"""A whole run: the methods compared, steps 5 and 6, and how `--method` and `--quick` leave things out."""

import json
from importlib import resources

import jsonschema
import numpy as np
import pytest

from gradcam_lab.data.boxes import read_detections
from gradcam_lab.data.voc import read_split
from gradcam_lab.files import read_json
from gradcam_lab.models import zoo
from gradcam_lab.pipeline import looking, sweep
from gradcam_lab.pipeline.heatmaps import read_heatmaps
from gradcam_lab.pipeline.recipes import METHODS
from gradcam_lab.pipeline.run import MIN_AREA
from tests.commands import lab

FURTHER = ("methods", "segmentation", "truth")
SECTIONS = {"methods": 'id="better"', "segmentation": 'id="segmentation"', "truth": 'id="truth"'}


def run_all(toy, weights, out, *more):
    done = lab("run-all", "--data", toy, "--weights", weights, "--out", out, "--no-pdf", *more)
    assert done.code == 0, done.err
    return done


@pytest.fixture(scope="module")
def whole(toy, weights, tmp_path_factory):
    """The folder of a run with everything."""
    out = tmp_path_factory.mktemp("runs") / "whole"
    run_all(toy, weights, out)
    return out


@pytest.fixture(scope="module")
def results(whole):
    return read_json(whole / "results.json")


@pytest.fixture(scope="module")
def layercam(toy, weights, tmp_path_factory):
    """The folder of a quick run by a method that was asked for."""
    out = tmp_path_factory.mktemp("runs") / "layercam"
    run_all(toy, weights, out, "--quick", "--method", "layercam")
    return out


def test_everything_is_in_the_results_and_the_report(whole, results):
    schema = resources.files("gradcam_lab.pipeline").joinpath("results.schema.json").read_text(encoding="utf-8")
    jsonschema.validate(results, json.loads(schema))
    page = (whole / "report.html").read_text(encoding="utf-8")
    for part, section in SECTIONS.items():
        assert results[part]
        assert section in page
    records = {record["key"]: record["caption"] for record in read_json(whole / "figures" / "figures.json")}
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
    assert results["run"]["method"] == {"name": best["name"], "title": best["title"], "asked": None}
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


def test_a_second_run_computes_nothing(whole, toy, weights):
    done = run_all(toy, weights, whole)
    stages = [line for line in done.out.splitlines() if line.startswith("  ")]
    assert len(stages) >= 13
    assert all(line.split()[-2] == "unchanged" for line in stages)


def test_a_method_that_is_asked_for_finds_the_boxes(layercam, toy, weights, steps):
    found = read_json(layercam / "results.json")
    assert found["run"]["method"] == {"name": "layercam", "title": "LayerCAM", "asked": "layercam"}
    assert "--method layercam" in found["provenance"]["command"]
    classifier = zoo.load("embedded", str(weights))
    looker = looking.Looker(classifier, steps, "dog", {"layercam": METHODS["layercam"]})
    expected = looking.explain_all(looker, read_split(toy, "test").samples, "")["layercam"]
    maps = read_heatmaps(layercam / "maps.npz").of("test")
    np.testing.assert_allclose(maps.maps, expected.maps, rtol=1e-4, atol=1e-7)
    boxes = sweep.detect_all(steps, maps, found["threshold"]["chosen"], MIN_AREA)
    saved = read_detections(layercam / "detections.json")
    assert sum(map(len, saved.values())) > 0
    for image, rows in boxes.items():
        np.testing.assert_allclose(saved[image], rows)


def test_a_quick_run_leaves_the_rest_out_and_says_so(layercam):
    found = read_json(layercam / "results.json")
    assert [found[part] for part in FURTHER] == [None] * 3
    assert found["run"]["quick"] is True
    page = (layercam / "report.html").read_text(encoding="utf-8")
    assert not any(section in page for section in SECTIONS.values())
    assert "--quick" in page


def test_sweep_uses_the_method_of_the_run(layercam, tmp_path):
    done = lab("sweep", "--run", layercam, "--json", "--split", "test", "--out", tmp_path)
    assert (done.code, done.err) == (0, "")
    found = read_json(layercam / "results.json")["threshold"]
    swept = json.loads(done.out)
    assert swept["grid"] == found["grid"]
    assert swept["mean_ap"] == pytest.approx(found["test"]["mean_ap"])


@pytest.mark.parametrize("method", ["otsu", "refined"])
def test_methods_with_a_grid_of_their_own_run_and_are_swept(toy, weights, tmp_path, method):
    out = tmp_path / "out"
    run_all(toy, weights, out, "--quick", "--method", method, "--limit", "9")
    found = read_json(out / "results.json")
    assert found["table"][0]["boxes"] > 0
    caption = next(r["caption"] for r in read_json(out / "figures" / "figures.json") if r["key"] == "method")
    assert "above the threshold" not in caption  # neither of them cuts its maps there
    done = lab("sweep", "--run", out, "--json", "--from", 0.1, "--to", 0.2, "--step", 0.1, "--out", tmp_path)
    assert (done.code, done.err) == (0, "")


@pytest.mark.parametrize(
    ("words", "parts"),
    [
        (("--method", "guessing"), ("'guessing' does not exist", "choose --method from", "gradcam++")),
        (("--method", "layercam", "--target", "all"), ("--target all", "leave out --method layercam")),
    ],
)
def test_a_wish_that_cannot_be_met_is_one_sentence(toy, weights, tmp_path, words, parts):
    done = lab("run-all", "--data", toy, "--weights", weights, "--out", tmp_path / "out", *words)
    assert done.code == 2
    assert done.err.count("\n") == 1
    assert all(part in done.err for part in parts)
    assert not (tmp_path / "out").exists()
