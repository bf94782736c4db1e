"""The views: every function has one, the reference is like itself in all of them, and a wrong answer is not."""

from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from gradcam_lab.course.authoring import cut
from gradcam_lab.course.authoring.manifest import all_steps
from gradcam_lab.course.views import look, scene
from gradcam_lab.course.views.look import like, plain
from gradcam_lab.course.views.scene import Scene, Wish
from gradcam_lab.course.views.table import VIEWS
from gradcam_lab.errors import LabError
from gradcam_lab.lesson_modules import execute
from gradcam_lab.lessons.checks.checking import Wrong
from tests.students import step_of

UNITS = {unit: step.name for step in all_steps() for task in step.coded for unit in task.units}

WRONG = {
    "1.3": ("compute_cam", "return weight[class_index].sum() * features.sum(dim=1)"),
    "2.2": ("weighted_map", "return torch.einsum('nk,nkhw->nhw', weights, features)"),
    "3.3": (
        "mask_to_boxes",
        "ys, xs = np.nonzero(mask)\nreturn np.array([[xs.min(), ys.min(), xs.max(), ys.max()]], float)",
    ),
    "4.3": (
        "precision_recall",
        "order = np.argsort(-scores, kind='stable')\nfound = np.cumsum(outcomes[order] == 1)\n"
        "return Curve(found / np.arange(1, len(found) + 1), found / max(len(found), 1), scores[order])",
    ),
    "5.1": ("seeds", "return (heatmap >= sure_foreground * heatmap.max()).astype(np.uint8)"),
    "6.1": ("pointing_game", "return HIT"),
}
"""One wrong answer a step: the function and its body."""


@pytest.fixture(scope="module")
def usual():
    """The usual image, with few of those that follow and short walks."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(scene, "IMAGES", 6)
        patch.setattr(scene, "STEPS", 4)
        patch.setattr("gradcam_lab.course.views.calls.STEPS", 4)
        yield Scene(Wish(26, cls="dog"))


def test_every_function_that_a_student_writes_has_a_view_and_nothing_else_has():
    assert set(VIEWS) == set(UNITS)


@pytest.mark.parametrize("unit", VIEWS)
def test_the_reference_is_like_itself_and_has_something_to_show(unit, usual):
    view = VIEWS[unit]
    lesson = import_module(f"gradcam_lab.lessons.{UNITS[unit]}")
    first, second = (view.call(lesson, usual) for _ in range(2))
    one = view.shown(like(second, first, rows=view.rows), usual)
    other: Any = view.shown(plain(first), usual)
    assert one.unlike(other) == ""
    shown = next(getattr(one, name) for name in ("values", "boxes", "curves") if hasattr(one, name))
    assert len(shown) > 0
    if not hasattr(one, "curves"):
        assert np.ptp(np.nan_to_num(np.asarray(shown, float))) > 0 or np.size(shown) == 1
    if view.given:
        view.given(usual)


def drawn(mark, usual, tmp_path, monkeypatch):
    """Draw the wrong answer of a task; returns the sentence and the pixels of the four panels' right half."""
    unit, body = WRONG[mark]
    step = step_of(mark)
    marks = [region.mark for region in cut.regions(step.source) if region.unit == unit]
    mine = execute(cut.graft(step.source, {marks[0]: body}), tmp_path / step.file, step.name)
    monkeypatch.setattr(look, "Scene", lambda wish: usual)
    look.forget()
    path = tmp_path / "wrong.png"
    said = look.look(mine, step.name, unit, Wish(26, cls="dog"), path)
    look.forget()
    return said, path


@pytest.mark.parametrize("mark", WRONG)
def test_a_wrong_answer_is_drawn_and_the_picture_says_how_it_differs(mark, usual, tmp_path, monkeypatch):
    said, path = drawn(mark, usual, tmp_path, monkeypatch)
    assert said.startswith(f"{WRONG[mark][0]}: dog, in ")
    assert "not the same as the reference (the difference: " in said
    with Image.open(path) as picture:
        assert picture.height > 300
        assert picture.width >= 3 * picture.height * 0.9


def test_what_differs_is_seen_in_the_pixels(usual, tmp_path, monkeypatch):
    def third(path):
        with Image.open(path) as picture:
            return np.asarray(picture.convert("RGB"))[60:, picture.width * 3 // 4 :].astype(int)

    _, wrong = drawn("2.2", usual, tmp_path, monkeypatch)
    reference = import_module("gradcam_lab.lessons.step2_gradcam")
    said = look.look(reference, "step2_gradcam", "weighted_map", Wish(26, cls="dog"), tmp_path / "right.png")
    assert said.endswith(": the same as the reference.")
    assert np.ptp(third(tmp_path / "right.png")[100:300, 60:200]) < 30  # an empty panel
    assert (np.ptp(third(wrong), axis=2) > 60).sum() > 1000  # coloured cells


@pytest.mark.parametrize(
    ("got", "words"),
    [
        (torch.zeros(3, 4), r"an array of shape \(3, 4\)"),
        (None, "None"),
        ("map", "'map'"),
        ([[1], [2, 3]], r"\["),
    ],
)
def test_what_cannot_be_drawn_is_wrong(got, words):
    with pytest.raises(Wrong, match=words):
        like(got, torch.zeros(1, 4), rows=False)


def test_another_number_of_boxes_can_be_drawn():
    assert like(np.zeros((3, 4)), np.zeros((1, 4)), rows=True).shape == (3, 4)
    with pytest.raises(Wrong):
        like(np.zeros((3, 5)), np.zeros((1, 4)), rows=True)


def photo_of(tmp_path: Path) -> Wish:
    path = tmp_path / "große Kuh.jpg"
    Image.fromarray(np.random.default_rng(0).integers(0, 255, (800, 1200, 3), np.uint8)).save(path)
    return Wish(26, photo=str(path))


def test_a_photo_is_shrunk_and_has_a_class_and_no_boxes(tmp_path):
    of_photo = Scene(photo_of(tmp_path))
    assert of_photo.size == (333, 500)
    assert of_photo.name in of_photo.classifier.class_names
    assert of_photo.title == f"{of_photo.name}, in 'große Kuh.jpg'"
    with pytest.raises(LabError, match="true boxes"):
        of_photo.objects()


def test_an_image_without_the_class(tmp_path):
    empty = Scene(Wish(26, cls="boat"))
    with pytest.raises(LabError, match=r"Image 26 shows no boat.*\(it shows dog, horse\)"):
        empty.objects()
    with pytest.raises(LabError, match="nothing beside dog"):
        Scene(Wish(3)).objects(other=True)
    with pytest.raises(LabError, match="zebra"):
        Scene(Wish(26, cls="zebra"))
