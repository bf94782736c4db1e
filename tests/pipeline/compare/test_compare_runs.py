"""`compare`: runs whose boxes are known, what is refused, and what the page, the table and the JSON say."""

import json
import re
import shutil
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from PIL import Image

from gradcam_lab.data.box_files.json_boxes import read_detections, read_ground_truth, write_detections
from gradcam_lab.errors import LabError
from gradcam_lab.evaluate.bootstrap import image_draws
from gradcam_lab.evaluate.scores import score_detections
from gradcam_lab.files import read_json, write_json
from gradcam_lab.pipeline.compare.compare_runs import NUMBERS, PAGE, PICTURES, compare_runs
from gradcam_lab.report.compare.verdicts import text_table
from tests.browser import ask, needs_chromium
from tests.commands import lab
from tests.invented_run import change_results


@pytest.fixture
def other(invented_run, tmp_path):
    """The same run with one perfect box for every dog and no other, cut at another threshold."""
    folder = shutil.copytree(invented_run, tmp_path / "other")
    truth = read_ground_truth(folder / "ground_truth.json")
    perfect = {image: np.array([[*box, 0.9] for box in boxes]).reshape(-1, 5) for image, (boxes, _) in truth.items()}
    write_detections(folder / "detections.json", perfect)
    change_results(folder, "threshold", "chosen", value=0.45)
    return folder


def test_scores_differences_and_settings(invented_run, other, tmp_path, experiment_scores):
    comparison, page = compare_runs([invented_run, other], tmp_path / "out", count=0)
    assert page == tmp_path / "out" / PAGE
    assert read_json(tmp_path / "out" / NUMBERS) == comparison
    first, second = comparison["runs"]
    assert (first["letter"], second["letter"]) == ("A", "B")
    assert second["scores"]["0.5"]["ap"] == 1
    expected = experiment_scores(invented_run)
    for iou, row in first["scores"].items():
        assert row == pytest.approx(expected[iou])
    difference = comparison["differences"][0]["scores"]["0.5"]["ap"]
    assert difference["value"] == pytest.approx(1 - expected["0.5"]["ap"])
    assert difference["low"] == pytest.approx(1 - expected["0.5"]["ap_high"])
    assert [row["name"] for row in comparison["differing"]] == ["threshold"]
    assert [value.split(",")[0] for value in comparison["differing"][0]["values"]] == ["0.30", "0.45"]
    assert {"data", "network", "torch"} <= {row["name"] for row in comparison["common"]}


@pytest.fixture
def experiment_scores(lessons):
    """Score a run's boxes by step 4 itself."""

    def scores(folder):
        truth = {
            image: lessons.metrics.GroundTruth(*objects)
            for image, objects in read_ground_truth(folder / "ground_truth.json").items()
        }
        asked: Any = SimpleNamespace(lessons=lessons, ious=(0.3, 0.4, 0.5), ap="area")
        found = read_detections(folder / "detections.json")
        return {
            iou: each.row for iou, each in score_detections(asked, found, truth, image_draws(len(truth), 0)).items()
        }

    return scores


def test_the_page_is_self_contained_and_has_each_picture(invented_run, other, tmp_path):
    comparison, page = compare_runs([invented_run, other], tmp_path / "out", count=1)
    html = page.read_text(encoding="utf-8")
    assert not re.search(r'(src|href)="(?!data:|#)', html)
    shown = [picture for picture in comparison["pictures"] if picture["file"]]
    assert len(shown) == len(comparison["pictures"]) == html.count("<img ") > 0
    for picture in shown:
        assert Image.open(tmp_path / "out" / PICTURES / picture["file"]).size[0] == 1600
        assert picture["image"] in html
    dogs = [picture for picture in shown if picture["kind"] == "objects"]
    assert all(picture["values"][1] == 1 > picture["values"][0] for picture in dogs)


@needs_chromium
def test_in_a_narrow_window_captions_end_where_it_ends(invented_run, other, tmp_path):
    _, page = compare_runs([invented_run, other], tmp_path / "out", count=0)
    script = "return [...page.querySelectorAll('caption')].map((one) => one.getBoundingClientRect().right);"
    (ends,) = ask(page, script, [""])
    assert ends
    assert max(ends) <= 400


def test_a_run_beside_itself(invented_run, invented_copy, tmp_path):
    comparison, page = compare_runs([invented_run, invented_copy], tmp_path / "out")
    assert (comparison["differing"], comparison["pictures"]) == ([], [])
    assert "do not differ in any setting" in page.read_text(encoding="utf-8")
    text = text_table(comparison)
    assert "The runs do not differ in any setting." in text
    assert "have the same AP on every bootstrap sample" in text


def test_three_runs_are_compared_with_the_first(invented_run, invented_copy, other, tmp_path):
    comparison, _ = compare_runs([invented_run, invented_copy, other], tmp_path / "out", count=1)
    assert [(row["run"], row["less"]) for row in comparison["differences"]] == [("B", "A"), ("C", "A")]
    assert all(len(picture["values"]) == 3 for picture in comparison["pictures"])


def test_runs_of_other_limits_share_the_images_of_the_shorter(invented_run, other, tmp_path):
    for name in ("ground_truth.json", "detections.json"):
        content = read_json(other / name)
        write_json(other / name, dict(list(content.items())[:-3]))
    images = len(read_ground_truth(invented_run / "ground_truth.json"))
    comparison, page = compare_runs([invented_run, other], tmp_path / "out", count=0)
    assert (comparison["images"], comparison["left_out"]) == (images - 3, 3)
    assert "3 images that only some of the runs have are left out" in page.read_text(encoding="utf-8")


class TestTheImagesAreGone:
    def test_the_page_says_so(self, invented_run, other, tmp_path):
        change_results(other, "run", "data_root", value=str(tmp_path / "gone"))
        comparison, page = compare_runs([other, invented_run], tmp_path / "out")
        assert "no longer in" in comparison["no_pictures"]
        assert {picture["file"] for picture in comparison["pictures"]} == {None}
        html = page.read_text(encoding="utf-8")
        assert "<img" not in html
        assert "So not every image can be shown." in html

    def test_or_others_now(self, invented_run, other, toy, tmp_path):
        data = shutil.copytree(toy, tmp_path / "data")
        change_results(other, "run", "data_root", value=str(data))
        comparison, _ = compare_runs([other, invented_run], tmp_path / "out", count=1)
        image = comparison["pictures"][0]["image"]
        path = data / "Annotations" / f"{image}.xml"
        text = path.read_text(encoding="utf-8")
        path.write_text(re.sub(r"<xmin>\d+", "<xmin>1", text).replace("<ymin>", "<ymin>0"), encoding="utf-8")
        comparison, _ = compare_runs([other, invented_run], tmp_path / "out", count=1)
        assert image in comparison["no_pictures"]
        assert [picture["image"] for picture in comparison["pictures"] if not picture["file"]] == [image]


class TestRefused:
    @pytest.mark.parametrize(("key", "word"), [("data", "data"), ("target", "the target")])
    def test_other_data_or_another_target(self, invented_run, other, tmp_path, key, word):
        change_results(other, "run", key, value="zebra")
        with pytest.raises(LabError, match=f"is a run of {word} .* of 'zebra'"):
            compare_runs([invented_run, other], tmp_path / "out")
        assert not (tmp_path / "out").exists()

    def test_other_objects_in_the_same_images(self, invented_run, other, tmp_path):
        content = read_json(other / "ground_truth.json")
        image = next(image for image, objects in content.items() if objects)
        content[image] = []
        write_json(other / "ground_truth.json", content)
        with pytest.raises(LabError, match=f"objects of the image '{image}' are not the same"):
            compare_runs([invented_run, other], tmp_path / "out")

    def test_no_image_in_common(self, invented_run, other, tmp_path):
        write_json(other / "ground_truth.json", {"elsewhere": [[1, 1, 2, 2]]})
        with pytest.raises(LabError, match="no image of test in common"):
            compare_runs([invented_run, other], tmp_path / "out")

    def test_nothing_to_find_in_common(self, invented_run, other, tmp_path):
        content = read_json(other / "ground_truth.json")
        write_json(other / "ground_truth.json", {image: rows for image, rows in content.items() if not rows})
        with pytest.raises(LabError, match="hold no dog"):
            compare_runs([invented_run, other], tmp_path / "out")

    def test_one_run(self, invented_run, tmp_path):
        with pytest.raises(LabError, match="two runs or more"):
            compare_runs([invented_run], tmp_path / "out")
        with pytest.raises(LabError, match="same folder twice"):
            compare_runs([invented_run, invented_run / ".." / invented_run.name], tmp_path / "out")

    def test_into_one_of_the_runs(self, invented_copy, other):
        with pytest.raises(LabError, match="give --out another folder"):
            compare_runs([invented_copy, other], other)

    def test_into_a_page_of_somebody_elses(self, invented_run, other, tmp_path):
        own = tmp_path / "out" / PAGE
        own.parent.mkdir()
        own.write_text("mine", encoding="utf-8")
        with pytest.raises(LabError, match="is there already and no page of gradcam-lab"):
            compare_runs([invented_run, other], own.parent)
        assert [path.name for path in own.parent.iterdir()] == [PAGE]
        assert own.read_text(encoding="utf-8") == "mine"

    def test_no_finished_run(self, invented_run, tmp_path):
        done = lab("compare", invented_run, tmp_path, "--out", tmp_path / "out")
        assert (done.code, done.out) == (2, "")
        assert f"There is no 'results.json' in '{tmp_path}'" in done.err


def test_the_command(invented_run, other, tmp_path):
    done = lab("compare", invented_run, other, "--out", tmp_path / "out", "--images", 1)
    assert done.code == 0, done.err
    assert done.out.splitlines()[-1] == str(tmp_path / "out" / PAGE)
    assert re.search(r"^0\.5  AP .*\+\d", done.out, re.MULTILINE)
    done = lab("compare", invented_run, other, "--out", tmp_path / "out", "--images", 0, "--json")
    assert json.loads(done.out) == read_json(tmp_path / "out" / NUMBERS)
    assert json.loads(done.out)["pictures"] == []
