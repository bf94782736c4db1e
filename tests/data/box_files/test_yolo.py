"""YOLO's files of labels, names and splits, and each way in which they can be wrong."""

from pathlib import Path

import numpy as np
import pytest

from gradcam_lab.data.box_files import yolo
from gradcam_lab.data.layouts.yolo_text import read_names
from tests.saved_files import refused

NAMES = ("cat", "dog")


@pytest.fixture
def label_file(tmp_path):
    def write(text):
        path = tmp_path / "a.txt"
        path.write_text(text, encoding="utf-8")
        return path

    return write


class TestLabels:
    def test_by_hand(self, label_file):
        labels = yolo.read_labels(label_file("1 0.25 0.75 0.5 0.5\n\n0.0 1e-1 0.2 0.1 1\n"), names=NAMES)
        assert labels.classes.tolist() == [1, 0]
        assert labels.boxes.tolist() == [[0.25, 0.75, 0.5, 0.5], [0.1, 0.2, 0.1, 1]]
        assert labels.scores is None

    def test_a_sixth_number_is_the_confidence(self, label_file):
        labels = yolo.read_labels(label_file("1 0.25 0.75 0.5 0.5 0.9\n"), names=NAMES)
        assert labels.scores is not None
        assert labels.scores.tolist() == [0.9]

    @pytest.mark.parametrize("text", ["", "\n \n", "\ufeff"])
    def test_an_empty_file_is_an_image_without_objects(self, label_file, text):
        labels = yolo.read_labels(label_file(text), names=NAMES)
        assert labels.boxes.shape == (0, 4)
        assert labels.scores is None

    @pytest.mark.parametrize(
        ("line", "words"),
        [
            ("0 0.1 0.1 0.5 0.1 0.5 0.5", "has 6 numbers behind the class, as polygons and keypoints have"),
            ("0 0.1 0.1 0.5", r"has 4 numbers, where 'class cx cy width height' has 5"),
            ("0 0.1 nan 0.5 0.5", "is not 'class cx cy width height' with finite numbers"),
            ("dog 0.1 0.1 0.5 0.5", "is not 'class cx cy width height' with finite numbers"),
            ("0 0.1 0.1 1e999 0.5", "is not 'class cx cy width height' with finite numbers"),
            ("2 0.1 0.1 0.5 0.5", "the classes are 0 to 1 by their names"),
            ("1e300 0.1 0.1 0.5 0.5", "the classes are 0 to 1 by their names"),
            ("-1 0.1 0.1 0.5 0.5", "the classes are 0 to 1 by their names"),
            ("0.5 0.1 0.1 0.5 0.5", "the classes are 0 to 1 by their names"),
            ("0 120 40 50 60", "its numbers are no shares of the image's sides, 0 to 1 (see --boxes)"),
            ("0 0.1 0.1 -0.5 0.5", "its numbers are no shares"),
            ("0 0.1 0.1 0.5 0.5 0.9", "has 6 numbers, and other lines 5: all or none have a score"),
        ],
    )
    def test_the_first_bad_line_is_named(self, label_file, line, words):
        path = label_file(f"0 0.1 0.1 0.5 0.5\n\n{line}\n{line}\n")
        refused(f"a.txt', line 3: '{line}'", yolo.read_labels, path, names=NAMES)
        refused(words, yolo.read_labels, path, names=NAMES)

    def test_pixels_are_read_where_they_are_declared(self, label_file):
        labels = yolo.read_labels(label_file("0 120 40 150 60\n"), names=NAMES, convention="voc")
        assert np.array_equal(labels.boxes, [[120, 40, 150, 60]])

    def test_the_files_of_a_folder(self, tmp_path):
        for name in ("img10.txt", "img2.txt", "below/a.txt", "classes.txt", ".hidden.txt", "notes.md"):
            (tmp_path / name).parent.mkdir(exist_ok=True)
            (tmp_path / name).touch()
        assert [path.name for path in yolo.label_files(tmp_path)] == ["a.txt", "img2.txt", "img10.txt"]
        refused("There is no folder of labels", lambda path: list(yolo.label_files(path)), tmp_path / "none")


class TestNames:
    @pytest.mark.parametrize(
        ("file", "text"),
        [
            ("classes.txt", "cat\nno\n"),
            ("data.yaml", "names: [cat, no]\nnc: 2"),
            ("data.yaml", "names:\n  1: no\n  0: cat\n"),
        ],
    )
    def test_by_their_numbers(self, tmp_path, file, text):
        (tmp_path / file).write_text(text, encoding="utf-8")
        assert read_names(tmp_path / file) == ("cat", "no")

    @pytest.mark.parametrize(
        ("file", "text", "words"),
        [
            ("classes.txt", "", "names no classes"),
            ("classes.txt", "cat\n\ndog", "names a class without a letter"),
            ("classes.txt", "cat\ncat", "names the class 'cat' twice"),
            ("data.yaml", "names: {0: cat, 2: dog}", "has no 'names', a list or a table from 0, 1, ..."),
            ("data.yaml", "nc: 2", "has no 'names'"),
            ("data.yaml", "names: [cat]\nnc: 2", "says nc: 2, but names 1 classes"),
            ("data.yaml", "- cat", "is no table with 'names'"),
            ("data.yaml", "names: [cat", "is not valid YAML (line"),
        ],
    )
    def test_bad_ones(self, tmp_path, file, text, words):
        (tmp_path / file).write_text(text, encoding="utf-8")
        refused(words, read_names, tmp_path / file)

    def test_the_nearest_file_of_names(self, tmp_path):
        labels = tmp_path / "labels" / "train"
        labels.mkdir(parents=True)
        assert yolo.find_names(labels) is None
        (tmp_path / "data.yaml").touch()
        assert yolo.find_names(labels) == tmp_path / "data.yaml"
        (labels / "classes.txt").touch()
        assert yolo.find_names(labels) == labels / "classes.txt"


class TestSplits:
    def test_folders_and_lists(self, tmp_path):
        path = tmp_path / "data.yaml"
        path.write_text("path: .\ntrain: [images/a, images/b]\nvalidation: val.txt\ntest:\n", encoding="utf-8")
        places = {split: [p.name for p in places] for split, places in yolo.split_places(path).items()}
        assert places == {"train": ["a", "b"], "val": ["val.txt"]}

    @pytest.mark.parametrize("root", ["../datasets/toy", "/elsewhere/toy"])
    def test_a_path_that_ends_in_the_folder_itself_is_where_ultralytics_keeps_its_data(self, tmp_path, root):
        path = tmp_path / "toy" / "data.yaml"
        path.parent.mkdir()
        path.write_text(f"path: {root}\ntrain: images/train", encoding="utf-8")
        assert yolo.split_places(path) == {"train": [tmp_path / "toy" / "images" / "train"]}

    @pytest.mark.parametrize(
        "text", ["train: ../train/images", "path: ../..\ntrain: a", "train: a/../../b", "val: /etc"]
    )
    def test_a_place_outside_is_refused(self, tmp_path, text):
        (tmp_path / "data.yaml").write_text(text, encoding="utf-8")
        refused("which is outside of", yolo.split_places, tmp_path / "data.yaml")

    def test_no_split(self, tmp_path):
        (tmp_path / "data.yaml").write_text("names: [a]", encoding="utf-8")
        refused("has neither 'train', 'val' nor 'test'", yolo.split_places, tmp_path / "data.yaml")

    def test_images_and_labels_are_siblings(self):
        assert yolo.labels_of(Path("images/x/images/train")) == Path("images/x/labels/train")
        assert yolo.images_of(Path("labels/train")) == Path("images/train")
