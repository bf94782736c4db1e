"""The names of outputs: in every form in which people have them."""

import json

import pytest

from gradcam_lab.errors import LabError
from gradcam_lab.models.class_list import read_classes

NAMES = ("red fox", "Ärgernis", "koala")


def written(path, text, encoding="utf-8"):
    path.write_text(text, encoding=encoding)
    return str(path)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.txt", "red fox\nÄrgernis\nkoala\n"),
        ("a.names", "\ufeffred fox\r\nÄrgernis \r\nkoala\r\n\r\n"),
        ("a.json", json.dumps(NAMES)),
        ("b.json", json.dumps({"2": "koala", "0": "red fox", "1": "Ärgernis"})),
        ("c.json", json.dumps({str(i): [f"n{i:08d}", name] for i, name in enumerate(NAMES)})),
        ("no ending", "red fox\nÄrgernis\nkoala"),
    ],
)
def test_every_form_of_a_file(tmp_path, name, text):
    assert read_classes(written(tmp_path / name, text)) == NAMES


def test_with_commas_between_them():
    assert read_classes("red fox, Ärgernis,koala") == NAMES
    assert read_classes('"crane, the bird",b') == ("crane, the bird", "b")
    assert read_classes("one") == ("one",)


def test_a_name_that_two_outputs_have_is_told_apart():
    assert read_classes("crane,crow,crane") == ("crane (0)", "crow", "crane (2)")


@pytest.mark.parametrize(
    ("name", "text", "says"),
    [
        ("a.txt", "", "names no classes"),
        ("a.txt", "a\n\nb", "names a class that is no name"),
        ("a.json", "{", "is not valid JSON"),
        ("a.json", "3", "is no JSON list of class names"),
        ("a.json", '{"0": "a", "2": "b"}', "nor a dict from the indices 0, 1, ... to them"),
        ("a.json", '["a", 3]', "is no JSON list of class names"),
        ("a.json", "[" * 100_000, "is JSON that Python cannot read"),
        ("a.json", '{"0": "a", "00": "b"}', "names an index twice, as in 1 and 01: keep one name for each"),
        ("a.json", '{"0": "a", "0": "b"}', "gives the key '0' twice"),
    ],
)
def test_what_a_file_cannot_be(tmp_path, name, text, says):
    path = written(tmp_path / name, text)
    with pytest.raises(LabError, match=says) as caught:
        read_classes(path)
    assert name in str(caught.value)


def test_a_file_that_is_missing_or_not_utf8(tmp_path):
    with pytest.raises(LabError, match=r"There is no file '.*classes\.txt'"):
        read_classes(str(tmp_path / "classes.txt"))
    with pytest.raises(LabError, match=r"Cannot read .*a\.txt' \(not UTF-8\)"):
        read_classes(written(tmp_path / "a.txt", "Hündchen", "latin-1"))


def test_names_longer_than_a_files_may_be_and_many_of_them():
    names = [f"class number {index}" for index in range(30_000)]
    assert read_classes(",".join(names)) == tuple(names)
