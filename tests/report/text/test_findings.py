"""What follows from the comparison of methods, the masks and the tests of the heatmaps."""

from typing import Any

import pytest

from gradcam_lab.report.text import findings
from tests.synthetic_run import YOUNG, older, results, without

CONTENT: Any = results()
IOUS = ("0.3", "0.4", "0.5")


def test_missing_names_the_parts_that_a_run_lacks():
    whole: Any = results()
    assert findings.missing(whole) == []
    for content in (older(results()), without(*YOUNG)):
        run: Any = content
        assert findings.missing(run) == ["the comparison of methods", "the masks", "the tests of the heatmap"]


def test_methods_are_compared_with_plain_grad_cam():
    found = findings.of_methods(CONTENT["methods"], "scales", CONTENT["table"], IOUS)
    assert found["plain"]["name"] == "gradcam"
    assert found["choice"]["name"] == "pair+watershed"
    assert found["shown"]["name"] == found["dearest"]["name"] == found["oracle"]["name"] == "scales"
    assert [row["name"] for row in found["twins"]] == ["cam"]
    assert [row["name"] for row in found["tried"]][:2] == ["scales", "pair+watershed"]
    assert [row["name"] for row in found["behind"]] == ["layercam", "gradcam++", "otsu"]
    assert found["choice"]["gain"] == pytest.approx(0.14 * 0.55)
    assert found["centre"]["name"] == "C: scored centre box, s=0.5"
    assert [gain["iou"] for gain in found["gains"]] == list(IOUS)


def test_masks_are_compared_with_the_cut_map_and_the_better_centre_box():
    found = findings.of_masks(CONTENT["segmentation"], "dog")
    assert (found["refined"]["method"], found["cut"]["method"]) == ("refined mask", "thresholded map")
    assert findings.better_centre(CONTENT["segmentation"])["method"] == "centre box, s = 0.5"
    assert found["gain"]["than"] == "10.0 points better than"
    assert found["worse"] == ["boat"]
    assert "background" not in found["better"]
    assert found["best_cut"] == {"threshold": 0.35, "mean_iou": 0.5}
    assert findings.of_masks(CONTENT["segmentation"], "church")["of_target"] is None


def test_tests_are_passed_failed_or_not_asked():
    found = findings.of_faithfulness(CONTENT["truth"])
    assert [test["short"] for test in found["failed"]] == ["insertion"]
    assert len(found["passed"]) == 5
    assert found["unasked"] == []
    assert [gain["name"] for gain in found["failed"][0]["against"]] == ["centre map"]
    assert [pair["map"] for pair in found["leaking"]] == ["cat"]
    assert found["oracle"] is CONTENT["truth"]["max_box_acc"]


def test_a_test_of_no_image_was_not_asked():
    content: Any = results()
    content["truth"]["randomisation"]["curve"] = [findings.UNKNOWN] * 6
    found = findings.of_faithfulness(content["truth"])
    assert [test["short"] for test in found["unasked"]] == ["the test of random weights"]


def test_each_way_to_compute_the_maps_is_named_and_compared():
    found = findings.of_throughput(CONTENT["throughput"])
    ways = found["ways"]
    assert ways["threads"]["title"] == "float32, a batch, 2 threads"
    assert ways["gpu"] is None
    assert {way for way, row in ways.items() if row and row["alike"]} == {"batch", "one by one", "threads", "bf16"}
    assert found["size"] == pytest.approx(0.95 / 3.6)
    content: Any = results()
    content["throughput"]["int8_bytes"] = None
    assert findings.of_throughput(content["throughput"])["size"] is None


@pytest.mark.parametrize("key", ["cosine", "box_iou"])
def test_maps_are_alike_where_both_numbers_are_printed_as_one(key):
    content: Any = results()
    row = content["throughput"]["rows"][0]
    for value, alike in ((0.9995, True), (0.9994, False), (None, True)):
        row[key] = value
        assert findings.of_throughput(content["throughput"])["ways"]["batch"]["alike"] is alike
