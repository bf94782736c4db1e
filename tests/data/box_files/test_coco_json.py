"""The entries of COCO's files: numbers as they are written, and flags."""

import json

import numpy as np

from gradcam_lab.data.box_files import coco_json


def test_an_annotation():
    boxes = np.array([[1, 1, 10, 20], [2.3, 1, 2.3, 1.1]])
    flags = {
        "crowd": np.array([True, False]),
        "difficult": np.array([True, True]),
        "truncated": np.array([False, True]),
    }
    found = [json.loads(text) for text in coco_json.annotation_texts(5, '"a"', ["1", "7"], boxes, flags)]
    common = {"image_id": "a", "ignore": 1}
    assert found == [
        {"id": 5, "category_id": 1, "bbox": [0, 0, 10, 20], "area": 200, "iscrowd": 1, **common},
        {"id": 6, "category_id": 7, "bbox": [1.3, 0, 1, 1.1], "area": 1.1, "iscrowd": 0, "truncated": 1, **common},
    ]


def test_scores_that_differ_are_written_differently():
    boxes, scores = np.ones((2, 4)), np.array([1e-9, 1.1e-9])
    found = [json.loads(text)["score"] for text in coco_json.result_texts("1", ["1", "1"], boxes, scores)]
    assert found == [1e-9, 1.1e-9]


def test_an_image_without_a_size():
    assert coco_json.image_entry(3, "a.jpg", None) == {"id": 3, "file_name": "a.jpg"}
