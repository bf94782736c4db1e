"""`evaluate`: the same numbers as the command, from files and from arrays."""

import json

import numpy as np
import pytest
import torch

import gradcam_lab as lab
from gradcam_lab.data.box_files.json_boxes import read_detections, read_ground_truth
from gradcam_lab.files import read_json
from tests.commands import lab as command
from tests.saved_files import written


@pytest.fixture
def files(tmp_path):
    """Detections and ground truth of 30 images; some objects are difficult, and some scores equal."""
    random = np.random.default_rng(5)
    corners = random.integers(1, 50, (60, 2)).astype(float)
    boxes = np.hstack([corners, corners + random.integers(5, 50, (60, 2))])
    truth = {
        f"{i:03d}": [{"box": boxes[j].tolist(), "difficult": j % 7 == 0} for j in (2 * i, 2 * i + 1)] for i in range(30)
    }
    moved = boxes + random.integers(-4, 4, boxes[:, :1].shape)
    scores = random.random(60).round(1)
    found = {f"{i:03d}": [[*moved[j].tolist(), float(scores[j])] for j in (2 * i, 2 * i + 1)] for i in range(20)}
    return written(tmp_path / "D.json", found), written(tmp_path / "G.json", truth)


def printed(*words: object) -> str:
    done = command("evaluate", *words, "--json")
    assert done.code == 0, done.err
    return done.out


def test_files_are_scored_as_by_the_command(files):
    found, truth = files
    words = ["--iou", 0.3, "--iou", 0.75, "--seed", 3, "--ap", "11point"]
    scores = lab.evaluate(found, truth, iou=[0.3, 0.75], seed=3, ap="11point")
    assert json.dumps(scores, indent=1) + "\n" == printed("--detections", found, "--ground-truth", truth, *words)


def test_arrays_are_scored_as_their_files(files):
    found, truth = files
    expected = printed("--detections", found, "--ground-truth", truth)
    arrays = read_detections(found)
    objects = read_json(truth)
    for boxes in (
        arrays,
        {image: rows.tolist() for image, rows in arrays.items()},
        {image: list(map(tuple, rows)) for image, rows in arrays.items()},
        {image: torch.from_numpy(rows) for image, rows in arrays.items()},
    ):
        assert json.dumps(lab.evaluate(boxes, objects), indent=1) + "\n" == expected


def test_plain_arrays_of_objects_are_all_counted(files):
    found, truth = files
    boxes = {image: its for image, (its, _) in read_ground_truth(truth).items()}
    ours, counted = lab.evaluate(found, boxes), lab.evaluate(found, truth, count_difficult=True)
    for threshold, row in counted.items():
        assert (ours[threshold]["ap"], ours[threshold]["recall"]) == (row["ap"], row["recall"])
    assert ours["0.5"]["ap"] != lab.evaluate(found, truth)["0.5"]["ap"]


@pytest.mark.parametrize(
    ("found", "truth", "words"),
    [
        ({"a": np.ones((2, 4))}, {"a": np.array([[1, 1, 9, 9]])}, r"'detections', image 'a': .* is not a box"),
        ({"a": np.ones((1, 5)) * np.nan}, {"a": np.array([[1, 1, 9, 9]])}, "'detections', image 'a': .* holds NaN"),
        ({}, {}, "'ground_truth' names no image"),
        ({"b": np.ones((1, 5))}, {"a": np.array([[1, 1, 9, 9]])}, "'detections' has boxes for 1 image.s. that 'ground"),
        ({7: np.ones((1, 5)), "7": np.ones((1, 5))}, {"7": np.array([[1, 1, 9, 9]])}, "'detections' gives the key '7'"),
        ({"a": 3}, {"a": np.array([[1, 1, 9, 9]])}, "'detections' does not map each image to a list of boxes"),
        ("missing.json", {"a": np.array([[1, 1, 9, 9]])}, "There is no file 'missing.json'"),
    ],
)
def test_what_is_no_box_is_named(found, truth, words):
    with pytest.raises(lab.LabError, match=words):
        lab.evaluate(found, truth)


def test_what_locate_finds_can_be_scored(pixels, net):
    found = lab.locate(pixels, net, classes=["dog"])
    scores = lab.evaluate({"a": found.boxes}, {"a": found.boxes[:, :4]}, bootstrap=0)
    assert scores["0.5"]["ap"] == 1
