"""Detections beside ground truth of another format: the class, the split and the names of the images."""

import shutil

import pytest

from gradcam_lab.data.box_files.formats import read_both
from gradcam_lab.data.layouts.voc import read_split
from gradcam_lab.errors import LabError
from tests.saved_files import refused, written

FOUND = {"000017": [[1, 1, 5, 5, 0.5]], "000018": [[2, 2, 3, 3, 0.25], [1, 2, 3, 4, 0.75]]}
TRUTH = {"000017": [[1, 1, 5, 5]], "000018": []}


@pytest.fixture
def truth(tmp_path):
    return written(tmp_path / "G.json", TRUTH)


def test_a_class_that_is_nowhere(tmp_path, toy):
    with pytest.raises(LabError, match=r"holds a 'zebra': it has .*dog"):
        read_both(written(tmp_path / "D.json", FOUND), toy, target="zebra")


SHARES = [0.25, 0, 0.5, 1]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("D.json", {"000017": [[*SHARES, 0.5]], "000018": [[0, 0, 1, 1, 0.25]]}),
        ("over the edge.json", {"000017": [[-0.001, 0, 0.5, 1.0001, 0.5]]}),
        ("coco.json", [{"image_id": 17, "category_id": 1, "bbox": SHARES, "score": 0.5}]),
        ("comp4_det_test_dog.txt", "000017 0.5 0.25 0 0.5 1\n"),
    ],
)
def test_detections_in_shares_of_the_image(tmp_path, truth, name, content):
    refused("all its coordinates near 0 to 1", read_both, written(tmp_path / name, content), truth)


@pytest.mark.parametrize("content", [{"a": [SHARES], "000017": []}, {"a": [{"box": SHARES}]}, "coco"])
def test_ground_truth_in_shares_of_the_image(tmp_path, content):
    if content == "coco":
        annotations = [{"image_id": 1, "category_id": 1, "bbox": SHARES}]
        tables = {"images": [{"id": 1}], "categories": [{"id": 1}], "annotations": annotations}
        content = tables
    truth = written(tmp_path / "G.json", content)
    refused("all its coordinates near 0 to 1", read_both, written(tmp_path / "D.json", {}), truth)


def test_one_box_in_pixels_or_a_box_of_the_first_pixel_is_enough_for_pixels(tmp_path, truth):
    for rows in ([[*SHARES, 0.5], [1, 1, 2, 2, 0.5]], [[1, 1, 1, 1, 0.5]]):
        found, _ = read_both(written(tmp_path / "D.json", {"000017": rows}), truth)
        assert found["000017"].tolist() == rows


def test_a_bad_folder_is_not_answered_with_an_option_that_is_not_there(tmp_path, toy):
    broken = shutil.copytree(toy, tmp_path / "broken", ignore=shutil.ignore_patterns("SegmentationClass"))
    next((broken / "JPEGImages").iterdir()).write_bytes(b"")
    for split in ("val", "test"):
        image = read_split(toy, split).samples[0].id
        (broken / "JPEGImages" / f"{image}.jpg").write_bytes(b"")
        with pytest.raises(LabError, match=r"is broken, .*: mend it\.$"):
            read_both(written(tmp_path / "D.json", {}), broken, target="dog", split=split)


def test_images_may_be_called_by_their_files(tmp_path, truth):
    by_file = {f"JPEGImages/{image}.jpg": rows for image, rows in FOUND.items()}
    found, _ = read_both(written(tmp_path / "D.json", by_file), truth)
    assert {image: rows.tolist() for image, rows in found.items()} == FOUND
    twice = written(tmp_path / "D.json", {**by_file, next(iter(FOUND)): []})
    refused("under two names", read_both, twice, truth)


def test_an_image_that_the_ground_truth_does_not_name(tmp_path, truth):
    strange = written(tmp_path / "D.json", {**FOUND, "dog": []})
    refused("has boxes for 1 image(s) that", read_both, strange, truth)


def test_ground_truth_without_images(tmp_path):
    empty = written(tmp_path / "G.json", {})
    refused("names no image: there is nothing to score against", read_both, written(tmp_path / "D.json", FOUND), empty)
