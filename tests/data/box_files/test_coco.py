"""COCO's results and ground truth: the conversion of boxes, the names of images, and bad entries."""

import json
import math

import pytest

from gradcam_lab.data.box_files.formats import read_both
from gradcam_lab.errors import LabError
from tests.saved_files import refused, written

COCO_TRUTH = {
    "images": [{"id": 7, "file_name": "val/a.jpg"}, {"id": 3, "file_name": "val/b.jpg"}],
    "annotations": [
        {"image_id": 3, "category_id": 18, "bbox": [0, 0, 10, 10], "iscrowd": 1},
        {"image_id": 7, "category_id": 17, "bbox": [9, 9, 1, 1]},
        {"image_id": 3, "category_id": 18, "bbox": [1, 2, 3, 4], "iscrowd": 0},
    ],
    "categories": [{"id": 17, "name": "cat"}, {"id": 18, "name": "dog"}],
}
COCO_RESULTS = [
    {"image_id": 3, "category_id": 18, "bbox": [0, 0, 5, 5], "score": 0.5},
    {"image_id": 7, "category_id": 17, "bbox": [0, 0, 5, 5], "score": 0.25},
    {"image_id": 7, "category_id": 18, "bbox": [1, 1, 2, 2], "score": 1},
    {"image_id": 3, "category_id": 18, "bbox": [1, 1, 0, 2], "score": 0.75},  # detectors write such
]


class TestCoco:
    @pytest.fixture
    def files(self, tmp_path):
        return written(tmp_path / "D.json", COCO_RESULTS), written(tmp_path / "G.json", COCO_TRUTH)

    @pytest.mark.parametrize("target", ["dog", "18"])
    def test_by_hand(self, files, target):
        found, truth = read_both(*files, target=target)
        assert {image: rows.tolist() for image, rows in found.items()} == {
            "b": [[1, 1, 5, 5, 0.5], [2, 2, 1, 3, 0.75]],
            "a": [[2, 2, 3, 3, 1]],
        }
        assert list(truth) == ["a", "b"]
        assert truth["a"][0].shape == (0, 4)
        assert truth["b"][0].tolist() == [[1, 1, 10, 10], [2, 3, 4, 6]]
        assert truth["b"][1].tolist() == [True, False]

    def test_the_target_has_to_be_said_and_known(self, files):
        with pytest.raises(LabError, match=r"G\.json' has 2 classes \(cat, dog\): choose one with --target"):
            read_both(*files)
        with pytest.raises(LabError, match="has no class 'cow': it has cat, dog"):
            read_both(*files, target="cow")

    def test_without_cocos_truth_the_number_says_the_class_and_the_image(self, files, tmp_path):
        truth = written(tmp_path / "ours.json", {"000003": [[1, 1, 5, 5]], "2000_07": [], "7": []})
        found, _ = read_both(files[0], truth, target="18")
        assert list(found) == ["000003", "7"]
        with pytest.raises(LabError, match=r"D\.json' has boxes of 2 categories \(17, 18, \.\.\.\)"):
            read_both(files[0], truth)

    def test_numbers_in_quotes_are_numbers(self, files, tmp_path):
        def quoted(rows):
            return [{k: str(v) if k.endswith("id") or k == "iscrowd" else v for k, v in row.items()} for row in rows]

        truth = written(tmp_path / "quoted G.json", {table: quoted(rows) for table, rows in COCO_TRUTH.items()})
        detections = written(tmp_path / "quoted D.json", quoted(COCO_RESULTS))
        expected = read_both(*files, target="dog")
        for pair in ((detections, files[1]), (files[0], truth), (detections, truth)):
            for ours, theirs in zip(read_both(*pair, target="dog"), expected, strict=True):
                assert str(ours) == str(theirs)

    @pytest.mark.parametrize(("flag", "difficult"), [(0, False), (1, True), ("0", False), (None, False), (True, True)])
    def test_a_flag_is_set_by_1(self, files, flag, difficult):
        rows = [{**row, "iscrowd": flag} for row in COCO_TRUTH["annotations"]]
        _, truth = read_both(files[0], written(files[1], {**COCO_TRUTH, "annotations": rows}), target="dog")
        assert truth["b"][1].tolist() == [difficult] * 2

    @pytest.mark.parametrize("flag", ["yes", 2, []])
    def test_another_flag_is_refused(self, files, flag):
        rows = [*COCO_TRUTH["annotations"][:2], {**COCO_TRUTH["annotations"][2], "iscrowd": flag}]
        truth = written(files[1], {**COCO_TRUTH, "annotations": rows})
        refused("annotation 3: its 'iscrowd' is", read_both, files[0], truth, target="dog")

    def of_categories(self, path, *categories):
        rows = [{**COCO_RESULTS[0], "category_id": category} for category in categories]
        return written(path, rows)

    def test_no_box_of_the_category(self, files, tmp_path):
        found = self.of_categories(files[0], 3, "zebra", 17, 17)
        words = "boxes of category 3, 17 (cat), zebra, but none of 18 (dog); the ground truth has 17 (cat), 18 (dog):"
        refused(words, read_both, found, files[1], target="dog")
        truth = written(tmp_path / "ours.json", {"3": [[1, 1, 5, 5]]})
        refused(
            "has boxes of category 3, 17, zebra, but none of 18: give its categories",
            read_both,
            found,
            truth,
            target="18",
        )

    @pytest.mark.parametrize("dog", ["dog", 18.0, "18"])
    def test_a_category_by_its_name_or_as_a_table_writes_its_number(self, files, dog):
        expected = read_both(self.of_categories(files[0], 18, 18), files[1], target="dog")[0]
        found = read_both(self.of_categories(files[0], dog, dog), files[1], target="dog")[0]
        assert {image: rows.tolist() for image, rows in found.items()} == {i: r.tolist() for i, r in expected.items()}
        assert sum(map(len, found.values())) == 2

    def test_two_categories_of_one_number(self, files, tmp_path):
        categories = [{"id": 18, "name": "cat"}, {"id": 18, "name": "dog"}]
        truth = written(tmp_path / "G3.json", {**COCO_TRUTH, "categories": categories})
        refused("has two categories 18: give each its own id", read_both, files[0], truth, target="dog")

    @pytest.mark.parametrize(
        ("target", "categories", "warned"),
        [
            ("dog", (0, 18), "(0)"),  # counted from 0, and of a network with many classes
            ("cat", (16, 17), "(16)"),  # one less than 17 and 18
            ("dog", (18, 19), "(19)"),
            ("dog", (18,), ""),
            ("cat", (17, 18), ""),
            ("dog", (1, 18, 90), ""),  # ground truth of two of COCO's classes
        ],
    )
    def test_categories_that_seem_to_be_counted_from_elsewhere(self, files, capsys, target, categories, warned):
        read_both(self.of_categories(files[0], *categories), files[1], target=target)
        said = capsys.readouterr().err
        expected = f"'{files[0]}' has boxes of categories that the ground truth does not have {warned}: "
        assert said.startswith(expected) if warned else said == ""

    def test_images_of_the_same_name_keep_their_folders(self, tmp_path, files):
        images = [{"id": 7, "file_name": "a/1.jpg"}, {"id": 3, "file_name": "b/1.jpg"}]
        truth = written(tmp_path / "G2.json", {**COCO_TRUTH, "images": images})
        assert list(read_both(files[0], truth, target="dog")[0]) == ["b/1.jpg", "a/1.jpg"]

    @pytest.mark.parametrize(
        ("change", "words"),
        [
            ({"bbox": [1, 2, 3]}, "entry 3: its 'bbox' is '[1, 2, 3]'"),
            ({"bbox": [1, 2, -3, 4]}, "entry 3: its 'bbox' is '[1, 2, -3, 4]'"),
            ({"bbox": [1, 2, math.nan, 4]}, "entry 3: its 'bbox'"),
            ({"bbox": "1234"}, "entry 3: its 'bbox' is '1234'"),
            ({"bbox": None}, "entry 3: its 'bbox' is 'None'"),
            ({"score": "high"}, "entry 3: its 'score' is 'high'"),
            ({"score": math.inf}, "entry 3: its 'score' is 'inf'"),
            ({"score": True}, "entry 3: its 'score' is 'True'"),
            ({"image_id": [7]}, "entry 3: its 'image_id' is '[7]'"),
            ({"category_id": 1.5}, "entry 3: its 'category_id' is '1.5'"),
            ("bbox", "has no 'bbox'"),
            ("score", "has no 'score'"),
            ("image_id", "has no 'image_id'"),
            ("category_id", "has no 'category_id'"),
            (None, "entry 3: 'None' has no 'category_id'"),
            ({"image_id": 99}, "boxes for 1 image(s) that"),
        ],
    )
    def test_a_bad_entry_is_named(self, files, change, words):
        rows = json.loads(json.dumps(COCO_RESULTS))
        if change is None:
            rows[2] = None
        elif isinstance(change, str):
            del rows[2][change]
        else:
            rows[2].update(change)
        refused(words, read_both, written(files[0], rows), files[1], target="dog")

    @pytest.mark.parametrize(
        ("place", "value", "words"),
        [
            (("annotations", 2, "bbox"), [1, 2, 0, 4], "annotation 3: its 'bbox' is '[1, 2, 0, 4]'"),
            (("annotations", 2, "image_id"), 5, "annotation 3: no image has the id 5"),
            (("annotations", 2), [], "annotation 3: '[]' has no 'category_id'"),
            (("annotations",), {}, "has no list 'annotations'"),
            (("categories",), None, "has no list 'categories'"),
            (("categories",), [], "has no class 'dog': it has none at all"),
            (("images", 1), {"id": 7, "file_name": "c.jpg"}, "two images 7"),
            (("images", 1, "file_name"), "val/a.jpg", "two images 'val/a.jpg'"),
            (("images",), [], "annotation 1: no image has the id 3"),
        ],
    )
    def test_bad_ground_truth_is_named(self, files, place, value, words):
        truth = json.loads(json.dumps(COCO_TRUTH))
        inner = truth
        for key in place[:-1]:
            inner = inner[key]
        inner[place[-1]] = value
        refused(words, read_both, files[0], written(files[1], truth), target="dog")

    def test_ground_truth_for_detections_is_refused(self, files):
        refused("is COCO ground truth: give COCO results", read_both, files[1], files[1], target="dog")
