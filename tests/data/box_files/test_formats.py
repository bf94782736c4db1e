"""Detections beside ground truth of another format: the class, the split and the names of the images."""

import pytest

from gradcam_lab.data.box_files.formats import read_both
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
