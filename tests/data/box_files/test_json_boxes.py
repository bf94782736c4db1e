"""Boxes as JSON: both formats of ground truth, the round trip, and everything that strangers may write instead."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gradcam_lab.data.box_files.json_boxes import (
    read_detections,
    read_ground_truth,
    write_detections,
    write_ground_truth,
)
from gradcam_lab.data.sample import Object, Sample
from gradcam_lab.errors import LabError
from gradcam_lab.files import read_json
from tests.saved_files import written

coordinates = st.integers(1000, 10**7).map(lambda n: n / 1000)  # VOC counts pixels from 1
boxes = st.tuples(coordinates, coordinates, coordinates, coordinates).map(
    lambda c: (min(c[0], c[1]), min(c[2], c[3]), max(c[0], c[1]), max(c[2], c[3]))
)
names = st.text(st.characters(codec="utf-8"))


def some_boxes(tmp_path, content):
    return written(tmp_path / "some boxes.json", content)


class TestDetections:
    def test_are_arrays_of_five_columns_in_the_order_of_the_file(self, tmp_path):
        found = read_detections(some_boxes(tmp_path, {"b": [[1, 2, 3, 4, 0.5], [5, 6, 7, 8, -1]], "a": []}))
        assert list(found) == ["b", "a"]
        assert found["b"].dtype == float
        assert found["b"].tolist() == [[1, 2, 3, 4, 0.5], [5, 6, 7, 8, -1]]
        assert found["a"].shape == (0, 5)

    @given(st.dictionaries(names, st.lists(st.tuples(boxes, st.floats(0, 1, width=32)), max_size=3), max_size=4))
    def test_come_back_as_they_were_written(self, tmp_path_factory, images):
        path = tmp_path_factory.getbasetemp() / "detections.json"
        detections = {
            image: np.array([[*box, score] for box, score in rows], dtype=float).reshape(-1, 5)
            for image, rows in images.items()
        }
        write_detections(path, detections)
        found = read_detections(path)
        assert list(found) == list(detections)
        for image, rows in detections.items():
            assert np.array_equal(found[image][:, :4], rows[:, :4])
            assert np.array_equal(found[image][:, 4].astype(np.float32), rows[:, 4].astype(np.float32))

    def test_tiny_scores_keep_their_order(self, tmp_path):
        rows = np.array([[1, 1, 2, 2, score] for score in (3e-7, 2e-7, 1e-9, 1e-30)])
        write_detections(tmp_path / "a.json", {"a": rows})
        assert (np.diff(read_detections(tmp_path / "a.json")["a"][:, 4]) < 0).all()


class TestGroundTruth:
    def test_both_formats_may_be_mixed(self, tmp_path):
        objects = [[1, 2, 3, 4], {"box": [5, 6, 7.5, 8], "difficult": True}, {"box": [1, 1, 1, 1]}]
        truth = read_ground_truth(some_boxes(tmp_path, {"a": objects, "empty": []}))
        found, difficult = truth["a"]
        assert found.tolist() == [[1, 2, 3, 4], [5, 6, 7.5, 8], [1, 1, 1, 1]]
        assert difficult.dtype == bool
        assert difficult.tolist() == [False, True, False]
        assert truth["empty"][0].shape == (0, 4)
        assert truth["empty"][1].shape == (0,)

    @given(st.dictionaries(names, st.lists(st.tuples(boxes, st.booleans()), max_size=3), max_size=4))
    def test_comes_back_as_it_was_written(self, tmp_path_factory, images):
        path = tmp_path_factory.getbasetemp() / "truth.json"
        samples = [
            Sample(image, Path("x.jpg"), (9, 9), tuple(Object("dog", box, difficult) for box, difficult in objects))
            for image, objects in images.items()
        ]
        write_ground_truth(path, samples, "dog")
        truth = read_ground_truth(path)
        assert list(truth) == list(images)
        for image, objects in images.items():
            assert list(map(tuple, truth[image][0].tolist())) == [box for box, _ in objects]
            assert truth[image][1].tolist() == [difficult for _, difficult in objects]

    def test_only_the_target_is_written_and_every_image_has_its_list(self, tmp_path):
        objects = (Object("dog", (1, 2, 3, 4), difficult=True), Object("cat", (1, 1, 2, 2)))
        samples = [Sample("a", Path("a.jpg"), (9, 9), objects), Sample("b", Path("b.jpg"), (9, 9), objects[1:])]
        write_ground_truth(tmp_path / "g.json", samples, "dog")
        assert read_json(tmp_path / "g.json") == {"a": [{"box": [1, 2, 3, 4], "difficult": True}], "b": []}


MALFORMED = {
    "NaN": "[1, 2, NaN, 4{score}]",
    "Infinity": "[1, 2, Infinity, 4{score}]",
    "-Infinity": "[-Infinity, 2, 3, 4{score}]",
    "1e999": "[1, 2, 1e999, 4{score}]",
    "an integer beyond all floats": f"[1, 2, 1{'0' * 400}, 4{{score}}]",
    "a string": '[1, "2", 3, 4{score}]',
    "a boolean": "[1, true, 3, 4{score}]",
    "null": "[1, null, 3, 4{score}]",
    "one number too few": "[1, 2, 3{score}]",
    "one number too many": "[1, 2, 3, 4, 5{score}]",
    "no numbers": "[]",
    "a list in the list": "[[1, 2, 3, 4]{score}]",
    "a number for a box": "7",
    "a string for a box": '"1234"',
    "inverted in x": "[3, 2, 1, 4{score}]",
    "inverted in y": "[1, 4, 3, 2{score}]",
}


@pytest.mark.parametrize("row", MALFORMED.values(), ids=MALFORMED.keys())
class TestMalformedRows:
    def refused(self, read, path):
        with pytest.raises(LabError) as error:
            read(path)
        sentence = str(error.value)
        assert f"'{path}'" in sentence
        assert "'photo 7'" in sentence
        assert "\n" not in sentence
        assert len(sentence) < 250 + len(str(path))

    def test_in_detections(self, tmp_path, row):
        path = written(
            tmp_path / "some boxes.json", f'{{"fine": [[1, 2, 3, 4, 1]], "photo 7": [{row.format(score=", 0.5")}]}}'
        )
        self.refused(read_detections, path)

    def test_in_ground_truth(self, tmp_path, row):
        path = some_boxes(tmp_path, f'{{"fine": [[1, 2, 3, 4]], "photo 7": [{row.format(score="")}]}}')
        self.refused(read_ground_truth, path)

    def test_in_ground_truth_with_flags(self, tmp_path, row):
        box = row.format(score="")
        self.refused(
            read_ground_truth,
            some_boxes(tmp_path, f'{{"photo 7": [{{"box": {box}, "difficult": false}}]}}'),
        )


class TestMalformedFiles:
    @pytest.mark.parametrize("score", ["NaN", "Infinity", '"0.5"', "null", "true"])
    def test_a_score_that_is_no_number(self, tmp_path, score):
        path = some_boxes(tmp_path, f'{{"photo 7": [[1, 2, 3, 4, {score}]]}}')
        with pytest.raises(LabError, match=r"some boxes\.json', image 'photo 7'"):
            read_detections(path)

    @pytest.mark.parametrize("difficult", ["yes", 2, None, [], {}])
    def test_difficult_is_true_or_false(self, tmp_path, difficult):
        path = some_boxes(tmp_path, {"photo 7": [{"box": [1, 2, 3, 4], "difficult": difficult}]})
        with pytest.raises(LabError, match=r"some boxes\.json', image 'photo 7': 'difficult' is .* true or false"):
            read_ground_truth(path)

    def test_an_object_without_a_box(self, tmp_path):
        path = some_boxes(tmp_path, {"photo 7": [{"bndbox": [1, 2, 3, 4]}]})
        with pytest.raises(LabError, match="'photo 7': 'None' is not a box"):
            read_ground_truth(path)

    @pytest.mark.parametrize("read", [read_detections, read_ground_truth])
    @pytest.mark.parametrize("content", [[], [[1, 2, 3, 4]], '"a"', 3, None, {"a": {}}, {"a": 1}, {"a": None}])
    def test_what_maps_no_image_to_a_list(self, tmp_path, read, content):
        with pytest.raises(LabError, match=r"some boxes\.json' does not map each image to a list of boxes"):
            read(some_boxes(tmp_path, content))
