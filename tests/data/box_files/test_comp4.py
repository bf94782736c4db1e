"""The VOC devkit's text files of detections: the class in their name, their lines, and bad lines."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gradcam_lab.data.box_files.comp4 import class_of, read_comp4
from gradcam_lab.data.box_files.formats import read_both
from gradcam_lab.errors import LabError
from tests.saved_files import refused, written


class TestComp4:
    @pytest.mark.parametrize(
        ("name", "target", "known", "held"),
        [
            ("comp4_det_test_dog.txt", None, [], "dog"),
            ("comp4_det_test_dog.txt", "dog", ["cat", "dog"], "dog"),
            ("comp4_det_test_traffic_light.txt", None, [], "traffic_light"),
            ("comp4_det_test_traffic_light.txt", None, ["light"], "traffic_light"),
            ("comp4_det_test_traffic_light.txt", None, ["light", "traffic light"], "traffic light"),
            ("comp4_det_test_traffic_light.txt", "traffic_light", ["traffic_light", "light"], "traffic_light"),
            ("comp4_det_test_traffic_light.txt", "traffic light", ["traffic light"], "traffic light"),
            ("comp3_det_my_val_tvmonitor.txt", None, ["dog", "tvmonitor"], "tvmonitor"),
            ("comp3_det_my_val_traffic_light.txt", None, ["light", "traffic_light"], "traffic_light"),
            ("comp3_det_my_val_traffic_light.txt", "light", ["light", "traffic_light"], "light"),
            ("comp3_det_my_val_tvmonitor.txt", "tvmonitor", [], "tvmonitor"),
            ("comp3_det_my_val_tvmonitor.txt", None, [], "tvmonitor"),
            ("comp4_det_val_2_dog.txt", "dog", ["dog"], "dog"),
            ("dog.txt", None, ["dog"], None),
            ("dog.txt", "cat", ["dog"], "cat"),
            ("comp4_det_test_dog.json", None, [], None),
        ],
    )
    def test_the_name_says_the_class(self, name, target, known, held):
        assert class_of(Path("a_b") / name, target, known) == held

    @pytest.mark.parametrize(
        ("target", "known"), [("light", ["light", "traffic_light"]), ("light", ["traffic light"]), ("traffic", [])]
    )
    def test_a_part_of_a_class_is_another_class(self, target, known):
        with pytest.raises(LabError, match=f"holds boxes of 'traffic_light' by its name, not of '{target}'"):
            class_of(Path("comp4_det_test_traffic_light.txt"), target, known)

    def test_by_hand(self, tmp_path):
        path = written(tmp_path / "comp4_det_test_dog.txt", "b 0.5 1 2 3 4\n\na 1e-3 1.5 2 3.5 4\r\nb -2 5 6 7 8\n  \n")
        found = read_comp4(path)
        assert list(found) == ["b", "a"]
        assert found["b"].tolist() == [[1, 2, 3, 4, 0.5], [5, 6, 7, 8, -2]]
        assert found["a"].tolist() == [[1.5, 2, 3.5, 4, 0.001]]

    @settings(max_examples=200, deadline=None)
    @given(
        st.lists(st.none() | st.tuples(st.sampled_from(["a", "é", "犬/😀", "7"]), st.integers(-9, 9)), max_size=9),
        st.integers(1, 60),
        st.sampled_from(["\n", "\r\n", " \n"]),
        st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]),
    )
    def test_parts_are_the_whole(self, tmp_path_factory, lines, part, end, encoding):
        path = tmp_path_factory.getbasetemp() / "comp4_det_test_dog.txt"
        text = end.join("" if line is None else f"{line[0]} {line[1]} 1 2 3.25 4" for line in lines)
        path.write_bytes(text.encode(encoding))
        wanted: dict[str, list[list[float]]] = {}
        for image, score in filter(None, lines):
            wanted.setdefault(image, []).append([1, 2, 3.25, 4, score])
        assert {image: rows.tolist() for image, rows in read_comp4(path, part=part).items()} == wanted

    @pytest.mark.parametrize("text", ["", "\n \n"])
    def test_an_empty_file_holds_no_box(self, tmp_path, text):
        truth = written(tmp_path / "G.json", {"a": [[1, 1, 2, 2]]})
        assert read_both(written(tmp_path / "comp4_det_test_dog.txt", text), truth)[0] == {}

    @pytest.mark.parametrize(
        ("line", "words"),
        [
            ("a 0.5 1 2 3", "line 3: 'a 0.5 1 2 3' is not 'image score xmin ymin xmax ymax'"),
            ("a 0.5 1 2 3 4 5", "line 3: 'a 0.5 1 2 3 4 5' is not"),
            ("a b 0.5 1 2 3", "line 3: 'a b 0.5 1 2 3' is not"),
            ("a nan 1 2 3 4", "line 3: 'a nan 1 2 3 4' is not"),
            ("a 0.5 1 2 inf 4", "line 3: 'a 0.5 1 2 inf 4' is not"),
            ("a 0.5 3 2 1 4", "line 3: the box of 'a 0.5 3 2 1 4' ends before it begins"),
            ("a 0.5 1 4 3 2", "line 3: the box of 'a 0.5 1 4 3 2' ends before it begins"),
        ],
    )
    def test_a_bad_line_is_named(self, tmp_path, line, words):
        path = written(tmp_path / "comp4_det_test_dog.txt", f"a 0.5 1 2 3 4\n\n{line}\na 0.5 1 2 3 4\n")
        for part in (1, 20, 1000):
            refused(words, read_comp4, path, part=part)

    def test_the_class_of_the_name_and_the_target_have_to_agree(self, tmp_path, toy):
        path = written(tmp_path / "comp4_det_test_dog.txt", "")
        with pytest.raises(LabError, match="holds boxes of 'dog' by its name, not of 'cat'"):
            read_both(path, toy, target="cat")

    def test_is_known_by_its_content_too(self, tmp_path):
        truth = written(tmp_path / "G.json", {"a": [[1, 1, 2, 2]]})
        assert list(read_both(written(tmp_path / "dogs.out", "a 1 1 1 2 2"), truth)[0]) == ["a"]
        assert list(read_both(written(tmp_path / "json.txt", {"a": [[1, 1, 2, 2, 1]]}), truth)[0]) == ["a"]

    @pytest.mark.parametrize("content", [b"\xffa", None])
    def test_what_is_no_text_or_not_there(self, tmp_path, content):
        path, truth = tmp_path / "comp4_det_test_dog.txt", written(tmp_path / "G.json", {"a": []})
        if content:
            path.write_bytes(content)
        refused("is not UTF-8" if content else "There is no file", read_both, path, truth)
