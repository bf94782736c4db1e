"""`gradcam-lab look`: the picture, what is said, and every way in which a student's function can fail."""

import webbrowser

import pytest
from PIL import Image

from gradcam_lab.course.judging.judge import Limits
from gradcam_lab.course.workspace.look import look
from tests.commands import lab, refused
from tests.course.workspace.helpers import refusal
from tests.students import line_with, solved, write

NO_RELU = "print('hello')\nreturn (weights[:, :, None, None] * features).sum(dim=1)"


@pytest.fixture
def looked(root, judge, capsys):
    """Look with the judge that is warm; returns what was printed."""

    def looked(task, **options):
        look(task, judge=judge, **options)
        return capsys.readouterr()

    return looked


def test_a_wrong_function_is_drawn_while_all_else_is_a_stub(looked, root):
    write(root, 2, bodies={"2.2": NO_RELU})
    out = looked("2.2").out.splitlines()
    assert out[:2] == ["Your code printed in task 2.2:", "  hello"]
    assert out[2].startswith("weighted_map: dog, in image 26 of ToyVOC's test split: not the same as the reference")
    assert out[3:] == ["  look/weighted_map.png", "Next: gradcam-lab check 2.2"]
    with Image.open(root / "look" / "weighted_map.png") as picture:
        assert picture.format == "PNG"


def test_the_right_one_of_two_functions_is_drawn_and_the_other_is_named(looked, root):
    path = write(root, 1, "1.4")
    text = path.read_text(encoding="utf-8")
    stub = solved(1)
    overlay = stub[stub.index("def overlay(") : stub.index("# ## 1.5")]
    path.write_text(text[: text.index("def overlay(")] + overlay + text[text.index("# ## 1.5") :], encoding="utf-8")
    said = looked("1.4", image="35", cls="cat")
    assert "normalize_map: cat, in image 35 of ToyVOC's test split: the same as the reference." in said.out
    assert said.err.startswith("overlay is not written yet (step1_cam.py, line ")
    assert [path.name for path in (root / "look").iterdir()] == ["normalize_map.png"]


FAILURES = {
    "raises": ("return features @ weights", "return features @ weights", "RuntimeError"),
    "loops": ("while True:\n    features.sum()", "while True:", "an endless loop?"),
    "changes its input": ("features *= 2\nreturn features.sum(dim=1)", "def weighted_map(", "changed its input"),
    "another shape": ("return features.sum(dim=1)[0]", "def weighted_map(", "it returned an array of shape (14, 14)"),
    "nothing": ("features.sum()", "def weighted_map(", "it returned None (a `return` is missing?)"),
}


@pytest.mark.parametrize("failure", FAILURES)
def test_a_failure_is_one_sentence_with_its_line(root, judge, failure, monkeypatch):
    monkeypatch.setattr(judge, "limits", Limits(seconds=1.5 if failure == "loops" else 10))
    body, text, words = FAILURES[failure]
    path = write(root, 2, bodies={"2.2": body})
    said = refusal(look, "2.2", judge=judge)
    line = line_with(path, text)
    lines = (line, line + 1) if failure == "loops" else (line,)
    assert said.startswith(
        tuple(f"Your weighted_map (step2_gradcam.py, line {line}) cannot be drawn: " for line in lines)
    )
    assert words in said
    assert "\n" not in said
    assert not (root / "look").exists()


def test_what_there_is_nothing_to_look_at(root, judge):
    assert "not written yet (step2_gradcam.py, line" in refusal(look, "2.2", judge=judge)
    assert "answered in words, so there is nothing to draw" in refusal(look, "1.5", judge=judge)
    assert "no task '2'" in refusal(look, "2", judge=judge)
    (root / "step2_gradcam.py").unlink()
    assert "no file step2_gradcam.py" in refusal(look, "2.2", judge=judge)


def test_images_and_classes_that_there_are_not(root, judge):
    write(root, 3, bodies={"3.2": "return heatmap > 0"})
    assert "no image 400" in refusal(look, "3.2", image="400", judge=judge)
    assert "There is no file 'cow.jpg'" in refusal(look, "3.2", image="cow.jpg", judge=judge)
    write(root, 4, "4.1")
    assert "shows no boat" in refusal(look, "4.1", cls="boat", judge=judge)
    (root / "note.jpg").write_text("no picture")
    assert "note.jpg" in refusal(look, "3.2", image="note.jpg", judge=judge)


def test_a_file_in_the_pictures_place_is_named_and_no_function(root, judge):
    write(root, 2, "2.1")
    (root / "look").write_text("mine", encoding="utf-8")
    assert "look' is no folder, and the pictures are to lie in it" in refusal(look, "2.1", judge=judge)
    assert (root / "look").read_text(encoding="utf-8") == "mine"


def test_a_photo_of_ones_own(looked, root, monkeypatch):
    Image.new("RGB", (90, 60), "brown").save(root / "kuh.png")
    write(root, 3, bodies={"3.2": "return heatmap > 0"})
    calls: list[str] = []

    def opened(address):
        calls.append(address)
        return True

    monkeypatch.setattr(webbrowser, "open", opened)
    monkeypatch.setattr("sys.platform", "linux")
    monkeypatch.setenv("DISPLAY", ":0")
    said = looked("3.2", image="kuh.png", opening=True)
    assert "in 'kuh.png'" in said.out
    assert "knows ToyVOC's drawings only" in said.err
    assert calls == [(root / "look" / "threshold_mask.png").as_uri()]


def test_the_command_outside_a_workspace(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    refused(lab("look", "2.2"), "is not inside a workspace")
